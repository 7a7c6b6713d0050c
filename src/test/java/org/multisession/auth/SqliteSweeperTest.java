package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
}
