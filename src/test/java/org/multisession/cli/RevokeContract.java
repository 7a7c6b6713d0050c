package org.multisession.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.auth.AuthEventDao;
import org.multisession.auth.Revocation;
import org.multisession.auth.Sessions;
import org.multisession.session.Stage;
import org.multisession.session.UserSessionDao;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.TestClock;
import org.multisession.token.SessionId;
import org.multisession.token.TokenHash;

/** The operators' sign-out, between two deploys: one process has one copy of SQLite on a file. {@code CommandLineIT} runs it beside. */
abstract class RevokeContract {

    private static final String ANNA = "+79991234567";
    private static final String BORIS = "+79991234568";
    private static final String ANNAS_OLD_COOKIE = "old_token_xyz123";

    private static final String SESSIONS = "SELECT auth_token FROM multisession_tokens WHERE ended_at IS NULL";
    private static final String USERS = "SELECT id || ' ' || phone || ' ' || coalesce(auth_token, '-') FROM users";

    private final TestClock clock = new TestClock();
    private @Nullable UnaryOperator<@Nullable String> terminal;
    private String out = "";
    private String err = "";

    /** The tokens that are remembered, as the command has left them. */
    private List<@Nullable String> left = List.of();

    /** A fresh database of the old app, in this form. */
    abstract OldApp make(String form);

    private OldApp old;
    private OldApp deployedOn;
    private NewApp app;
    private Stage stage = Stage.COEXIST;

    @BeforeEach
    void deploy() {
        old = make("single");
        deployedOn = old;
        app = deployed();
    }

    @AfterEach
    void undeploy() {
        app.close();
        old.close();
    }

    private int revoke(String... options) {
        List<String> arguments = new ArrayList<>(List.of("revoke"));
        arguments.addAll(old.options());
        arguments.addAll(List.of(options));
        app.close();
        CommandRun run = CommandRun.of(arguments, Map.of(), clock, terminal);
        out = run.out();
        err = run.err();
        left = old.dump().contains("multisession_tokens")
                ? old.all("SELECT auth_token FROM multisession_tokens")
                : List.of();
        app = deployed();
        return run.code();
    }

    private NewApp deployed() {
        return NewApp.deploy(deployedOn.claim(), NewApp.RULES, stage, clock);
    }

    private long idOf(String token) {
        return Objects.requireNonNull(app.opens(token));
    }

    private List<@Nullable String> events() {
        return old.all("SELECT user_id FROM auth_events WHERE kind = 'session-ended' AND outcome = 'operator'");
    }

    @ParameterizedTest
    @EnumSource(
            value = Stage.class,
            names = {"COEXIST", "SETTLE"})
    void a_user_is_signed_out_everywhere_and_of_old_devices_too_and_nobody_else(Stage given) {
        app.close();
        stage = given;
        app = deployed();
        String boris = app.signIn(BORIS);
        // In stage coexist the first sign-in adopts the old cookie.
        String one = app.signIn(ANNA);
        String two = app.signIn(ANNA);
        assertThat(app.opens(ANNAS_OLD_COOKIE)).isEqualTo(42);
        List<@Nullable String> users = old.all(USERS);
        assertThat(revoke("--user=42")).as(err).isZero();
        assertThat(out)
                .endsWith(
                        stage.mirrors()
                                ? "Ended 3 sessions and 0 legacy tokens of 1 user.\n"
                                : "Ended 2 sessions and 1 legacy token of 1 user.\n");
        assertThat(app.opens(one)).isNull();
        assertThat(app.opens(two)).isNull();
        assertThat(app.opens(ANNAS_OLD_COOKIE)).isNull();
        assertThat(app.opens(boris)).isNotNull();
        assertThat(old.all(USERS)).isEqualTo(users);
        assertThat(events()).hasSize(3);
        if (!stage.storesPlainTokens()) {
            // In the form that the running application has, though this shell's settings say nothing of it.
            assertThat(left)
                    .isNotEmpty()
                    .allMatch(token -> String.valueOf(token).startsWith("sha256:"));
        }
    }

