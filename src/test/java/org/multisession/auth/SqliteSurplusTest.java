package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.SqlTime;
import org.multisession.testing.SqliteApp;

class SqliteSurplusTest extends SurplusContract {

    @TempDir
    Path folder;

    @Override
    SqliteApp single() {
        return SqliteApp.make(folder, "single");
    }

    @Override
    List<@Nullable String> written(Instant time) {
        List<@Nullable String> all = new ArrayList<>(odd(time));
        all.addAll(Collections.nCopies(4, SqlTime.format(time)));
        return all;
    }

    private static List<@Nullable String> odd(Instant time) {
        String plain = SqlTime.format(time);
        return Arrays.asList(
                plain.substring(0, 19),
                plain.replace(' ', 'T'),
                plain.replace(' ', 'T').substring(0, 19) + "+05:00",
                plain.replace(' ', 'T').substring(0, 23) + "Z",
                plain.replaceFirst("-..-", "-13-"),
                plain.replaceFirst("-..-..", "-02-30"),
                "" + time.toEpochMilli(),
                "not a time",
                "",
                null);
    }

    @Test
    void a_session_with_a_time_as_we_do_not_write_it_is_left_to_the_rules() {
        Instant recorded = ago(Duration.ofDays(10));
        List<@Nullable String> odd = odd(ago(Duration.ofDays(5)));
        for (int i = 0; i < odd.size(); i++) {
            leave("odd-" + i, null, odd.get(i), recorded);
        }
        leave("plain", null, SqlTime.format(ago(Duration.ofDays(5))), recorded);
        assertThat(candidates(0).sessions())
                .extracting(each -> each.token().text())
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, odd.size()).mapToObj(i -> "odd-" + i).toList());
    }
}
