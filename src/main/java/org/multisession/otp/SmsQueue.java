package org.multisession.otp;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.multisession.phone.PhoneNumber;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands between requests and the gateway. A request only hands its message over, so a slow or dead gateway never holds
 * it up. The queue is bounded, and each message is tried once: a second try might deliver it twice. Failures are
 * counted, and logged without number and code; the user asks for another code.
 */
public final class SmsQueue implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SmsQueue.class);

    private static final int THREADS = 4;
    private static final int WAITING = 200;

    private final SmsSender sender;
    private final CodeListener listener;
    private final ThreadPoolExecutor workers;

    /** @param listener is told what became of each message */
    public SmsQueue(SmsSender sender, CodeListener listener) {
        this.sender = sender;
        this.listener = listener;
        AtomicLong number = new AtomicLong();
        this.workers = new ThreadPoolExecutor(
                THREADS, THREADS, 1, TimeUnit.MINUTES, new ArrayBlockingQueue<>(WAITING), task -> {
                    Thread thread = new Thread(task, "multi-session-sms-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    // What the gateway's client starts on it inherits this, and may outlive an undeploy for a while.
                    thread.setContextClassLoader(ClassLoader.getPlatformClassLoader());
                    return thread;
                });
        workers.allowCoreThreadTimeOut(true);
    }

    /** Takes a message to be sent soon. One that is not deliverable takes the same way, and is dropped at its end. */
    void hand(PhoneNumber number, String code, SmsText text, boolean isDeliverable) {
        try {
            workers.execute(() -> {
                if (isDeliverable) {
                    send(number, code, text);
                }
            });
        } catch (RejectedExecutionException e) {
            listener.failed(Duration.ZERO);
            log.warn("A code was not sent: {} messages are waiting for the gateway already", WAITING);
        }
    }

    private void send(PhoneNumber number, String code, SmsText text) {
        long began = System.nanoTime();
        try {
            sender.send(number, code, text.of(code));
            listener.sent(since(began));
        } catch (IOException e) {
            listener.failed(since(began));
            log.warn("A code was not sent: {}", e.getMessage());
        } catch (RuntimeException e) {
            listener.failed(since(began));
            // Nobody vouches for the words of this one.
            log.warn("A code was not sent: {}", e.getClass().getName());
        } catch (InterruptedException e) {
            listener.failed(since(began));
            Thread.currentThread().interrupt();
        }
    }

    private static Duration since(long began) {
        return Duration.ofNanos(System.nanoTime() - began);
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