    @Test
    void a_legacy_token_that_was_ended_is_not_adopted_at_the_next_sign_in() {
        assertThat(revoke("--number=8 999 123-45-67")).as(err).isZero();
        assertThat(out).endsWith("Ended 0 sessions and 1 legacy token of 1 user.\n");
        app.signIn(ANNA);
        assertThat(app.opens(ANNAS_OLD_COOKIE)).isNull();
    }

    @Test
    void a_sign_in_in_the_middle_of_it_saves_no_older_token() {
        app.signIn(ANNA);
        old.signInSingle(42, "set-by-the-old-app");
        Revocation revocation = new Revocation(
                app.database,
                new Sessions(new UserSessionDao(Stage.COEXIST), new AuthEventDao(), NewApp.RULES, new SecureRandom()),
                app.users,
                () -> {
                    // It would adopt the old cookie, if that had not ended yet.
                    app.signIn(ANNA);
                    return true;
                },
                clock);
        revocation.revoke(new Revocation.Target.OneUser(42));
        assertThat(app.opens("set-by-the-old-app")).isNull();
        assertThat(app.opens(ANNAS_OLD_COOKIE)).isNull();
    }

    @Test
    void a_token_that_two_users_have_opens_neither_account_later_either() {
        old.run("UPDATE users SET auth_token = ? WHERE id IN (42, 43)", "shared-token-of-both");
        assertThat(revoke("--everyone", "--yes")).as(err).isZero();
        old.run("UPDATE users SET auth_token = 'another-one' WHERE id = 43");
        assertThat(app.opens("shared-token-of-both")).isNull();
    }

    @Test
    void a_hash_in_the_place_of_a_legacy_token_is_none_and_whoever_has_the_token_stays_signed_in() {
        String boris = app.signIn(BORIS);
        old.run("UPDATE users SET auth_token = ? WHERE id = 42", TokenHash.of(boris));
        assertThat(revoke("--user=42")).as(err).isZero();
        assertThat(out).endsWith("Ended 0 sessions and 0 legacy tokens of 0 users.\n");
        assertThat(app.opens(boris)).isNotNull();
        assertThat(old.all("SELECT user_id FROM multisession_tokens WHERE user_id = 42"))
                .isEmpty();
    }

    @Test
    void one_session_ends_by_its_public_id() {
        String one = app.signIn(ANNA);
        String two = app.signIn(ANNA);
        assertThat(revoke("--session=" + SessionId.of(TokenHash.of(one)).text()))
                .as(err)
                .isZero();
        assertThat(out).endsWith("Ended 1 session and 0 legacy tokens of 1 user.\n");
        assertThat(app.opens(one)).isNull();
        assertThat(app.opens(two)).isEqualTo(42);
        // A second time it finds nothing, which is no failure.
        assertThat(revoke("--session=" + SessionId.of(TokenHash.of(one)).text()))
                .isZero();
        assertThat(out).endsWith("Ended 0 sessions and 0 legacy tokens of 0 users.\n");
    }

    @Test
    void sessions_that_began_long_ago_end_and_newer_ones_and_legacy_tokens_stay() {
        String early = app.signIn(BORIS);
        clock.advance(Duration.ofDays(20));
        idOf(early);
        app.lastSeen.flush();
        clock.advance(Duration.ofDays(11));
        String late = app.signIn(BORIS);
        assertThat(app.opens(early)).isNotNull();
        assertThat(revoke("--older-than=P30D")).as(err).isZero();
        assertThat(app.opens(early)).isNull();
        assertThat(app.opens(late)).isNotNull();
        assertThat(app.opens(ANNAS_OLD_COOKIE)).isEqualTo(42);
    }

