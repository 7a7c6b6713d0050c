package org.multisession.otp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.multisession.auth.AuthEventDao;
import org.multisession.auth.PersonalData;
import org.multisession.auth.Revocation;
import org.multisession.otp.OneTimeCodes.Refusal;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.multisession.testing.CodeApp;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TestClock;
import org.multisession.user.User;

/** SQLite takes a text of any length, whatever the type of its column says. */
class PostgresLongTextTest {

    private static final String TEXT = "ask for Boris at the front desk";

    @Test
    void one_that_stands_in_a_row_is_answered_like_any_number_and_forgotten_with_its_user() {
        try (PostgresApp old = PostgresApp.make("single")) {
            old.run("ALTER TABLE users ALTER COLUMN phone TYPE VARCHAR(100)");
            old.run("UPDATE users SET phone = ? WHERE id = 43", TEXT);
            TestClock clock = new TestClock();
            try (CodeApp app = CodeApp.deploy(old.claim(), CodeApp.RULES, clock)) {
                ChallengeSecret secret = CodeApp.challenged(ask(app));
                assertThat(app.refusal(secret, "123456")).isEqualTo(Refusal.WRONG);
                assertThat(CodeApp.limited(ask(app)).limit()).isEqualTo(CodeLimit.RESEND);

                Revocation revocation =
                        new Revocation(app.app.database, app.app.sessions, app.app.users, () -> true, clock);
                new PersonalData(
                                app.app.database,
                                app.app.sessions,
                                revocation,
                                new AuthEventDao(),
                                new PhoneNumbers("RU"),
                                clock)
                        .forget(new User(43, TEXT, null));
                assertThat(old.one("SELECT count(*) FROM multisession_stranger_requests"))
                        .isEqualTo("0");
            }
        }
    }

    private static OneTimeCodes.CodeRequestResult ask(CodeApp app) {
        PhoneNumber typed = Objects.requireNonNull(new PhoneNumbers("RU").read(TEXT));
        return app.codes.ask(typed, NewApp.CLIENT, List.of(), code -> code);
    }
}
