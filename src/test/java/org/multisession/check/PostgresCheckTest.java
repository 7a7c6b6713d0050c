package org.multisession.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.multisession.check.Reports.codes;
import static org.multisession.check.Reports.rows;
import static org.multisession.check.Reports.text;
import static org.multisession.check.Reports.written;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.auth.SignIn;
import org.multisession.check.AccessComparison.Opening;
import org.multisession.db.postgres.PostgresServer;
import org.multisession.migration.Progress;
import org.multisession.session.Stage;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TestClock;

/** What a check says of a PostgreSQL database, of which it only reads. */
class PostgresCheckTest {

    private static final String USERS = """
            CREATE TABLE users (id SERIAL PRIMARY KEY, phone VARCHAR(100), auth_token VARCHAR(128), "plan" VARCHAR(20));
            INSERT INTO users VALUES
                (1, '+79990000001', 'first-token-of-user-1', 'free'),
                (2, '+79990000002', 'first-token-of-user-2', 'free'),
                (3, '+79990000003', NULL, 'free');
            """;

    private static final String SESSIONS = """
            CREATE TABLE user_sessions (
                id SERIAL PRIMARY KEY, user_id INTEGER NOT NULL, auth_token VARCHAR(128) NOT NULL UNIQUE,
                created_at TIMESTAMP DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC'),
                last_seen_at TIMESTAMP DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC'));
            INSERT INTO user_sessions (user_id, auth_token) VALUES (1, 'a-session-of-user-1');
            """;

    private final TestClock clock = new TestClock();
    private PostgresApp old;

    @BeforeEach
    void makeTheOldApp() {
        old = PostgresApp.makeBy(USERS + SESSIONS);
    }

    @AfterEach
    void closeTheOldApp() {
        old.close();
    }

    private Report check() {
        return check(Stage.COEXIST, new ArrayList<>());
    }

    private Report check(Stage stage, List<Opening> openings) {
        CheckRules rules = new CheckRules(stage, false, "RU", NewApp.RULES, true);
        try (PostgresServer server = old.claim()) {
            return new Check(
                            rules,
                            Trials.NONE,
                            Duration.ofSeconds(5),
                            clock,
                            System::nanoTime,
                            Progress.NONE,
                            openings::add)
                    .of(server);
        }
    }

    private void instead(PostgresApp another) {
        old.close();
        old = another;
    }

    @ParameterizedTest
    @CsvSource({"single, 0, 0", "multi, 4, 2"})
    void a_good_database_is_safe_and_stays_as_it_is(String script, String sessions, String same) {
        instead(PostgresApp.make(script));
        String before = old.dump();
        Report report = check();
        assertThat(report.isSafe()).isTrue();
        assertThat(codes(report)).containsExactly("empty-token");
        assertThat(text(report, "legacy-tokens")).isEqualTo("6");
        assertThat(text(report, "legacy-tokens-same")).isEqualTo("6");
        assertThat(text(report, "sessions")).isEqualTo(sessions);
        assertThat(text(report, "sessions-same")).isEqualTo(same);
        assertThat(text(report, "deployed-before")).isEqualTo("no");
        assertThat(text(report, "longest-wait")).startsWith("half a second");
        assertThat(old.dump()).isEqualTo(before);
    }

    @Test
    void an_empty_database_is_a_new_one() {
        instead(PostgresApp.empty());
        Report report = check();
        assertThat(report.findings()).isEmpty();
        assertThat(text(report, "users")).isEqualTo("0");
        assertThat(text(report, "old-app")).isEqualTo("none: the database is empty");
    }