    @Test
    void everybody_is_signed_out_after_a_yes_and_only_then() {
        List<String> tokens = new ArrayList<>();
        for (int i = 0; i < 450; i++) {
            tokens.add(app.signIn(i % 2 == 0 ? ANNA : BORIS));
        }
        List<String> live =
                tokens.stream().filter(token -> app.opens(token) != null).toList();
        assertThat(live).hasSize(100);
        assertThat(revoke("--everyone")).as("nobody can be asked").isEqualTo(2);
        assertThat(out).contains("This signs everybody out: 1").endsWith("Nothing was changed. To do it, add --yes.\n");
        terminal = question -> "no";
        assertThat(revoke("--everyone")).isZero();
        assertThat(out).endsWith("Nothing was changed.\n");
        assertThat(live).allSatisfy(token -> assertThat(app.opens(token)).isNotNull());
        terminal = question -> "Yes";
        assertThat(revoke("--everyone")).isZero();
        assertThat(live).allSatisfy(token -> assertThat(app.opens(token)).isNull());
        assertThat(old.all("SELECT auth_token FROM users WHERE auth_token IS NOT NULL AND auth_token <> ''"))
                .allSatisfy(row -> assertThat(app.opens(row.replace("'", ""))).isNull());
        assertThat(revoke("--everyone", "--yes")).isZero();
        assertThat(out).endsWith("Ended 0 sessions and 0 legacy tokens of 0 users.\n");
    }

    @Test
    void a_dry_run_counts_what_would_end_and_changes_nothing() {
        app.signIn(BORIS);
        List<@Nullable String> before = old.all(SESSIONS);
        for (String target : List.of("--user=42", "--everyone", "--older-than=PT1S")) {
            assertThat(revoke(target, "--dry-run")).isZero();
            assertThat(out).startsWith("Would end ").endsWith(". Nothing was changed.\n");
        }
        assertThat(old.all(SESSIONS)).isEqualTo(before).hasSize(2);
        revoke("--user=42", "--dry-run");
        assertThat(out).isEqualTo("Would end 0 sessions and 1 legacy token of 1 user. Nothing was changed.\n");
    }

    @Test
    void a_row_that_opens_nothing_is_no_session_that_a_dry_run_counts() {
        old.signInMulti(43, "a-session-of-boris", clock.instant());
        app.close();
        stage = Stage.SETTLE;
        app = deployed();
        // As from a backup of that table alone: beside the hash it counts for nothing.
        old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (43, 'a-session-of-boris')");
        clock.advance(Duration.ofMinutes(1));
        assertThat(revoke("--older-than=PT1S", "--dry-run")).isZero();
        String foreseen = out;
        assertThat(revoke("--older-than=PT1S")).isZero();
        assertThat(foreseen.replace("Would end", "Ended").replace(". Nothing was changed", ""))
                .isEqualTo(out);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "--user=42 --everyone",
                "--user=anna",
                "--user=999",
                "--session=typed-wrong",
                "--session=",
                "--older-than=30",
                "--older-than=P0D",
                "--older-than=-P1D",
                "--number=nobody",
                "--number=+79995550000"
            })
    void what_names_nobody_is_refused_and_ends_nothing(String options) {
        assertThat(revoke(options.isEmpty() ? new String[0] : options.split(" ", -1)))
                .isEqualTo(2);
        assertThat(err).contains("revoke was not started:").doesNotContain("79995550000");
        assertThat(app.opens(ANNAS_OLD_COOKIE)).isEqualTo(42);
    }

    @Test
    void a_database_that_is_not_migrated_is_left_alone() {
        app.close();
        old.close();
        old = make("multi");
        deployedOn = make("single");
        app = deployed();
        String before = old.dump();
        assertThat(revoke("--everyone", "--yes")).isEqualTo(2);
        assertThat(err).contains("Multi-Session is not in this database");
        assertThat(old.dump()).isEqualTo(before);
    }
}
