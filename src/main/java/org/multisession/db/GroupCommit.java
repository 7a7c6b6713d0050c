package org.multisession.db;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes that anybody may cause, in few commits: while one transaction is on its way to the disk, those that come
 * meanwhile gather, and share the next. Each caller waits for the disk and gets its own result or its own failure, as from
 * {@link Database#write}.
 *
 * <p>However many come, there are at most {@value #BURST} commits at once and then twenty a second. Past
 * {@value #MAX_WAITING} that wait, callers are told that the database is busy. Safe for use by many threads.
 */
public final class GroupCommit {

    static final int BURST = 600;
    static final int MAX_WAITING = 100;

    private static final long INTERVAL = TimeUnit.MILLISECONDS.toNanos(50);

    /** Lets some nanoseconds pass. */
    @FunctionalInterface
    public interface Rest {
        void pass(long nanos);
    }

    /** One caller's work and what came of it. */
    private static final class Pending<T> {

        private final Database.Work<? super Transaction, T> work;
        private @Nullable T result;
        private @Nullable RuntimeException failure;
        private boolean isDone;

        Pending(Database.Work<? super Transaction, T> work) {
            this.work = work;
        }

        void run(Transaction transaction) throws SQLException {
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

    private final Object lock = new Object();
    private List<Pending<?>> waiting = new ArrayList<>();
    private boolean isCommitting;

    /** When the next commit would be due if they came evenly; only the thread that commits uses it. */
    private long due;

    public GroupCommit(Database database) {
        this(database, System::nanoTime, LockSupport::parkNanos);
    }

    /** With other means to tell and to pass time. */
    public GroupCommit(Database database, LongSupplier nanos, Rest rest) {
        this.database = database;
        this.nanos = nanos;
        this.rest = rest;
        this.due = nanos.getAsLong();
    }

    /**
     * Runs one writing callback in a transaction that it may share with others; a callback that throws is undone alone.
     *
     * @throws DatabaseBusyException if the lock could not be had in time, or too many wait already
     */
    public <T> T write(Database.Work<? super Transaction, T> work) {
        Pending<T> mine = new Pending<>(work);
        if (isLeader(mine)) {
            try {
                awaitTurn();
                commit(gathered());
            } finally {
                synchronized (lock) {
                    isCommitting = false;
                    lock.notifyAll();
                }
            }
        }
        return mine.result();
    }

    /** Joins those that wait; true for the one that is to commit for all, false when another has done so. */
    private boolean isLeader(Pending<?> mine) {
        boolean isInterrupted = false;
        synchronized (lock) {
            if (waiting.size() >= MAX_WAITING) {
                throw new DatabaseBusyException("too many writes are waiting", null);
            }
            waiting.add(mine);
            while (isCommitting && !mine.isDone) {
                try {
                    lock.wait();
                } catch (InterruptedException e) {
                    // What was begun for this caller is finished; then it learns of the interrupt.
                    isInterrupted = true;
                }
            }
            boolean isLeader = !mine.isDone;
            isCommitting |= isLeader;
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
            return isLeader;
        }
    }

    /** How many wait for the next commit. */
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
        long early = due - now - BURST * INTERVAL;
        if (early > 0) {
            rest.pass(early);
        }
        due += INTERVAL;
    }

    private List<Pending<?>> gathered() {
        synchronized (lock) {
            List<Pending<?>> batch = waiting;
            waiting = new ArrayList<>();
            return batch;
        }
    }

    private void commit(List<Pending<?>> batch) {
        try {
            database.write(transaction -> {
                for (Pending<?> pending : batch) {
                    if (batch.size() == 1) {
                        pending.run(transaction);
                    } else {
                        runAlone(transaction, pending);
                    }
                }
                return true;
            });
        } catch (RuntimeException e) {
            batch.forEach(pending -> pending.failure = e);
        } catch (Throwable e) {
            // It is the committing thread's own; the others learn that nothing of theirs was kept.
            DatabaseException failure = new DatabaseException("a write that shared the transaction failed", e);
            batch.forEach(pending -> pending.failure = failure);
            throw e;
        } finally {
            synchronized (lock) {
                batch.forEach(pending -> pending.isDone = true);
            }
        }
    }

    /** So that a failure undoes this work and no other. */
    private void runAlone(Transaction transaction, Pending<?> pending) throws SQLException {
        run(transaction, "SAVEPOINT multisession_one");
        int tasks = transaction.tasks();
        try {
            pending.run(transaction);
        } catch (SQLException e) {
            pending.failure = database.vendor().translated(e);
        } catch (RuntimeException e) {
            pending.failure = e;
        }
        if (pending.failure != null) {
            transaction.forgetSince(tasks);
            // Where the whole transaction is gone, as on a full disk, this fails, and with it all of them.
            run(transaction, "ROLLBACK TO multisession_one");
        }
        run(transaction, "RELEASE multisession_one");
    }

    private static void run(Transaction transaction, String sql) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(sql)) {
            statement.execute();
        }
    }
}
