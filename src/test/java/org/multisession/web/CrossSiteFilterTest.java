package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CrossSiteFilterTest {

    @ParameterizedTest
    @CsvSource({
        "https://example.com, example.com",
        "https://example.com, Example.COM",
        "HTTPS://EXAMPLE.com, example.com",
        "http://example.com:8080, example.com:8080",
        // A proxy may have left the port out of one of them.
        "http://example.com:8080, example.com",
        "https://example.com, example.com:8443",
        "http://127.0.0.1:8080, 127.0.0.1:8080",
        "http://[::1]:8080, [::1]:8080",
        "http://[::1], [::1]",
        "http://localhost, localhost",
        // Names inside a closed network, where browsers send Origin alone.
        "http://my_app:8080, my_app:8080",
        "http://my_app, my_app",
        "https://xn--e1afmkfd.xn--p1ai, xn--e1afmkfd.xn--p1ai"
    })
    void the_same_host_is_the_same_site(String origin, String host) {
        assertThat(CrossSiteFilter.isSameHost(origin, host)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "https://evil.example, example.com",
        "https://example.com.evil.example, example.com",
        "https://evil-example.com, example.com",
        "https://www.example.com, example.com",
        "https://example.com, www.example.com",
        "https://example.com@evil.example, example.com",
        "https://evil.example@example.com, example.com",
        "https://evil.example#example.com, example.com",
        "https://evil.example/example.com, example.com",
        "https://evil.example?example.com, example.com",
        "https://evil.example\\@example.com, example.com",
        "http://example.com:8080, example.com:8081",
        "http://example.com:, example.com:80",
        "http://example.com:99999999999, example.com",
        "http://[::1]:8080, [::2]:8080",
        "http://[::1], 1",
        "http://my_app:8080, my_app:8081",
        "http://my_app, your_app",
        "null, example.com",
        "null, null",
        "'', ''",
        "'', example.com",
        "example.com, example.com",
        "//example.com, ''",
        "file://, example.com",
        "file://, ''",
        "data:x, x",
        "https://example.com, ''",
        "https://example.com, 'example.com, evil.example'",
        "https://evil.example, 'example.com@evil.example'",
        "https://example.com https://evil.example, evil.example",
        "https://exämple.com, example.com"
    })
    void any_other_is_not(String origin, String host) {
        assertThat(CrossSiteFilter.isSameHost(origin, host)).isFalse();
    }

    @Test
    void without_a_host_nothing_is_the_same() {
        assertThat(CrossSiteFilter.isSameHost("https://example.com", null)).isFalse();
        assertThat(CrossSiteFilter.isSameHost("http://null", null)).isFalse();
    }

    @Test
    void no_origin_whatever_is_too_much() {
        Random random = new Random(20_251_122);
        String likely = "https://:@[]#?\\.%_example.com0189 ";
        for (int i = 0; i < 100_000; i++) {
            StringBuilder origin = new StringBuilder(random.nextBoolean() ? "https://" : "");
            for (int length = random.nextInt(20); length > 0; length--) {
                origin.append(
                        random.nextInt(6) == 0
                                ? (char) random.nextInt(256)
                                : likely.charAt(random.nextInt(likely.length())));
            }
            // Not one of them by chance.
            assertThat(CrossSiteFilter.isSameHost(origin.toString(), "the-one-and-only.test"))
                    .isFalse();
            CrossSiteFilter.isSameHost("https://example.com", origin.toString());
        }
    }
}
