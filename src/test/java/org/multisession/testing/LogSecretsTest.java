package org.multisession.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.token.SessionToken;

class LogSecretsTest {

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String LINE = "26-Nov-2026 14:02:00.152 INFO [main] org.multisession.web.Some.thing ";

    @Test
    void a_token_is_found_wherever_it_stands() {
        IntStream.range(0, 200).forEach(i -> {
            String token = SessionToken.random(RANDOM).value();
            for (String text : new String[] {token, "token=" + token + ".", "(" + token + ")", "/x/" + token + "?y"}) {
                assertThat(LogSecrets.in("a line before\n" + LINE + text + "\n"))
                        .containsExactly(LINE + text);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"+79991234568", "79991234567", "to 89991234567,", "users.phone = '9991234567'"})
    void a_whole_number_is_found(String text) {
        assertThat(LogSecrets.in(LINE + text)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "the number that ends in 4567",
                "Send it as +79991234567.",
                "/tmp/junit-9991234567891234567/old-app.db",
                "[5f0c8b7d6a3e2f10] 1764169320152 ms, 79991 of 234567",
                "[4e9965367583ca44] Request failed, reference 7fe7a4c1",
                "[9965367583ca44e1] and [ca44e19965367583]",
                "app.db.backup-20261126-140050Z.db, verified: 1000000 users",
                "multi-session-long-housekeeping-of-the-application-1",
            })
    void what_is_no_secret_is_not(String text) {
        assertThat(LogSecrets.in(LINE + text)).isEmpty();
    }
}
