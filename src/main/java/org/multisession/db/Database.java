package org.multisession.db;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
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

    /** Work on a borrowed connection that has no result. */
    @FunctionalInterface
    public interface Act<H extends Handle> {
        void run(H handle) throws SQLException;
    }

    /** A look at the database that may find nothing. */
    @FunctionalInterface
    public interface Search<T> {
        @Nullable
        T run(Handle handle) throws SQLException;
    }

    /** Looks at the schema before anything is written on it. */
    public interface Guard {

        /**
         * Whether the schema is one to write on as it is; asked in the transaction of each {@link #write}, before its work.
         * What it throws ends the transaction.
         */
        boolean admits(Transaction transaction) throws SQLException;

        /**
         * Sees to a schema that was not admitted, in a transaction of its own, so that what it did stays whatever becomes
         * of the work. What it throws ends that transaction, and the work is not done.
         *
         * @return what is to be noted once that is committed
         */
        Runnable mend(Transaction transaction) throws SQLException;

        /**
         * Whether it has looked at the schema as it is now. Cheap: for readers, which cannot mend anything.
         *
         * @throws DatabaseBusyException if that is not to be mended yet, because somebody is still at it
         */
        boolean hasSeen(Handle handle) throws SQLException;

        /** Whether a failure says no more than that somebody is making a table anew just now. */
        boolean isOfARebuild(SQLException failure);
    }

    private static final Logger log = LoggerFactory.getLogger(Database.class);

    /** Somebody may change the schema once more between a look and the work, but hardly as often. */
    private static final int LOOKS = 5;

    private static final Guard UNGUARDED = new Guard() {
        @Override
        public boolean admits(Transaction transaction) {
            return true;
        }

        @Override
        public Runnable mend(Transaction transaction) {
            return () -> {};
        }

        @Override
        public boolean hasSeen(Handle handle) {
            return true;
        }

        @Override
        public boolean isOfARebuild(SQLException failure) {
            return false;
        }
    };

    private final int poolSize;
    private final Duration busyTimeout;
    private final AtomicReference<Vocabulary> vocabulary;
    private volatile Pools pools;
    private volatile Guard guard = UNGUARDED;
    private volatile DatabaseListener listener = DatabaseListener.NONE;

    private Database(Pools pools, int poolSize, Duration busyTimeout, AtomicReference<Vocabulary> vocabulary) {
        this.pools = pools;
        this.poolSize = poolSize;
        this.busyTimeout = busyTimeout;
        this.vocabulary = vocabulary;
    }

    /**
     * Opens the connections. The source belongs to the database then, and is given up with it.
     *
     * @param poolSize how many readers at once
     * @param busyTimeout how long to wait for somebody else's lock, and for a free connection
     * @throws DatabaseException if it cannot be opened; nothing is left open, and no file is made
     */
    public static Database open(Source source, int poolSize, Duration busyTimeout) {
        return open(source, poolSize, busyTimeout, new AtomicReference<>(Vocabulary.of(source.vendor())));
    }

    private static Database open(
            Source source, int poolSize, Duration busyTimeout, AtomicReference<Vocabulary> vocabulary) {
        requireAccess(source);
        try {
            Pools pools = source.open(poolSize, busyTimeout);
            source.observe();
            return new Database(pools, poolSize, busyTimeout, vocabulary);
        } catch (DatabaseBusyException e) {
            throw e;
        } catch (DatabaseException e) {
            // The database does not say which right was missing, nor on what.
            requireAccess(source);
            throw new DatabaseException(source + ": " + e.getMessage(), e.kind(), e.getCause());
        }
    }

    private static void requireAccess(Source source) {
        source.obstacle().ifPresent(words -> {
            throw new DatabaseException(words, FailureKind.ACCESS, null);
        });
    }

    /** The kind of database that this is. */
    public Vendor vendor() {
        return pools.source().vendor();
    }

    /** Runs one reading callback. It sees the database as committed by everyone up to each of its statements. */
    public <T> T read(Work<? super Handle, T> work) {
        Pools serving = serving();
        return on(serving, serving.readers(), work);
    }

    /** Runs one reading callback that may find nothing; null where it does. */
    public <T> @Nullable T find(Search<T> search) {
        return this.<Optional<T>>read(handle -> Optional.ofNullable(search.run(handle)))
                .orElse(null);
    }

    private <T> T on(Pools serving, HikariDataSource pool, Work<? super Handle, T> work) {
        try (Connection connection = pool.getConnection()) {
            PreparedStatements prepared = serving.statementsOf(connection, vocabulary::get);
            try {
                return work.run(new Handle(connection, prepared));
            } catch (StatementException e) {
                SQLException reason = vendor().reason(connection, e.failure());
                forgetIfBroken(serving, pool, connection, reason);
                throw explained(serving, reason, e.because(reason));
            } catch (SQLException e) {
                SQLException reason = vendor().reason(connection, e);
                forgetIfBroken(serving, pool, connection, reason);
                throw reason;
            } finally {
                prepared.releaseAll();
            }
        } catch (SQLException e) {
            throw explained(serving, e, vendor().translated(e));
        }
    }

    /** The pools, after a look at the path: it costs two to three microseconds, and no answer comes from a file that is gone. */
    private Pools serving() {
        Pools current = pools;
        if (!current.isServing()) {
            throw retired(current);
        }
        return current;
    }

    private static DatabaseReplacedException retired(Pools current) {
        Source source = current.source();
        if (current.retire()) {
            log.error(
                    "{} was replaced, moved or removed while it was open: every request is answered with 503 until the"
                            + " file that is there now has been checked",
                    source);
        }
        return new DatabaseReplacedException(source + " was replaced, moved or removed while it was open");
    }

    /**
     * A failure with its cause where that lies outside of the database: it is not in its place any more, or a right on it
     * is missing.
     */
    private DatabaseException explained(Pools serving, SQLException cause, DatabaseException failure) {
        DatabaseException explained = reason(serving, cause, failure);
        if (explained instanceof DatabaseBusyException) {
            listener.gaveUp();
        }
        return explained;
    }

    private DatabaseException reason(Pools serving, SQLException cause, DatabaseException failure) {
        if (!serving.isServing()) {
            return retired(serving);
        }
        if (guard.isOfARebuild(cause)) {
            return new DatabaseBusyException("somebody is rebuilding a table: " + failure.getMessage(), cause);
        }
        return vendor().kindOf(cause) == FailureKind.ACCESS
                ? serving.source()
                        .obstacle()
                        .map(words -> new DatabaseException(words, FailureKind.ACCESS, cause))
                        .orElse(failure)
                : failure;
    }

    /** Whether the path leads to another file than the one that is open, or to none; then nothing is answered. */
    public boolean isReplaced() {
        Pools current = pools;
        if (current.isServing()) {
            return false;
        }
        retired(current);
        return true;
    }

    /**
     * Opens the file that is in the place of the replaced one now, for {@link #continueOn}.
     *
     * @param owner as for {@link Source#successor}
     * @throws DatabaseException if there is none, or none that could be opened without damage
     */
    public Database openSuccessor(String owner) {
        Pools current = pools;
        if (current.source().isInPlace()) {
            // It is the same one, which was away for a while.
            close();
        }
        Source source = current.source().successor(owner);
        try {
            return open(source, poolSize, busyTimeout, vocabulary);
        } catch (RuntimeException e) {
            source.close();
            throw e;
        }
    }

    /** From now on this is what the successor is, which is of no use by itself any more. */
    public void continueOn(Database successor) {
        Pools before = pools;
        pools = successor.pools;
        // SQLite knows that its file was moved away, and leaves alone what lies beside the path now.
        before.close();
    }

    /** Notes what lies beside the file, which belongs to it as long as it is open; to be called now and then. */
    public void noteLog() {
        pools.source().observe();
    }

    /** How many descriptors on the file somebody else in this JVM holds open: another copy of SQLite, most likely. */
    public int foreignDescriptors() {
        return pools.source().foreignUsers();
    }

    /** What is open now. */
    public Source source() {
        return pools.source();
    }

    /**
     * Tells what the words of statements mean on this database. To be called before the statements that hold them are
     * run for the first time.
     */
    public void learn(Map<String, String> words) {
        vocabulary.updateAndGet(known -> known.with(words));
    }

    /**
     * Runs one writing callback as one transaction, which has the write lock from its first statement on. When this
     * returns, the work is on the disk; when it throws, nothing of it is kept.
     *
     * @throws DatabaseBusyException if the lock could not be had within the busy timeout, or the schema is not one to write
     *     on now
     */
    public <T> T write(Work<? super Transaction, T> work) {
        for (int looks = 0; looks < LOOKS; looks++) {
            Optional<Done<T>> done = inTransaction(
                    transaction -> guard.admits(transaction)
                            ? Optional.of(new Done<>(work.run(transaction)))
                            : Optional.empty(),
                    this::commit);
            if (done.isPresent()) {
                return done.get().result();
            }
            inTransaction(transaction -> guard.mend(transaction), this::commit).run();
        }
        throw new DatabaseBusyException("somebody keeps changing the schema", null);
    }

    /** Runs one writing callback that has no result, as {@link #write} does. */
    public void execute(Act<? super Transaction> act) {
        write(transaction -> {
            act.run(transaction);
            return this;
        });
    }

    /** The result of work, which may be null. */
    private record Done<T>(T result) {}

    /** From now on this listener is told what work waits for. */
    public void listenBy(DatabaseListener newListener) {
        listener = newListener;
    }

    /** How much of the readers is in use now. */
    public PoolUse readers() {
        return pools.readersUse();
    }

    /** How much of the writing connection is in use now. */
    public PoolUse writer() {
        return pools.writerUse();
    }

    /** From now on this guard looks at the schema before each {@link #write}. */
    public void guardBy(Guard guard) {
        this.guard = guard;
    }

    /**
     * Has the guard look at a schema that it has not seen yet.
     *
     * @return whether it had to
     * @throws DatabaseBusyException if somebody is still changing it
     */
    public boolean lookAfterSchema() {
        if (read(guard::hasSeen)) {
            return false;
        }
        return write(transaction -> true);
    }

    /** Runs one writing callback as {@link #write} does, and then undoes all of it. */
    public <T> T dryRun(Work<? super Transaction, T> work) {
        return inTransaction(work, (connection, transaction) -> vendor().rollback(connection));
    }

    /**
     * Runs one callback on the writing connection without a transaction, for what SQLite refuses inside one, as ATTACH.
     * What other processes write in the meantime is not kept out.
     */
    public <T> T outsideTransaction(Work<? super Handle, T> work) {
        Pools serving = serving();
        return on(serving, serving.writer(), work);
    }

    /** How a transaction ends whose work is done. */
    @FunctionalInterface
    private interface Ending {
        void end(Connection connection, Transaction transaction) throws SQLException;
    }

    private void commit(Connection connection, Transaction transaction) throws SQLException {
        vendor().commit(connection, busyTimeout);
        transaction.committed();
    }

    private <T> T inTransaction(Work<? super Transaction, T> work, Ending ending) {
        Pools serving = serving();
        long queued = System.nanoTime();
        try (Connection connection = serving.writer().getConnection()) {
            long served = System.nanoTime();
            listener.waitedForWriter(Duration.ofNanos(served - queued));
            begin(serving, connection);
            listener.waitedForLock(Duration.ofNanos(System.nanoTime() - served));
            PreparedStatements prepared = serving.statementsOf(connection, vocabulary::get);
            Transaction transaction = new Transaction(connection, prepared);
            T result;
            try {
                result = work.run(transaction);
                ending.end(connection, transaction);
            } catch (StatementException e) {
                undo(serving, connection);
                forgetIfBroken(serving, serving.writer(), connection, e.failure());
                throw explained(serving, e.failure(), e.because(e.failure()));
            } catch (SQLException e) {
                undo(serving, connection);
                forgetIfBroken(serving, serving.writer(), connection, e);
                throw e;
            } catch (RuntimeException | Error e) {
                undo(serving, connection);
                throw e;
            } finally {
                prepared.releaseAll();
            }
            // What went into a file that had been replaced by then must not be acknowledged.
            if (!serving.isServing()) {
                throw retired(serving);
            }
            return result;
        } catch (SQLException e) {
            throw explained(serving, e, vendor().translated(e));
        }
    }

    private static void begin(Pools serving, Connection connection) throws SQLException {
        try {
            serving.source().vendor().begin(connection);
        } catch (SQLException e) {
            forgetIfBroken(serving, serving.writer(), connection, e);
            throw e;
        }
    }

    private static void undo(Pools serving, Connection connection) {
        try {
            serving.source().vendor().rollback(connection);
        } catch (SQLException e) {
            // A full disk ends the transaction by itself and the rollback then fails; a connection whose state is
            // not certain is never used again.
            serving.evict(serving.writer(), connection);
        }
    }

    /** Not every driver gives an SQLState by which the pool could tell that a connection is past use. */
    private static void forgetIfBroken(Pools serving, HikariDataSource pool, Connection connection, SQLException e) {
        FailureKind kind = serving.source().vendor().kindOf(e);
        if (kind != FailureKind.BUSY && kind != FailureKind.CONSTRAINT) {
            log.warn("Replacing a database connection after: {}", e.getMessage());
            serving.evict(pool, connection);
        }
    }

    /** Closes the pools and gives the source up; a second call does nothing. */
    @Override
    public void close() {
        pools.close();
    }
}
