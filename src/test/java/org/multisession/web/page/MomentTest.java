package org.multisession.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.multisession.web.Messages;

/** Times in words. */
class MomentTest {

    private static final Instant NOW = Instant.parse("2026-03-12T18:30:00.123456Z");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0 | just now | только что",
                "59 | just now | только что",
                "60 | 1 minute ago | 1 минуту назад",
                "300 | 5 minutes ago | 5 минут назад",
                "1260 | 21 minutes ago | 21 минуту назад",
                "3599 | 59 minutes ago | 59 минут назад",
                "3600 | 1 hour ago | 1 час назад",
                "10800 | 3 hours ago | 3 часа назад",
                "86399 | 23 hours ago | 23 часа назад",
                "86400 | 1 day ago | 1 день назад",
                "2591999 | 29 days ago | 29 дней назад",
                "2592000 | February 10, 2026 | 10 февраля 2026 г.",
                // A clock that is a little ahead, or a local time that was written as UTC.
                "-1 | just now | только что",
                "-43200 | just now | только что",
                "-8640000 | June 20, 2026 | 20 июня 2026 г.",
            })
    void how_long_ago_is_said_in_the_readers_words(long seconds, String english, String russian) {
        Instant at = NOW.minusSeconds(seconds);

        assertThat(shown(Moment.ago(at, NOW, messages("en")))).isEqualTo(english);
        assertThat(shown(Moment.ago(at, NOW, messages("ru")))).isEqualTo(russian);
    }

    /** Versions of Java differ in which space keeps two words on one line. */
    private static String shown(Moment moment) {
        return moment.getShown().replace('\u00a0', ' ').replace('\u202f', ' ');
    }

    @Test
    void the_exact_time_stands_behind_it_in_utc_and_for_a_script() {
        Moment moment = Moment.ago(NOW, NOW.plusSeconds(90), messages("en"));

        assertThat(moment.getExact())
                .startsWith("March 12, 2026")
                .contains("6:30")
                .endsWith("UTC");
        assertThat(moment.getIso()).isEqualTo("2026-03-12T18:30:00.123456Z");
        assertThat(moment.getKind()).isEqualTo("ago");
        assertThat(Moment.date(NOW, messages("ru")).getExact())
                .startsWith("12 марта 2026")
                .contains("18:30");
    }

    private static Messages messages(String language) {
        return new Messages(Locale.forLanguageTag(language));
    }
}
