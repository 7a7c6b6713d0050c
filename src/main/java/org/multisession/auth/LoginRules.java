package org.multisession.auth;

/** Who may sign in, and how a number is proved to be theirs. */
public record LoginRules(Verification verification, Registration registration) {

    /** What proves that a phone number is the person's own. */
    public enum Verification {
        /** A one-time code sent to it. */
        CODE,
        /** Nothing: the number alone signs in. For closed networks. */
        NONE
    }

    /** What happens to a number that no user has. */
    public enum Registration {
        CLOSED,
        OPEN
    }
}
