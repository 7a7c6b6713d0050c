package org.multisession.code;

import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Between a request and the gateway: the request only hands a message over, and a slow or dead gateway never holds it up.
 * Bounded, and each message is tried once: a second try might deliver it twice. What fails is logged without number and
 * code, and counted; the user asks for another code.
 */
public final class SmsQueue implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SmsQueue.class);

    private static final int THREADS = 4;
    private static final int WAITING = 200;
    private static final long SHORTEST_DELAY_MILLIS = 100;
    private static final long LONGEST_DELAY_MILLIS = 600;

    private final SmsSender sender;
    private final ScheduledThreadPoolExecutor workers;
    private final Semaphore places = new Semaphore(WAITING);
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();

    public SmsQueue(SmsSender sender) {
        this.sender = sender;
        AtomicLong number = new AtomicLong();
        this.workers = new ScheduledThreadPoolExecutor(THREADS, task -> {
            Thread thread = new Thread(task, "multi-session-sms-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        workers.setKeepAliveTime(1, TimeUnit.MINUTES);
        workers.allowCoreThreadTimeOut(true);
    }

    /** Takes a message to be sent soon. One that is not deliverable takes the same way, and is dropped at its end. */
    void hand(String number, String code, SmsText text, boolean isDeliverable) {
        if (!places.tryAcquire()) {
            failed.incrementAndGet();
            log.warn("A code was not sent: {} messages are waiting for the gateway already", WAITING);
            return;
        }
        try {
            var unused = workers.schedule(
                    () -> deliver(number, code, text, isDeliverable), delayMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            places.release();
            failed.incrementAndGet();
            log.warn("A code was not sent: the application is stopping");
        }
    }

    /**
     * Sending takes a processor for a moment. Begun at once, it slows the very answer to the request down, and only that
     * to a number with an account, which a stranger could measure (TellingApartBench).
     */
    private static long delayMillis() {
        return ThreadLocalRandom.current().nextLong(SHORTEST_DELAY_MILLIS, LONGEST_DELAY_MILLIS);
    }

    private void deliver(String number, String code, SmsText text, boolean isDeliverable) {
        try {
            if (isDeliverable) {
                send(number, code, text.of(code));
            }
        } finally {
            places.release();
        }
    }

    private void send(String number, String code, String text) {
        try {
            sender.send(number, code, text);
            sent.incrementAndGet();
        } catch (IOException e) {
            failed.incrementAndGet();
            log.warn("A code was not sent: {}", e.getMessage());
        } catch (RuntimeException e) {
            failed.incrementAndGet();
            // A library's message: it may hold the address, and with it the number and the code.
            log.warn("A code was not sent: {}", e.getClass().getSimpleName());
        } catch (InterruptedException e) {
            failed.incrementAndGet();
            Thread.currentThread().interrupt();
        }
    }

    /** Messages that the gateway has taken since the start. */
    public long sent() {
        return sent.get();
    }

    /** Messages that it has not. */
    public long failed() {
        return failed.get();
    }

    /** Gives messages that are on their way a moment, and drops the rest. */
    @Override
    public void close() {
        workers.shutdown();
        try {
            if (!workers.awaitTermination(5, TimeUnit.SECONDS)) {
                workers.shutdownNow();
            }
        } catch (InterruptedException e) {
            workers.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
