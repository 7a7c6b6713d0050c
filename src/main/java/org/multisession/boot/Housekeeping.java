package org.multisession.boot;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.DatabaseReplacedException;
import org.multisession.db.StorageException;
import org.multisession.metrics.Meters;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the periodic tasks. A task that fails, whatever the failure, is logged and counted, and runs again when it is
 * due. Tasks that may take minutes have threads of their own, so that the short ones never wait for them: sessions
 * would look idle if their use were not written.
 */
final class Housekeeping implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);

    private final Meters meters;
    private final BooleanSupplier isAway;

    private final ScheduledExecutorService workers = pool("multi-session-housekeeping", 2);

    /** One more than there are tasks that may take hours where there are millions of tokens: hashing and forgetting. */
    private final ScheduledExecutorService longWorkers = pool("multi-session-long-housekeeping", 3);

    /** @param isAway whether the server of the database cannot be reached */
    Housekeeping(Meters meters, BooleanSupplier isAway) {
        this.meters = meters;
        this.isAway = isAway;
    }

    private static ScheduledExecutorService pool(String name, int threads) {
        return Executors.newScheduledThreadPool(threads, task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Runs this task so long after its last end, the first time after one interval. */
    void every(Duration interval, String name, String what, Runnable task) {
        every(interval, interval, name, what, task);
    }

    /**
     * The same with another wait before the first time.
     *
     * @param name of the task among the metrics
     * @param what the task has failed to do when it fails, for the log
     */
    void every(Duration first, Duration interval, String name, String what, Runnable task) {
        schedule(workers, first, interval, name, what, task);
    }

    /** The same for a task that may take minutes. */
    void everyLong(Duration first, Duration interval, String name, String what, Runnable task) {
        schedule(longWorkers, first, interval, name, what, task);
    }

    private void schedule(
            ScheduledExecutorService pool, Duration first, Duration interval, String name, String what, Runnable task) {
        Runnable measured = meters.measured(name, task);
        Runnable surviving = () -> {
            try {
                measured.run();
            } catch (DatabaseException e) {
                if (isToldByOthers(e)) {
                    log.debug("Failed {}: {}", what, e.getMessage());
                } else {
                    log.warn("Failed {}; trying again in {}: {}", what, interval, e.getMessage());
                }
            } catch (Throwable e) {
                // A task that throws is never run again, not even after one OutOfMemoryError that a neighbor caused.
                log.error("Failed {}; trying again in {}", what, interval, e);
            }
        };
        var unused =
                pool.scheduleWithFixedDelay(surviving, first.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Whoever watches the file, its disk or the server says so, and not each task in turn. */
    private boolean isToldByOthers(DatabaseException e) {
        return e instanceof DatabaseReplacedException
                || e instanceof StorageException
                || (e instanceof DatabaseBusyException && isAway.getAsBoolean());
    }

    /** Waits for what is running, for some seconds at the most. */
    @Override
    public void close() {
        workers.shutdown();
        longWorkers.shutdown();
        end(workers);
        end(longWorkers);
    }

    private static void end(ScheduledExecutorService pool) {
        try {
            if (!pool.awaitTermination(10, TimeUnit.SECONDS)) {
                pool.shutdownNow();
            }
        } catch (InterruptedException e) {
            pool.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
