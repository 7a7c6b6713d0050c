package org.multisession.auth;

import java.util.Locale;

/** What the audit trail knows of. */
public enum AuthEvent {
    SIGN_IN,
    SIGN_OUT,
    /** A code was tried and refused. */
    CODE_REFUSED,
    LIMIT_HIT,
    /** A session ended by other means than its own sign-out. */
    SESSION_ENDED,
    /** A browser presents the live tokens of two users. */
    TWO_ACCOUNTS,
    /** Nobody was signed in by a number that more than one user has. */
    SHARED_NUMBER;

    String stored() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
