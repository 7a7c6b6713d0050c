package org.multisession.db;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.multisession.db.sqlite.SqliteFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections to one file: one that writes, and readers. They serve as long as the file is the one that its path leads
 * to; once it is not, they are retired and never come back.
 */
final class Pools implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Pools.class);

    private final SqliteFile file;
    private final HikariDataSource readers;
    private final HikariDataSource writer;
    private final PoolThreads timer;

    /** By the connection itself, not by what the pool wraps around it. */
    private final Map<Connection, PreparedStatements> statements = new ConcurrentHashMap<>();

    private final AtomicBoolean retired = new AtomicBoolean();

    private Pools(SqliteFile file, HikariDataSource readers, HikariDataSource writer, PoolThreads timer) {
        this.file = file;
        this.readers = readers;
        this.writer = writer;
        this.timer = timer;
    }

    /** Opens them, or leaves nothing open. */
    static Pools open(SqliteFile file, int readers, Duration busyTimeout) {
        PoolThreads timer = new PoolThreads();
        try {
            HikariDataSource writer = pool("multi-session-writer", file.forWriting(busyTimeout), 1, busyTimeout, timer);
            try {
                return new Pools(
                        file,
                        pool("multi-session-readers", file.forReading(busyTimeout), readers, busyTimeout, timer),
                        writer,
                        timer);
            } catch (RuntimeException e) {
                writer.close();
                throw e;
            }
        } catch (RuntimeException e) {
            timer.close();
            throw e;
        }
    }

    private static HikariDataSource pool(String name, DataSource source, int size, Duration wait, PoolThreads timer) {
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
            throw cause instanceof SQLException sql
                    ? Database.translated(sql)
                    : new DatabaseException("could not open", cause);
        }
    }

    SqliteFile file() {
        return file;
    }

    HikariDataSource readers() {
        return readers;
    }

    HikariDataSource writer() {
        return writer;
    }

    PreparedStatements statementsOf(Connection connection, Supplier<Vocabulary> vocabulary) throws SQLException {
        return statements.computeIfAbsent(
                connection.unwrap(Connection.class), raw -> new PreparedStatements(raw, vocabulary));
    }

    /** Sees to it that a connection is used by nobody any more, once it is given back. */
    void evict(HikariDataSource pool, Connection connection) {
        try {
            // Closing the connection closes its statements.
            statements.remove(connection.unwrap(Connection.class));
        } catch (SQLException e) {
            log.debug("It was closed already: {}", e.getMessage());
        }
        pool.evictConnection(connection);
    }

    /** Whether what these connections say counts. */
    boolean isServing() {
        return !retired.get() && file.isInPlace();
    }

    /** Ends their service; true for the first who does. */
    boolean retire() {
        return retired.compareAndSet(false, true);
    }

    /** Waits for what is under way, for some seconds at the most, and lets go of the file. */
    @Override
    public void close() {
        readers.close();
        writer.close();
        timer.close();
        file.close();
    }
}
