package org.multisession.session;

/** Why a token that was a session is one no longer; stored under these names. The triggers have
 * three more: {@code row-deleted}, {@code row-changed} and {@code user-replaced}. */
public enum EndReason {
    SIGNED_OUT("signed-out"),
    /** Not used for longer than the idle timeout. */
    IDLE("idle"),
    /** Older than the longest lifetime. */
    LIFETIME("lifetime"),
    /** The user signed in on more devices than allowed, and this one was the least recently seen. */
    EVICTED("evicted"),
    /** Two users had this legacy token, so it is nobody's. */
    AMBIGUOUS("ambiguous");

    private final String stored;

    EndReason(String stored) {
        this.stored = stored;
    }

    /** Its name in the database. */
    public String stored() {
        return stored;
    }
}
