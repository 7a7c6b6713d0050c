package org.multisession.web.api;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.Charset;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.multisession.web.HttpProblem;

class JsonTest {

    @Test
    void a_member_is_read() {
        assertThat(phone("{\"a\":{\"b\":[1,2.5,true,null]},\"phone\":\"+7 \\u0041\\n\\\"\"}"))
                .isEqualTo("+7 A\n\"");
        assertThat(phone(" \n{ \"phone\" : \"Анна\" } \n")).isEqualTo("Анна");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\u0001',
            value = {"{\"phone\":secret}|1", "{\"phone\":\"secret\"|1", "{}{secret}|1", "{\"secret\":1,\"secret\":2}|1"
            })
    void what_is_malformed_is_named_by_its_place_alone(String body, int line) {
        HttpProblem failure = failure("\n\n" + body);
        assertThat(failure.status()).isEqualTo(400);
        assertThat(failure.code()).isEqualTo("malformed-json");
        assertThat(failure.detail())
                .matches("The body is not well-formed JSON, or names a member twice, at line " + (line + 2)
                        + ", column \\d+\\. Nothing was done\\.");
    }

    @Test
    void deep_nesting_and_long_numbers_are_refused() {
        for (String body :
                List.of("[".repeat(16_000), "{\"phone\":".repeat(1_700), "{\"x\":" + "1".repeat(16_000) + "}")) {
            HttpProblem failure = failure("\n" + body);
            assertThat(failure.status()).isEqualTo(400);
            assertThat(failure.detail())
                    .matches("The body is nested too deeply, or something in it is too long, at line 2, column \\d+\\."
                            + " Nothing was done\\.");
        }
        assertThat(failure("{\"phone\":1e999999999}").status()).isEqualTo(400);
    }

    @Test
    void another_encoding_than_utf_8_is_refused() {
        for (Charset charset : List.of(UTF_16, UTF_16BE, UTF_16LE, Charset.forName("UTF-32"))) {
            byte[] body = "{\"phone\":\"+79991234567\"}".getBytes(charset);
            assertThat(catchThrowableOfType(HttpProblem.class, () -> Json.parse(body)))
                    .as(charset.name())
                    .hasMessageContaining("not well-formed JSON");
        }
    }

    @Test
    void what_is_no_object_is_refused() {
        for (String body : List.of("", " ", "null", "[]", "\"phone\"", "1")) {
            assertThat(failure(body).detail()).isEqualTo("The body must be a JSON object. Nothing was done.");
        }
    }

    @Test
    void any_bytes_are_read_or_refused_without_being_quoted() {
        Random random = new Random(20_251_122);
        String good = "{\"phone\":\"+79991234567\",\"x\":[1,-2.5e3,{\"y\":null}],\"z\":\"\\u00e9\"}";
        int read = 0;
        for (int i = 0; i < 50_000; i++) {
            byte[] body = good.getBytes(UTF_8);
            for (int changes = random.nextInt(4); changes > 0; changes--) {
                int at = random.nextInt(body.length);
                body[at] = (byte) (random.nextBoolean() ? random.nextInt(256) : body[random.nextInt(body.length)]);
            }
            int from = random.nextInt(4) == 0 ? random.nextInt(body.length) : 0;
            try {
                Json.parse(java.util.Arrays.copyOfRange(body, from, body.length))
                        .string("phone");
                read++;
            } catch (HttpProblem failure) {
                assertThat(failure.status()).isEqualTo(400);
                assertThat(failure.detail()).doesNotContain("999", "123");
            }
        }
        assertThat(read).isBetween(5_000, 45_000);
    }

    @Test
    void noise_is_read_or_refused() {
        Random random = new Random(20_251_123);
        for (int i = 0; i < 50_000; i++) {
            byte[] body = new byte[random.nextInt(40)];
            random.nextBytes(body);
            try {
                Json.parse(body);
            } catch (HttpProblem failure) {
                assertThat(failure.status()).isEqualTo(400);
            }
        }
    }

    @Test
    void a_byte_order_mark_is_skipped() {
        assertThat(phone("\uFEFF{\"phone\":\"1\"}")).isEqualTo("1");
        assertThat(failure("\uFEFF").status()).isEqualTo(400);
    }

    private static String phone(String body) {
        return Json.parse(body.getBytes(UTF_8)).string("phone");
    }

    private static HttpProblem failure(String body) {
        return Objects.requireNonNull(catchThrowableOfType(HttpProblem.class, () -> phone(body)));
    }
}
