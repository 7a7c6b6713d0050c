package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.FailureKind;
import org.multisession.testing.LogLines;

class LockRetryTest {

    private Instant now = Instant.parse("2026-01-02T03:04:05Z");
    private final LockRetry retry = new LockRetry(() -> now, Duration.ofMinutes(1), pause -> {});

    private String busyFor(int attempts, Duration work) {
        AtomicInteger left = new AtomicInteger(attempts);
        return retry.until(() -> {
            now = now.plus(work);
            if (left.getAndDecrement() > 0) {
                throw new DatabaseBusyException("locked", null);
            }
            return "done";
        });
    }

    @Test
    void slow_work_before_the_lock_uses_up_none_of_the_time_to_wait() {
        assertThat(busyFor(0, Duration.ofHours(1))).isEqualTo("done");
        assertThat(busyFor(3, Duration.ofSeconds(20))).isEqualTo("done");
        assertThat(busyFor(1, Duration.ofMinutes(10))).isEqualTo("done");
    }

    @Test
    void a_lock_that_stays_is_told_when_the_time_is_up() {
        assertThatThrownBy(() -> busyFor(100, Duration.ofSeconds(20)))
                .isInstanceOf(DatabaseBusyException.class)
                .hasMessageContaining("for longer than 60 seconds");
    }

    @Test
    void a_database_that_refuses_at_once_is_asked_some_times_a_second_and_no_more() {
        AtomicInteger attempts = new AtomicInteger();
        LockRetry resting = new LockRetry(() -> now, Duration.ofSeconds(15), pause -> now = now.plus(pause));
        assertThatThrownBy(() -> resting.until(() -> {
                    now = now.plusMillis(1);
                    attempts.incrementAndGet();
                    throw new DatabaseBusyException("connection refused", FailureKind.UNREACHABLE, null);
                }))
                .isInstanceOf(DatabaseBusyException.class)
                .hasMessageContaining("It was tried for 15 seconds");

        assertThat(attempts).hasValueBetween(15, 60);
    }

    @Test
    void what_it_waits_for_is_told_once_and_not_at_each_attempt() {
        try (LogLines log = new LogLines()) {
            assertThat(busyFor(2, Duration.ofSeconds(20))).isEqualTo("done");
            assertThat(log.all()).containsExactly("INFO The database cannot be used yet; waiting for it: locked");
        }
    }
}
