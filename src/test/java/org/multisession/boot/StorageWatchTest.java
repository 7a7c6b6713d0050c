package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.multisession.db.DatabaseListener;
import org.multisession.db.FailureKind;
import org.multisession.db.StorageException;
import org.multisession.testing.LogLines;
import org.multisession.testing.TestClock;

class StorageWatchTest {

    private final TestClock clock = new TestClock();
    private final StorageWatch watch = new StorageWatch(DatabaseListener.NONE, clock::nanos);
    private final LogLines log = new LogLines();

    @AfterEach
    void close() {
        log.close();
    }

    @ParameterizedTest
    @CsvSource({
        "FULL, full, make room on it",
        "DISK, failing, see what the system's log says of it",
        "ACCESS, read-only, give it the permission"
    })
    void what_is_wrong_is_told_with_what_was_kept_and_what_to_do(FailureKind kind, String state, String advice) {
        assertThat(watch.state()).isEqualTo("up");
        fail(kind);
        assertThat(watch.state()).isEqualTo(state);
        assertThat(log.of(Level.SEVERE))
                .singleElement()
                .asString()
                .contains(
                        advice,
                        "answered with 503",
                        "Nothing of what failed was kept, all that was acknowledged before is",
                        "\"INSERT\" failed");
    }

    /** A damaged file may have lost anything. */
    @Test
    void of_a_damaged_database_nothing_is_promised() {
        fail(FailureKind.DAMAGE);
        assertThat(watch.state()).isEqualTo("failing");
        assertThat(log.of(Level.SEVERE))
                .singleElement()
                .asString()
                .contains(
                        "see what the system's log says of the disk",
                        "put a backup in its place",
                        "answered with 503. The last that failed: \"INSERT\" failed");
    }

    @Test
    void however_many_requests_fail_it_is_told_once_a_minute() {
        for (int seconds = 0; seconds < 180; seconds++) {
            fail(FailureKind.FULL);
            clock.advance(Duration.ofSeconds(1));
        }
        assertThat(log.all()).hasSize(3);
    }

    /** On a server an update in place may still find room. */
    @Test
    void a_write_that_finds_room_between_two_that_do_not_does_not_end_it() {
        fail(FailureKind.FULL);
        clock.advance(Duration.ofSeconds(9));
        watch.committed();
        assertThat(watch.state()).isEqualTo("full");
        fail(FailureKind.FULL);
        clock.advance(Duration.ofSeconds(9));
        watch.committed();
        assertThat(watch.state()).isEqualTo("full");
        assertThat(log.all()).hasSize(1);
    }

    @Test
    void it_is_over_and_said_to_be_once_a_write_succeeds_and_none_has_failed_for_a_while() {
        fail(FailureKind.FULL);
        clock.advance(Duration.ofSeconds(10));
        assertThat(watch.state()).isEqualTo("full");
        watch.committed();
        watch.committed();
        assertThat(watch.state()).isEqualTo("up");
        assertThat(log.of(Level.WARNING)).containsExactly("WARNING The database can be written again");
    }

    @Test
    void a_disk_that_fails_again_after_it_was_said_to_be_well_is_told_of_at_once() {
        fail(FailureKind.FULL);
        clock.advance(Duration.ofSeconds(10));
        watch.committed();
        clock.advance(Duration.ofSeconds(1));
        fail(FailureKind.FULL);
        assertThat(log.of(Level.SEVERE)).hasSize(2);
    }

    @Test
    void it_is_tried_again_while_it_lasts_and_only_then() {
        List<String> tried = new ArrayList<>();
        watch.tryAgain(() -> tried.add("before"));
        fail(FailureKind.DISK);
        watch.tryAgain(() -> tried.add("meanwhile"));
        clock.advance(Duration.ofSeconds(10));
        watch.committed();
        watch.tryAgain(() -> tried.add("after"));
        assertThat(tried).containsExactly("meanwhile");
    }

    private void fail(FailureKind kind) {
        watch.failed(new StorageException("\"INSERT\" failed: the reason", kind, null));
    }
}
