package org.multisession.db;

import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Counts the connections that are lent, so that nothing is closed under somebody who is still at work. A pool does not
 * wait for them when it is closed. Safe for use by many threads.
 */
final class Loans {

    /** One more than are lent, until they are closed. */
    private final AtomicInteger count = new AtomicInteger(1);

    private final AtomicBoolean isClosed = new AtomicBoolean();
    private final CompletableFuture<@Nullable Void> allBack = new CompletableFuture<>();

    /** To be called before one is lent; {@link #end} after it has come back, or has not been lent after all. */
    void begin() throws SQLException {
        if (isClosed.get() || count.getAndUpdate(before -> before == 0 ? 0 : before + 1) == 0) {
            throw new SQLException("the database is closed");
        }
    }

    void end() {
        if (count.decrementAndGet() == 0) {
            allBack.complete(null);
        }
    }

    /** From now on none is lent. What it returns is complete once all have come back. */
    CompletableFuture<@Nullable Void> close() {
        if (isClosed.compareAndSet(false, true)) {
            end();
        }
        return allBack;
    }
}
