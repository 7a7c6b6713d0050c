package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.LogLines;
import org.multisession.testing.NewApp;
import org.multisession.testing.OtherAccount;
import org.multisession.testing.OtherProcess;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.StatementLog;
import org.multisession.testing.TestClock;

/** P5 on real files: what is accepted is only added to, what is refused is not touched. */
class MigratorTest {

    private static final Duration SHORT = Duration.ofSeconds(1);

    /** The indexes that the old app makes, or forgets to. */
    private static final String SESSION_INDEXES = """
            CREATE INDEX idx_user_session_user_id ON user_sessions (user_id);
            CREATE UNIQUE INDEX idx_user_session_auth_token ON user_sessions (auth_token);
            """;

    private static final String SESSIONS = """
            CREATE TABLE user_sessions (
            	id INTEGER NOT NULL,
            	user_id INTEGER NOT NULL,
            	auth_token VARCHAR(128) NOT NULL,
            	created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
            	last_seen_at DATETIME DEFAULT CURRENT_TIMESTAMP,
            	PRIMARY KEY (id),
            	FOREIGN KEY(user_id) REFERENCES users (id),
            	UNIQUE (auth_token)
            );
            """;

    private static final String USERS = """
            CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT);
            INSERT INTO users VALUES (1, '+79990000001', 'secret-token-of-1'), (2, '+79990000002', 'secret-token-of-2');
            """;

    /** Everything that a migration adds to an old database, by the files that say so. */
    private static final Set<String> ALL_OF_OURS = named("V001__users.sql");

    private static Set<String> named(String except) {
        Pattern create = Pattern.compile("^CREATE (?:UNIQUE )?(?:TABLE|INDEX|TRIGGER) IF NOT EXISTS (\\w+)");
        Set<String> names = new LinkedHashSet<>();
        for (String statement : statements(except)) {
            Matcher name = create.matcher(statement);
            assertThat(name.find()).as(statement).isTrue();
            names.add(name.group(1));
        }
        return names;
    }

