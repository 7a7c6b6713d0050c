package org.multisession.db;

import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets one caller at a time wait while the server cannot be reached. All others fail at once, with the last failure, so
 * an outage takes one of Tomcat's threads and leaves the rest to other applications. The first caller that gets a
 * connection again ends the outage. The log tells when it begins and ends, however many requests fail by it.
 *
 * <p>It is no outage if all connections are in use, nor if the server refuses more while some are: then everybody waits
 * for a turn.
 */
final class OutagePool implements ConnectionPool {

    private static final Logger log = LoggerFactory.getLogger(OutagePool.class);

    private final ConnectionPool pool;
    private final Source source;

    /** How it last failed; null as long as connections can be had. */
    private final AtomicReference<@Nullable SQLException> outage = new AtomicReference<>();

    /** How often one was lent. */
    private final AtomicLong loans = new AtomicLong();

    private final AtomicBoolean isTried = new AtomicBoolean();

    OutagePool(ConnectionPool pool, Source source) {
        this.pool = pool;
        this.source = source;
    }

    @Override
    public Lease borrow(boolean isAwaited) throws SQLException {
        SQLException last = outage.get();
        if (last == null || !isAwaited) {
            return attempt(isAwaited);
        }
        if (!isTried.compareAndSet(false, true)) {
            throw last;
        }
        try {
            return attempt(true);
        } finally {
            isTried.set(false);
        }
    }

    private Lease attempt(boolean isAwaited) throws SQLException {
        long before = loans.get();
        Lease lease;
        try {
            lease = pool.borrow(isAwaited);
        } catch (SQLException e) {
            if (e.getCause() instanceof SQLException why && loans.get() == before && outage.getAndSet(e) == null) {
                log.error(
                        "No connection to {} can be opened: {}. Until one can, requests are answered with 503",
                        source,
                        source.vendor().describe(why));
            }
            throw e;
        }
        loans.incrementAndGet();
        if (outage.get() != null && outage.getAndSet(null) != null) {
            log.warn("{} answers again", source);
        }
        return lease;
    }

    @Override
    public boolean isAway() {
        return outage.get() != null;
    }

    @Override
    public PoolUse use() {
        return pool.use();
    }

    @Override
    public void close() {
        pool.close();
    }
}
