package org.multisession.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.multisession.auth.AuthEventDao;
import org.multisession.auth.PersonalData;
import org.multisession.auth.Revocation;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.Client;
import org.multisession.testing.CodeApp;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.TestClock;
import org.multisession.token.TokenHash;
import org.multisession.user.User;

/** {@code export} and {@code forget}: what is kept of one user, shown and removed. */
abstract class PersonalDataContract {

    private static final String ANNA = "+79991234567";
    private static final String BORIS = "+79991234568";
    private static final String ANNAS_OLD_COOKIE = "old_token_xyz123";
    private static final Client PHONE = new Client("192.0.2.77", "Anna's phone");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final TestClock clock = new TestClock();
    private String out = "";
    private String err = "";

    /** A fresh database of the old app, in this form. */
    abstract OldApp make(String form);

    private OldApp old;
    private String ended = "";
    private String live = "";

    /** Something of Anna in every table, and of Boris. */
    @BeforeEach
    void live() {
        old = make("single");
        try (CodeApp app = CodeApp.deploy(old.claim(), CodeApp.RULES, clock)) {
            app.app.who(ANNAS_OLD_COOKIE, PHONE);
            app.app.lastSeen.flush();
            ended = app.app.signIn(ANNA, PHONE);
            app.app.who(ended, PHONE);
            app.app.signOut(ended);
            live = app.signIn(app.challenge(ANNA), app.sent.next().code());
            app.app.who(live, PHONE);
            clock.advance(Duration.ofMinutes(2));
            app.app.who(live, PHONE);
            app.app.lastSeen.flush();
            app.challenge(ANNA);
            app.sent.next();
            app.signIn(app.challenge(BORIS), app.sent.next().code());
        }
    }

    @AfterEach
    void close() {
        old.close();
    }

    private int run(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(old.options());
        CommandRun run = CommandRun.of(all, Map.of(), clock);
        out = run.out();
        err = run.err();
        return run.code();
    }

