package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.FailureKind;
import org.multisession.migration.Pacing;
import org.multisession.testing.LogLines;
import org.multisession.web.Readiness;

class LongMoveTest {

    private final Readiness readiness = new Readiness();
    private final Pacing pacing = Pacing.alone();

    /** As often as a server that is away for an hour, which nobody has to read a thousand lines of. */
    @Test
    void what_holds_a_migration_up_is_told_once_for_each_reason_however_often_it_is_tried() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        CountDownLatch isServing = new CountDownLatch(1);
        try (LogLines log = new LogLines()) {
            LongMove move = LongMove.start(
                    () -> {
                        int attempt = attempts.incrementAndGet();
                        if (attempt <= 100) {
                            throw busy("the server cannot be reached");
                        } else if (attempt <= 200) {
                            throw busy("locked");
                        }
                    },
                    isServing::countDown,
                    readiness,
                    pacing);
            isServing.await();
            assertThat(move.stop()).isTrue();
            assertThat(log.all())
                    .containsExactly(
                            "WARNING Migration: held up, and tried again until it can go on: the server cannot be reached",
                            "WARNING Migration: held up, and tried again until it can go on: locked");
        }
    }

    private static DatabaseException busy(String reason) {
        return new DatabaseBusyException(reason, FailureKind.UNREACHABLE, null);
    }
}
