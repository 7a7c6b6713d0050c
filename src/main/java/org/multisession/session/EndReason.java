package org.multisession.session;

import org.jspecify.annotations.Nullable;

/** Why a token opens nothing any more; stored under these names. */
public enum EndReason {
    /** By the device itself. */
    SIGNED_OUT("signed-out"),
    /** From another device of the user. */
    REVOKED("revoked"),
    /** Not used for longer than the idle timeout. */
    IDLE("idle"),
    /** Older than the longest lifetime. */
    LIFETIME("lifetime"),
    /** The user signed in on more devices than allowed, and this one was the least recently seen. */
    EVICTED("evicted"),
    /** The same browser signed in again. */
    REPLACED("replaced"),
    /** By an operator. */
    OPERATOR("operator"),
    /** Two users had this legacy token, so it opens nothing. */
    AMBIGUOUS("ambiguous"),
    /** Somebody else deleted the row: the old app's sign-out. Written by a trigger. */
    ROW_DELETED("row-deleted"),
    /** Somebody else changed the row's token. Written by a trigger. */
    ROW_CHANGED("row-changed"),
    /** The user was deleted, or is somebody else by now. Written by a trigger. */
    USER_REPLACED("user-replaced"),
    /** A table was rebuilt and changed while nobody watched, so its owner is uncertain. */
    UNWITNESSED("unwitnessed");

    private final String stored;

    EndReason(String stored) {
        this.stored = stored;
    }

    /** Its name in the database. */
    public String stored() {
        return stored;
    }

    /** The reason with this name; null for one of a later version. */
    public static @Nullable EndReason of(@Nullable String stored) {
        for (EndReason reason : values()) {
            if (reason.stored.equals(stored)) {
                return reason;
            }
        }
        return null;
    }
}
