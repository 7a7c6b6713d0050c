package org.multisession.boot;

/** Why the application did not start, for the operator: what is wrong and that nothing was changed. */
final class StartRefusedException extends RuntimeException {

    StartRefusedException(String message) {
        // No stack trace: Tomcat logs this again, and the reason should not drown.
        super(message, null, false, false);
    }
}
