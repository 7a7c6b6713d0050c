package org.multisession.boot;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.multisession.db.DatabaseReplacedException;
import org.multisession.metrics.Meters;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs what is done by the clock: a task that fails is logged, counted, and run again when it is due. */
final class Housekeeping implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);

    private final Meters meters;

    // Two threads, so that long work with many rests does not keep the rest waiting.
    private final ScheduledExecutorService workers = Executors.newScheduledThreadPool(2, task -> {
        Thread thread = new Thread(task, "multi-session-housekeeping");
        thread.setDaemon(true);
        return thread;
    });

    Housekeeping(Meters meters) {
        this.meters = meters;
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
        Runnable measured = meters.measured(name, task);
        Runnable surviving = () -> {
            try {
                measured.run();
            } catch (DatabaseReplacedException e) {
                log.debug("Failed {}: {}", what, e.getMessage());
            } catch (RuntimeException e) {
                // A task that throws is never run again.
                log.warn("Failed {}; trying again in {}: {}", what, interval, e.getMessage());
            }
        };
        var unused =
                workers.scheduleWithFixedDelay(surviving, first.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Waits for what is running, for some seconds at the most. */
    @Override
    public void close() {
        workers.shutdown();
        try {
            if (!workers.awaitTermination(10, TimeUnit.SECONDS)) {
                workers.shutdownNow();
            }
        } catch (InterruptedException e) {
            workers.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