    private @Nullable Long opens(String token) {
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            return app.opens(token);
        }
    }

    @Test
    void an_export_shows_everything_that_is_kept_and_no_secret() throws JsonProcessingException {
        String before = old.dump();
        assertThat(run("export", "--user=42")).as(err).isZero();
        assertThat(old.dump()).isEqualTo(before);
        JsonNode all = JSON.readTree(out);
        assertThat(all.at("/user/numbers/0").textValue()).isEqualTo(ANNA);
        assertThat(all.path("sessions").findValuesAsText("device")).contains("Anna's phone");
        assertThat(all.path("sessions").findValuesAsText("address")).contains("192.0.2.77");
        assertThat(all.path("endedSessions").findValuesAsText("reason")).containsExactly("signed-out");
        assertThat(all.path("legacyTokenUses").findValuesAsText("address")).containsExactly("192.0.2.77");
        assertThat(all.path("events").findValuesAsText("kind")).contains("sign-in", "sign-out");
        assertThat(all.path("codeRequests")).hasSize(2);
        assertThat(all.path("challenges")).hasSize(1);
        assertThat(all.path("knownBrowsers")).hasSize(1);
        assertThat(out)
                .doesNotContain(
                        live,
                        ended,
                        ANNAS_OLD_COOKIE,
                        TokenHash.of(live),
                        "sha256:",
                        BORIS,
                        "code_mac",
                        "challenge_hash");
        old.all("SELECT challenge_hash FROM multisession_challenges")
                .forEach(hash -> assertThat(out).doesNotContain(Objects.requireNonNull(hash)));
    }

    @Test
    void a_dry_run_counts_and_changes_nothing() {
        String before = old.dump();
        assertThat(run("forget", "--user=42", "--dry-run")).as(err).isZero();
        assertThat(out)
                .contains(
                        "Would remove 2 sessions, 1 ended session, 1 legacy token, ",
                        "3 code requests and 1 known browser.")
                .contains("Nothing was changed.");
        assertThat(old.dump()).isEqualTo(before);
    }

    @Test
    void who_is_forgotten_is_signed_out_and_nothing_but_users_knows_them() {
        String users = old.rows("users");
        String boris = old.rows("auth_events")
                .lines()
                .filter(line -> line.contains(",43,"))
                .toList()
                .toString();
        assertThat(run("forget", "--user=42")).as(err).isZero();
        assertThat(out).startsWith("Removed 2 sessions, 1 ended session, ");

        assertThat(old.rows("users")).isEqualTo(users);
        for (String sql : List.of(
                "SELECT count(*) FROM user_sessions WHERE user_id = 42",
                "SELECT count(*) FROM multisession_tokens WHERE user_id = 42",
                "SELECT count(*) FROM multisession_legacy_uses WHERE user_id = 42",
                "SELECT count(*) FROM multisession_sign_ins WHERE user_id = 42",
                "SELECT count(*) FROM auth_events WHERE user_id = 42 OR address = '192.0.2.77'",
                "SELECT count(*) FROM multisession_devices WHERE address = '192.0.2.77' OR device LIKE 'Anna%'",
                "SELECT count(*) FROM multisession_code_requests WHERE number = '" + ANNA + "'",
                "SELECT count(*) FROM multisession_challenges WHERE number = '" + ANNA + "'",
                "SELECT count(*) FROM multisession_known_browsers WHERE number = '" + ANNA + "'")) {
            assertThat(old.one(sql)).as(sql).isEqualTo("0");
        }
        assertThat(old.rows("auth_events")
                        .lines()
                        .filter(line -> line.contains(",43,"))
                        .toList()
                        .toString())
                .isEqualTo(boris);
        assertThat(old.all(
                        "SELECT coalesce(CAST(user_id AS TEXT), 'nobody') || coalesce(address, '') || coalesce(device, '') FROM auth_events"
                                + " WHERE kind = 'user-forgotten'"))
                .containsExactly("nobody");
        for (String token : List.of(live, ended, ANNAS_OLD_COOKIE)) {
            assertThat(opens(token)).isNull();
        }
        old.signInSingle(42, ended);
        assertThat(opens(ended)).as("ended tokens stay ended").isNull();
        old.signInSingle(42, "a-new-legacy-token");
        assertThat(opens("a-new-legacy-token")).isEqualTo(42);
        assertThat(run("export", "--user=42")).isZero();
        assertThat(out).contains("\"events\" : [ ]", "\"sessions\" : [ ]", "\"endedSessions\" : [ ]");
    }

    @Test
    void of_a_user_who_is_gone_what_is_left_can_still_be_removed() {
        assertThat(run("export", "--user=42")).isZero();
        assertThat(err).doesNotContain("no user has the id");
        old.deleteUser(42);
        assertThat(run("export", "--user=42")).isZero();
        assertThat(err).contains("no user has the id 42 now; of one who is gone, something may be left");
        assertThat(run("forget", "--user=42")).as(err).isZero();
        assertThat(err).contains("no user has the id 42 now");
        assertThat(old.one("SELECT count(*) FROM auth_events WHERE user_id = 42"))
                .isEqualTo("0");
        for (String table : List.of("multisession_legacy_uses", "user_sessions", "multisession_tokens")) {
            assertThat(old.one("SELECT count(*) FROM " + table + " WHERE user_id = 42"))
                    .as(table)
                    .isEqualTo("0");
        }
        assertThat(opens(live)).isNull();
    }

    @Test
    void the_sessions_of_whoever_had_the_id_before_are_forgotten_with_the_user() {
        old.deleteUser(42);
        old.run("INSERT INTO users (id, phone, auth_token) VALUES (42, '+79990000001', 'a-legacy-token')");
        assertThat(run("forget", "--user=42")).as(err).isZero();
        assertThat(old.one("SELECT count(*) FROM user_sessions WHERE user_id = 42"))
                .isEqualTo("0");
    }

    @Test
    void what_a_request_has_noted_is_not_written_once_its_user_is_forgotten() {
        old.signInSingle(42, "a-new-legacy-token");
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.who("a-new-legacy-token", PHONE)).isNotNull();
            Revocation revocation = new Revocation(app.database, app.sessions, app.users, () -> true, clock);
            new PersonalData(app.database, app.sessions, revocation, new AuthEventDao(), new PhoneNumbers("RU"), clock)
                    .forget(new User(42, ANNA, null));
            app.lastSeen.flush();
        }
        assertThat(old.one("SELECT count(*) FROM multisession_legacy_uses WHERE user_id = 42"))
                .isEqualTo("0");
    }

    @Test
    void a_user_has_to_be_named_by_id() {
        for (String command : List.of("export", "forget")) {
            assertThat(run(command)).isEqualTo(2);
            assertThat(err).contains("say which user by --user=ID");
            assertThat(run(command, "--user=" + ANNA + "x")).isEqualTo(2);
            assertThat(err).contains("--user needs the id of a user, a whole number");
        }
    }
}
