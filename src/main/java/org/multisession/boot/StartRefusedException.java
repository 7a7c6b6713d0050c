package org.multisession.boot;

/** Why the application did not start, for the operator. */
final class StartRefusedException extends RuntimeException {

    StartRefusedException(String message) {
        // No stack trace: Tomcat logs this again, and the reason should not get lost.
        super(message, null, false, false);
    }
}
