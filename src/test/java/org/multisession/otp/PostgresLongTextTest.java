package org.multisession.otp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.multisession.otp.OneTimeCodes.Refusal;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.multisession.testing.CodeApp;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TestClock;

/** SQLite takes a text of any length, whatever the type of its column says. */
class PostgresLongTextTest {

    private static final String TEXT = "ask for Boris at the front desk";

    @Test
    void one_that_stands_in_a_row_is_answered_like_any_number() {
        try (PostgresApp old = PostgresApp.make("single")) {
            old.run("ALTER TABLE users ALTER COLUMN phone TYPE VARCHAR(100)");
            old.run("UPDATE users SET phone = ? WHERE id = 43", TEXT);
            try (CodeApp app = CodeApp.deploy(old.claim(), CodeApp.RULES, new TestClock())) {
                ChallengeSecret secret = CodeApp.challenged(ask(app));
                assertThat(app.refusal(secret, "123456")).isEqualTo(Refusal.WRONG);
                assertThat(CodeApp.limited(ask(app)).limit()).isEqualTo(CodeLimit.RESEND);
            }
        }
    }

    private static OneTimeCodes.CodeRequestResult ask(CodeApp app) {
        PhoneNumber typed = Objects.requireNonNull(new PhoneNumbers("RU").read(TEXT));
        return app.codes.ask(typed, NewApp.CLIENT, null, code -> code);
    }
}
