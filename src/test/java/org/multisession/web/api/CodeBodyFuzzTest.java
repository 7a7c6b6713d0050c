package org.multisession.web.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.auth.CodeSignIn;
import org.multisession.otp.ChallengeSecret;
import org.multisession.testing.CodeApp;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;
import org.multisession.web.EnteredCode;
import org.multisession.web.HttpProblem;

/** The body of {@code POST /api/login/code}, whatever it is, is tried or refused with 4xx. Seeded. */
class CodeBodyFuzzTest {

    private static final int ROUNDS = 5_000;
    private static final String[] PIECES = {
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\\",
        "\\u0000",
        "\\ud800",
        "null",
        "true",
        "1e999",
        "-0",
        "\"challenge\"",
        "\"code\"",
        "\"123456\"",
        "\"x\"",
        " ",
        "\n",
        "\u0000",
        "é",
        "🔑",
        "/*",
        "NaN"
    };

    @Test
    void a_body_of_any_bytes_is_tried_or_refused_and_signs_nobody_in() {
        try (MemoryFolder folder = new MemoryFolder();
                SqliteApp old = SqliteApp.make(folder.path(), "single");
                CodeApp app = CodeApp.deploy(old.claim(), CodeApp.RULES, new TestClock())) {
            String secret = app.challenge("+79991234567").value();
            Random random = new Random(3);
            int tried = 0;
            int refused = 0;
            for (int i = 0; i < ROUNDS; i++) {
                CodeSignIn.Result result = submit(app, body(random, secret));
                if (result == null) {
                    refused++;
                } else {
                    tried++;
                    assertThat(result).isInstanceOf(CodeSignIn.Result.Refused.class);
                }
            }
            assertThat(tried).isPositive();
            assertThat(refused).isPositive();
            assertThat(old.one("SELECT count(*) FROM user_sessions")).isEqualTo("0");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "1",
                "\"x\"",
                "{",
                "{}",
                "{\"challenge\":\"x\"}",
                "{\"code\":\"123456\"}",
                "{\"challenge\":null,\"code\":\"123456\"}",
                "{\"challenge\":[\"x\"],\"code\":\"123456\"}",
                "{\"challenge\":\"x\",\"code\":123456}",
                "{\"challenge\":\"x\",\"code\":\"123456\",\"code\":\"123457\"}",
                "{\"challenge\":\"x\",\"code\":\"123456\"} x",
                "{'challenge':'x','code':'123456'}"
            })
    void a_body_without_both_strings_is_malformed_and_is_not_quoted(String body) {
        assertThatThrownBy(() -> {
                    Json.Body parsed = Json.parse(body.getBytes(UTF_8));
                    parsed.string("challenge");
                    parsed.string("code");
                })
                .isInstanceOfSatisfying(HttpProblem.class, failure -> {
                    assertThat(failure.status()).isEqualTo(400);
                    assertThat(failure.detail()).doesNotContain("12345");
                });
    }

    /** What the servlet does; null where it fails as a request may. */
    private static CodeSignIn.@Nullable Result submit(CodeApp app, byte[] bytes) {
        try {
            Json.Body body = Json.parse(bytes);
            ChallengeSecret secret = new ChallengeSecret(body.string("challenge"));
            String code = EnteredCode.orNull(body.string("code"));
            return code == null ? null : app.attempt(secret, code);
        } catch (HttpProblem failure) {
            assertThat(failure.status()).isBetween(400, 422);
            return null;
        }
    }

    private static byte[] body(Random random, String secret) {
        switch (random.nextInt(4)) {
            case 0 -> {
                byte[] bytes = new byte[random.nextInt(64)];
                random.nextBytes(bytes);
                return bytes;
            }
            case 1 -> {
                StringBuilder body = new StringBuilder();
                int pieces = random.nextInt(20);
                for (int i = 0; i < pieces; i++) {
                    body.append(PIECES[random.nextInt(PIECES.length)]);
                }
                return body.toString().getBytes(UTF_8);
            }
            case 2 -> {
                // A good body, with some bytes of it changed.
                byte[] bytes = good(random, secret + "x");
                for (int i = random.nextInt(3); i >= 0; i--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                }
                return bytes;
            }
            default -> {
                return good(random, secret.substring(random.nextInt(1, secret.length())));
            }
        }
    }

    private static byte[] good(Random random, String challenge) {
        return "{\"challenge\":\"%s\",\"code\":\"%06d\"}"
                .formatted(challenge, random.nextInt(1_000_000))
                .getBytes(UTF_8);
    }
}
