package org.multisession.code;

import java.io.IOException;
import java.time.Duration;
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

    /**
     * The longest that a message waits before it is sent; each waits at random. Sending takes a processor for a moment.
     * Begun at once, it slows the very answer to the request down, and only that to a number with an account, which a
     * stranger could measure (TellingApartBench).
     */
    public static final Duration DELAY = Duration.ofMillis(600);

    private final SmsSender sender;
    private final Duration delay;
    private final ScheduledThreadPoolExecutor workers;
    private final Semaphore places = new Semaphore(THREADS + WAITING);
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();

    /** Sends by this sender, each message as soon as may be. */
    public SmsQueue(SmsSender sender) {
        this(sender, Duration.ZERO);
    }

    /** Sends by this sender, each message at most so long after it was handed over. */
    public SmsQueue(SmsSender sender, Duration delay) {
        this.sender = sender;
        this.delay = delay;
        AtomicLong number = new AtomicLong();
        this.workers = new ScheduledThreadPoolExecutor(THREADS, task -> {
            Thread thread = new Thread(task, "multi-session-sms-" + number.incrementAndGet());
            thread.setDaemon(true);
            // What the gateway's client starts on it inherits this, and may outlive an undeploy for a while.
            thread.setContextClassLoader(ClassLoader.getPlatformClassLoader());
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

    private long delayMillis() {
        long most = delay.toMillis();
        return most == 0 ? 0 : ThreadLocalRandom.current().nextLong(most / 6, most);
    }

    private void deliver(String number, String code, SmsText text, boolean isDeliverable) {
        try {
            if (isDeliverable) {
                send(number, code, text);
            }
        } finally {
            places.release();
        }
    }

    private void send(String number, String code, SmsText text) {
        try {
            sender.send(number, code, text.of(code));
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
