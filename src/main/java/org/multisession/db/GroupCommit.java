package org.multisession.db;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Commits many small writes together. While one transaction is on its way to the disk, the writes that arrive gather
 * and share the next. Each caller waits until its own write is on disk and gets its own result or failure, as from
 * {@link Database#write}. If one of them fails, all are run once more, each in a savepoint of its own.
 *
 * <p>On a server the writes take turns on one connection as well, but each has a transaction of its own: one that
 * locked the rows of many users would deadlock with other nodes and with the old app, whose statement might be the one
 * that fails.
 *
 * <p>However many arrive, a limited one makes at most {@value #BURST} commits at once and then twenty a second. Once
 * {@value #MAX_WAITING} callers are waiting, further ones are told that the database is busy. Safe for use by many
 * threads.
 */
public final class GroupCommit {

    static final int BURST = 600;
    static final int MAX_WAITING = 100;

    /** The mean time between two commits, where they are limited. */
    private static final long INTERVAL = TimeUnit.MILLISECONDS.toNanos(50);

    /** Waits for some nanoseconds. */
    @FunctionalInterface
    public interface Rest {
        void pass(long nanos);
    }

    /** One caller's work and its outcome. */
    private static final class Pending<T> {

        private final Database.Work<? super Transaction, T> work;
        private @Nullable T result;
        private @Nullable RuntimeException failure;
        private boolean isDone;
        private boolean isInterrupted;

        Pending(Database.Work<? super Transaction, T> work) {
            this.work = work;
        }

        void run(Transaction transaction) throws SQLException {
            failure = null;
            result = work.run(transaction);
        }

        /** Null is a result too. */
        @SuppressWarnings("NullAway")
        T result() {
            if (failure != null) {
                throw failure;
            }
            return result;
        }
    }

    private final Database database;
    private final LongSupplier nanos;
    private final Rest rest;
    private final long interval;

    private final Object lock = new Object();
    private List<Pending<?>> waiting = new ArrayList<>();
    private boolean isCommitting;

    /** When the next commit would be due if they were evenly spaced; only the committing thread uses it. */
    private long due;

    public GroupCommit(Database database) {
        this(database, System::nanoTime, LockSupport::parkNanos);
    }

    /** With another clock and another way to wait. */
    public GroupCommit(Database database, LongSupplier nanos, Rest rest) {
        this(database, nanos, rest, INTERVAL);
    }

    private GroupCommit(Database database, LongSupplier nanos, Rest rest, long interval) {
        this.database = database;
        this.nanos = nanos;
        this.rest = rest;
        this.interval = interval;
        this.due = nanos.getAsLong();
    }

    /** Without a limit: it commits as fast as the disk does. */
    public static GroupCommit unlimited(Database database) {
        return new GroupCommit(database, System::nanoTime, LockSupport::parkNanos, 0);
    }

    /**
     * Runs a callback in a transaction that it may share with others; if it throws, only its own work is rolled back.
     *
     * @throws DatabaseBusyException if the lock was not free in time, or too many are waiting already
     */
    public <T> T write(Database.Work<? super Transaction, T> work) {
        Pending<T> mine = new Pending<>(work);
        // An interrupt of this caller must not fail the work of others that it commits with its own.
        boolean isInterrupted = Thread.interrupted();
        try {
            if (isLeader(mine)) {
                commitForAll();
            }
        } finally {
            if (isInterrupted || mine.isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
        return mine.result();
    }

    private void commitForAll() {
        try {
            awaitTurn();
            if (database.vendor().isServer()) {
                commitEach(gathered());
            } else {
                commit(gathered());
            }
        } finally {
            synchronized (lock) {
                isCommitting = false;
                lock.notifyAll();
            }
        }
    }

    /** Joins the waiting callers; returns true for the one that commits for all, false once another has done so. */
    private boolean isLeader(Pending<?> mine) {
        synchronized (lock) {
            if (waiting.size() >= MAX_WAITING) {
                database.gaveUp();
                throw new DatabaseBusyException("too many writes are waiting", null);
            }
            waiting.add(mine);
            while (isCommitting && !mine.isDone) {
                try {
                    lock.wait();
                } catch (InterruptedException e) {
                    mine.isInterrupted = true;
                }
            }
            boolean isLeader = !mine.isDone;
            isCommitting |= isLeader;
            return isLeader;
        }
    }

    /** How many are waiting for the next commit. */
    int waiting() {
        synchronized (lock) {
            return waiting.size();
        }
    }

    private void awaitTurn() {
        long now = nanos.getAsLong();
        if (due - now < 0) {
            due = now;
        }
        long early = due - now - BURST * interval;
        if (early > 0) {
            rest.pass(early);
        }
        due += interval;
    }

    private List<Pending<?>> gathered() {
        synchronized (lock) {
            List<Pending<?>> batch = waiting;
            waiting = new ArrayList<>();
            return batch;
        }
    }

    private void commit(List<Pending<?>> batch) {
        List<Pending<?>> again = new ArrayList<>();
        try {
            Pending<?> failed = commitAtOnce(batch);
            if (failed != null) {
                database.execute(transaction -> {
                    again.clear();
                    for (Pending<?> pending : batch) {
                        boolean isToBeDoneAgain = pending == failed
                                ? failed.failure instanceof DatabaseException
                                : !runsBesideOthers(transaction, pending);
                        if (isToBeDoneAgain) {
                            again.add(pending);
                        }
                    }
                });
            }
        } catch (RuntimeException e) {
            again.clear();
            if (batch.size() > 1 && isOfOne(e)) {
                again.addAll(batch);
            } else {
                batch.forEach(pending -> pending.failure = e);
            }
        } catch (Throwable e) {
            // It belongs to the committing thread; the others learn that their work was not kept.
            again.clear();
            DatabaseException failure = new DatabaseException("a write that shared the transaction failed", e);
            batch.forEach(pending -> pending.failure = failure);
            throw e;
        } finally {
            synchronized (lock) {
                batch.stream().filter(pending -> !again.contains(pending)).forEach(pending -> pending.isDone = true);
                lock.notifyAll();
            }
        }
        commitEach(again);
    }

    /**
     * Whether one has taken the transaction from all of them, or has broken a deferred constraint, which only the commit
     * finds: by itself it fails alone.
     */
    private static boolean isOfOne(RuntimeException e) {
        return e.getCause() instanceof TransactionLostException
                || (e instanceof DatabaseException failure && failure.kind() == FailureKind.CONSTRAINT);
    }

    /**
     * Commits all of them without a savepoint for each: after one, SQLite copies every page before it changes, into a file
     * where they are more than a few. Returns null, or the one of several whose work failed, so that nothing of any was
     * kept.
     */
    private @Nullable Pending<?> commitAtOnce(List<Pending<?>> batch) {
        AtomicReference<@Nullable Pending<?>> atWork = new AtomicReference<>();
        try {
            database.execute(transaction -> {
                atWork.setPlain(null);
                for (Pending<?> pending : batch) {
                    atWork.setPlain(pending);
                    pending.run(transaction);
                    atWork.setPlain(null);
                }
            });
            return null;
        } catch (RuntimeException e) {
            Pending<?> failed = atWork.getPlain();
            if (batch.size() == 1 || failed == null) {
                throw e;
            }
            failed.failure = e;
            return failed;
        }
    }

    /** Does each by itself, so that it gets the failure that the database has for it. */
    private void commitEach(List<Pending<?>> all) {
        Error thrown = null;
        RuntimeException away = null;
        for (Pending<?> pending : all) {
            if (away != null) {
                // Otherwise each would wait for a connection, and those behind it for all of them.
                fail(pending, away);
                continue;
            }
            try {
                commit(List.of(pending));
                away = pending.failure instanceof DatabaseBusyException busy && database.isAway() ? busy : null;
            } catch (Error e) {
                thrown = e;
            }
        }
        if (thrown != null) {
            throw thrown;
        }
    }

    private void fail(Pending<?> pending, RuntimeException failure) {
        synchronized (lock) {
            pending.failure = failure;
            pending.isDone = true;
            lock.notifyAll();
        }
    }

    /**
     * Runs this work so that its failure rolls back this work and no other; returns false where the database failed it,
     * so that it is to be done again by itself.
     */
    private static boolean runsBesideOthers(Transaction transaction, Pending<?> pending) throws SQLException {
        run(transaction, "SAVEPOINT multisession_one");
        int tasks = transaction.tasks();
        boolean isOfTheDatabase = false;
        try {
            pending.run(transaction);
        } catch (SQLException | DatabaseException e) {
            isOfTheDatabase = true;
        } catch (RuntimeException e) {
            pending.failure = e;
        }
        if (isOfTheDatabase || pending.failure != null) {
            transaction.forgetSince(tasks);
            undo(transaction);
        }
        run(transaction, "RELEASE multisession_one");
        return !isOfTheDatabase;
    }

    private static void undo(Transaction transaction) throws SQLException {
        try {
            run(transaction, "ROLLBACK TO multisession_one");
        } catch (SQLException e) {
            // The whole transaction is gone, as by RAISE(ROLLBACK) in a trigger, or on a full disk.
            throw new TransactionLostException(e);
        }
    }

    private static void run(Transaction transaction, String sql) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(sql)) {
            statement.execute();
        }
    }
}
