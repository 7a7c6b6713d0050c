package org.multisession.db;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open database: {@link #read} runs a callback that reads, {@link #write} runs one as a transaction.
 *
 * <p>On SQLite there is exactly one writing connection. Writers in this process queue for it, which costs nothing,
 * because SQLite admits one writer at a time anyway, and which spares them SQLite's busy loop. Readers have a small
 * pool of their own. Safe for use by many threads. Never call it from inside a callback: the call could wait for its
 * own connection.
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

    private static final Logger log = LoggerFactory.getLogger(Database.class);

    /** Somebody may change the schema again between the check and the work, but hardly this often. */
    private static final int LOOKS = 5;

    /** How often a transaction is run again that others were in the way of. */
    private static final int REPEATS = 5;

    /**
     * How long a commit is held up by readers of a rollback journal before it is given up and all is done once more: as long
     * as it waits, nobody else can begin to read, and an old app fails after five seconds of that.
     */
    private static final Duration HELD_UP = Duration.ofSeconds(1);

    /** Long enough that whoever waits to read gets in: SQLite asks again every tenth of a second. */
    private static final long LET_IN_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private final int poolSize;
    private final Duration busyTimeout;
    private final AtomicReference<Vocabulary> vocabulary;

    /** Set in a thread whose work a client waits for. */
    private final ThreadLocal<@Nullable Boolean> awaited = new ThreadLocal<>();

    private volatile Pools pools;

    /** Guarded by this. */
    private boolean isClosed;

    private volatile Guard guard = Guard.NONE;
    private volatile DatabaseListener listener = DatabaseListener.NONE;

    private Database(Pools pools, int poolSize, Duration busyTimeout, AtomicReference<Vocabulary> vocabulary) {
        this.pools = pools;
        this.poolSize = poolSize;
        this.busyTimeout = busyTimeout;
        this.vocabulary = vocabulary;
    }

    /**
     * Opens the connections. The database then owns the source and closes it.
     *
     * @param poolSize how many may read at the same time
     * @param busyTimeout how long to wait for somebody else's lock, and for a free connection
     * @throws DatabaseException if it cannot be opened; nothing is left open, and no file is created
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
            // The database does not say which permission was missing, nor on what.
            requireAccess(source);
            throw new DatabaseException(source + ": " + e.getMessage(), e.kind(), e.getCause());
        }
    }

    private static void requireAccess(Source source) {
        source.obstacle().ifPresent(words -> {
            throw new DatabaseException(words, FailureKind.ACCESS, null);
        });
    }

    /** The kind of this database. */
    public Vendor vendor() {
        return pools.source().vendor();
    }

    /** Runs a callback that reads. Each of its statements sees everything that was committed before it. */
    public <T> T read(Work<? super Handle, T> work) {
        Pools serving = serving();
        return on(serving, serving.readers(), work);
    }

    /** Runs a callback that reads; it may find nothing and return null. */
    public <T> @Nullable T find(Search<T> search) {
        return this.<Optional<T>>read(handle -> Optional.ofNullable(search.run(handle)))
                .orElse(null);
    }

    /**
     * What the cache keeps of the database as it is now; nothing, where the database cannot tell that nobody has
     * committed.
     */
    public <K, V> AnswerCache<K, V>.Kept kept(AnswerCache<K, V> cache) {
        Pools serving = serving();
        AnswerKeeper keeper = serving.keeper();
        try {
            return cache.in(keeper == null ? null : keeper.state(vocabulary::get));
        } catch (SQLException e) {
            throw explained(serving, e, vendor().translated(e));
        }
    }

    private <T> T on(Pools serving, ConnectionPool pool, Work<? super Handle, T> work) {
        try (ConnectionPool.Lease lease = pool.borrow(isAwaited())) {
            Connection connection = lease.connection();
            PreparedStatements prepared = serving.statementsOf(lease, vocabulary::get);
            try {
                return work.run(new Handle(connection, prepared));
            } catch (StatementException e) {
                SQLException reason = vendor().reason(connection, e.failure());
                forgetIfBroken(serving, lease, reason);
                throw explained(serving, reason, e.because(reason));
            } catch (SQLException e) {
                SQLException reason = vendor().reason(connection, e);
                forgetIfBroken(serving, lease, reason);
                throw reason;
            } finally {
                prepared.releaseAll();
            }
        } catch (SQLException e) {
            throw explained(serving, e, vendor().translated(e));
        }
    }

    /**
     * Returns the pools after checking the path. That takes one to two microseconds, and no answer comes from a file
     * that is gone.
     */
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
     * Returns the failure with its cause, if that is outside the database: it is no longer in its place, or a
     * permission is missing.
     */
    private DatabaseException explained(Pools serving, SQLException cause, DatabaseException failure) {
        DatabaseException explained = reason(serving, cause, failure);
        if (explained instanceof DatabaseBusyException busy) {
            // A server that is away is not busy.
            if (busy.kind() == FailureKind.BUSY) {
                listener.gaveUp();
            }
        } else if (explained instanceof StorageException ofTheStorage) {
            listener.failed(ofTheStorage);
        }
        return explained;
    }

    private DatabaseException reason(Pools serving, SQLException cause, DatabaseException failure) {
        if (!serving.isServing()) {
            return retired(serving);
        }
        if (guard.isOfARebuild(cause)) {
            return new DatabaseBusyException("somebody is changing the schema: " + failure.getMessage(), cause);
        }
        return failure.kind() == FailureKind.ACCESS
                ? serving.source()
                        .obstacle()
                        .<DatabaseException>map(words -> new StorageException(words, FailureKind.ACCESS, cause))
                        .orElse(failure)
                : failure;
    }

    /** Whether the path leads to another file than the open one, or to none; then nothing is answered. */
    public boolean isReplaced() {
        Pools current = pools;
        if (current.isServing()) {
            return false;
        }
        retired(current);
        return true;
    }

    /**
     * Opens the file that is now in the place of the replaced one, for {@link #continueOn}.
     *
     * @param owner as for {@link Source#successor}
     * @throws DatabaseException if there is none, or if opening it would damage it
     */
    public Database openSuccessor(String owner) {
        Pools current = pools;
        if (current.source().isInPlace()) {
            // It is the same file, which was away for a while.
            current.close();
        }
        Source source = current.source().successor(owner);
        try {
            return open(source, poolSize, busyTimeout, vocabulary);
        } catch (RuntimeException | Error e) {
            source.close();
            throw e;
        }
    }

    /**
     * Takes over what the successor has opened; the successor must not be used any more.
     *
     * @throws DatabaseException if this was closed meanwhile; then the successor is closed too
     */
    public void continueOn(Database successor) {
        Pools before = pools;
        if (!isTakenOver(successor.pools)) {
            successor.close();
            throw new DatabaseException(before.source() + " was closed meanwhile", null);
        }
        // SQLite knows that its file was moved away, and leaves alone what is beside the path now.
        before.close();
    }

    private synchronized boolean isTakenOver(Pools next) {
        if (!isClosed) {
            pools = next;
            guard.startAnew();
        }
        return !isClosed;
    }

    /** Records the files beside the open one, which belong to it. Call it now and then. */
    public void noteLog() {
        pools.source().observe();
    }

    /** Whether somebody has removed the log of the open file. */
    public boolean hasLostLog() {
        return pools.source().hasLostLog();
    }

    /** Writes the latest commits into the file, as far as that does no harm, where its log is lost. */
    public void saveWithoutLog() {
        boolean unused = outsideTransaction(handle -> {
            source().save(handle);
            return true;
        });
    }

    /** How many descriptors on the file belong to somebody else in this JVM, most likely another copy of SQLite. */
    public int foreignDescriptors() {
        return pools.source().foreignUsers();
    }

    /** What is open now. */
    public Source source() {
        return pools.source();
    }

    /**
     * Defines what the words in statements mean on this database. Call it before any statement that contains them runs.
     */
    public void learn(Map<String, String> words) {
        vocabulary.updateAndGet(known -> known.with(words));
    }

    /**
     * Runs a callback that writes as one transaction, which holds the write lock from its first statement on. When this
     * returns, the work is on disk; when it throws, none of it is kept.
     *
     * @throws DatabaseBusyException if the lock was not free within the busy timeout, or the schema cannot be written
     *     to now
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

    /** Runs a callback that writes and has no result, like {@link #write}. */
    public void execute(Act<? super Transaction> act) {
        write(transaction -> {
            act.run(transaction);
            return this;
        });
    }

    /**
     * Runs a callback like {@link #execute}, and keeps all answers but those for these keys. Only for callbacks whose own
     * statements change no other answer; if a trigger changes more, nothing is kept.
     */
    public <K> void executeAside(AnswerCache<K, ?> cache, Collection<? extends K> keys, Act<? super Transaction> act) {
        if (!isDoneAside(cache, keys, act)) {
            execute(act);
        }
    }

    private <K> boolean isDoneAside(
            AnswerCache<K, ?> cache, Collection<? extends K> keys, Act<? super Transaction> act) {
        Pools serving = serving();
        AnswerKeeper keeper = serving.keeper();
        if (keeper == null) {
            return false;
        }
        try {
            // It waits for its turn among the writers of this process.
            ConnectionPool.Lease turn = serving.writer().borrow(isAwaited());
            boolean isDone;
            try {
                isDone = keeper.write(
                        vocabulary::get,
                        transaction -> {
                            if (!guard.admits(transaction)) {
                                return false;
                            }
                            act.run(transaction);
                            return true;
                        },
                        state -> cache.forget(state, keys));
            } catch (SQLException e) {
                if (isHeldUp(e)) {
                    letReadersIn();
                }
                throw e;
            } finally {
                turn.close();
            }
            if (!serving.isServing()) {
                throw retired(serving);
            }
            if (isDone) {
                listener.committed();
            }
            return isDone;
        } catch (StatementException e) {
            throw explained(serving, e.failure(), e.because(e.failure()));
        } catch (SQLException e) {
            throw explained(serving, e, vendor().translated(e));
        }
    }

    /** The result of work, which may be null. */
    private record Done<T>(T result) {}

    /** Tells the listener of work that was given up before it asked for a connection. */
    void gaveUp() {
        listener.gaveUp();
    }

    /** From now on this listener is told what work waits for. */
    public void listenBy(DatabaseListener newListener) {
        listener = newListener;
    }

    /** Whether there is one connection for writing beside those for reading; if not, all are of one pool. */
    public boolean hasOneWriter() {
        return pools.haveOneWriter();
    }

    /** How much of the readers is in use now. */
    public PoolUse readers() {
        return pools.readers().use();
    }

    /** Whether the last who asked for a connection to write got none because the database cannot be reached. */
    public boolean isAway() {
        return pools.writer().isAway();
    }

    /** How much of the writing connection is in use now. */
    public PoolUse writer() {
        return pools.writer().use();
    }

    /** Something that may fail in two ways. */
    @FunctionalInterface
    public interface Awaited<A extends Exception, B extends Exception> {
        void run() throws A, B;
    }

    /**
     * Runs something that a client waits for. If the server of the database falls silent meanwhile, its statements fail
     * within seconds; other work waits for as long as a statement may take.
     */
    public <A extends Exception, B extends Exception> void whileAwaited(Awaited<A, B> work) throws A, B {
        if (isAwaited()) {
            work.run();
            return;
        }
        awaited.set(true);
        try {
            work.run();
        } finally {
            awaited.remove();
        }
    }

    private boolean isAwaited() {
        return awaited.get() != null;
    }

    /** From now on this guard checks the schema before each {@link #write}. */
    public void guardBy(Guard guard) {
        this.guard = guard;
    }

    /**
     * Whether the guard has checked the schema in this {@link Handle#schemaState}; if not, {@link #lookAfterSchema} has it
     * checked.
     *
     * @throws DatabaseBusyException if somebody is still changing it
     */
    public boolean hasSeenSchema(Handle handle, long state) throws SQLException {
        return guard.hasSeen(handle, state);
    }

    /**
     * Has the guard check a schema that it has not seen yet.
     *
     * @throws DatabaseBusyException if somebody is still changing it
     */
    public void lookAfterSchema() {
        if (!read(handle -> hasSeenSchema(handle, handle.schemaState()))) {
            execute(transaction -> {});
        }
    }

    /** Runs a callback like {@link #write}, then rolls all of it back. */
    public <T> T dryRun(Work<? super Transaction, T> work) {
        return inTransaction(work, (connection, transaction) -> vendor().rollback(connection));
    }

    /**
     * Runs a callback on the writing connection without a transaction, for what SQLite refuses inside one, such as
     * ATTACH. Other processes can write meanwhile.
     */
    public <T> T outsideTransaction(Work<? super Handle, T> work) {
        Pools serving = serving();
        return on(serving, serving.writer(), work);
    }

    /** How a transaction ends once its work is done. */
    @FunctionalInterface
    private interface Ending {
        void end(Connection connection, Transaction transaction) throws SQLException;
    }

    private void commit(Connection connection, Transaction transaction) throws SQLException {
        vendor().commit(connection, busyTimeout.compareTo(HELD_UP) < 0 ? busyTimeout : HELD_UP);
        listener.committed();
        transaction.committed();
    }

    /** Runs a transaction, again if others were in its way: nothing of it was kept, and nothing was told of it. */
    private <T> T inTransaction(Work<? super Transaction, T> work, Ending ending) {
        for (int repeats = 0; repeats < REPEATS; repeats++) {
            try {
                return once(work, ending);
            } catch (DatabaseBusyException e) {
                if (!(e.getCause() instanceof SQLException cause && vendor().kindOf(cause) == FailureKind.CONFLICT)) {
                    throw e;
                }
            }
        }
        return once(work, ending);
    }

    private <T> T once(Work<? super Transaction, T> work, Ending ending) {
        Pools serving = serving();
        long queued = System.nanoTime();
        try (ConnectionPool.Lease lease = serving.writer().borrow(isAwaited())) {
            long served = System.nanoTime();
            listener.waitedForWriter(Duration.ofNanos(served - queued));
            begin(serving, lease);
            long begun = System.nanoTime();
            listener.waitedForLock(Duration.ofNanos(begun - served));
            Optional<Done<T>> done = attempt(serving, lease, work, ending, begun);
            while (done.isEmpty()) {
                begin(serving, lease);
                done = attempt(serving, lease, work, ending, begun);
            }
            T result = done.get().result();
            // A write to a file that has been replaced by then must not be acknowledged.
            if (!serving.isServing()) {
                throw retired(serving);
            }
            return result;
        } catch (SQLException e) {
            throw explained(serving, e, vendor().translated(e));
        }
    }

    /** Returns nothing if readers have held the commit up, and there is time to do all of it once more. */
    private <T> Optional<Done<T>> attempt(
            Pools serving, ConnectionPool.Lease lease, Work<? super Transaction, T> work, Ending ending, long begun)
            throws SQLException {
        Connection connection = lease.connection();
        PreparedStatements prepared = serving.statementsOf(lease, vocabulary::get);
        Transaction transaction = new Transaction(connection, prepared);
        boolean isEnding = false;
        try {
            T result = work.run(transaction);
            isEnding = true;
            ending.end(connection, transaction);
            return Optional.of(new Done<>(result));
        } catch (StatementException e) {
            undo(serving, lease);
            forgetIfBroken(serving, lease, e.failure());
            throw explained(serving, e.failure(), e.because(e.failure()));
        } catch (SQLException e) {
            undo(serving, lease);
            forgetIfBroken(serving, lease, e);
            if (isEnding && isHeldUp(e)) {
                letReadersIn();
                if (System.nanoTime() - begun < busyTimeout.toNanos()) {
                    return Optional.empty();
                }
            }
            throw e;
        } catch (RuntimeException | Error e) {
            undo(serving, lease);
            throw e;
        } finally {
            prepared.releaseAll();
        }
    }

    private boolean isHeldUp(SQLException e) {
        return !vendor().isServer() && vendor().kindOf(e) == FailureKind.BUSY;
    }

    /** To be called while holding the writing connection, so that no other writer of ours keeps readers out. */
    private static void letReadersIn() {
        LockSupport.parkNanos(LET_IN_NANOS);
    }

    private static void begin(Pools serving, ConnectionPool.Lease lease) throws SQLException {
        try {
            serving.source().vendor().begin(lease.connection());
        } catch (SQLException e) {
            forgetIfBroken(serving, lease, e);
            throw e;
        }
    }

    private static void undo(Pools serving, ConnectionPool.Lease lease) {
        try {
            serving.source().vendor().rollback(lease.connection());
        } catch (SQLException e) {
            // A full disk ends the transaction by itself, and the rollback then fails. A connection whose state is
            // uncertain is never used again.
            serving.discard(lease);
        }
    }

    /** Not every driver reports an SQLState that tells the pool to discard a connection. */
    private static void forgetIfBroken(Pools serving, ConnectionPool.Lease lease, SQLException e) {
        FailureKind kind = serving.source().vendor().kindOf(e);
        if (!kind.leavesConnectionIntact()) {
            // Whoever gets the failure, or watches for it, tells of a disk or a statement; each request may fail by
            // one.
            if (!kind.isOfTheStorage() && !kind.isOfTheStatement()) {
                // Not by the words of the driver, which may quote a value.
                log.warn(
                        "Replacing a database connection after: {}",
                        serving.source().vendor().describe(e));
            }
            serving.discard(lease);
        }
    }

    /** Closes the pools and the source; a second call does nothing. */
    @Override
    public void close() {
        closed().close();
    }

    /** The same with another wait for what is under way. */
    void close(Duration wait) {
        closed().close(wait);
    }

    private synchronized Pools closed() {
        isClosed = true;
        return pools;
    }
}
