package org.multisession.db;

import org.jspecify.annotations.Nullable;

/**
 * The database could not do its work. Nothing of the failed transaction was kept. The message never contains a bound
 * value: values are tokens and phone numbers.
 */
public class DatabaseException extends RuntimeException {

    private final FailureKind kind;

    public DatabaseException(String message, @Nullable Throwable cause) {
        this(message, FailureKind.OTHER, cause);
    }

    public DatabaseException(String message, FailureKind kind, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** What failed: the name of the statement, if it was one. */
    public String statement() {
        return String.valueOf(getMessage());
    }

    public final FailureKind kind() {
        return kind;
    }
}
