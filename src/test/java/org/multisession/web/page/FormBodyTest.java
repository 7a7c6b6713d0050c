package org.multisession.web.page;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import jakarta.servlet.http.HttpServletRequest;
import java.net.URLEncoder;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.web.HttpProblem;

class FormBodyTest {

    @Test
    void fields_are_decoded() {
        assertThat(fields("phone=%2B7+999&next=%2Fx%3Fa%3D1%26b&name=%D0%90%D0%BD%D0%BD%D0%B0"))
                .isEqualTo(Map.of("phone", "+7 999", "next", "/x?a=1&b", "name", "Анна"));
        assertThat(fields("a=b=c&d=&e&=f&&%61b=1")).isEqualTo(Map.of("a", "b=c", "d", "", "ab", "1"));
        assertThat(fields("")).isEmpty();
    }

    @Test
    void of_a_field_that_comes_twice_the_first_counts() {
        assertThat(fields("a=1&a=2&%61=3")).isEqualTo(Map.of("a", "1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a=%", "a=%1", "a=%zz", "%=a", "a=1&b=%-1", "\u00ff=1", "a=\u00c3"})
    void what_cannot_be_read_is_the_senders_fault(String body) {
        assertThatThrownBy(() -> FormBody.parse(body.getBytes(ISO_8859_1)))
                .isInstanceOfSatisfying(HttpProblem.class, failure -> {
                    assertThat(failure.status()).isEqualTo(400);
                    assertThat(failure.code()).isEqualTo("malformed-form");
                });
    }

    @Test
    void a_query_that_cannot_be_read_has_no_fields() {
        assertThat(query("next=/x&a=1").get("next")).isEqualTo("/x");
        assertThat(query("next=%D1%8F").get("next")).isEqualTo("я");
        assertThat(query("next=%zz").fields()).isEmpty();
        assertThat(query("next=\u00ff").fields()).isEmpty();
        assertThat(query("").fields()).isEmpty();
        assertThat(query(null).fields()).isEmpty();
    }

    @Test
    void whatever_a_browser_encodes_is_read_back() {
        Random random = new Random(20_251_122);
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(20); length > 0; length--) {
                text.appendCodePoint(random.nextInt(0xd800));
            }
            String body = "x=1&phone=" + URLEncoder.encode(text.toString(), UTF_8) + "&y=2";
            assertThat(fields(body).get("phone")).isEqualTo(text.toString());
        }
    }

    @Test
    void any_bytes_are_read_or_refused() {
        Random random = new Random(20_251_123);
        int read = 0;
        for (int i = 0; i < 100_000; i++) {
            byte[] body = new byte[random.nextInt(30)];
            for (int j = 0; j < body.length; j++) {
                int kind = random.nextInt(60);
                body[j] = (byte) (kind == 0 ? random.nextInt(256) : "ab=&%+0123456789cdef".charAt(kind % 20));
            }
            try {
                FormBody.parse(body);
                read++;
            } catch (HttpProblem failure) {
                assertThat(failure.status()).isEqualTo(400);
            }
        }
        assertThat(read).isBetween(10_000, 99_000);
    }

    private static Map<String, String> fields(String body) {
        return FormBody.parse(body.getBytes(UTF_8)).fields();
    }

    private static FormBody query(@Nullable String query) {
        HttpServletRequest request = mock(HttpServletRequest.class);
        when(request.getQueryString()).thenReturn(query);
        return FormBody.ofQuery(request);
    }
}
