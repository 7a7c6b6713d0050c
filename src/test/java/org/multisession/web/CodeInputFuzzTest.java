package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.otp.ChallengeSecret;
import org.multisession.otp.OneTimeCodes.Refusal;
import org.multisession.testing.CodeApp;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/** Whatever is typed or sent is a code, or no code; a challenge, or none. Seeded, so that each run is the same. */
class CodeInputFuzzTest {

    private static final int ROUNDS = 50_000;
    private static final String ALPHABET =
            "0123456789012345678901234567890123456789 -\u00a0\t\r\n\u0000aZ٣３é\ud83d\udd11\ud800\"\\;,=";

    @Test
    void a_typed_code_is_six_digits_or_nothing() {
        Random random = new Random(1);
        int good = 0;
        for (int i = 0; i < ROUNDS; i++) {
            String typed = text(random, 12);
            String code = EnteredCode.orNull(typed);
            if (code != null) {
                good++;
                assertThat(code).as(typed).matches("[0-9]{6}");
                assertThat(digits(typed)).isEqualTo(code);
            } else {
                assertThat(typed).doesNotMatch("[0-9]{6}");
            }
        }
        assertThat(good).isPositive();
    }

    private static String digits(String typed) {
        return typed.codePoints()
                .filter(Character::isDigit)
                .mapToObj(c -> String.valueOf(Character.digit(c, 10)))
                .collect(Collectors.joining());
    }

    @ParameterizedTest
    @ValueSource(strings = {"123456", "123 456", " 1 2 3 4 5 6 ", "123-456", "123\u00a0456", "\t123456\r\n"})
    void a_code_is_read_as_people_type_it(String typed) {
        assertThat(EnteredCode.orNull(typed)).isEqualTo("123456");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"１２３４５６", "١٢٣٤٥٦", "۱۲۳ ۴۵۶", "१२३४५६", "\u2068123456\u2069", "123\u2013456", "123\u202f456"})
    void a_code_is_read_in_the_digits_of_every_keyboard_and_as_it_is_copied_from_a_message(String typed) {
        assertThat(EnteredCode.orNull(typed)).isEqualTo("123456");
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", " ", "12345", "1234567", "12345a", "١٢٣٤٥", "12345½", "-", "123456'", "1234.56"})
    void anything_else_is_no_code(@Nullable String typed) {
        assertThat(EnteredCode.orNull(typed)).isNull();
    }

    @Test
    void a_very_long_one_is_not_even_looked_at() {
        assertThat(EnteredCode.orNull("123456" + " ".repeat(35))).isNull();
        assertThat(EnteredCode.orNull("123456" + " ".repeat(34))).isEqualTo("123456");
    }

    @Test
    void a_challenge_s_cookie_of_any_value_is_refused_and_changes_nothing() {
        ChallengeCookie challenge = new ChallengeCookie(new CookieRules(
                "auth_token", "/", null, CookieRules.SameSite.LAX, CookieRules.Secure.AUTO, Duration.ofDays(1)));
        try (MemoryFolder folder = new MemoryFolder();
                SqliteApp old = SqliteApp.make(folder.path(), "single");
                CodeApp app = CodeApp.deploy(old.claim(), CodeApp.RULES, new TestClock())) {
            ChallengeSecret annas = app.challenge("+79991234567");
            String before = old.dump();
            HttpServletRequest request = mock(HttpServletRequest.class);
            Random random = new Random(2);
            for (int i = 0; i < 1000; i++) {
                String sent = mutated(random, annas.value());
                when(request.getHeaders("Cookie"))
                        .thenReturn(cookies("other=" + annas.value() + "; multisession_challenge=" + sent));
                // What a cookie's value is by RFC 6265.
                String value = sent.split(";", -1)[0].strip();
                for (ChallengeSecret secret : challenge.read(request)) {
                    if (!secret.equals(annas)) {
                        assertThat(value).contains(secret.value());
                        assertThat(app.codes.standing(secret)).isNull();
                        assertThat(app.refusal(secret, "123456")).isEqualTo(Refusal.EXPIRED);
                    }
                }
            }
            assertThat(old.dump()).isEqualTo(before);
        }
    }

    @Test
    void of_a_challenge_s_cookie_the_latest_secrets_count_and_only_what_can_be_one() {
        ChallengeCookie challenge = new ChallengeCookie(new CookieRules(
                "auth_token", "/", null, CookieRules.SameSite.LAX, CookieRules.Secure.AUTO, Duration.ofDays(1)));
        List<String> secrets = Stream.of("a", "b", "c", "d", "e", "f")
                .map(letter -> letter.repeat(43))
                .toList();
        HttpServletRequest request = mock(HttpServletRequest.class);
        when(request.getHeaders("Cookie"))
                .thenReturn(cookies("multisession_challenge=a b." + String.join(".", secrets) + ".x"));
        assertThat(challenge.read(request)).extracting(ChallengeSecret::value).isEqualTo(secrets.subList(0, 5));
    }

    @Test
    void no_cookie_is_no_challenge() {
        ChallengeCookie challenge = new ChallengeCookie(new CookieRules(
                "auth_token", "/", null, CookieRules.SameSite.LAX, CookieRules.Secure.AUTO, Duration.ofDays(1)));
        HttpServletRequest request = mock(HttpServletRequest.class);
        when(request.getHeaders("Cookie")).thenReturn(cookies());
        assertThat(challenge.read(request)).isEmpty();
        when(request.getHeaders("Cookie")).thenReturn(cookies("multisession_challenge=; a=b"));
        assertThat(challenge.read(request)).isEmpty();
    }

    private static Enumeration<String> cookies(String... headers) {
        return Collections.enumeration(List.of(headers));
    }

    private static String mutated(Random random, String secret) {
        return switch (random.nextInt(5)) {
            case 0 -> text(random, 60);
            case 1 -> secret.substring(0, random.nextInt(secret.length()));
            case 2 -> secret + text(random, 3);
            case 3 -> text(random, 5000);
            default -> {
                int at = random.nextInt(secret.length());
                yield secret.substring(0, at) + text(random, 2) + secret.substring(at + 1);
            }
        };
    }

    private static String text(Random random, int longest) {
        return Stream.generate(() -> ALPHABET.charAt(random.nextInt(ALPHABET.length())))
                .limit(random.nextInt(longest + 1))
                .collect(StringBuilder::new, StringBuilder::append, StringBuilder::append)
                .toString();
    }
}
