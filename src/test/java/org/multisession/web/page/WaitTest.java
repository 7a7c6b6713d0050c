package org.multisession.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.multisession.web.Messages;

class WaitTest {

    private static final Messages ENGLISH = new Messages(Locale.ENGLISH);
    private static final Messages RUSSIAN = new Messages(Locale.forLanguageTag("ru"));

    @ParameterizedTest
    @CsvSource({
        "PT0S, 0:00, 0:00",
        "PT0.001S, 0:01, 0:01",
        "PT59.1S, 1:00, 1:00",
        "PT59M59S, 59:59, 59:59",
        "PT1H, 1 hour, 1 час",
        "PT1H1S, 2 hours, 2 часа",
        "PT22H, 22 hours, 22 часа"
    })
    void it_is_told_in_minutes_and_seconds_and_from_an_hour_on_in_hours_never_too_short(
            Duration wait, String english, String russian) {
        assertThat(Wait.of(wait, ENGLISH).getShown()).isEqualTo(english.replace(' ', '\u00a0'));
        assertThat(Wait.of(wait, RUSSIAN).getShown()).isEqualTo(russian.replace(' ', '\u00a0'));
    }

    @Test
    void only_what_can_be_watched_is_counted_down() {
        assertThat(Wait.of(Duration.ZERO, ENGLISH).isCounted()).isFalse();
        assertThat(Wait.of(Duration.ofMinutes(59), ENGLISH).isCounted()).isTrue();
        Wait hours = Wait.of(Duration.ofHours(2), ENGLISH);
        assertThat(hours.isAhead()).isTrue();
        assertThat(hours.isCounted()).isFalse();
    }
}
