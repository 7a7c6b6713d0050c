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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.multisession.session.SessionToken;

class SessionCookieTest {

    private static final SessionCookie COOKIE = new SessionCookie(new CookieRules(
            "auth_token", "/", null, CookieRules.SameSite.LAX, CookieRules.Secure.AUTO, Duration.ofDays(365)));

    /** What Python's {@code http.cookies} makes of a value, in the first column. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\u0001',
            value = {
                "plain|plain",
                "\"abc=def==\"|abc=def==",
                "\"two words\"|two words",
                "\"a\\054b\\073c\"|a,b;c",
                "\"say \\\"hi\\\"\"|say \"hi\"",
                "\"\\\"quoted\\\"\"|\"quoted\"",
                "\"back\\\\slash\"|back\\slash",
                "\"\\\\073literal\"|\\073literal",
                "\"trail\\\\\"|trail\\",
                "\"caf\\351\"|caf\u00e9",
                "\"\\377\\000x\"|\u00ff\u0000x",
                // No octal number, so the backslash only protects the digit.
                "\"\\400\\18\"|40018",
                "\"\\07\"|07",
                // Not quoted on both sides.
                "\"half|\"half",
                "half\"|half\"",
                "\"|\"",
                "\"\"|",
                "\"\\\"|\\"
            })
    void quoting_of_python_is_undone(String quoted, @Nullable String plain) {
        assertThat(SessionCookie.unquoted(quoted)).isEqualTo(plain == null ? "" : plain);
    }

    @Test
    void both_readings_of_a_quoted_value_are_tried() {
        assertThat(presented("auth_token=\"a\\054b\"")).containsExactly("a,b", "\"a\\054b\"");
    }

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
                .containsExactly("\"\"", "a", "\"a\"");
        assertThat(presented("auth_token=; auth_token")).isEmpty();
        assertThat(presented()).isEmpty();
    }

    @Test
    void no_more_than_ten_tokens_are_tried() {
        String many = IntStream.range(0, 300).mapToObj(i -> "auth_token=t" + i).collect(Collectors.joining("; "));
        assertThat(presented(many)).hasSize(10).first().isEqualTo("t299");
    }

    @Test
    void no_header_whatever_is_too_much() {
        Random random = new Random(20_251_122);
        String likely = "auth_token=\"\\;, 0123456789\u00ff";
        for (int i = 0; i < 100_000; i++) {
            StringBuilder header = new StringBuilder(random.nextBoolean() ? "auth_token=" : "");
            for (int length = random.nextInt(40); length > 0; length--) {
                header.append(
                        random.nextInt(4) == 0
                                ? (char) random.nextInt(256)
                                : likely.charAt(random.nextInt(likely.length())));
            }
            HttpServletRequest request = new HeadersOnly(header.toString());
            assertThat(COOKIE.presented(request))
                    .hasSizeLessThanOrEqualTo(10)
                    .allMatch(token -> !token.value().isEmpty());
            assertThat(SessionCookie.unquoted(header.toString()).length()).isLessThanOrEqualTo(header.length());
        }
    }

    @Test
    void whatever_python_quotes_is_read_back() {
        Random random = new Random(20_251_123);
        for (int i = 0; i < 20_000; i++) {
            StringBuilder token = new StringBuilder();
            for (int length = 1 + random.nextInt(20); length > 0; length--) {
                token.append((char) random.nextInt(256));
            }
            assertThat(SessionCookie.unquoted(quotedByPython(token.toString()))).isEqualTo(token.toString());
        }
    }

    /** {@code http.cookies._quote} of Python 3.11. */
    private static String quotedByPython(String value) {
        if (value.matches("[A-Za-z0-9!#$%&'*+.^_`|~:-]+")) {
            return value;
        }
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (String.valueOf(c).matches("[A-Za-z0-9!#$%&'*+.^_`|~: ()/<=>?@\\[\\]{}-]")) {
                quoted.append(c);
            } else {
                quoted.append("\\%03o".formatted((int) c));
            }
        }
        return quoted.append('"').toString();
    }

    private static List<String> presented(String... cookieHeaders) {
        return presented(request(cookieHeaders));
    }

    private static List<String> presented(HttpServletRequest request) {
        return COOKIE.presented(request).stream().map(SessionToken::value).toList();
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