    @Test
    void a_database_of_ours_is_safe_to_deploy_on_again() {
        instead(PostgresApp.make("single"));
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            app.signIn("+79991234567");
            app.signOut(app.signIn("+79991234568"));
        }
        Report report = check();
        assertThat(report.isSafe()).isTrue();
        assertThat(codes(report)).containsExactly("empty-token", "ended-token", "missing-time");
        assertThat(rows(report, "ended-token")).containsExactly("user 43 (signed-out)");
        assertThat(text(report, "to-be-made")).isEqualTo("nothing");
        assertThat(text(report, "deployed-before")).isEqualTo("yes");
        assertThat(text(report, "sessions-only-here")).isEqualTo("2");
        assertThat(text(report, "sessions-mirrored")).isEqualTo("1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "shared-token | UPDATE users SET auth_token = 'first-token-of-user-1' | users 1, 2, 3",
                "orphan-over-legacy | INSERT INTO user_sessions (user_id, auth_token) VALUES (77, 'first-token-of-user-2')"
                        + " | user 2; session 2 (of user 77)",
                "hash-shaped-token | UPDATE users SET auth_token = concat('sha256:', repeat('A', 43)) WHERE id = 1 | user 1",
                "deploy-refused | ALTER TABLE users RENAME phone TO telephone | the table users lacks the columns phone",
                "deploy-refused | ALTER TABLE users ALTER id TYPE TEXT | users.id is of the type text, not a whole number",
                "deploy-refused | ALTER TABLE users ALTER auth_token TYPE BYTEA USING auth_token::BYTEA"
                        + " | users.auth_token is of the type bytea, and it must be a text",
                "deploy-refused | ALTER TABLE users ALTER auth_token TYPE CHAR(64)"
                        + " | users.auth_token is of the type character(64), which fills a token up with blanks. Give it the"
                        + " type varchar(64)",
                "deploy-refused | ALTER TABLE users ALTER auth_token TYPE VARCHAR(40)"
                        + " | a sign-in cannot work: users.auth_token holds 40 characters, and 43 are needed",
                "deploy-refused | ALTER TABLE user_sessions ADD device TEXT NOT NULL DEFAULT '';"
                        + " ALTER TABLE user_sessions ALTER device DROP DEFAULT"
                        + " | a sign-in cannot work: user_sessions.device needs a value, and has no default",
                "deploy-refused | ALTER TABLE user_sessions ALTER id DROP DEFAULT"
                        + " | a sign-in cannot work: user_sessions.id needs a value, and has no default",
                "deploy-refused | CREATE TABLE people (id INTEGER PRIMARY KEY); INSERT INTO people VALUES (1);"
                        + " ALTER TABLE user_sessions ADD FOREIGN KEY (user_id) REFERENCES people (id)"
                        + " | a foreign key of user_sessions leads to people, not to users"
            })
    void a_fault_makes_a_database_unsafe(String code, String statement, String row) {
        old.run(statement);
        Report report = check();
        assertThat(rows(report, code)).containsExactly(row);
        assertThat(report.isSafe()).isFalse();
        assertThat(report.verdict()).startsWith("NOT SAFE: ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "token-of-another | INSERT INTO user_sessions (user_id, auth_token) VALUES (1, 'first-token-of-user-2')"
                        + " | user 2; session 2 (of user 1)",
                "short-token | UPDATE users SET auth_token = 'fifteen-letters' WHERE id = 1 | user 1",
                "digits-only-token | UPDATE users SET auth_token = '12345678901234567890' WHERE id = 1 | user 1",
                "colliding-number | UPDATE users SET phone = '8 (999) 000-00-02' WHERE id = 3"
                        + " | users 2, 3 (+7 ••• •••-00-02)",
                "no-number | UPDATE users SET phone = 'none' WHERE id = 2 | user 2",
                "missing-number | UPDATE users SET phone = NULL WHERE id = 2 | user 2",
                "orphan-session | UPDATE user_sessions SET user_id = 9 | session 1 (of user 9)",
                "future-time | UPDATE user_sessions SET last_seen_at = '2999-01-01 00:00:00'"
                        + " | session 1 (last_seen_at, of user 1)",
                "unreadable-time | UPDATE user_sessions SET created_at = 'infinity' | session 1 (created_at, of user 1)",
                "missing-time | UPDATE user_sessions SET created_at = NULL | session 1 (created_at, of user 1)",
                "empty-token | UPDATE users SET auth_token = '' WHERE id = 3 | user 3",
                "unsendable-token | UPDATE users SET auth_token = 'токен-из-букв-и-тире' WHERE id = 2 | user 2",
                "quoted-token | UPDATE users SET auth_token = 'a token with spaces' WHERE id = 2 | user 2",
                "not-tried | ALTER TABLE users ADD CONSTRAINT long_enough CHECK (length(auth_token) > 9)"
                        + " | the constraint long_enough of users",
                "not-tried | CREATE RULE nothing AS ON DELETE TO user_sessions DO ALSO SELECT 1"
                        + " | the rule nothing of user_sessions",
                "not-tried | ALTER TABLE users ENABLE ROW LEVEL SECURITY | row-level security of users",
                "other-stage | ALTER TABLE user_sessions ALTER auth_token TYPE VARCHAR(45)"
                        + " | a sign-in cannot work: user_sessions.auth_token holds 45 characters, and 50 are needed in"
                        + " stage settle"
            })
    void a_fault_leaves_a_database_safe(String code, String statement, String row) {
        old.run(statement);
        Report report = check();
        assertThat(rows(report, code)).contains(row);
        assertThat(report.isSafe()).isTrue();
    }

    @Test
    void an_account_that_could_not_migrate_is_told() {
        old.run("DROP ROLE IF EXISTS reader_of_checks");
        old.run("CREATE ROLE reader_of_checks LOGIN");
        old.run("GRANT SELECT ON users, user_sessions TO reader_of_checks");
        try (PostgresServer server = PostgresServer.at(old.url(), "reader_of_checks", null)) {
            CheckRules rules = new CheckRules(Stage.COEXIST, false, "RU", NewApp.RULES, true);
            Report report = new Check(rules, Trials.NONE, Duration.ofSeconds(5), clock, Progress.NONE).of(server);
            assertThat(rows(report, "deploy-refused"))
                    .singleElement()
                    .asString()
                    .contains("1. the account reader_of_checks may make no table in this schema")
                    .contains("2. the account reader_of_checks does not own the table users")
                    .contains("3. the account reader_of_checks does not own the table user_sessions")
                    .contains("Migrate once with the account that owns the old app's tables");
        } finally {
            old.run("DROP OWNED BY reader_of_checks");
            old.run("DROP ROLE reader_of_checks");
        }
    }

    @Test
    void a_trigger_of_the_teams_is_named_because_nothing_was_tried() {
        assertThat(codes(check())).isEmpty();
        old.run("CREATE FUNCTION audit() RETURNS TRIGGER LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'");
        old.run("CREATE TRIGGER audit BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION audit()");
        Report report = check();
        assertThat(codes(report)).containsExactly("not-tried", "trigger");
        assertThat(rows(report, "not-tried")).containsExactly("the trigger audit of users");
        assertThat(text(report, "method")).contains("by reading alone");
        NewApp.deploy(old.claim(), clock).close();
        assertThat(rows(check(), "trigger")).as("ours are none").containsExactly("audit");
    }

    @Test
    void what_a_deletion_meets_is_told_unless_the_team_has_a_trigger_for_it() {
        instead(PostgresApp.makeBy(USERS));
        NewApp.deploy(old.claim(), clock).close();
        assertThat(codes(check())).isEmpty();
        old.run("ALTER TABLE user_sessions DROP CONSTRAINT user_sessions_user_id_fkey");
        old.run("ALTER TABLE user_sessions ADD FOREIGN KEY (user_id) REFERENCES users (id)");
        assertThat(codes(check())).containsExactly("user-deletion");
        old.run("CREATE FUNCTION let_go() RETURNS TRIGGER LANGUAGE plpgsql AS"
                + " 'BEGIN DELETE FROM user_sessions WHERE user_id = OLD.id; RETURN OLD; END'");
        old.run("CREATE TRIGGER let_go BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION let_go()");
        assertThat(codes(check())).containsExactly("not-tried", "trigger");
    }

    @Test
    void tokens_that_a_case_blind_column_takes_for_one_are_unsafe() {
        old.run("CREATE EXTENSION IF NOT EXISTS citext");
        old.run("ALTER TABLE users ALTER auth_token TYPE citext");
        old.run("UPDATE users SET auth_token = 'A-TOKEN-in-any-case' WHERE id = 1");
        old.run("UPDATE users SET auth_token = 'a-token-IN-any-case' WHERE id = 2");
        assertThat(rows(check(), "shared-token")).containsExactly("users 1, 2");
    }

    @Test
    void the_report_names_the_database_and_no_secret() {
        Report report = check();
        assertThat(written(report, Format.TEXT)).startsWith("Check of " + old.url() + " for stage coexist, ");
        assertThat(written(report, Format.JSON)).contains("\"database\" : \"" + old.url() + "\"");
        assertThat(written(report, Format.MARKDOWN))
                .startsWith("# Check of " + old.url().substring(old.url().lastIndexOf('/') + 1));
        for (Format format : Format.values()) {
            assertThat(written(report, format)).doesNotContain("first-token-of", "79990000001", "a-session-of");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"single", "multi"})
    void the_lists_are_what_both_apps_do_with_the_samples(String script) {
        instead(PostgresApp.make(script));
        assertThat(compare(Set.of("unknown-token"))).isPositive();
    }

    /** A failing database is named by its seed. */
    @Test
    void the_lists_are_what_both_apps_do_with_any_database() {
        int compared = 0;
        for (int seed = 1; seed <= 30; seed++) {
            old.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
            try {
                compared += compare(new RandomDatabase(seed).make());
            } catch (AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        assertThat(compared).isGreaterThan(50);
    }

    /** How many tokens open an account. */
    private int compare(Set<String> more) {
        List<Opening> openings = new ArrayList<>();
        boolean isMulti = isMulti();
        Report report = check(Stage.COEXIST, openings);
        assertThat(codes(report)).doesNotContain("deploy-refused");
        Map<String, @Nullable Long> before = new HashMap<>();
        Map<String, @Nullable Long> after = new HashMap<>();
        openings.forEach(opening -> {
            before.put(opening.token().value(), opening.before());
            after.put(opening.token().value(), opening.after());
        });
        Set<String> tokens = new HashSet<>(more);
        tokens.addAll(before.keySet());
        for (String token : tokens) {
            List<@Nullable Long> holders = oldApp(isMulti, token);
            if (before.get(token) == null) {
                assertThat(holders).as("before: %s", token).isEmpty();
            } else {
                // Of several rows the old app may find any.
                assertThat(holders).as("before: %s", token).contains(before.get(token));
            }
        }
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            int opened = 0;
            for (String token : tokens) {
                Long opens = app.opens(token);
                assertThat(after.get(token)).as("after: %s", token).isEqualTo(opens);
                opened += opens == null ? 0 : 1;
            }
            return opened;
        }
    }

    private boolean isMulti() {
        return old.one("SELECT to_regclass('user_sessions') IS NOT NULL").equals("t")
                && (old.one("SELECT to_regclass('multisession_created') IS NULL")
                                .equals("t")
                        || old.one("SELECT count(*) FROM multisession_created WHERE name = 'user_sessions'")
                                .equals("0"));
    }

    private List<@Nullable Long> oldApp(boolean isMulti, String token) {
        if (isMulti) {
            List<@Nullable String> session = old.all(
                    "SELECT u.id FROM user_sessions s JOIN users u ON u.id = s.user_id WHERE s.auth_token = ?", token);
            if (!session.isEmpty()) {
                return List.of(Long.valueOf(Objects.requireNonNull(session.get(0))));
            }
        }
        List<@Nullable Long> ids = new ArrayList<>();
        old.all("SELECT id FROM users WHERE auth_token = ? AND auth_token <> ''", token)
                .forEach(id -> ids.add(Long.valueOf(Objects.requireNonNull(id))));
        return ids;
    }

    /** Some users and sessions with few tokens among them, so that much collides. */
    private final class RandomDatabase {

        private static final List<String> TOKENS =
                List.of("alpha", "ALPHA", "beta", "gamma", "delta ", "12", "012", "épsilon", "ж", "a;b", "\u0001x");

        private final Random random;

        RandomDatabase(int seed) {
            random = new Random(seed);
        }

        Set<String> make() {
            old.run("CREATE TABLE users (id " + oneOf("BIGINT", "INTEGER")
                    + " PRIMARY KEY, phone VARCHAR(100), auth_token " + oneOf("VARCHAR(128)", "TEXT") + ")");
            if (random.nextBoolean()) {
                old.run("CREATE TABLE user_sessions (id SERIAL PRIMARY KEY, user_id INTEGER NOT NULL, auth_token "
                        + oneOf("VARCHAR(128)", "TEXT") + " NOT NULL UNIQUE, created_at "
                        + oneOf("TIMESTAMP", "TIMESTAMPTZ") + ", last_seen_at TIMESTAMP)");
            }
            change();
            Set<String> tokens = new HashSet<>(TOKENS);
            if (random.nextInt(2) == 0) {
                try (NewApp app = NewApp.deploy(old.claim(), clock)) {
                    for (int i = random.nextInt(4); i > 0; i--) {
                        String number = "+7999000000" + (1 + random.nextInt(6));
                        if (app.trySignIn(number) instanceof SignIn.Result.Started started) {
                            tokens.add(started.token().value());
                            if (random.nextInt(3) == 0) {
                                app.signOut(started.token().value());
                            }
                        }
                    }
                }
                clock.advance(Duration.ofDays(random.nextInt(3) == 0 ? 31 : 1));
                if (random.nextInt(3) == 0) {
                    old.run("DROP TRIGGER "
                            + oneOf(
                                    "multisession_user_inserted ON users",
                                    "multisession_session_deleted ON user_sessions",
                                    "multisession_session_inserted ON user_sessions"));
                }
                change();
            }
            return tokens;
        }

        private void change() {
            boolean hasSessions =
                    old.one("SELECT to_regclass('user_sessions') IS NOT NULL").equals("t");
            for (int userId : List.of(6, 3, 1, 5, 2, 4)) {
                int what = random.nextInt(8);
                if (what < 6) {
                    old.run("DELETE FROM users WHERE id = " + userId
                            + (hasSessions
                                    ? " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conrelid ="
                                            + " to_regclass('user_sessions') AND contype = 'f')"
                                    : ""));
                }
                if (what > 0 && what < 6) {
                    old.run(
                            "INSERT INTO users VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET auth_token = excluded.auth_token",
                            userId,
                            "+7999000000" + userId,
                            random.nextInt(6) == 0 ? null : token());
                }
            }
            for (int i = 0; hasSessions && i < 5; i++) {
                old.run(
                        "INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at)"
                                + " SELECT id, ?, ?, ? FROM users WHERE id = ? ON CONFLICT DO NOTHING",
                        token(),
                        oneOf("2026-02-05 12:00:00", "2999-01-01 00:00:00"),
                        random.nextBoolean() ? null : "1970-01-01 00:00:00",
                        1 + random.nextInt(7));
            }
            if (hasSessions && random.nextInt(4) == 0) {
                old.run("DELETE FROM user_sessions WHERE id % 3 = 0");
                old.run(
                        "UPDATE user_sessions SET user_id = 2 WHERE id % 5 = 0 AND EXISTS (SELECT 1 FROM users WHERE id = 2)");
            }
        }

        private String token() {
            return TOKENS.get(random.nextInt(TOKENS.size()));
        }

        private String oneOf(String... choices) {
            return choices[random.nextInt(choices.length)];
        }
    }
}
