package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user agent is called. */
class DeviceNamesTest {

    private static final Messages ENGLISH = new Messages(Locale.ENGLISH);

    private final DeviceNames names = new DeviceNames();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Chrome on Windows | Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
                        + " Chrome/126.0.0.0 Safari/537.36",
                "Edge on Windows | Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
                        + " Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
                "Yandex Browser on Windows | Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like"
                        + " Gecko) Chrome/124.0.0.0 YaBrowser/24.6.0.0 Safari/537.36",
                "Internet Explorer on Windows | Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko",
                "Opera on Windows | Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.18",
                "Firefox on Linux | Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
                "Firefox on Ubuntu | Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
                "Chrome on Linux | Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
                        + " HeadlessChrome/126.0.0.0 Safari/537.36",
                "Chrome on Chrome OS | Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko)"
                        + " Chrome/126.0.0.0 Safari/537.36",
                "Safari on Mac | Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like"
                        + " Gecko) Version/17.5 Safari/605.1.15",
                "Safari on iPhone | Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML,"
                        + " like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                "Chrome on iPhone | Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML,"
                        + " like Gecko) CriOS/126.0.6478.35 Mobile/15E148 Safari/604.1",
                "Firefox on iPhone | Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML,"
                        + " like Gecko) FxiOS/127.0 Mobile/15E148 Safari/605.1.15",
                "Safari on iPad | Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
                        + " Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
                "Chrome on Android | Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
                        + " Chrome/126.0.0.0 Mobile Safari/537.36",
                "Samsung Internet on Android | Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like"
                        + " Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
                "Firefox on Android | Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0",
            })
    void a_browser_has_the_name_that_people_know_it_by(String name, String agent) {
        assertThat(named(agent)).isEqualTo(name);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "curl | curl/8.5.0",
                "python-requests | python-requests/2.31.0",
                "okhttp | okhttp/4.12.0",
                "Dart | Dart/3.3 (dart:io)",
                "Java-http-client | Java-http-client/17.0.1",
                "Apache-HttpClient | Apache-HttpClient/5.2 (Java/17)",
                "node | node",
                "My Shop | My Shop/3.1",
                "MyShop | MyShop/3.1 CFNetwork/1410.0.3 Darwin/22.6.0",
                "MyShop on iPhone | MyShop/3.1 (iPhone; iOS 17.5; Scale/3.00)",
                "MyShop on iPad | MyShop/3.1 (iPad; iOS 17.5; Scale/2.00)",
                "MyShop on Android | MyShop/3.1 (Linux; U; Android 14; Pixel 8)",
                "MyShop on Mac | MyShop/3.1 (Macintosh; Intel Mac OS X 10_15_7)",
                "MyShop on Windows | MyShop (Windows 11)",
                "Магазин on Android | Магазин/2.0 (Android 13)",
            })
    void a_program_is_called_as_it_calls_itself(String name, String agent) {
        assertThat(named(agent)).isEqualTo(name);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "iPhone | Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
                        + " Gecko) Mobile/15E148",
                "Android | Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7 Build/TQ1A)",
            })
    void an_app_that_says_no_name_is_called_by_what_it_runs_on(String name, String agent) {
        assertThat(named(agent)).isEqualTo(name);
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                " ",
                "/",
                "(",
                "()",
                "<script>alert(1)</script>",
                "<b>Shop</b>/1.0",
                "\u202Eevil/1.0",
                "-",
                "$(id)",
                "Mozilla/5.0",
                "Mozilla/5.0 (<script>alert(1)</script>)",
                "???????"
            })
    void what_says_nothing_that_can_be_shown_has_no_name(@Nullable String agent) {
        assertThat(named(agent)).isNull();
    }

    @Test
    void a_name_is_short_and_harmless_whatever_was_sent() {
        String[] pieces = {
            "Mozilla/5.0 ",
            "Opera/9 ",
            "(",
            ")",
            ";",
            "<script>",
            "\"",
            "'",
            "&",
            "\u202e",
            "\u0000",
            "Android 1",
            "iPhone",
            "CFNetwork/1",
            "Bot/",
            "Version/",
            "a".repeat(50),
            "/1",
            " ",
            "${7*7}",
            "{0}",
            "😀",
            "Windows NT "
        };
        Random random = new Random(20);
        for (int i = 0; i < 2000; i++) {
            StringBuilder agent = new StringBuilder(random.nextBoolean() ? "Mozilla/5.0 (" : "");
            for (int j = random.nextInt(12); j >= 0; j--) {
                agent.append(pieces[random.nextInt(pieces.length)]);
            }
            String name = named(agent.toString());
            if (name != null) {
                assertThat(name).as(agent.toString()).matches("[\\p{L}\\p{N} ._+&!-]{1,124}");
            }
        }
    }

    @Test
    void the_words_between_program_and_system_are_the_readers() {
        DeviceName name = names.of("MyShop/3.1 (iPhone)");

        assertThat(name.in(ENGLISH)).isEqualTo("MyShop on iPhone");
        assertThat(name.in(new Messages(Locale.forLanguageTag("ru")))).isEqualTo("MyShop, iPhone");
    }

    private @Nullable String named(@Nullable String agent) {
        return names.of(agent).in(ENGLISH);
    }
}
