package org.multisession.auth;

import java.time.Duration;

/** Is told what sign-in, sign-out and authentication do, for whoever counts it. Safe for use by many threads. */
public interface AuthListener {

    /** The outcome of an authentication. */
    enum Way {
        SESSION,
        LEGACY,
        /** Nothing was presented. */
        NONE,
        /** What was presented opens nothing. */
        REFUSED
    }

    /** Hears nothing. */
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
