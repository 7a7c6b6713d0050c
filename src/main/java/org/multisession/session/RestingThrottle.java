package org.multisession.session;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Allows about ten pieces of work a second, until it is stopped. */
public final class RestingThrottle implements Throttle {

    private static final int MIN_MILLIS = 60;
    private static final int MAX_MILLIS = 120;

    private final CountDownLatch stopped = new CountDownLatch(1);

    @Override
    public boolean goesOn() {
        try {
            // Of varying length, so that nodes that work at the same time do not stay in step.
            int rest = ThreadLocalRandom.current().nextInt(MIN_MILLIS, MAX_MILLIS);
            return !stopped.await(rest, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Ends the current pause, and all work that it throttles. */
    public void stop() {
        stopped.countDown();
    }
}
