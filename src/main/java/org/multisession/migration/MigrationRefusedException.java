package org.multisession.migration;

/**
 * The database is not one that can be migrated without guessing. Nothing was changed. The message says what was found
 * and what to do.
 */
public final class MigrationRefusedException extends RuntimeException {

    public MigrationRefusedException(String message) {
        // No stack trace: the reader is an operator, and the reason is in the database, not in the code.
        super(message, null, false, false);
    }
}
