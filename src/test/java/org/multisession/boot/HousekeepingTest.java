package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.multisession.Product;
import org.multisession.metrics.Meters;

/** No task ends for good, and none keeps the short ones waiting: sessions in use would look idle. */
class HousekeepingTest {

    private static final Duration SHORT = Duration.ofMillis(1);

    private final Meters meters = new Meters(Product.ours());
    private final Housekeeping housekeeping = new Housekeeping(meters);

    @AfterEach
    void close() {
        housekeeping.close();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void a_task_that_fails_by_an_error_is_counted_and_run_again() {
        AtomicInteger rounds = new AtomicInteger();
        CountDownLatch again = new CountDownLatch(3);
        housekeeping.every(SHORT, "file", "to check", () -> {
            again.countDown();
            if (rounds.incrementAndGet() == 1) {
                throw new OutOfMemoryError("a neighbor's");
            }
            if (rounds.get() == 2) {
                throw new NullPointerException("a fault of ours");
            }
        });
        await(again);
        assertThat(meters.text()).contains("multisession_housekeeping_failures_total{task=\"file\"} 2");
    }

    @Test
    void long_tasks_keep_no_short_one_waiting() {
        CountDownLatch begun = new CountDownLatch(2);
        CountDownLatch end = new CountDownLatch(1);
        for (String task : new String[] {"numbers", "census", "hash"}) {
            housekeeping.everyLong(Duration.ZERO, SHORT, task, "to work", () -> {
                begun.countDown();
                await(end);
            });
        }
        await(begun);
        CountDownLatch looked = new CountDownLatch(5);
        housekeeping.every(SHORT, "file", "to check", looked::countDown);
        await(looked);
        end.countDown();
    }
}
