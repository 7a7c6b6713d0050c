package org.multisession.db;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open database: {@link #read} for one look, {@link #write} for one transaction.
 *
 * <p>On SQLite there is exactly one writing connection. Writers in this process queue for it, which costs nothing
 * (SQLite admits one at a time anyway) and spares them the busy loop; readers have a small pool of their own. Safe for
 * use by many threads. A call inside another call's callback is a mistake: it could wait for itself.
 */
public final class Database implements AutoCloseable {

    /** Work on a borrowed connection. */
    @FunctionalInterface
    public interface Work<H extends Handle, T> {
        T run(H handle) throws SQLException;
    }

    /** Looks at the schema before anything is written on it. */
    public interface Guard {

        /** Before the work of each {@link #write}, in its transaction; what it throws ends the transaction. */
        void beforeWriting(Transaction transaction) throws SQLException;

        /** Whether it has looked at the schema as it is now. Cheap: for readers, which cannot mend anything. */
        boolean hasSeen(Handle handle) throws SQLException;
    }

    private static final Logger log = LoggerFactory.getLogger(Database.class);

    private static final Guard UNGUARDED = new Guard() {
        @Override
        public void beforeWriting(Transaction transaction) {}

        @Override
        public boolean hasSeen(Handle handle) {
            return true;
        }
    };

    private final HikariDataSource readers;
    private final HikariDataSource writer;
    private final PoolTimer timer;
    private final Duration busyTimeout;
    private volatile Guard guard = UNGUARDED;

    /** By the connection itself, not by what the pool wraps around it. */
    private final Map<Connection, PreparedStatements> statements = new ConcurrentHashMap<>();

    private volatile Vocabulary vocabulary = Vocabulary.EMPTY;

    private Database(HikariDataSource readers, HikariDataSource writer, PoolTimer timer, Duration busyTimeout) {
        this.readers = readers;
        this.writer = writer;
        this.timer = timer;
        this.busyTimeout = busyTimeout;
    }

    /**
     * Opens the pools on an existing SQLite file.
     *
     * @param poolSize how many readers at once
     * @param busyTimeout how long to wait for somebody else's lock, and for a free connection
     * @throws DatabaseException if it cannot be opened; nothing is left open, and no file is made
     */
    public static Database open(SqliteFile file, int poolSize, Duration busyTimeout) {
        try {
            return openPools(file, poolSize, busyTimeout);
        } catch (DatabaseBusyException e) {
            throw e;
        } catch (DatabaseException e) {
            throw new DatabaseException(file.path() + ": " + e.getMessage(), e.getCause());
        }
    }

    private static Database openPools(SqliteFile file, int poolSize, Duration busyTimeout) {
        PoolTimer timer = new PoolTimer();
        try {
            HikariDataSource writer = pool("multi-session-writer", file.forWriting(busyTimeout), 1, busyTimeout, timer);
            try {
                HikariDataSource readers =
                        pool("multi-session-readers", file.forReading(busyTimeout), poolSize, busyTimeout, timer);
                return new Database(readers, writer, timer, busyTimeout);
            } catch (RuntimeException e) {
                writer.close();
                throw e;
            }
        } catch (RuntimeException e) {
            timer.close();
            throw e;
        }
    }

    private static HikariDataSource pool(String name, DataSource source, int size, Duration wait, PoolTimer timer) {
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setDataSource(source);
        config.setScheduledExecutor(timer.executor());
        config.setThreadFactory(timer.connectionThreads());
        config.setMaximumPoolSize(size);
        // A SQLite connection is a file handle: it neither ages nor drops, so none is retired or kept alive by timers.
        config.setMaxLifetime(0);
        config.setIdleTimeout(0);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(Math.max(250, wait.toMillis()));
        try {
            return new HikariDataSource(config);
        } catch (HikariPool.PoolInitializationException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw cause instanceof SQLException sql ? translated(sql) : new DatabaseException("could not open", cause);
        }
    }

    /** Runs one reading callback. It sees the database as committed by everyone up to each of its statements. */
    public <T> T read(Work<? super Handle, T> work) {
        return on(readers, work);
    }

    private <T> T on(HikariDataSource pool, Work<? super Handle, T> work) {
        try (Connection connection = pool.getConnection()) {
            PreparedStatements prepared = statementsOf(connection);
            try {
                return work.run(new Handle(connection, prepared));
            } catch (StatementException e) {
                SQLException reason = Sqlite.reason(connection, e.failure());
                forgetIfBroken(pool, connection, reason);
                throw e.because(reason);
            } catch (SQLException e) {
                SQLException reason = Sqlite.reason(connection, e);
                forgetIfBroken(pool, connection, reason);
                throw reason;
            } finally {
                prepared.releaseAll();
            }
        } catch (SQLException e) {
            throw translated(e);
        }
    }

    /**
     * Tells what the words of statements mean on this database. To be called before the statements that hold them are
     * run for the first time.
     */
    public void learn(Map<String, String> words) {
        vocabulary = vocabulary.with(words);
    }

    private PreparedStatements statementsOf(Connection connection) throws SQLException {
        return statements.computeIfAbsent(
                connection.unwrap(Connection.class), raw -> new PreparedStatements(raw, () -> vocabulary));
    }

    /**
     * Runs one writing callback as one transaction, which has the write lock from its first statement on. When this
     * returns, the work is on the disk; when it throws, nothing of it is kept.
     *
     * @throws DatabaseBusyException if the lock could not be had within the busy timeout
     */
    public <T> T write(Work<? super Transaction, T> work) {
        return inTransaction(
                transaction -> {
                    guard.beforeWriting(transaction);
                    return work.run(transaction);
                },
                connection -> Sqlite.commit(connection, busyTimeout));
    }

    /** From now on this guard looks at the schema before each {@link #write}. */
    public void guardBy(Guard guard) {
        this.guard = guard;
    }

    /**
     * Has the guard look at a schema that it has not seen yet.
     *
     * @return whether it had to
     */
    public boolean lookAfterSchema() {
        if (read(guard::hasSeen)) {
            return false;
        }
        return write(transaction -> true);
    }

    /** Runs one writing callback as {@link #write} does, and then undoes all of it. */
    public <T> T rehearse(Work<? super Transaction, T> work) {
        return inTransaction(work, Sqlite::rollback);
    }

    /**
     * Runs one callback on the writing connection without a transaction, for what SQLite refuses inside one, as ATTACH.
     * What other processes write in the meantime is not kept out.
     */
    public <T> T outsideTransaction(Work<? super Handle, T> work) {
        return on(writer, work);
    }

    /** How a transaction ends whose work is done. */
    @FunctionalInterface
    private interface Ending {
        void end(Connection connection) throws SQLException;
    }

    private <T> T inTransaction(Work<? super Transaction, T> work, Ending ending) {
        try (Connection connection = writer.getConnection()) {
            begin(connection);
            PreparedStatements prepared = statementsOf(connection);
            try {
                T result = work.run(new Transaction(connection, prepared));
                ending.end(connection);
                return result;
            } catch (StatementException e) {
                undo(connection);
                forgetIfBroken(writer, connection, e.failure());
                throw e.because(e.failure());
            } catch (SQLException e) {
                undo(connection);
                forgetIfBroken(writer, connection, e);
                throw e;
            } catch (RuntimeException | Error e) {
                undo(connection);
                throw e;
            } finally {
                prepared.releaseAll();
            }
        } catch (SQLException e) {
            throw translated(e);
        }
    }

    private void begin(Connection connection) throws SQLException {
        try {
            Sqlite.begin(connection);
        } catch (SQLException e) {
            forgetIfBroken(writer, connection, e);
            throw e;
        }
    }

    private void undo(Connection connection) {
        try {
            Sqlite.rollback(connection);
        } catch (SQLException e) {
            // A full disk ends the transaction by itself and the rollback then fails; a connection whose state is
            // not certain is never used again.
            evict(writer, connection);
        }
    }

    /** SQLite's driver gives no SQLState, so the pool cannot tell by itself that a connection is past use. */
    private void forgetIfBroken(HikariDataSource pool, Connection connection, SQLException e) {
        if (!Sqlite.isBusy(e) && !Sqlite.isConstraint(e)) {
            log.warn("A database connection is replaced after: {}", e.getMessage());
            evict(pool, connection);
        }
    }

    private void evict(HikariDataSource pool, Connection connection) {
        try {
            // Closing the connection closes its statements.
            statements.remove(connection.unwrap(Connection.class));
        } catch (SQLException e) {
            log.debug("It was closed already: {}", e.getMessage());
        }
        pool.evictConnection(connection);
    }

    static DatabaseException translated(SQLException e) {
        if (e instanceof SQLTransientConnectionException || Sqlite.isBusy(e)) {
            return new DatabaseBusyException("the database is locked by somebody else", e);
        }
        return new DatabaseException(Sqlite.describe(e), e);
    }

    /** The journal mode that the file has, for the log: it is never changed on an existing one. */
    public String journalMode() {
        return read(handle -> {
            try (PreparedStatement statement = handle.prepare("PRAGMA journal_mode");
                    ResultSet row = statement.executeQuery()) {
                return row.next() ? row.getString(1) : "unknown";
            }
        });
    }

    @Override
    public void close() {
        readers.close();
        writer.close();
        timer.close();
    }
}
