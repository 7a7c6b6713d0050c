package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import java.util.ResourceBundle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers with their nouns. */
class WordsTest {

    @ParameterizedTest
    @CsvSource({
        "0, минут", "1, минуту", "2, минуты", "4, минуты", "5, минут", "10, минут", "11, минут", "12, минут",
        "14, минут", "19, минут", "20, минут", "21, минуту", "22, минуты", "25, минут", "59, минут", "101, минуту",
        "111, минут", "112, минут", "121, минуту", "1011, минут"
    })
    void a_russian_noun_has_the_form_that_its_number_asks_for(long number, String noun) {
        assertThat(new Messages(Locale.forLanguageTag("ru")).counted(number, "time.minutes"))
                .isEqualTo(number + "\u00a0" + noun);
    }

    @ParameterizedTest
    @CsvSource({"0, days", "1, day", "2, days", "21, days"})
    void an_english_noun_has_two_forms(long number, String noun) {
        assertThat(new Messages(Locale.ENGLISH).counted(number, "time.days")).isEqualTo(number + "\u00a0" + noun);
    }

    @ParameterizedTest
    @CsvSource({
        "en, 1, Signed out of 1 other sign-in.",
        "en, 3, Signed out of 3 other sign-ins.",
        "ru, 1, Завершено: 1 другой сеанс.",
        "ru, 3, Завершено: 3 других сеанса.",
        "ru, 5, Завершено: 5 других сеансов."
    })
    void how_many_sign_ins_were_ended_is_told_with_the_noun_in_its_form(String language, long number, String text) {
        Messages messages = new Messages(Locale.forLanguageTag(language));
        assertThat(messages.of("sessions.done.others", messages.counted(number, "sessions.done.others.count")))
                .isEqualTo(text.replace(number + " ", number + "\u00a0"));
    }

    /** How long a wait is, is told by its time: it may be a minute or a day. */
    @ParameterizedTest
    @ValueSource(strings = {"login.error.wait", "error.429.title", "code.error.limit", "code.error.limit.over"})
    void a_limit_is_told_by_what_happened_and_never_as_a_short_wait(String key) {
        assertThat(new Messages(Locale.ENGLISH).of(key)).startsWith("Too many codes were requested");
        assertThat(new Messages(Locale.forLanguageTag("ru")).of(key)).startsWith("Слишком много запросов кода");
    }

    @Test
    void an_account_has_one_name_in_russian() {
        ResourceBundle russian = ResourceBundle.getBundle("messages", Locale.forLanguageTag("ru"));
        assertThat(russian.keySet())
                .allSatisfy(key -> assertThat(russian.getString(key)).doesNotContainIgnoringCase("учётн"));
    }

    /** A server that speaks Russian itself must not answer English readers in Russian. */
    @ParameterizedTest
    @CsvSource({"en, ru", "ru, en", "en, de"})
    void the_language_is_the_readers_and_not_the_servers(String reader, String server) {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag(server));
            assertThat(new Messages(Locale.forLanguageTag(reader)).of("time.now"))
                    .isEqualTo(reader.equals("ru") ? "только что" : "just now");
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void the_message_with_a_code_is_one_message_in_both_languages() {
        String line = "\n\n@www.your-shop.com #123456";
        // A message holds 160 characters of its own small alphabet, or 70 of any other.
        String english = new Messages(Locale.ENGLISH).of("sms.text").replace("{code}", "123456") + line;
        assertThat(english).matches("[ -_a-z\n]*").hasSizeLessThanOrEqualTo(160);
        String russian =
                new Messages(Locale.forLanguageTag("ru")).of("sms.text").replace("{code}", "123456") + line;
        assertThat(russian).hasSizeLessThanOrEqualTo(70);
    }
}
