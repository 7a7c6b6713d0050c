package org.multisession.db;

import org.jspecify.annotations.Nullable;

/**
 * The database could not do what was asked. Nothing of the failed transaction was kept. The message never holds a bound
 * value: values are tokens and phone numbers.
 */
public class DatabaseException extends RuntimeException {

    public DatabaseException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
