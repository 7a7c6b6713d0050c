package org.multisession.migration;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides how many rows go into one transaction, and how long everybody else has the database after it. Whoever waits
 * for SQLite's lock asks again every few milliseconds at first and every tenth of a second later, so a shorter rest
 * than that could keep them out again and again.
 */
public final class Pacing {

    private static final Logger log = LoggerFactory.getLogger(Pacing.class);

    private static final long GOAL_NANOS = TimeUnit.MILLISECONDS.toNanos(120);
    private static final long SHORTEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(120);
    private static final int FIRST = 500;
    /** How many busy timeouts one step waits for a lock. */
    private static final int ATTEMPTS = 12;

    private static final int MIN = 100;
    private static final int MAX = 20_000;

    private final CountDownLatch stopped = new CountDownLatch(1);
    private final boolean rests;
    private final boolean learns;
    private volatile int rows;

    private Pacing(boolean rests, boolean learns, int first) {
        this.rests = rests;
        this.learns = learns;
        this.rows = first;
    }

    /** Beside programs that are at work on the database. */
    public static Pacing besideOthers() {
        return new Pacing(true, true, FIRST);
    }

    /** In pieces as large as those, but without rests: where nobody else waits. */
    public static Pacing alone() {
        return new Pacing(false, true, FIRST);
    }

    /** Without rests, in pieces of always this many rows. */
    static Pacing pieces(int rows) {
        return new Pacing(false, false, rows);
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
    void restAndLearn(long workedNanos) {
        if (learns) {
            long fitting = rows * GOAL_NANOS / Math.max(1, workedNanos);
            rows = (int) Math.max(MIN, Math.min(MAX, Math.min(rows + rows / 2L, fitting)));
        }
        rest(workedNanos);
    }

    /**
     * Goes on at once.
     *
     * @throws DatabaseException if it has been stopped
     */
    public void goOn() {
        if (stopped.getCount() == 0) {
            throw new DatabaseException("it was stopped half-way, and the next start goes on", null);
        }
    }

    /**
     * Rests as long as the work has taken, but long enough that somebody who waits gets in.
     *
     * @throws DatabaseException if it has been stopped
     */
    public void rest(long workedNanos) {
        try {
            if (stopped.await(rests ? Math.max(SHORTEST_REST_NANOS, workedNanos) : 0, TimeUnit.NANOSECONDS)) {
                throw new DatabaseException("it was stopped half-way, and the next start goes on", null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DatabaseException("it was interrupted half-way, and the next start goes on", e);
        }
    }

    /**
     * Does something again for as long as others have the database locked, up to {@value #ATTEMPTS} busy timeouts: whoever
     * holds a lock for some seconds in the middle of a migration of minutes must not end it.
     *
     * @throws DatabaseBusyException if it stays locked
     */
    <T> T patiently(Supplier<T> step) {
        for (int attempt = 1; ; attempt++) {
            try {
                return step.get();
            } catch (DatabaseBusyException e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
                log.info("Migration: the database is locked by another process; waiting");
                rest(0);
            }
        }
    }

    /** Ends the rest that somebody is in, and all work that it paces. */
    public void stop() {
        stopped.countDown();
    }
}
