package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.testing.SqliteApp;

class SqliteSweeperTest extends SweeperContract {

    @TempDir
    Path folder;

    @Override
    SqliteApp single() {
        return SqliteApp.make(folder, "single");
    }

    @Test
    void rows_whose_times_are_whole_numbers_or_none_at_all_are_not_swept_by_accident() {
        long yesterday = clock.instant().minus(Duration.ofDays(1)).toEpochMilli();
        old.run("INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES"
                + " (43, 'integer', " + yesterday + ", " + yesterday + "),"
                + " (43, 'nonsense', 'yesterday', '')");
        clock.advance(Duration.ofDays(29));
        assertThat(app.sweeper.run()).isZero();
        clock.advance(Duration.ofDays(2));
        assertThat(app.sweeper.run()).isEqualTo(2);
    }

    @Test
    void an_old_backup_that_was_served_for_a_moment_keeps_nothing_alive_in_the_database_that_comes_back()
            throws IOException {
        SqliteApp database = (SqliteApp) old;
        String phone = app.signIn("+7 999 123-45-67");
        Path backup = folder.resolve("backup.db");
        old.run("backup to '" + backup + "'");
        clock.advance(Duration.ofDays(29));
        app.heartbeat.beat();

        database.moveAway();
        Files.copy(backup, database.path());
        assertThat(app.database.isReplaced()).isTrue();
        app.goOnWithSuccessor();
        assertThat(app.watch.believes(clock.instant())).as("29 days away").isFalse();
        database.moveBack();
        assertThat(app.database.isReplaced()).isTrue();
        app.goOnWithSuccessor();

        assertThat(app.watch.believes(clock.instant())).isTrue();
        clock.advance(Duration.ofDays(2));
        // With the old cookie that it adopted.
        assertThat(app.sweeper.run()).isEqualTo(2);
        assertThat(app.opens(phone)).isNull();
    }

    /** A file that has no heartbeat tells of no doubt, and the clock is wrong all the same. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_doubt_of_a_jump_that_was_seen_here_stays_whatever_files_are_served(boolean jumpsBefore) throws IOException {
        Path backup = folder.resolve("backup.db");
        old.run("backup to '" + backup + "'");
        Path silent = folder.resolve("silent.db");
        Files.copy(backup, silent);
        try (SqliteApp copy = SqliteApp.open(silent)) {
            copy.run("DELETE FROM multisession_state WHERE name = 'alive'");
        }
        if (jumpsBefore) {
            jump();
        }
        clock.advance(Duration.ofDays(20));
        serve(backup);
        assertThat(app.watch.believes(clock.instant())).as("an old heartbeat").isFalse();
        if (!jumpsBefore) {
            jump();
        }
        serve(silent);
        assertThat(app.watch.believes(clock.instant())).isFalse();
    }

    private void jump() {
        clock.jump(Duration.ofDays(4000));
        assertThat(app.watch.believes(clock.instant())).isFalse();
    }

    private void serve(Path file) throws IOException {
        Path next = folder.resolve("next.db");
        Files.copy(file, next);
        Files.move(next, ((SqliteApp) old).path(), StandardCopyOption.REPLACE_EXISTING);
        assertThat(app.database.isReplaced()).isTrue();
        app.goOnWithSuccessor();
    }
}
