package org.multisession.auth;

import java.time.Duration;

/** Listens to sign-in, sign-out and authentication, in order to count them. Thread-safe. */
public interface AuthListener {

    /** The outcome of an authentication. */
    enum Way {
        SESSION,
        LEGACY,
        /** Nothing was presented. */
        NONE,
        /** Something was presented, and it opens nothing. */
        REFUSED
    }

    /** Ignores everything. */
    AuthListener NONE = new AuthListener() {
        @Override
        public void authenticated(Way way, Duration took) {}

        @Override
        public void recorded(AuthEvent event, String outcome) {}
    };

    /** A request was authenticated, or could not be. */
    void authenticated(Way way, Duration took);

    /** An event was written to the audit trail and committed. */
    void recorded(AuthEvent event, String outcome);
}
