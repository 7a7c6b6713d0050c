package org.multisession.db;

import org.jspecify.annotations.Nullable;

/**
 * Somebody else, usually the old app, held the database for longer than the busy timeout, or its server cannot be
 * reached. Nothing was changed; the same call may succeed a moment later.
 */
public final class DatabaseBusyException extends DatabaseException {

    public DatabaseBusyException(String message, @Nullable Throwable cause) {
        this(message, FailureKind.BUSY, cause);
    }

    /** @param kind {@code BUSY} or {@code UNREACHABLE} */
    public DatabaseBusyException(String message, FailureKind kind, @Nullable Throwable cause) {
        super(message, kind, cause);
    }
}
