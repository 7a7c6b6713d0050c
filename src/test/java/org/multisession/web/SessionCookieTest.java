package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.multisession.session.SessionToken;

class SessionCookieTest {

    private static final SessionCookie COOKIE = new SessionCookie(new CookieRules(
            "auth_token", "/", null, CookieRules.SameSite.LAX, CookieRules.Secure.AUTO, Duration.ofDays(365)));

    @Test
    void the_last_cookie_comes_first_and_a_bearer_token_before_it() {
        assertThat(presented("auth_token=a; x=y; auth_token=b", "auth_token=c")).containsExactly("c", "b", "a");
        HttpServletRequest request = request("auth_token=a");
        when(request.getHeader("Authorization")).thenReturn("bEARER  b ");
        assertThat(presented(request)).containsExactly("b", "a");
    }

    @Test
    void the_same_token_is_tried_once_and_an_empty_one_never() {
        assertThat(presented("auth_token=a; auth_token=a; auth_token=\"a\"; auth_token=; auth_token=\"\"; auth_token"))
                .containsExactly("\"\"", "\"a\"", "a");
        assertThat(presented("auth_token=; auth_token")).isEmpty();
        assertThat(presented()).isEmpty();
    }

    @Test
    void sixteen_different_values_count_in_every_reading_of_each() {
        String many = IntStream.range(0, 300).mapToObj(i -> "auth_token=t" + i).collect(Collectors.joining("; "));
        assertThat(presented(many)).hasSize(16).first().isEqualTo("t299");
        String junk = IntStream.range(0, 15)
                .mapToObj(i -> "auth_token=\"j%2B" + i + "+\"")
                .collect(Collectors.joining("; "));
        assertThat(presented("auth_token=good; " + junk)).endsWith("good").hasSize(1 + 15 * 4);
        assertThat(presented("auth_token=good; " + "auth_token=\"junk\"; ".repeat(500)))
                .endsWith("good")
                .hasSize(3);
    }

    @Test
    void no_header_whatever_is_too_much() {
        Random random = new Random(20_251_122);
        String likely = "auth_token=\"\\;, 0123456789\u00ff%+";
        for (int i = 0; i < 100_000; i++) {
            StringBuilder header = new StringBuilder(random.nextBoolean() ? "auth_token=" : "");
            for (int length = random.nextInt(40); length > 0; length--) {
                header.append(
                        random.nextInt(4) == 0
                                ? (char) random.nextInt(256)
                                : likely.charAt(random.nextInt(likely.length())));
            }
            HttpServletRequest request = new HeadersOnly(header.toString());
            assertThat(COOKIE.presented(request).tokens())
                    .hasSizeLessThanOrEqualTo(64)
                    .allMatch(token -> !token.value().isEmpty());
        }
    }

    private static List<String> presented(String... cookieHeaders) {
        return presented(request(cookieHeaders));
    }

    private static List<String> presented(HttpServletRequest request) {
        return COOKIE.presented(request).tokens().stream()
                .map(SessionToken::value)
                .toList();
    }

    private static HttpServletRequest request(String... cookieHeaders) {
        HttpServletRequest request = mock(HttpServletRequest.class);
        when(request.getHeaders("Cookie")).thenReturn(Collections.enumeration(Arrays.asList(cookieHeaders)));
        return request;
    }

    /** Quicker than a mock, for many. */
    private static final class HeadersOnly extends jakarta.servlet.http.HttpServletRequestWrapper {

        private static final HttpServletRequest NONE = mock(HttpServletRequest.class);

        private final String header;

        HeadersOnly(String header) {
            super(NONE);
            this.header = header;
        }

        @Override
        public String getHeader(String name) {
            return header;
        }

        @Override
        public java.util.Enumeration<String> getHeaders(String name) {
            return Collections.enumeration(List.of(header));
        }
    }
}
