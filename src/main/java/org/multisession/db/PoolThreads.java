package org.multisession.db;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads of our pools: one for housekeeping, and others that open and close connections. Left alone, each pool
 * would start its own and stop them without waiting for their end, and Tomcat would report a leak at an undeploy.
 */
final class PoolThreads implements AutoCloseable {

    private static final long PATIENCE_MILLIS = TimeUnit.SECONDS.toMillis(5);

    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
    private final AtomicInteger number = new AtomicInteger();
    private final ScheduledThreadPoolExecutor executor =
            new ScheduledThreadPoolExecutor(1, task -> thread(task, "multi-session-pools"));

    PoolThreads() {
        executor.setRemoveOnCancelPolicy(true);
    }

    ScheduledExecutorService executor() {
        return executor;
    }

    /** Creates the threads that open and close connections; they come and go. */
    ThreadFactory connectionThreads() {
        return task -> thread(task, "multi-session-pools:connection-" + number.incrementAndGet());
    }

    private Thread thread(Runnable task, String name) {
        threads.removeIf(ended -> ended.getState() == Thread.State.TERMINATED);
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        threads.add(thread);
        return thread;
    }

    /** Returns when the threads have ended; the pools must be closed by then. */
    @Override
    public void close() {
        executor.shutdownNow();
        try {
            for (Thread thread : threads) {
                thread.join(PATIENCE_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
