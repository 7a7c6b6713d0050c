package org.multisession.db;

import com.zaxxer.hikari.HikariConfig;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections to one database. They serve for as long as the settings lead to that database, and are then retired
 * for good.
 */
public final class Pools implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Pools.class);

    private static final Duration MAX_LIFETIME = Duration.ofMinutes(30);
    private static final Duration KEEP_ALIVE = Duration.ofMinutes(2);

    /**
     * How long a reader waits for a connection at most. A look-up takes some microseconds, so whoever has had no turn by
     * then is one of too many, and had better come back later than hold one of Tomcat's threads.
     */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    /** How long closing waits for work that is under way. */
    private static final Duration LAST_WAIT = Duration.ofSeconds(10);

    private final Source source;
    private final ConnectionPool readers;
    private final ConnectionPool writer;

    private final Loans loans;

    /** Null for a pool that somebody else has made. */
    private final @Nullable PoolThreads timer;

    /** Keyed by the connection itself, not by the pool's wrapper. */
    private final Map<Connection, PreparedStatements> statements = new ConcurrentHashMap<>();

    /** Null where the database cannot tell of commits. */
    private final @Nullable AnswerKeeper keeper;

    private final AtomicBoolean retired = new AtomicBoolean();

    private Pools(
            Source source,
            ConnectionPool readers,
            ConnectionPool writer,
            Loans loans,
            @Nullable PoolThreads timer,
            @Nullable AnswerKeeper keeper) {
        this.keeper = keeper;
        this.loans = loans;
        this.source = source;
        this.readers = readers;
        this.writer = writer;
        this.timer = timer;
    }

    /**
     * Opens one writing connection and the readers, or leaves nothing open. Answers are kept beside them.
     *
     * @param withoutWaiting gives connections that write too, and wait for no lock
     * @param wait how long a caller waits for a connection; a reader, a second at most
     */
    public static Pools ofOneWriter(
            Source source,
            DataSource forWriting,
            DataSource forReading,
            DataSource withoutWaiting,
            int readers,
            Duration wait) {
        Vendor vendor = source.vendor();
        PoolThreads timer = new PoolThreads();
        Loans loans = new Loans();
        try {
            OwnPool writer = pool("multi-session-writer", forWriting, 1, wait, timer, vendor, loans);
            Duration patience = wait.compareTo(PATIENCE) < 0 ? wait : PATIENCE;
            try {
                return new Pools(
                        source,
                        pool("multi-session-readers", forReading, readers, patience, timer, vendor, loans),
                        writer,
                        loans,
                        timer,
                        new AnswerKeeper(vendor, withoutWaiting, patience));
            } catch (RuntimeException | Error e) {
                writer.close();
                throw e;
            }
        } catch (RuntimeException | Error e) {
            timer.close();
            throw e;
        }
    }

    /**
     * Opens one pool of connections to a server, which read and write alike, or leaves nothing open.
     *
     * @param wait how long a caller waits for a connection
     * @param silence how long the server may say nothing to work that a client waits for
     * @param prelude the statements that each connection begins with; empty if there are none
     */
    public static Pools ofEquals(
            Source source, DataSource connections, int size, Duration wait, Duration silence, String prelude) {
        PoolThreads timer = new PoolThreads();
        Loans loans = new Loans();
        try {
            HikariConfig config = config("multi-session", connections, size, wait, timer);
            if (!prelude.isEmpty()) {
                config.setConnectionInitSql(prelude);
            }
            // Short enough that a silent connection leaves time to try another one.
            config.setValidationTimeout(Math.max(250, wait.toMillis() / 2));
            // Whatever lies between may drop an idle connection.
            config.setMaxLifetime(MAX_LIFETIME.toMillis());
            config.setKeepaliveTime(KEEP_ALIVE.toMillis());
            ConnectionPool pool = new OutagePool(OwnPool.open(config, source.vendor(), loans, silence), source);
            return new Pools(source, pool, pool, loans, timer, null);
        } catch (RuntimeException | Error e) {
            timer.close();
            throw e;
        }
    }

    /** Uses a pool of connections to a server that somebody else has made, and will close. */
    public static Pools ofGiven(Source source, ConnectionPool given) {
        ConnectionPool pool = new OutagePool(given, source);
        return new Pools(source, pool, pool, new Loans(), null, null);
    }

    private static OwnPool pool(
            String name, DataSource source, int size, Duration wait, PoolThreads timer, Vendor vendor, Loans loans) {
        HikariConfig config = config(name, source, size, wait, timer);
        // A connection to a file neither ages nor drops, so no timer retires it or keeps it alive.
        config.setMaxLifetime(0);
        return OwnPool.open(config, vendor, loans);
    }

    private static HikariConfig config(String name, DataSource source, int size, Duration wait, PoolThreads timer) {
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setDataSource(source);
        config.setScheduledExecutor(timer.executor());
        config.setThreadFactory(timer.connectionThreads());
        config.setMaximumPoolSize(size);
        config.setIdleTimeout(0);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(Math.max(250, wait.toMillis()));
        return config;
    }

    Source source() {
        return source;
    }

    ConnectionPool readers() {
        return readers;
    }

    ConnectionPool writer() {
        return writer;
    }

    /** Whether writers have a connection of their own, and do not share one pool with the readers. */
    boolean haveOneWriter() {
        return readers != writer;
    }

    @Nullable
    AnswerKeeper keeper() {
        return keeper;
    }

    PreparedStatements statementsOf(ConnectionPool.Lease lease, Supplier<Vocabulary> vocabulary) throws SQLException {
        Connection raw = lease.lasting();
        if (raw == null) {
            return PreparedStatements.forOnce(lease.connection(), source.vendor(), vocabulary);
        }
        PreparedStatements known = statements.get(raw);
        if (known != null) {
            return known;
        }
        forgetClosed();
        PreparedStatements prepared = new PreparedStatements(raw, source.vendor(), vocabulary);
        statements.put(raw, prepared);
        return prepared;
    }

    /** The pool closes connections to a server by itself, after their time. */
    private void forgetClosed() throws SQLException {
        Set<Connection> closed = new HashSet<>();
        for (Connection raw : statements.keySet()) {
            if (raw.isClosed()) {
                closed.add(raw);
            }
        }
        statements.keySet().removeAll(closed);
    }

    /** Makes sure that a connection is not used again once it is returned. */
    void discard(ConnectionPool.Lease lease) {
        try {
            // Closing the connection closes its statements. Where the pool has closed it, forgetClosed() finds it.
            if (!lease.connection().isClosed()) {
                Connection raw = lease.lasting();
                if (raw != null) {
                    statements.remove(raw);
                }
            }
        } catch (SQLException e) {
            log.debug("It was closed already: {}", e.getMessage());
        }
        lease.discard();
    }

    /** Whether answers of these connections still count. */
    boolean isServing() {
        return !retired.get() && source.isInPlace();
    }

    /** Retires them; returns true for the first caller. */
    boolean retire() {
        return retired.compareAndSet(false, true);
    }

    /** Waits for ongoing work, some seconds at most, and closes the source. */
    @Override
    public void close() {
        close(LAST_WAIT);
    }

    /**
     * The same with another wait. What is still at work after that keeps the source until it has ended: whoever opened the
     * same file meanwhile would lose its locks when that work gives back its own.
     */
    void close(Duration wait) {
        CompletableFuture<@Nullable Void> allBack = loans.close();
        if (!isDone(allBack, wait)) {
            log.warn(
                    "{}: something is still at work on it after {} seconds. Until that has ended, no other application of"
                            + " this Tomcat can open it",
                    source,
                    wait.toSeconds());
        }
        if (keeper != null) {
            keeper.close();
        }
        readers.close();
        writer.close();
        if (timer != null) {
            timer.close();
        }
        var unused = allBack.thenRun(source::close);
    }

    private static boolean isDone(CompletableFuture<?> allBack, Duration wait) {
        try {
            allBack.get(wait.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
        return allBack.isDone();
    }
}
