package org.multisession.db;

import org.jspecify.annotations.Nullable;

/**
 * Somebody else, usually the old app, held the database for longer than the busy timeout. Nothing was changed; the same
 * call may succeed a moment later.
 */
public final class DatabaseBusyException extends DatabaseException {

    public DatabaseBusyException(String message, @Nullable Throwable cause) {
        super(message, FailureKind.BUSY, cause);
    }
}
