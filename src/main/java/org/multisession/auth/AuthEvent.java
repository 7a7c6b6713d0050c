package org.multisession.auth;

import java.util.Locale;

/** The kinds of events in the audit trail. */
public enum AuthEvent {
    SIGN_IN,
    SIGN_OUT,
    /** A code was tried and refused. */
    CODE_REFUSED,
    LIMIT_HIT,
    /** A session ended otherwise than by its own sign-out. */
    SESSION_ENDED,
    /** A browser presents the live tokens of two users. */
    TWO_ACCOUNTS,
    /** Nobody was signed in, because more than one user has the number. */
    SHARED_NUMBER,
    /** An operator has removed what was kept of a user; not told of whom. */
    USER_FORGOTTEN;

    String stored() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
