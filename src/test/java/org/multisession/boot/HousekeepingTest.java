package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.multisession.Product;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.FailureKind;
import org.multisession.metrics.Meters;
import org.multisession.testing.LogLines;

/** No task ends for good, and none keeps the short ones waiting: sessions in use would look idle. */
class HousekeepingTest {

    private static final Duration SHORT = Duration.ofMillis(1);

    private final AtomicBoolean isAway = new AtomicBoolean();
    private final Meters meters = new Meters(Product.ours());
    private final Housekeeping housekeeping = new Housekeeping(meters, isAway::get);

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

    /** Else a dozen tasks would fill the log, some of them every two seconds. */
    @Test
    void while_the_server_is_away_no_task_tells_of_it_once_more() {
        DatabaseException failure = new DatabaseBusyException("no connection", FailureKind.UNREACHABLE, null);
        isAway.set(true);
        try (LogLines log = new LogLines()) {
            CountDownLatch failed = new CountDownLatch(3);
            housekeeping.every(SHORT, "schema", "to check the schema", () -> {
                failed.countDown();
                throw failure;
            });
            await(failed);
            assertThat(log.all()).isEmpty();
            isAway.set(false);
            CountDownLatch alone = new CountDownLatch(3);
            housekeeping.every(SHORT, "sweep", "to sweep", () -> {
                alone.countDown();
                throw failure;
            });
            await(alone);
            assertThat(log.all()).anyMatch(line -> line.contains("Failed to sweep; trying again"));
        }
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
