package org.multisession.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.testing.NewApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/** A database on which a sign-in cannot work is refused before anything is changed; one on which it can is not. */
class TrialTest {

    private static final String SESSIONS = """
            CREATE TABLE user_sessions (
                id INTEGER NOT NULL PRIMARY KEY, user_id INTEGER NOT NULL %s, auth_token %s,
                created_at DATETIME DEFAULT CURRENT_TIMESTAMP, last_seen_at DATETIME DEFAULT CURRENT_TIMESTAMP%s)%s
            """;

    private static final String REBUILT_USERS = """
            CREATE TABLE u (id INTEGER NOT NULL PRIMARY KEY, phone VARCHAR(20) NOT NULL, auth_token VARCHAR(128)%s);
            INSERT INTO u (id, phone, auth_token)
                SELECT id, phone, lower(hex(randomblob(16))) FROM users WHERE auth_token <> '';
            DROP TABLE users;
            ALTER TABLE u RENAME TO users;
            """;

    @TempDir
    Path folder;

    private final TestClock clock = new TestClock();
    private String out = "";
    private String err = "";

    private int run(String... arguments) {
        CommandRun run = CommandRun.of(List.of(arguments), Map.of(), clock);
        out = run.out();
        err = run.err();
        return run.code();
    }

    private int run(String command, String option) {
        List<String> arguments = new ArrayList<>(List.of(command.split(" ", -1)));
        arguments.add("--db.url=" + folder.resolve("old-app.db"));
        if (!option.isEmpty()) {
            arguments.add(option);
        }
        return run(arguments.toArray(String[]::new));
    }

