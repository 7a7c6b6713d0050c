package org.multisession.migration;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.multisession.db.DatabaseException;

/**
 * How many rows go into one transaction, and how long everybody else has the database after it. Whoever waits for
 * SQLite's lock asks again every few milliseconds at first and every tenth of a second later, so short work with rests
 * as long lets everybody through soon.
 */
public final class Pacing {

    private static final long GOAL_NANOS = TimeUnit.MILLISECONDS.toNanos(150);
    private static final long SHORTEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final int FIRST = 500;
    private static final int MIN = 100;
    private static final int MAX = 10_000;

    private final CountDownLatch stopped = new CountDownLatch(1);
    private final boolean rests;
    private final int most;
    private volatile int rows;

    private Pacing(boolean rests, int first, int most) {
        this.rests = rests;
        this.rows = first;
        this.most = most;
    }

    /** Beside programs that are at work on the database. */
    public static Pacing besideOthers() {
        return new Pacing(true, FIRST, MAX);
    }

    /** Where nobody else waits: without rests. */
    public static Pacing alone() {
        return new Pacing(false, MAX, MAX);
    }

    /** The same in small pieces, always of this many rows. */
    static Pacing pieces(int rows) {
        return new Pacing(false, rows, rows);
    }

    /** How many rows the next transaction is to take. */
    int rows() {
        return rows;
    }

    /**
     * Rests as long as the work has taken, and learns from it how much to do next.
     *
     * @throws DatabaseException if it has been stopped
     */
    void rest(long workedNanos) {
        if (rests) {
            long fitting = rows * GOAL_NANOS / Math.max(1, workedNanos);
            rows = (int) Math.max(MIN, Math.min(most, Math.min(rows * 2L, fitting)));
        }
        try {
            if (stopped.await(rests ? Math.max(SHORTEST_REST_NANOS, workedNanos) : 0, TimeUnit.NANOSECONDS)) {
                throw new DatabaseException("it was stopped half-way, and the next start goes on", null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DatabaseException("it was interrupted half-way, and the next start goes on", e);
        }
    }

    /** Ends the rest that somebody is in, and all work that it paces. */
    public void stop() {
        stopped.countDown();
    }
}
