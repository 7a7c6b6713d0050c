package org.multisession.db;

import org.jspecify.annotations.Nullable;

/**
 * The storage of the database is full or fails, the database is damaged, or this program may not write it. Nothing of
 * the failed transaction was kept; the same call may succeed once somebody has put that right.
 */
public final class StorageException extends DatabaseException {

    private final String statement;

    /** @param kind one that {@link FailureKind#isOfTheStorage} */
    public StorageException(String message, FailureKind kind, @Nullable Throwable cause) {
        this(message, message, kind, cause);
    }

    StorageException(String statement, String message, FailureKind kind, @Nullable Throwable cause) {
        super(message, kind, cause);
        this.statement = statement;
    }

    @Override
    public String statement() {
        return statement;
    }
}