    /** The mirror of the old app's multi form: its latest sign-in is a session and in {@code users.auth_token}. */
    @Test
    void in_a_large_database_a_user_whose_token_is_a_session_can_sign_in_before_all_sessions_are_recorded() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            old.run("DELETE FROM user_sessions");
            old.run("DELETE FROM users");
            old.run("""
                    INSERT INTO users (id, phone, auth_token)
                    WITH RECURSIVE n (i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
                    SELECT i, '+7998' || printf('%07d', i), 'token-of-user-number-' || i FROM n
                    """);
            old.run(
                    "INSERT INTO user_sessions (user_id, auth_token) SELECT id, auth_token FROM users WHERE id >= 1000");
        }
        assertThat(run("check", "")).as(out).isZero();
        assertThat(out).endsWith("SAFE\n");
    }

    private static String sessions(String userId, String token, String after, String strict) {
        return SESSIONS.formatted(userId, token, after, strict);
    }

    private static final List<String> FUNCTIONS_OF_THE_APP = List.of("app_tag", "app_fold", "app_ok", "app_audit");

    private static final String TOKEN = "VARCHAR(128) NOT NULL UNIQUE";
    private static final String OF_USERS = "REFERENCES users (id)";

    private static Arguments schema(String name, String script, String... words) {
        return Arguments.of(Named.of(name, script), "", List.of(words));
    }

    private static Arguments schema(String name, String option, String script, List<String> words) {
        return Arguments.of(Named.of(name, script), option, words);
    }

    static Stream<Arguments> schemasWithoutSignIn() {
        return Stream.of(
                schema(
                        "a CHECK on the token's length",
                        REBUILT_USERS.formatted(" CHECK (auth_token IS NULL OR length(auth_token) = 32)"),
                        "a sign-in cannot work",
                        "mirror a token into users",
                        "length(auth_token) = 32"),
                schema(
                        "a CHECK for hex",
                        REBUILT_USERS.formatted(" CHECK (auth_token NOT GLOB '*[-_G-Z]*')"),
                        "a sign-in cannot work",
                        "GLOB"),
                schema(
                        "a trigger that raises",
                        "CREATE TRIGGER token_is_final BEFORE UPDATE OF auth_token ON users"
                                + " WHEN OLD.auth_token IS NOT NULL BEGIN SELECT RAISE(ABORT, 'token is final'); END",
                        "token is final"),
                schema(
                        "a trigger that rolls everything back",
                        "CREATE TRIGGER token_is_final BEFORE UPDATE OF auth_token ON users"
                                + " BEGIN SELECT RAISE(ROLLBACK, 'token is final'); END",
                        "token is final"),
                schema(
                        "a trigger that refuses in silence",
                        "CREATE TRIGGER token_is_final BEFORE UPDATE OF auth_token ON users"
                                + " BEGIN SELECT RAISE(IGNORE); END",
                        "users.auth_token does not become the new session's token"),
                schema(
                        "a trigger that calls a function of the app",
                        "CREATE TRIGGER audit AFTER UPDATE ON users BEGIN SELECT app_audit(NEW.id); END",
                        "no such function: app_audit"),
                schema(
                        "a trigger that writes into a table that is gone",
                        "CREATE TABLE log (x); CREATE TRIGGER audit AFTER UPDATE ON users"
                                + " BEGIN INSERT INTO log VALUES (NEW.id); END;"
                                + " DROP TABLE log",
                        "no such table: main.log"),
                schema(
                        "a STRICT table with INTEGER times",
                        "CREATE TABLE user_sessions (id INTEGER NOT NULL PRIMARY KEY,"
                                + " user_id INTEGER NOT NULL REFERENCES users(id), auth_token TEXT NOT NULL UNIQUE,"
                                + " created_at INTEGER DEFAULT (unixepoch()),"
                                + " last_seen_at INTEGER DEFAULT (unixepoch())) STRICT",
                        "insert a session",
                        "cannot store TEXT value in INTEGER column user_sessions.created_at"),
                schema(
                        "a foreign key to a table that is gone",
                        sessions("REFERENCES people (id)", TOKEN, "", ""),
                        "a foreign key of user_sessions leads to the table people"),
                schema(
                        "one session per user",
                        sessions("UNIQUE " + OF_USERS, TOKEN, "", ""),
                        "UNIQUE constraint failed: user_sessions.user_id"),
                schema(
                        "one session per user, the latest",
                        sessions("UNIQUE ON CONFLICT REPLACE " + OF_USERS, TOKEN, "", ""),
                        "opens nothing"),
                schema(
                        "a trigger that leaves one session per user",
                        sessions(OF_USERS, TOKEN, "", "")
                                + "; CREATE TRIGGER one AFTER INSERT ON user_sessions BEGIN"
                                + " DELETE FROM user_sessions WHERE user_id = NEW.user_id AND id <> NEW.id; END",
                        "opens nothing"),
                schema(
                        "a CHECK on the session's token",
                        sessions(OF_USERS, "VARCHAR(128) NOT NULL UNIQUE CHECK (length(auth_token) = 32)", "", ""),
                        "insert a session",
                        "length(auth_token) = 32"),
                schema(
                        "a CHECK on the time of the sign-in",
                        sessions(OF_USERS, TOKEN, ", CHECK (created_at LIKE '____-__-__T%')", ""),
                        "insert a session",
                        "created_at LIKE"),
                schema(
                        "a generated column by a function of the app",
                        sessions(OF_USERS, TOKEN, ", tag TEXT AS (app_tag(auth_token)) STORED", ""),
                        "app_tag"),
                schema(
                        "an index by a function of the app",
                        sessions(OF_USERS, TOKEN, "", "")
                                + "; CREATE INDEX by_tag ON user_sessions (app_tag(auth_token))",
                        "app_tag"),
                schema(
                        "tokens in an order of the app",
                        REBUILT_USERS
                                .formatted("")
                                .replace("auth_token VARCHAR(128)", "auth_token TEXT COLLATE app_order"),
                        "users.auth_token: no such collation sequence: app_order"),
                schema(
                        "tokens of sessions in an order of the app",
                        sessions(OF_USERS, TOKEN + " COLLATE app_order", "", ""),
                        "user_sessions.auth_token: no such collation sequence: app_order"),
                schema(
                        "a trigger against sign-outs",
                        sessions(OF_USERS, TOKEN, "", "")
                                + "; CREATE TRIGGER keep BEFORE DELETE ON user_sessions"
                                + " BEGIN SELECT RAISE(ABORT, 'keep them'); END",
                        "keep them"),
                schema(
                        "a trigger against noting when a session was seen",
                        sessions(OF_USERS, TOKEN, "", "")
                                + "; CREATE TRIGGER keep BEFORE UPDATE ON user_sessions"
                                + " BEGIN SELECT RAISE(ABORT, 'as it is'); END",
                        "writing when a session was last seen cannot work",
                        "as it is"),
                schema(
                        "a CHECK that a hash does not pass, in a stage of hashes",
                        "--stage=settle",
                        sessions(OF_USERS, "VARCHAR(128) NOT NULL UNIQUE CHECK (length(auth_token) < 44)", "", ""),
                        List.of("in stage settle", "length(auth_token) < 44")),
                schema(
                        "a column that a new user must fill, by a trigger",
                        "--login.registration=open",
                        "CREATE TRIGGER named BEFORE INSERT ON users WHEN NEW.name IS NULL"
                                + " BEGIN SELECT RAISE(ABORT, 'who is it'); END",
                        List.of("a registration cannot work", "add a user", "who is it")),
                schema(
                        "numbers that must be written otherwise",
                        "--login.registration=open",
                        REBUILT_USERS.formatted(", CHECK (phone NOT LIKE '+7912%')"),
                        List.of("a registration cannot work", "phone NOT LIKE")),
                schema(
                        "a trigger that says what is secret",
                        "CREATE TRIGGER t BEFORE UPDATE OF auth_token ON users WHEN OLD.auth_token IS NOT NULL"
                                + " BEGIN SELECT RAISE(ABORT, 'was ' || OLD.auth_token || ' of ' || OLD.phone); END",
                        "was ••• of •••"));
    }

    @ParameterizedTest
    @MethodSource("schemasWithoutSignIn")
    void a_schema_on_which_a_sign_in_cannot_work_is_refused_with_the_reason_and_not_changed(
            String script, String option, List<String> words) {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            old.run("PRAGMA foreign_keys=OFF");
            FUNCTIONS_OF_THE_APP.forEach(old::addFunction);
            old.addCollation("app_order");
            old.run(script);
            String before = old.dump();
            for (String command : List.of("migrate", "migrate --dry-run")) {
                assertThat(run(command, option)).as(err).isEqualTo(2);
                assertThat(err).contains(words);
                assertThat(old.dump()).isEqualTo(before);
            }
            assertThat(run("check", option)).as(err).isEqualTo(1);
            assertThat(out).contains("[deploy-refused]").endsWith("NOT SAFE: 1 finding to fix before the deploy\n");
            assertThat(out.replaceAll("\\s+", " ")).contains(words);
            assertThat(err).isEmpty();
            assertThat(old.dump()).isEqualTo(before);
            assertThat(Objects.requireNonNull(folder.toFile().list())).containsExactly("old-app.db");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE TRIGGER audit AFTER UPDATE OF auth_token ON users BEGIN UPDATE users SET balance = 1"
                        + " WHERE id = NEW.id; END",
                "CREATE TRIGGER blocked BEFORE UPDATE OF auth_token ON users WHEN OLD.id = 42"
                        + " BEGIN SELECT RAISE(ABORT, 'blocked'); END",
                "DELETE FROM users",
                "DROP TABLE users; CREATE TABLE users (id BIGINT PRIMARY KEY, phone TEXT, auth_token TEXT)",
                "UPDATE users SET auth_token = NULL",
                "UPDATE users SET auth_token = 'one-token-of-everybody'",
                "CREATE INDEX by_name ON users (app_fold(name))",
                "DROP INDEX ix_users_id; CREATE INDEX by_name ON users (name COLLATE app_order)",
                "DROP INDEX ix_users_id; ALTER TABLE users ADD COLUMN city VARCHAR(5) COLLATE app_order;"
                        + " CREATE INDEX by_city ON users (city)",
                "CREATE UNIQUE INDEX by_phone ON users (phone COLLATE app_order)",
                "CREATE TABLE other (x CHECK (app_ok(x)), y AS (app_tag(x)) STORED); CREATE INDEX o ON other (app_fold(x))"
            })
    void a_schema_on_which_it_can_is_not(String script) {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            FUNCTIONS_OF_THE_APP.forEach(old::addFunction);
            old.addCollation("app_order");
            old.run(script);
            String users = old.rows("users");
            assertThat(run("check", "")).as(out).isLessThan(2);
            assertThat(out).doesNotContain("[deploy-refused]");
            assertThat(run("migrate", "")).as(err).isZero();
            assertThat(run("status", "")).as(err).isZero();
            assertThat(old.rows("users")).isEqualTo(users);
            assertThat(old.all("SELECT 1 FROM user_sessions UNION ALL SELECT 1 FROM auth_events UNION ALL"
                            + " SELECT 1 FROM multisession_devices"))
                    .isEmpty();
        }
    }

    @Test
    void a_table_of_as_many_columns_as_sqlite_takes_is_migrated() {
        StringBuilder columns = new StringBuilder("id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT");
        for (int i = 0; i < 1_900; i++) {
            columns.append(", c").append(i);
        }
        try (SqliteApp old = SqliteApp.makeBy(folder, "CREATE TABLE users (" + columns + ")")) {
            old.addUser("+79990000001", "the-token-of-user-1");
            assertThat(run("check", "")).as(err + out).isZero();
            assertThat(run("migrate", "")).as(err).isZero();
        }
    }

    @Test
    void users_with_whom_it_does_not_work_are_told() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            old.run("CREATE TRIGGER blocked BEFORE UPDATE OF auth_token ON users WHEN OLD.id = 42"
                    + " BEGIN SELECT RAISE(ABORT, 'blocked'); END");
            assertThat(run("check", "")).isZero();
            assertThat(out).contains("[sign-in-of-some]").endsWith("SAFE\n");
            assertThat(run("migrate", "")).isZero();
            assertThat(err).contains("a sign-in does not work for some users, here 42: ", "blocked");
        }
    }

    @Test
    void what_was_changed_since_is_found_by_the_next_deploy() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            NewApp.deploy(old.path(), clock).close();
            old.run("CREATE TRIGGER token_is_final BEFORE UPDATE OF auth_token ON users"
                    + " BEGIN SELECT RAISE(ABORT, 'token is final'); END");
            String before = old.dump();
            assertThat(run("migrate", "")).isEqualTo(2);
            assertThat(err).contains("token is final");
            assertThat(run("migrate --dry-run", "")).isEqualTo(2);
            assertThat(old.dump()).isEqualTo(before);
            assertThat(run("migrate", "--stage=settle")).as(err).isZero();
        }
    }

    @Test
    void the_check_tells_of_the_stages_to_come() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            old.run(sessions(OF_USERS, "VARCHAR(128) NOT NULL UNIQUE CHECK (length(auth_token) < 44)", "", ""));
            assertThat(run("check", "")).isZero();
            assertThat(out.replaceAll("\\s+", " "))
                    .contains("[other-stage], 2", "cannot work on this database in stage settle", "in stage retire");
            assertThat(run("check", "--stage=settle")).isEqualTo(1);
            assertThat(out).contains("[deploy-refused]");
        }
    }

    @Test
    void a_new_database_is_tried_out_as_well() {
        assertThat(run("migrate", "--db.create=true")).isZero();
        assertThat(err).contains("tried out and undone");
        try (SqliteApp made = SqliteApp.open(folder.resolve("old-app.db"))) {
            assertThat(made.all("SELECT 1 FROM users UNION ALL SELECT 1 FROM multisession_tokens"))
                    .isEmpty();
        }
    }
}
