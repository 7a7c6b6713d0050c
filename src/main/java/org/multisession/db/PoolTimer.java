package org.multisession.db;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The thread on which the pools keep house. Each pool would start one of its own and stop it without waiting for its
 * end, and Tomcat then reports a leak at an undeploy.
 */
final class PoolTimer implements AutoCloseable {

    private static final long PATIENCE_MILLIS = TimeUnit.SECONDS.toMillis(5);

    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> {
        Thread thread = new Thread(task, "multi-session-pools");
        thread.setDaemon(true);
        threads.add(thread);
        return thread;
    });

    PoolTimer() {
        executor.setRemoveOnCancelPolicy(true);
    }

    ScheduledExecutorService executor() {
        return executor;
    }

    /** Returns when the thread has ended. */
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
