package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.atLeastOnce;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.mockito.ArgumentCaptor;
import org.multisession.token.SessionId;
import org.multisession.token.SessionToken;

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
    void of_what_a_browser_is_to_have_forgotten_only_handles_are_written_back_and_not_without_end() {
        String handle = SessionId.of(new SessionToken("old").hash()).text();
        String junk = IntStream.range(0, 200).mapToObj("%022d"::formatted).collect(Collectors.joining("."));
        for (String planted : List.of(
                "a,b",
                "a b",
                "\"quoted\"",
                "back\\slash",
                "caf\u00e9",
                "<script>",
                handle + "x",
                "." + handle + ".",
                junk)) {
            HttpServletRequest request = request("multisession_forgotten=" + planted);
            // A header is read more than once.
            when(request.getHeaders("Cookie"))
                    .thenAnswer(call -> Collections.enumeration(List.of("multisession_forgotten=" + planted)));
            HttpServletResponse response = mock(HttpServletResponse.class);

            COOKIE.clear(request, response, List.of(new SessionToken("old")));

            ArgumentCaptor<Cookie> set = ArgumentCaptor.forClass(Cookie.class);
            verify(response, atLeastOnce()).addCookie(set.capture());
            assertThat(set.getAllValues())
                    .filteredOn(cookie -> cookie.getName().equals("multisession_forgotten"))
                    .singleElement()
                    .extracting(Cookie::getValue)
                    .asString()
                    .matches("([A-Za-z0-9_-]{22}\\.){0,15}" + handle);
        }
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
