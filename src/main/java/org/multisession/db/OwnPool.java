package org.multisession.db;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import com.zaxxer.hikari.pool.HikariPool;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;

/** A pool that this application opens and closes. */
final class OwnPool implements ConnectionPool {

    private final HikariDataSource pool;
    private final Loans loans;

    /** How long awaited work waits for a word of the server, in milliseconds; 0 where there is none. */
    private final int silence;

    private OwnPool(HikariDataSource pool, Loans loans, int silence) {
        this.pool = pool;
        this.loans = loans;
        this.silence = silence;
    }

    /** Opens the pool of a file, or leaves nothing open. */
    static OwnPool open(HikariConfig config, Vendor vendor, Loans loans) {
        return open(config, vendor, loans, Duration.ZERO);
    }

    /** The same for a server that may go silent. */
    static OwnPool open(HikariConfig config, Vendor vendor, Loans loans, Duration silence) {
        try {
            return new OwnPool(new HikariDataSource(config), loans, (int) silence.toMillis());
        } catch (HikariPool.PoolInitializationException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw cause instanceof SQLException sql
                    ? vendor.translated(sql)
                    : new DatabaseException("could not open", cause);
        }
    }

    @Override
    public Lease borrow(boolean isAwaited) throws SQLException {
        HikariLease lease = new HikariLease(pool, lent(), loans);
        if (isAwaited && silence > 0) {
            // The pool itself sets it back.
            lease.expectAnswersWithin(silence);
        }
        return lease;
    }

    private Connection lent() throws SQLException {
        loans.begin();
        boolean isLent = false;
        try {
            Connection connection = connection();
            isLent = true;
            return connection;
        } finally {
            if (!isLent) {
                loans.end();
            }
        }
    }

    private Connection connection() throws SQLException {
        try {
            return pool.getConnection();
        } catch (SQLTransientConnectionException e) {
            // Of statements that each connection begins with, the pool wraps the failure once more.
            for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
                if (cause instanceof SQLException why) {
                    throw new SQLTransientConnectionException(e.getMessage(), why.getSQLState(), why);
                }
            }
            throw e;
        }
    }

    @Override
    public PoolUse use() {
        HikariPoolMXBean now = pool.getHikariPoolMXBean();
        return new PoolUse(now.getActiveConnections(), now.getIdleConnections(), now.getThreadsAwaitingConnection());
    }

    @Override
    public void close() {
        pool.close();
    }

    /** For one thread. */
    private static final class HikariLease implements Lease {

        private final HikariDataSource pool;
        private final Connection connection;
        private final Loans loans;
        private boolean isDiscarded;

        HikariLease(HikariDataSource pool, Connection connection, Loans loans) {
            this.pool = pool;
            this.connection = connection;
            this.loans = loans;
        }

        @Override
        public Connection connection() {
            return connection;
        }

        @Override
        public Connection lasting() throws SQLException {
            return connection.unwrap(Connection.class);
        }

        /** A failed statement and the failed rollback after it both ask for it; the pool warns of a second time. */
        @Override
        public void discard() {
            if (!isDiscarded) {
                isDiscarded = true;
                pool.evictConnection(connection);
            }
        }

        @Override
        public void close() throws SQLException {
            try {
                Connection raw = lasting();
                connection.close();
                if (pool.isClosed()) {
                    // It has given up what was lent, and never closes it.
                    raw.close();
                }
            } finally {
                loans.end();
            }
        }
    }
}
