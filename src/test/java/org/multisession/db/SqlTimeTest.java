package org.multisession.db;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Random;
import java.util.TimeZone;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Times in every shape that a row may have them, and in the one shape that the old app can read. */
class SqlTimeTest {

    /** What SQLAlchemy's DateTime takes apart on SQLite, character for character; anything else makes its query fail. */
    private static final Pattern SQLALCHEMY =
            Pattern.compile("(\\d+)-(\\d+)-(\\d+)(?: (\\d+):(\\d+):(\\d+)(?:\\.(\\d+))?)?");

    @ParameterizedTest
    @CsvSource({
        "2026-02-05 12:00:00.123456, 2026-02-05T12:00:00.123456Z",
        "2026-02-05 12:00:00.999999, 2026-02-05T12:00:00.999999Z",
        "2026-02-05 03:04:05.678901, 2026-02-05T03:04:05.678901Z",
        "2026-02-05 12:00:00.000001, 2026-02-05T12:00:00.000001Z",
        "2026-02-05 12:00:00, 2026-02-05T12:00:00Z",
        "2026-02-05 12:00:00.5, 2026-02-05T12:00:00.500Z",
        "2026-02-05 12:00:00.123, 2026-02-05T12:00:00.123Z",
        "2026-02-05 12:00, 2026-02-05T12:00:00Z",
        "2026-02-05T12:00:00, 2026-02-05T12:00:00Z",
        "2026-02-05T12:00:00Z, 2026-02-05T12:00:00Z",
        "2026-02-05T12:00:00.123Z, 2026-02-05T12:00:00.123Z",
        "2026-02-05T12:00:00.123456789Z, 2026-02-05T12:00:00.123456789Z",
        "2026-02-05T12:00:00+03:00, 2026-02-05T09:00:00Z",
        "2026-02-05 12:00:00.999999+00:00, 2026-02-05T12:00:00.999999Z",
        "2026-02-05T00:30:00-09:30, 2026-02-05T10:00:00Z",
        "2026-12-31T23:59:59.999999-00:01, 2027-01-01T00:00:59.999999Z",
        "' 2026-02-05 12:00:00 ', 2026-02-05T12:00:00Z",
        "1770292800000, 2026-02-05T12:00:00Z",
        "1770292800001, 2026-02-05T12:00:00.001Z",
        "0, 1970-01-01T00:00:00Z",
        "-1, 1969-12-31T23:59:59.999Z",
        "1969-07-20 20:17:40.000001, 1969-07-20T20:17:40.000001Z",
        "2024-02-29 12:00:00, 2024-02-29T12:00:00Z"
    })
    void every_stored_shape_means_its_moment(String stored, Instant moment) {
        assertThat(SqlTime.parse(stored)).isEqualTo(moment);
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                " ",
                "never",
                "NULL",
                "CURRENT_TIMESTAMP",
                "2026-02-05",
                "12:00:00",
                "2026-13-05 12:00:00",
                "2026-02-30 12:00:00",
                "2023-02-29 12:00:00",
                "2026-02-05 25:00:00",
                "2026-02-05 12:00:60",
                "2026-02-05 12:00:00.1234567890123",
                "2026-02-0512:00:00",
                "2026-02-05T 12:00:00",
                "2026-02-05  12:00:00",
                "2026-02-05 12:00:00 Europe/Moscow",
                "05.02.2026 12:00:00",
                "1770292800.5",
                "2461077.0",
                "99999999999999999999",
                "-",
                "--1",
                "+",
                "\u0661\u0662\u0663"
            })
    void an_odd_value_means_nothing(@Nullable String stored) {
        assertThat(SqlTime.parse(stored)).isNull();
    }

    @Test
    void what_is_written_is_what_sqlalchemy_reads_and_means_the_same_microsecond() {
        Random random = new Random(7);
        for (int i = 0; i < 10_000; i++) {
            // From 1970 into the year 2200.
            Instant moment =
                    Instant.ofEpochSecond(random.nextInt(Integer.MAX_VALUE) * 3L, random.nextInt(1_000_000_000));
            String written = SqlTime.format(moment);
            assertThat(written).hasSize(26);
            Instant kept = moment.truncatedTo(ChronoUnit.MICROS);
            assertThat(strictly(written)).as(written).isEqualTo(kept);
            assertThat(SqlTime.parse(written)).isEqualTo(kept);
        }
    }

    /** With a blank behind it a text is not of the common shape, but means the same. */
    @Test
    void a_text_of_the_common_shape_means_what_it_means_in_any_other() {
        Random random = new Random(11);
        for (int i = 0; i < 100_000; i++) {
            StringBuilder text = new StringBuilder(String.format(
                    Locale.ROOT,
                    "%04d-%02d-%02d %02d:%02d:%02d.%06d",
                    random.nextInt(10_000),
                    random.nextInt(14),
                    random.nextInt(33),
                    random.nextInt(26),
                    random.nextInt(62),
                    random.nextInt(62),
                    random.nextInt(1_000_000)));
            if (i % 4 == 0) {
                text.setCharAt(random.nextInt(text.length()), "0/:- T.\u0661".charAt(random.nextInt(8)));
            }
            assertThat(SqlTime.parse(text.toString())).as(text.toString()).isEqualTo(SqlTime.parse(text + " "));
        }
    }

    @Test
    void a_moment_on_the_full_second_is_written_with_its_fraction_too() {
        // As text, times then sort as they follow each other.
        assertThat(SqlTime.format(Instant.parse("2026-02-05T12:00:00Z"))).isEqualTo("2026-02-05 12:00:00.000000");
        assertThat(SqlTime.format(Instant.parse("2026-02-05T03:04:05.678901999Z")))
                .isEqualTo("2026-02-05 03:04:05.678901");
    }

    @ParameterizedTest
    @ValueSource(strings = {"America/New_York", "Asia/Kolkata", "UTC", "Pacific/Apia"})
    @ResourceLock(Resources.TIME_ZONE)
    void the_time_zone_of_the_machine_does_not_matter(String zone) {
        TimeZone before = TimeZone.getDefault();
        try {
            TimeZone.setDefault(TimeZone.getTimeZone(zone));
            // 02:30 on this day does not exist in New York.
            Instant moment = Instant.parse("2026-03-08T02:30:00.000001Z");
            assertThat(SqlTime.format(moment)).isEqualTo("2026-03-08 02:30:00.000001");
            assertThat(SqlTime.parse("2026-03-08 02:30:00.000001")).isEqualTo(moment);
            assertThat(SqlTime.parse("2026-03-08T02:30:00.000001Z")).isEqualTo(moment);
        } finally {
            TimeZone.setDefault(before);
        }
    }

    /** As SQLAlchemy does it: the groups are year to microsecond, whatever length the last has. */
    private static Instant strictly(String stored) {
        Matcher parts = SQLALCHEMY.matcher(stored);
        assertThat(parts.matches()).as(stored).isTrue();
        int[] number = new int[8];
        for (int i = 1; i <= 7; i++) {
            number[i] = Integer.parseInt(parts.group(i));
        }
        assertThat(parts.group(7)).hasSize(6);
        return LocalDateTime.of(number[1], number[2], number[3], number[4], number[5], number[6], number[7] * 1000)
                .toInstant(ZoneOffset.UTC);
    }
}