    private static List<String> statements(String except) {
        List<String> statements = new ArrayList<>();
        try (Stream<Path> files = Files.list(Path.of("src", "main", "resources", "db", "sqlite"))) {
            for (Path each : files.sorted().toList()) {
                if (each.endsWith(except)) {
                    continue;
                }
                for (String block : Files.readString(each).split("\\n\\s*\\n", -1)) {
                    String statement = block.replaceAll("(?m)^--.*\\n", "").strip();
                    if (!statement.isEmpty() && !statement.startsWith("--")) {
                        statements.add(statement);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return statements;
    }

    private final TestClock clock = new TestClock();

    @TempDir
    Path folder;

    Path file;

    @BeforeEach
    void nameTheFile() {
        file = folder.resolve("old-app.db");
    }

    private Migration.Outcome migrate() {
        return migrate(Duration.ofSeconds(5));
    }

    private Migration.Outcome migrate(Duration busyTimeout) {
        try (SqliteFile claimed = SqliteFile.claim(file, false, "/test");
                Database database = Database.open(claimed, 2, busyTimeout)) {
            return new Migrator(database, clock).migrate();
        }
    }

    private Set<String> listing() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            Set<String> names = new LinkedHashSet<>();
            files.map(path -> path.getFileName().toString()).sorted().forEach(names::add);
            return names;
        }
    }

    /** All tokens that are text, and whom each opens by the rules of the old app; null for nobody. */
    private static Map<String, @Nullable Long> openings(SqliteApp old) {
        Map<String, @Nullable Long> openings = new HashMap<>();
        Set<String> shared = new LinkedHashSet<>();
        for (String row : lines(old, "SELECT id || '>' || auth_token FROM users WHERE typeof(auth_token) = 'text'")) {
            String token = row.substring(row.indexOf('>') + 1);
            if (openings.put(token, Long.valueOf(row.substring(0, row.indexOf('>')))) != null) {
                shared.add(token);
            }
        }
        shared.forEach(token -> openings.put(token, null));
        if (!old.all("SELECT 1 FROM sqlite_master WHERE name = 'user_sessions'").isEmpty()) {
            for (String row : lines(old, """
                    SELECT coalesce((SELECT u.id FROM users u WHERE u.id = s.user_id), '') || '>' || s.auth_token
                    FROM user_sessions s
                    """)) {
                String user = row.substring(0, row.indexOf('>'));
                openings.put(row.substring(row.indexOf('>') + 1), user.isEmpty() ? null : Long.valueOf(user));
            }
        }
        openings.remove("");
        return openings;
    }

    private static List<String> lines(SqliteApp old, String sql) {
        return old.all(sql).stream().map(String::valueOf).toList();
    }

    private static final String SCHEMA =
            "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY 1";

    /** Migrates and checks everything that holds for every database that is accepted. */
    private void assertAccepted(SqliteApp old) {
        boolean hadSessions = !old.all("SELECT 1 FROM sqlite_master WHERE name = 'user_sessions'")
                .isEmpty();
        String usersBefore = old.rows("users");
        String sessionsBefore = hadSessions ? old.rows("user_sessions") : "";
        List<String> schemaBefore = lines(old, SCHEMA);
        Map<String, @Nullable Long> openings = openings(old);

        Migration.Outcome outcome = migrate();

        assertThat(outcome.made()).isNotEmpty().isSubsetOf(ALL_OF_OURS);
        assertThat(old.rows("users")).isEqualTo(usersBefore);
        assertThat(old.rows("user_sessions")).isEqualTo(sessionsBefore);
        assertThat(lines(old, SCHEMA)).containsAll(schemaBefore);
        assertThat(lines(old, "SELECT name FROM sqlite_master")).containsAll(ALL_OF_OURS);
        assertThat(old.one("PRAGMA integrity_check")).isEqualTo("ok");
        assertASecondRunNeedsNoLockAndChangesNothing(old);
        try (NewApp app = NewApp.deploy(file, clock)) {
            assertThat(app.migrator.missing()).isEmpty();
            openings.forEach(
                    (token, user) -> assertThat(app.opens(token)).as(token).isEqualTo(user));
        }
    }

    private void assertASecondRunNeedsNoLockAndChangesNothing(SqliteApp old) {
        String dump = old.dump();
        old.run("BEGIN IMMEDIATE");
        try {
            Migration.Outcome second = migrate(SHORT);
            assertThat(second.made()).isEmpty();
            assertThat(second.userColumns()).contains("id", "phone", "auth_token");
        } finally {
            old.run("ROLLBACK");
        }
        assertThat(old.dump()).isEqualTo(dump);
    }

    /** Tries to migrate and checks everything that holds for every database that is refused. */
    private Throwable assertRefused(SqliteApp old) throws IOException {
        String dump = old.dump();
        Set<String> listing = listing();
        Throwable refusal = catchThrowable(this::migrate);
        assertThat(refusal).isInstanceOf(MigrationRefusedException.class);
        assertThat(old.dump()).isEqualTo(dump);
        assertThat(listing()).isEqualTo(listing);
        for (Throwable each = refusal; each != null; each = each.getCause()) {
            assertThat(each.getMessage()).doesNotContain("secret-token").doesNotContain("+7999");
        }
        return refusal;
    }

    @Nested
    @DisplayName("An old database is added to and nothing else")
    class Accepted {

        @Test
        void the_single_form_gets_all_that_is_needed() {
            try (SqliteApp old = SqliteApp.make(folder, "single")) {
                assertAccepted(old);
                assertThat(old.all("SELECT name FROM multisession_created ORDER BY 1"))
                        .containsExactly(
                                "auth_events",
                                "idx_user_session_auth_token",
                                "idx_user_session_user_id",
                                "user_sessions");
                assertThat(old.one("SELECT count(*) FROM multisession_tokens")).isEqualTo("0");
            }
        }

        @Test
        void the_multi_form_is_used_as_it_is() {
            try (SqliteApp old = SqliteApp.make(folder, "multi")) {
                assertAccepted(old);
                assertThat(old.all("SELECT name FROM multisession_created")).containsExactly("auth_events");
                assertThat(old.all("SELECT auth_token FROM multisession_tokens WHERE ended_at IS NULL ORDER BY 1"))
                        .isEqualTo(old.all("SELECT auth_token FROM user_sessions ORDER BY 1"));
            }
        }

        @Test
        void the_log_says_who_shares_a_token_and_which_sessions_are_whose() {
            try (SqliteApp old = SqliteApp.makeBy(folder, USERS + SESSIONS);
                    LogLines log = new LogLines()) {
                old.run("UPDATE users SET auth_token = 'secret-token-of-both'");
                old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (1, 'secret-token-a'), (9, 'gone')");
                migrate();
                assertThat(log.of(Level.WARNING))
                        .containsExactly(
                                "WARNING Migration: 2 users share their legacy token with another user, so it opens"
                                        + " nobody's account; they have to sign in again: users 1, 2",
                                "WARNING Migration: 1 sessions belong to no user any more and open nothing");
                assertThat(log.all())
                        .contains(
                                "INFO Migration: 2 sessions of the old app are known now; their clocks start here",
                                "INFO Migration: verified: 2 users as before, and 1 sessions and 0 legacy tokens open"
                                        + " the same accounts as before")
                        .noneMatch(line -> line.contains("had been ended") || line.contains("secret-token"));
            }
        }

        @Test
        void a_database_with_every_fault_opens_exactly_what_it_can() {
            try (SqliteApp old = SqliteApp.make(folder, "dirty")) {
                assertAccepted(old);
            }
            Map<String, Long> opens = new HashMap<>();
            opens.put("good-token-of-user-1", 1L);
            opens.put("token with spaces, and; more", 7L);
            opens.put("\"quoted-token\"", 8L);
            opens.put("x".repeat(200), 9L);
            opens.put("1234567890", 11L);
            opens.put("short", 12L);
            opens.put("token-of-user-13", 13L);
            opens.put("token-of-user-14", 14L);
            opens.put("token-of-user-15", 15L);
            // A session comes before a legacy token, in the old app as here: whose session it is, is who gets in.
            opens.put("token-of-user-16", 1L);
            opens.put("session-with-integer-times", 1L);
            opens.put("session-without-times", 1L);
            opens.put("session-from-the-future", 1L);
            opens.put("session-with-iso-times", 1L);
            List<String> opensNothing = List.of(
                    "shared-token",
                    "session-of-nobody",
                    "quoted-token",
                    "x".repeat(128),
                    "deadbeef",
                    "x'deadbeef'",
                    new String(new byte[] {(byte) 0xde, (byte) 0xad, (byte) 0xbe, (byte) 0xef}, StandardCharsets.UTF_8),
                    "NULL",
                    "null",
                    " ");
            try (NewApp app = NewApp.deploy(file, clock)) {
                opens.forEach(
                        (token, user) -> assertThat(app.opens(token)).as(token).isEqualTo(user));
                opensNothing.forEach(
                        token -> assertThat(app.opens(token)).as(token).isNull());
                // Once one of the two has another token, the other's account must not open to both.
                try (SqliteApp old = SqliteApp.open(file)) {
                    old.signInSingle(2, "another-token");
                }
                assertThat(app.opens("another-token")).isEqualTo(2);
                assertThat(app.opens("shared-token")).isNull();
            }
        }

        @Test
        void a_new_database_gets_a_users_table_too() {
            try (SqliteFile claimed = SqliteFile.claim(file, true, "/test");
                    Database database = Database.open(claimed, 2, SHORT)) {
                Migration.Outcome outcome = new Migrator(database, clock).migrate();
                assertThat(outcome.made()).contains("users").containsAll(ALL_OF_OURS);
                assertThat(outcome.userColumns())
                        .containsExactlyInAnyOrder("id", "phone", "auth_token", "plan", "created_at");
            }
            try (SqliteApp old = SqliteApp.open(file)) {
                assertThat(old.one("PRAGMA journal_mode")).isEqualTo("wal");
                old.addUser("+79990000001", "first");
                assertThatThrownBy(() -> old.addUser("+79990000001", "second")).isInstanceOf(AssertionError.class);
                assertASecondRunNeedsNoLockAndChangesNothing(old);
            }
            try (NewApp app = NewApp.deploy(file, clock)) {
                assertThat(app.opens("first")).isEqualTo(1);
            }
        }

        @Test
        void a_file_of_no_bytes_is_a_new_database() throws IOException {
            Files.createFile(file);
            assertThat(migrate().made()).contains("users").containsAll(ALL_OF_OURS);
            assertThat(migrate().made()).isEmpty();
        }

        @Test
        void a_hundred_thousand_users_stay_as_they_are() {
            try (SqliteApp old = SqliteApp.makeBy(folder, """
                    CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT);
                    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
                    INSERT INTO users SELECT i, '+7' || (9000000000 + i), 'token-' || i FROM n;
                    """ + SESSIONS + """
                    INSERT INTO user_sessions (user_id, auth_token) SELECT id, 'session-' || id FROM users;
                    INSERT INTO user_sessions (user_id, auth_token) SELECT id, auth_token FROM users WHERE id % 2 = 0;
                    """)) {
                String users = old.rows("users");
                migrate();
                assertThat(old.rows("users")).isEqualTo(users);
                assertThat(old.one("SELECT count(*) FROM multisession_tokens WHERE ended_at IS NULL"))
                        .isEqualTo("150000");
            }
            try (NewApp app = NewApp.deploy(file, clock)) {
                for (long id : new long[] {1, 2, 50_000, 99_999, 100_000}) {
                    assertThat(app.opens("token-" + id)).isEqualTo(id);
                    assertThat(app.opens("session-" + id)).isEqualTo(id);
                }
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"wal", "delete"})
        void the_journal_mode_stays(String mode) {
            try (SqliteApp old = SqliteApp.make(folder, "multi")) {
                old.run("PRAGMA journal_mode=" + mode);
            }
            String before;
            try (SqliteApp old = SqliteApp.open(file)) {
                before = old.journalBytes();
                assertAccepted(old);
            }
            try (NewApp app = NewApp.deploy(file, clock)) {
                app.signIn("+79991234572");
            }
            try (SqliteApp old = SqliteApp.open(file)) {
                assertThat(before).isEqualTo(mode.equals("wal") ? "2 2" : "1 1");
                assertThat(old.journalBytes()).isEqualTo(before);
            }
        }

        static Stream<Arguments> unusual() {
            return Stream.of(
                    Arguments.of("names with quotes, spaces, keywords, in any order", """
                            CREATE TABLE users (created_at, "select" TEXT, "a ""b"" c", [имя поля] TEXT, auth_token TEXT,
                              "order by" REAL DEFAULT 1.5, phone TEXT, "it's" BLOB, id INTEGER PRIMARY KEY);
                            INSERT INTO users VALUES (1, 'x', 'y', 'Анна', 't1', 0.1, '+79990000001', x'00ff', 1),
                              (2, 'x', 'y', NULL, 't2', 1e300, '+79990000002', NULL, 2);
                            """),
                    Arguments.of("names in other case", """
                            CREATE TABLE Users (ID INTEGER PRIMARY KEY, Phone TEXT, Auth_Token TEXT);
                            INSERT INTO Users VALUES (1, '+79990000001', 't1'), (2, '+79990000002', 't2');
                            """),
                    Arguments.of("triggers, views and tables of the team", """
                            CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT, changed INTEGER);
                            INSERT INTO users VALUES (1, '+79990000001', 't1', 0), (2, '+79990000002', 't2', 0);
                            CREATE TABLE audit (user_id INTEGER, what TEXT);
                            CREATE TRIGGER users_changed AFTER UPDATE ON users BEGIN
                              UPDATE users SET changed = changed + 1 WHERE id = NEW.id;
                              INSERT INTO audit VALUES (NEW.id, 'update');
                            END;
                            CREATE VIEW people AS SELECT id, phone FROM users;
                            CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);
                            """),
                    Arguments.of("no row ids", """
                            CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT) WITHOUT ROWID;
                            INSERT INTO users VALUES (1, '+79990000001', 't1'), (2, '+79990000002', 't2');
                            """),
                    Arguments.of("phone numbers as integers", """
                            CREATE TABLE users (id INTEGER PRIMARY KEY, phone INTEGER, auth_token TEXT);
                            INSERT INTO users VALUES (1, 79990000001, 't1'), (2, '+79990000002', 't2');
                            """),
                    Arguments.of("ids unique by an index", """
                            CREATE TABLE users (id INT, phone TEXT, auth_token TEXT);
                            INSERT INTO users VALUES (1, '+79990000001', 't1'), (2, '+79990000002', 't2');
                            CREATE UNIQUE INDEX users_id ON users (id);
                            """),
                    Arguments.of("tokens compared without regard to case", """
                            CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT COLLATE NOCASE);
                            INSERT INTO users VALUES (1, '+79990000001', 't1'), (2, '+79990000002', 't2');
                            """),
                    Arguments.of("a generated column", """
                            CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT,
                              digits TEXT GENERATED ALWAYS AS (substr(phone, 2)) STORED);
                            INSERT INTO users VALUES (1, '+79990000001', 't1'), (2, '+79990000002', 't2');
                            """),
                    Arguments.of("another text encoding", """
                            PRAGMA encoding = 'UTF-16';
                            CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT, name TEXT);
                            INSERT INTO users VALUES (1, '+79990000001', 't1', 'Анна'), (2, '+79990000002', 't2', 'Ё');
                            """),
                    Arguments.of("no rows", """
                            CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT);
                            """),
                    Arguments.of("a trigger named like the table", USERS + """
                            CREATE TRIGGER users AFTER UPDATE ON users BEGIN SELECT 1; END;
                            """));
        }

        @ParameterizedTest(name = "{0}")
        @MethodSource("unusual")
        void an_unusual_users_table_is_accepted(String what, String script) {
            try (SqliteApp old = SqliteApp.makeBy(folder, script)) {
                assertAccepted(old);
                if (old.one("SELECT count(*) FROM users").equals("0")) {
                    return;
                }
            }
            try (NewApp app = NewApp.deploy(file, clock)) {
                assertThat(app.opens(app.signIn("8 (999) 000-00-01"))).as(what).isEqualTo(1);
                assertThat(app.opens(app.signIn("8 (999) 000-00-02"))).as(what).isEqualTo(2);
            }
        }

        @Test
        void a_token_in_another_case_opens_nothing_though_its_column_is_blind_to_case() {
            try (SqliteApp old = SqliteApp.makeBy(folder, """
                            CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT COLLATE NOCASE);
                            INSERT INTO users VALUES (1, '+79990000001', 'Token-Of-The-First');
                            """);
                    NewApp app = NewApp.deploy(old.path(), clock)) {
                assertThat(app.opens("Token-Of-The-First")).isEqualTo(1);
                assertThat(app.opens("token-of-the-first")).isNull();
                app.signIn("+79990000001");
                assertThat(app.opens("Token-Of-The-First")).isEqualTo(1);
                assertThat(app.opens("token-of-the-first")).isNull();
            }
        }

        static Stream<Arguments> halves() {
            String multi = SqliteApp.script("multi");
            return Stream.of(
                    Arguments.of("the table without its indexes", multi + """
                            DROP INDEX idx_user_session_user_id;
                            DROP INDEX idx_user_session_auth_token;
                            """),
                    Arguments.of("the table with one index", multi + "DROP INDEX idx_user_session_auth_token;"),
                    Arguments.of("the table with the other index", multi + "DROP INDEX idx_user_session_user_id;"),
                    Arguments.of("the table without rows", SqliteApp.script("single") + SESSIONS),
                    Arguments.of(
                            "the table and an index without rows",
                            SqliteApp.script("single")
                                    + SESSIONS
                                    + "CREATE INDEX idx_user_session_user_id ON user_sessions (user_id);"),
                    Arguments.of(
                            "the index in place of the constraint",
                            SqliteApp.script("single")
                                    + SESSIONS.replace(",\n\tUNIQUE (auth_token)", "")
                                    + SESSION_INDEXES),
                    Arguments.of(
                            "neither constraint nor index, rows without duplicates",
                            SqliteApp.script("single") + SESSIONS.replace(",\n\tUNIQUE (auth_token)", "") + """
                                    INSERT INTO user_sessions (user_id, auth_token) VALUES (42, 'one'), (43, 'two');
                                    """),
                    Arguments.of(
                            "columns beyond those that are needed",
                            SqliteApp.script("single")
                                    + SESSIONS.replace(
                                            "PRIMARY KEY (id),",
                                            "device TEXT NOT NULL DEFAULT '', PRIMARY KEY (id),")));
        }

        @ParameterizedTest(name = "{0}")
        @MethodSource("halves")
        void what_the_old_app_left_half_done_is_completed(String what, String script) {
            try (SqliteApp old = SqliteApp.makeBy(folder, script)) {
                assertAccepted(old);
            }
            try (NewApp app = NewApp.deploy(file, clock)) {
                assertThat(app.opens(app.signIn("+79991234567"))).as(what).isEqualTo(42);
            }
        }

        @Test
        void a_session_without_a_token_opens_nothing_and_the_old_app_may_go_on_writing_such() {
            try (SqliteApp old = SqliteApp.makeBy(
                    folder,
                    USERS + SESSIONS.replace("auth_token VARCHAR(128) NOT NULL", "auth_token VARCHAR(128)") + """
                            INSERT INTO user_sessions (user_id, auth_token) VALUES (1, NULL), (2, NULL), (1, 'one');
                            """)) {
                migrate();
                old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (2, NULL)");
                old.run("UPDATE user_sessions SET auth_token = NULL WHERE auth_token = 'one'");
                assertThat(old.all("SELECT auth_token FROM multisession_tokens"))
                        .containsExactly("one");
            }
            try (NewApp app = NewApp.deploy(file, clock)) {
                assertThat(app.opens("one")).isNull();
                assertThat(app.opens("secret-token-of-1")).isEqualTo(1);
            }
        }

        @Test
        void the_columns_that_a_new_user_would_need_are_named() {
            try (SqliteApp old = SqliteApp.makeBy(folder, """
                    CREATE TABLE users (id INT PRIMARY KEY, phone TEXT NOT NULL, auth_token TEXT, email TEXT NOT NULL,
                      created_at TEXT NOT NULL, balance INTEGER NOT NULL DEFAULT 0, name TEXT);
                    """)) {
                // Such an id is not given out by SQLite, though it is the primary key.
                assertThat(unknownColumnsToFill()).containsExactly("id", "email");
                old.run("DROP TABLE users");
                assertThat(unknownColumnsToFill()).isEmpty();
                old.run("CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT NOT NULL, auth_token TEXT)");
                assertThat(unknownColumnsToFill()).isEmpty();
            }
        }

        private List<String> unknownColumnsToFill() {
            try (SqliteFile claimed = SqliteFile.claim(file, false, "/test");
                    Database database = Database.open(claimed, 1, SHORT)) {
                return new Migrator(database, clock).unknownColumnsToFill();
            }
        }

        @Test
        void each_of_our_objects_that_was_dropped_is_made_again() {
            try (SqliteApp old = SqliteApp.make(folder, "multi")) {
                migrate();
                String whole = String.join("\n", lines(old, SCHEMA));
                for (String name : ALL_OF_OURS) {
                    String type = old.one("SELECT type FROM sqlite_master WHERE name = ?", name);
                    if (type.equals("table")) {
                        continue;
                    }
                    old.run("DROP " + type + " " + name);
                    assertThat(migrate().made()).containsExactly(name);
                    assertThat(String.join("\n", lines(old, SCHEMA))).isEqualTo(whole);
                }
            }
        }

        @Test
        void a_trigger_or_index_of_another_version_is_made_anew() {
            try (SqliteApp old = SqliteApp.make(folder, "multi")) {
                migrate();
                String whole = String.join("\n", lines(old, SCHEMA));
                old.run("DROP TRIGGER multisession_session_deleted");
                old.run(
                        "CREATE TRIGGER multisession_session_deleted AFTER DELETE ON user_sessions BEGIN SELECT 1; END");
                old.run("DROP INDEX multisession_users_auth_token");
                old.run("CREATE INDEX multisession_users_auth_token ON users (phone)");
                assertThat(migrate().made())
                        .containsExactlyInAnyOrder(
                                "multisession_session_deleted",
                                "multisession_users_auth_token",
                                // Whatever somebody else has made comes after it.
                                "multisession_watched");
                assertThat(String.join("\n", lines(old, SCHEMA))).isEqualTo(whole);
            }
        }
    }

    @Nested
    @DisplayName("What would have to be guessed at is refused and left alone")
    class Refused {

        static Stream<Arguments> refused() {
            String sessionRow =
                    "INSERT INTO user_sessions (user_id, auth_token) VALUES (1, 'secret-token-of-a-session');";
            return Stream.of(
                    Arguments.of("other tables only", """
                            CREATE TABLE orders (id INTEGER PRIMARY KEY); CREATE VIEW big AS SELECT id FROM orders;
                            """, List.of("no table users", "orders", "multisession.db.url")),
                    Arguments.of("a view only", "CREATE VIEW v AS SELECT 1;", List.of("no table users", "v")),
                    Arguments.of(
                            "no token column",
                            """
                            CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, name TEXT);
                            """,
                            List.of("users has no column auth_token", "id, phone, name", "multisession.db.url")),
                    Arguments.of(
                            "neither token nor phone column",
                            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
                            List.of("users has no column phone, auth_token")),
                    Arguments.of(
                            "a number that is computed",
                            """
                            CREATE TABLE users (id INTEGER PRIMARY KEY, auth_token TEXT, code TEXT, rest TEXT,
                              Phone TEXT AS (code || rest));
                            """,
                            List.of("users.phone is a generated column", "ordinary column")),
                    Arguments.of("a token that is computed", """
                            CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, token TEXT,
                              auth_token TEXT GENERATED ALWAYS AS (token) STORED);
                            """, List.of("users.auth_token is a generated column")),
                    Arguments.of(
                            "sessions that refer to a table of devices that is gone",
                            USERS
                                    + SESSIONS.replace(
                                            "PRIMARY KEY (id),",
                                            "device_id INTEGER REFERENCES devices (id), PRIMARY KEY (id),"),
                            List.of("column device_id of user_sessions", "the table devices, which does not exist")),
                    Arguments.of("a users view", """
                            CREATE TABLE people (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT);
                            CREATE VIEW users AS SELECT * FROM people;
                            """, List.of("users is a view", "table that holds the users")),
                    Arguments.of("ids declared as text", """
                            CREATE TABLE users (id TEXT PRIMARY KEY, phone TEXT, auth_token TEXT);
                            INSERT INTO users VALUES ('a-1', '+79990000001', 'secret-token');
                            """, List.of("users.id", "TEXT", "whole numbers")),
                    Arguments.of("ids declared as nothing", """
                            CREATE TABLE users (id PRIMARY KEY, phone TEXT, auth_token TEXT);
                            """, List.of("users.id", "nothing", "whole numbers")),
                    Arguments.of(
                            "a text among the ids",
                            """
                            CREATE TABLE users (id INT PRIMARY KEY, phone TEXT, auth_token TEXT);
                            INSERT INTO users VALUES (1, '+79990000001', 'secret-token'), ('b-7', NULL, NULL);
                            """,
                            List.of("whole number in every row", "'b-7'", "Mend these rows")),
                    Arguments.of("an id that is missing", """
                            CREATE TABLE users (id INT UNIQUE, phone TEXT, auth_token TEXT);
                            INSERT INTO users VALUES (1, '+79990000001', 'secret-token'), (NULL, NULL, NULL);
                            """, List.of("whole number in every row", "NULL")),
                    Arguments.of(
                            "ids not unique",
                            """
                            CREATE TABLE users (id INTEGER, phone TEXT, auth_token TEXT);
                            INSERT INTO users VALUES (1, '+79990000001', 'secret-token'), (1, '+79990000002', NULL);
                            """,
                            List.of("users.id is neither the primary key nor unique", "Make it the primary key")),
                    Arguments.of(
                            "ids unique together with another column",
                            """
                            CREATE TABLE users (id INTEGER, tenant INTEGER, phone TEXT, auth_token TEXT, PRIMARY KEY (id, tenant));
                            INSERT INTO users VALUES (1, 1, '+79990000001', 'secret-token'), (1, 2, '+79990000002', NULL);
                            """,
                            List.of("users.id is neither the primary key nor unique")),
                    Arguments.of(
                            "ids unique together with an expression",
                            """
                            CREATE TABLE users (id INTEGER, phone TEXT, auth_token TEXT);
                            CREATE UNIQUE INDEX both ON users (id, lower(phone));
                            INSERT INTO users VALUES (1, '+79990000001', 'secret-token'), (1, '+79990000002', NULL);
                            """,
                            List.of("users.id is neither the primary key nor unique")),
                    Arguments.of(
                            "ids unique in a part of the table",
                            """
                            CREATE TABLE users (id INTEGER, phone TEXT, auth_token TEXT);
                            CREATE UNIQUE INDEX part ON users (id) WHERE phone IS NOT NULL;
                            """,
                            List.of("users.id is neither the primary key nor unique")),
                    Arguments.of(
                            "a text among the ids of a table without row ids",
                            """
                            CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT) WITHOUT ROWID;
                            INSERT INTO users VALUES (1, '+79990000001', 'secret-token'), ('b-7', NULL, NULL);
                            """,
                            List.of("whole number in every row", "'b-7'")),
                    Arguments.of(
                            "sessions without a column",
                            USERS + """
                            CREATE TABLE user_sessions (id INTEGER PRIMARY KEY, user_id INTEGER, auth_token TEXT UNIQUE,
                              created_at DATETIME);
                            """ + sessionRow,
                            List.of("user_sessions has no column last_seen_at", "rename it")),
                    Arguments.of(
                            "sessions of another app",
                            USERS + """
                            CREATE TABLE user_sessions (sid TEXT PRIMARY KEY, data BLOB, expires INTEGER);
                            INSERT INTO user_sessions VALUES ('secret-token-of-a-session', x'00', 1);
                            """,
                            List.of("user_sessions has no column id, user_id, auth_token, created_at, last_seen_at")),
                    Arguments.of(
                            "sessions with a column that must be filled",
                            USERS + SESSIONS.replace("PRIMARY KEY (id),", "device TEXT NOT NULL, PRIMARY KEY (id),"),
                            List.of("must be filled", "device", "default")),
                    Arguments.of("a sessions view", USERS + """
                            CREATE VIEW user_sessions AS SELECT id, id AS user_id, auth_token, NULL AS created_at,
                              NULL AS last_seen_at FROM users;
                            """, List.of("user_sessions is a view")),
                    Arguments.of(
                            "one token in two sessions",
                            USERS + SESSIONS.replace(",\n\tUNIQUE (auth_token)", "") + """
                            INSERT INTO user_sessions (user_id, auth_token) VALUES
                              (1, 'secret-token-a'), (2, 'secret-token-a'), (1, 'secret-token-b');
                            """,
                            List.of("one token in several rows", "1, 2", "Mend these rows")),
                    Arguments.of(
                            "sessions with other ids",
                            USERS
                                    + SESSIONS.replace(
                                            "id INTEGER NOT NULL,\n\tuser", "id VARCHAR(36) NOT NULL,\n\tuser"),
                            List.of("user_sessions.id is not an INTEGER PRIMARY KEY")),
                    Arguments.of(
                            "sessions without row ids",
                            USERS + SESSIONS.replace(");\n", ") WITHOUT ROWID;\n"),
                            List.of("user_sessions.id is not an INTEGER PRIMARY KEY")),
                    Arguments.of(
                            "sessions with an id of two columns",
                            USERS + SESSIONS.replace("PRIMARY KEY (id)", "PRIMARY KEY (id, user_id)"),
                            List.of("user_sessions.id is not an INTEGER PRIMARY KEY")),
                    Arguments.of(
                            "a view under one of our names",
                            USERS + "CREATE VIEW multisession_tokens AS SELECT 1;",
                            List.of("a view named multisession_tokens", "needed for a table", "Rename it")),
                    Arguments.of(
                            "another table under one of our names",
                            USERS + "CREATE TABLE multisession_tokens (auth_token TEXT PRIMARY KEY);",
                            List.of("multisession_tokens", "not the one that this version", "newer")),
                    Arguments.of(
                            "a table under the name of an index",
                            USERS + "CREATE TABLE idx_user_session_user_id (x);",
                            List.of("a table named idx_user_session_user_id", "needed for a index", "Rename it")),
                    Arguments.of(
                            "an index under the name of a table",
                            USERS + "CREATE INDEX multisession_created ON users (phone);",
                            List.of("a index named multisession_created", "needed for a table", "Rename it")));
        }

        @ParameterizedTest(name = "{0}")
        @MethodSource("refused")
        void a_database_of_another_shape_is_refused_with_the_reason(String what, String script, List<String> words)
                throws IOException {
            try (SqliteApp old = SqliteApp.makeBy(folder, script)) {
                assertThat(assertRefused(old).getMessage()).as(what).contains(words);
            }
        }

        @Test
        void an_index_under_the_old_apps_name_that_says_something_else_is_not_taken_for_it() throws IOException {
            try (SqliteApp old = SqliteApp.makeBy(
                    folder,
                    USERS
                            + SESSIONS.replace(",\n\tUNIQUE (auth_token)", "")
                            + "CREATE INDEX idx_user_session_auth_token ON user_sessions (created_at);")) {
                assertThat(assertRefused(old).getMessage()).contains("idx_user_session_auth_token");
            }
        }

        @Test
        void a_missing_file_is_refused_and_not_made() throws IOException {
            assertThatThrownBy(() -> migrate())
                    .isInstanceOf(DatabaseException.class)
                    .hasMessageContaining("there is no file")
                    .hasMessageContaining(file.toString());
            assertThat(listing()).isEmpty();
        }

        @Test
        void a_folder_in_place_of_the_file_is_refused() throws IOException {
            Files.createDirectory(file);
            assertThatThrownBy(() -> migrate())
                    .isInstanceOf(DatabaseException.class)
                    .hasMessageContaining("not a plain file");
            assertThat(listing()).containsExactly("old-app.db");
        }

        @Test
        void a_file_that_is_no_database_is_refused_in_plain_words() throws IOException {
            byte[] text = "phone;token\n+79990000001;secret-token\n".repeat(500).getBytes(StandardCharsets.UTF_8);
            Files.write(file, text);
            assertThatThrownBy(() -> migrate())
                    .isInstanceOf(DatabaseException.class)
                    .hasMessage(file
                            + ": the file is not a SQLite database, or it is encrypted. Check multisession.db.url");
            assertThat(Files.readAllBytes(file)).isEqualTo(text);
            assertThat(listing()).containsExactly("old-app.db");
        }

        @Test
        void a_damaged_database_is_refused_in_plain_words() throws IOException {
            SqliteApp.make(folder, "single").close();
            byte[] bytes = Files.readAllBytes(file);
            // The page of the schema's root is left, what follows is not.
            Arrays.fill(bytes, 100, bytes.length, (byte) 0x5a);
            Files.write(file, bytes);
            assertThatThrownBy(() -> migrate())
                    .isInstanceOf(DatabaseException.class)
                    .hasMessageContaining("the database file is damaged");
            assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
            assertThat(listing()).containsExactly("old-app.db");
        }

        @ParameterizedTest
        @ValueSource(strings = {"wal", "delete"})
        void a_database_that_stays_locked_is_busy_and_not_changed(String mode) throws IOException {
            try (SqliteApp old = SqliteApp.make(folder, "single")) {
                old.run("PRAGMA journal_mode=" + mode);
                String dump = old.dump();
                Set<String> listing = listing();
                old.run("BEGIN EXCLUSIVE");
                assertThatThrownBy(() -> migrate(SHORT))
                        .isInstanceOf(DatabaseBusyException.class)
                        .hasMessage("somebody else has locked the database");
                old.run("ROLLBACK");
                assertThat(old.dump()).isEqualTo(dump);
                assertThat(listing()).isEqualTo(listing);
                assertThat(migrate().made()).isNotEmpty();
            }
        }

        @Test
        void a_failure_on_the_way_leaves_everything_as_it_was() {
            try (SqliteApp old = SqliteApp.make(folder, "multi")) {
                String dump = old.dump();
                List<String> statements = new ArrayList<>();
                try (SqliteFile claimed = SqliteFile.claim(file, false, "/test");
                        Database database = Database.open(claimed, 1, SHORT)) {
                    Migrator failing = new Migrator(database, clock, statement -> {
                        statements.add(statement);
                        if (statement.startsWith("INSERT INTO multisession_accounts")) {
                            throw new IllegalStateException("on purpose");
                        }
                    });
                    assertThatThrownBy(failing::migrate).hasMessage("on purpose");
                }
                assertThat(statements).hasSizeGreaterThan(10);
                assertThat(old.dump()).isEqualTo(dump);
            }
        }

        @Test
        void a_trigger_of_the_teams_that_undoes_our_work_rolls_everything_back() {
            try (SqliteApp old = SqliteApp.makeBy(folder, USERS + SESSIONS + """
                    INSERT INTO user_sessions (user_id, auth_token) VALUES (1, 'secret-token-of-a-session');
                    """)) {
                migrate();
                old.run("DROP TRIGGER multisession_session_deleted");
                old.run("DELETE FROM multisession_tokens");
                old.run("""
                        CREATE TRIGGER theirs AFTER INSERT ON multisession_tokens
                        BEGIN UPDATE users SET phone = NULL WHERE id = 2; END
                        """);
                String dump = old.dump();
                assertThatThrownBy(MigratorTest.this::migrate)
                        .isInstanceOf(MigrationRefusedException.class)
                        .hasMessageContaining("would have changed rows of users")
                        .hasMessageContaining("rolled back");
                assertThat(old.dump()).isEqualTo(dump);
                old.run("DROP TRIGGER theirs");
                old.run("""
                        CREATE TRIGGER theirs AFTER INSERT ON multisession_tokens
                        BEGIN DELETE FROM user_sessions WHERE auth_token = NEW.auth_token; END
                        """);
                String again = old.dump();
                assertThatThrownBy(MigratorTest.this::migrate)
                        .isInstanceOf(MigrationRefusedException.class)
                        .hasMessageContaining("would have changed who is signed in")
                        .hasMessageContaining("rolled back");
                assertThat(old.dump()).isEqualTo(again);
            }
        }

        @Test
        void a_file_or_folder_that_may_not_be_written_is_refused_with_the_reason(@TempDir Path apart)
                throws IOException {
            List<String> asNobody = OtherAccount.nobody();
            SqliteApp.make(folder, "single").close();
            String classPath =
                    asNobody.isEmpty() ? System.getProperty("java.class.path") : OtherAccount.classPath(apart);
            Path temporary = Files.createDirectory(apart.resolve("tmp"));
            permit(temporary, "rwxrwxrwx");
            permit(apart, "rwxr-xr-x");
            try (ChildJvm child = ChildJvm.start(asNobody, classPath, temporary, OtherProcess.class)) {
                permit(file, "r--r--r--");
                permit(folder, "rwxrwxrwx");
                byte[] bytes = Files.readAllBytes(file);
                assertThat(child.ask("open " + file))
                        .matches(DENIED + "write the file \\Q" + file + "\\E \\(r--r--r--, owner .*, group .*\\)");
                assertThat(listing()).containsExactly("old-app.db");
                assertThat(Files.readAllBytes(file)).isEqualTo(bytes);

                permit(file, "rw-rw-rw-");
                permit(folder, "r-xr-xr-x");
                assertThat(child.ask("open " + file))
                        .matches(DENIED + "make files in the folder \\Q" + folder + "\\E \\(r-xr-xr-x, .*\\)\\."
                                + " SQLite keeps its journal beside the database");
                assertThat(listing()).containsExactly("old-app.db");

                permit(folder, "r--r--r--");
                assertThat(child.ask("open " + file))
                        .matches(DENIED + "enter the folder \\Q" + folder + "\\E \\(r--r--r--, .*\\)");

                permit(folder, "rwxrwxrwx");
                Path log = Files.createFile(folder.resolve("old-app.db-wal"));
                permit(log, "r--r--r--");
                assertThat(child.ask("open " + file))
                        .matches(DENIED + "write the file \\Q" + log + "\\E \\(r--r--r--, .*\\)\\. The account that"
                                + " opened the database first created it; .*");
                Files.delete(log);
                assertThat(listing()).containsExactly("old-app.db");
                assertThat(Files.readAllBytes(file)).isEqualTo(bytes);

                permit(folder, "rwxrwxrwx");
                assertThat(child.ask("open " + file)).isEqualTo("opened");
                assertThat(child.ask("migrate")).isEqualTo("made " + ALL_OF_OURS.size());
                assertThat(child.ask("close")).isEqualTo("closed");
            } finally {
                permit(folder, "rwx------");
            }
        }

        private static final String DENIED = "failed: permission denied: account .* may not ";

        private static void permit(Path path, String permissions) throws IOException {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
        }
    }

    @Nested
    @DisplayName("A table that is rebuilt under us, as Alembic does it")
    class Rebuilt {

        private static final String REBUILD_USERS = """
                BEGIN;
                CREATE TABLE _alembic_tmp_users (
                	id INTEGER NOT NULL, phone VARCHAR(20) NOT NULL, name VARCHAR(100), auth_token VARCHAR(128),
                	"plan" VARCHAR(20), balance INTEGER, created_at DATETIME, email VARCHAR(100), PRIMARY KEY (id));
                INSERT INTO _alembic_tmp_users (id, phone, name, auth_token, "plan", balance, created_at)
                	SELECT users.id, users.phone, users.name, users.auth_token, users."plan", users.balance,
                	users.created_at FROM users;
                DROP TABLE users;
                ALTER TABLE _alembic_tmp_users RENAME TO users;
                CREATE UNIQUE INDEX ix_users_phone ON users (phone);
                CREATE INDEX ix_users_id ON users (id);
                COMMIT;
                """;

        private static final String REBUILD_SESSIONS = """
                BEGIN;
                CREATE TABLE _alembic_tmp_user_sessions (
                	id INTEGER NOT NULL, user_id INTEGER NOT NULL, auth_token VARCHAR(128) NOT NULL,
                	created_at DATETIME DEFAULT CURRENT_TIMESTAMP, last_seen_at DATETIME DEFAULT CURRENT_TIMESTAMP,
                	note TEXT, PRIMARY KEY (id), FOREIGN KEY(user_id) REFERENCES users (id), UNIQUE (auth_token));
                INSERT INTO _alembic_tmp_user_sessions (id, user_id, auth_token, created_at, last_seen_at)
                	SELECT id, user_id, auth_token, created_at, last_seen_at FROM user_sessions;
                DROP TABLE user_sessions;
                ALTER TABLE _alembic_tmp_user_sessions RENAME TO user_sessions;
                COMMIT;
                """;

        private static final String ANNA = "+79991234567";

        @Test
        void a_rebuilt_users_table_loses_nobody_and_gets_back_what_it_lost() {
            try (SqliteApp old = SqliteApp.make(folder, "multi")) {
                String here;
                String gone;
                long bob;
                String bobs;
                try (NewApp app = NewApp.deploy(file, clock)) {
                    here = app.signIn(ANNA);
                    gone = app.signIn(ANNA);
                    app.signOut(gone);
                    bob = old.addUser("+79990000001", null);
                    bobs = app.signIn("+79990000001");
                    String mirror = old.legacyTokenOf(42);
                    assertThat(mirror).isEqualTo(gone);

                    old.run(REBUILD_USERS);

                    assertThat(app.opens(here)).isEqualTo(42);
                    assertThat(app.migrator.missing())
                            .contains("multisession_user_inserted", "multisession_user_id_changed");
                    assertThat(app.opens(gone)).isNull();
                    assertThat(app.migrator.missing())
                            .as("repaired before anybody is refused")
                            .isEmpty();
                    assertThat(app.opens(here)).isEqualTo(42);
                    assertThat(app.opens(gone)).isNull();
                    assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
                    old.deleteUser(bob);
                    assertThat(old.addUser("+79990000002", null)).isEqualTo(bob);
                    assertThat(app.opens(bobs)).isNull();
                }
                assertThat(old.one("PRAGMA integrity_check")).isEqualTo("ok");
            }
        }

        @Test
        void a_rebuilt_sessions_table_loses_nobody_and_what_ended_in_between_stays_ended() {
            try (SqliteApp old = SqliteApp.make(folder, "multi");
                    NewApp app = NewApp.deploy(file, clock)) {
                String here = app.signIn(ANNA);
                String gone = app.signIn(ANNA);

                old.run(REBUILD_SESSIONS);

                assertThat(app.opens(here)).isEqualTo(42);
                old.signOut(gone);
                old.signInMulti(43, "made-in-between", clock.instant());
                assertThat(app.migrator.missing())
                        .containsExactlyInAnyOrder(
                                "idx_user_session_user_id",
                                "idx_user_session_auth_token",
                                "multisession_session_inserted",
                                "multisession_session_deleted",
                                "multisession_session_token_changed");
                app.database.lookAfterSchema();
                assertThat(app.migrator.missing()).isEmpty();
                assertThat(app.opens(here)).isEqualTo(42);
                assertThat(app.opens("made-in-between")).isEqualTo(43);
                assertThat(old.legacyTokenOf(42)).isEqualTo(gone);
                assertThat(app.opens(gone)).isNull();
                old.run("INSERT OR REPLACE INTO user_sessions (user_id, auth_token) VALUES (42, ?)", gone);
                assertThat(app.opens(gone)).isNull();
                old.signOut("made-in-between");
                assertThat(old.legacyTokenOf(43)).isEqualTo("made-in-between");
                assertThat(app.opens("made-in-between")).isNull();
            }
        }

        @Test
        void a_users_table_that_is_renamed_away_and_back_is_found_complete_again() {
            try (SqliteApp old = SqliteApp.make(folder, "multi");
                    NewApp app = NewApp.deploy(file, clock)) {
                String here = app.signIn(ANNA);
                old.run("ALTER TABLE users RENAME TO people");
                old.run("ALTER TABLE people RENAME TO users");
                app.migrator.migrate();
                assertThat(app.migrator.missing()).isEmpty();
                assertThat(app.opens(here)).isEqualTo(42);
                assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
            }
        }
    }

    @Nested
    @DisplayName("The statements")
    class Statements {

        @Test
        void every_statement_in_the_files_only_adds_and_every_object_of_them_is_made() {
            // Naming them has already refused a statement that is no CREATE … IF NOT EXISTS.
            assertThat(ALL_OF_OURS)
                    .contains("user_sessions", "multisession_tokens", "multisession_session_deleted")
                    .hasSizeGreaterThanOrEqualTo(13);
            try (SqliteApp old = SqliteApp.make(folder, "single")) {
                Set<String> before = Set.copyOf(lines(old, "SELECT name FROM sqlite_master"));
                migrate();
                Set<String> added = new LinkedHashSet<>(
                        lines(old, "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_auto%'"));
                added.removeAll(before);
                assertThat(added).containsExactlyInAnyOrderElementsOf(ALL_OF_OURS);
            }
        }

        @Test
        void a_trigger_names_no_table_but_ours_in_its_body() {
            Pattern table = Pattern.compile("\\b(?:FROM|INTO|UPDATE|JOIN)\\s+(?!OF\\b|\\()(\\S+)");
            int bodies = 0;
            for (String statement : statements("")) {
                int begin = statement.indexOf("\nBEGIN\n");
                if (begin < 0) {
                    continue;
                }
                bodies++;
                Matcher named = table.matcher(statement.substring(begin));
                while (named.find()) {
                    // The catalogue is always there, whatever is renamed.
                    assertThat(named.group(1).replace("sqlite_master", "multisession_"))
                            .as(statement)
                            .startsWith("multisession_");
                }
            }
            assertThat(bodies).isGreaterThanOrEqualTo(5);
        }

        @Test
        void nothing_but_the_files_makes_or_changes_a_table() throws IOException {
            Pattern ddl = Pattern.compile(
                    "\"[^\"]*\\b(CREATE|ALTER|DROP)\\s+(TEMP\\w*\\s+|UNIQUE\\s+)?(TABLE|INDEX|TRIGGER|VIEW)\\b",
                    Pattern.CASE_INSENSITIVE);
            Pattern inTextBlock = Pattern.compile(
                    "^\\s*(CREATE|ALTER|DROP)\\s+(TEMP\\w*\\s+|UNIQUE\\s+)?(TABLE|INDEX|TRIGGER|VIEW)\\b",
                    Pattern.CASE_INSENSITIVE | Pattern.MULTILINE);
            try (Stream<Path> sources = Files.walk(Path.of("src", "main", "java"))) {
                // What is to go is renamed and dropped by itself; on PostgreSQL an uninstall drops all that is ours,
                // and a
                // migration outdated triggers and an index that a kill has left invalid.
                for (Path source : sources.filter(path -> path.toString().endsWith(".java"))
                        .filter(path -> !path.endsWith("Leavings.java") && !path.endsWith("PostgresMigrator.java"))
                        .filter(path -> !path.endsWith("PostgresUninstaller.java"))
                        // The team's tables, in a database of another kind.
                        .filter(path -> !path.startsWith(Path.of("src/main/java/org/multisession/copy")))
                        // In a file that a copy then replaces.
                        .filter(path -> !path.endsWith("sqlite/PageCopy.java"))
                        // In a file of its own in the temp directory.
                        .filter(path -> !path.endsWith("check/ScratchRows.java"))
                        .toList()) {
                    // What is temporary is not in the database, and what a message advises is not run.
                    String text = Files.readString(source)
                            .replace("Make it one: ALTER TABLE", "")
                            .replaceAll(
                                    "CREATE TEMP (TABLE|TRIGGER)|CREATE INDEX (IF NOT EXISTS )?temp\\.|ALTER TABLE temp\\.|DROP (TABLE|TRIGGER) temp\\.",
                                    "");
                    assertThat(ddl.matcher(text).find()).as(source.toString()).isFalse();
                    assertThat(inTextBlock.matcher(text).find())
                            .as(source.toString())
                            .isFalse();
                }
            }
        }

        @Test
        void looking_up_a_token_or_a_number_reads_no_whole_table() {
            SqliteApp.make(folder, "multi").close();
            try (NewApp app = NewApp.deploy(file, clock)) {
                // Compiled when it runs for the first time, and kept.
                List<String> prepared = StatementLog.during(() -> {
                    String session = app.signIn("+79991234567");
                    app.opens(session);
                    app.opens("AtCDWfdU-2s6_PkW53hKKkHrgZb1xD1kfjaK6wrUdZc");
                    app.opens("a-stranger");
                    app.signIn("8 (999) 123-45-67");
                    app.signOut(session);
                });
                List<String> looks = prepared.stream()
                        .filter(sql -> Pattern.compile(
                                        "\\b(users|user_sessions|multisession_tokens|multisession_phones)\\b")
                                .matcher(sql)
                                .find())
                        .distinct()
                        .toList();
                // Session, legacy token, number, and what a sign-in and a sign-out need beside them.
                assertThat(looks).hasSizeGreaterThanOrEqualTo(8);
                for (String sql : looks) {
                    assertThat(plan(app, sql))
                            .as(sql)
                            .noneMatch(step -> step.startsWith("SCAN u") || step.startsWith("SCAN t"))
                            // The catalogue is short, and read only where nothing else tells.
                            .noneMatch(step -> (step.startsWith("SCAN s") && !step.equals("SCAN sqlite_master"))
                                    || step.startsWith("SCAN m"));
                }
                assertThat(looks)
                        .anySatisfy(sql -> assertThat(plan(app, sql))
                                .anyMatch(step -> step.contains("INDEX multisession_users_auth_token")));
                assertThat(looks)
                        .anySatisfy(sql -> assertThat(plan(app, sql))
                                .anyMatch(step -> step.contains("INDEX multisession_phones_number")));
                assertThat(looks)
                        .anySatisfy(sql -> assertThat(plan(app, sql))
                                .anyMatch(step -> step.contains("INDEX multisession_phones_unread")));
            }
        }

        /** The steps by which SQLite would run a statement, without running it. */
        private static List<String> plan(NewApp app, String sql) {
            return app.database.read(handle -> {
                List<String> steps = new ArrayList<>();
                try (PreparedStatement statement = handle.prepare("EXPLAIN QUERY PLAN " + sql);
                        ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        steps.add(row.getString("detail"));
                    }
                }
                return steps;
            });
        }
    }
}
