package org.multisession.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.multisession.check.Reports.codes;
import static org.multisession.check.Reports.rows;
import static org.multisession.check.Reports.text;
import static org.multisession.check.Reports.written;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.check.AccessComparison.Opening;
import org.multisession.migration.MigrationRefusedException;
import org.multisession.migration.Progress;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.NewApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/** What a check says of a database: every fault that is there, and none that is not. */
class CheckTest {

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final String USERS = """
            CREATE TABLE users (
                id INTEGER NOT NULL PRIMARY KEY, phone VARCHAR(20), auth_token VARCHAR(128), "plan" VARCHAR(20));
            INSERT INTO users VALUES
                (1, '+79990000001', 'first-token-of-user-1', 'free'),
                (2, '+79990000002', 'first-token-of-user-2', 'free'),
                (3, '+79990000003', NULL, 'free');
            """;

    private static final String SESSIONS = """
            CREATE TABLE user_sessions (
                id INTEGER NOT NULL PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id),
                auth_token VARCHAR(128) NOT NULL UNIQUE,
                created_at DATETIME DEFAULT CURRENT_TIMESTAMP, last_seen_at DATETIME DEFAULT CURRENT_TIMESTAMP);
            INSERT INTO user_sessions (id, user_id, auth_token) VALUES (1, 1, 'a-session-of-user-1');
            """;

    @TempDir
    Path folder;

    private final TestClock clock = new TestClock();

    private Report check(Path path) {
        return check(path, true, new ArrayList<>());
    }

    private Report check(Path path, boolean acceptsLegacyTokens, List<Opening> openings) {
        CheckRules rules =
                new CheckRules(acceptsLegacyTokens ? Stage.COEXIST : Stage.RETIRE, false, "RU", NewApp.RULES, true);
        Report report =
                new Check(rules, Trials.NONE, PATIENCE, clock, System::nanoTime, Progress.NONE, openings::add).of(path);
        if (report.facts().stream().anyMatch(fact -> fact.code().equals("users"))) {
            requireThatEveryRowIsCounted(report);
        }
        return report;
    }

    /** The parts of each sum in the report. */
    private static void requireThatEveryRowIsCounted(Report report) {
        assertThat(fact(report, "users"))
                .isEqualTo(sum(
                        report,
                        "users-without-token",
                        "users-with-empty-token",
                        "users-with-unusable-token",
                        "users-with-unsendable-token",
                        "legacy-tokens"));
        assertThat(fact(report, "legacy-tokens")).isEqualTo(sum(report, "legacy-tokens-same", "legacy-tokens-changed"));
        assertThat(fact(report, "sessions"))
                .isEqualTo(sum(
                        report,
                        "sessions-mirrored",
                        "sessions-of-the-old-app",
                        "sessions-only-here",
                        "sessions-hashed",
                        "sessions-without-effect"));
        assertThat(fact(report, "sessions-of-the-old-app")).isEqualTo(sum(report, "sessions-same", "sessions-changed"));
    }

    private static long sum(Report report, String... codes) {
        return Arrays.stream(codes).mapToLong(code -> fact(report, code)).sum();
    }

    /** The report on the plain database above after these statements. */
    private Report after(String... statements) {
        return after(true, statements);
    }

    private Report after(boolean acceptsLegacyTokens, String... statements) {
        try (SqliteApp old = SqliteApp.makeBy(folder, USERS + SESSIONS)) {
            for (String statement : statements) {
                old.run(statement);
            }
            return check(old.path(), acceptsLegacyTokens, new ArrayList<>());
        }
    }

    private Report ofScript(String script) {
        try (SqliteApp old = SqliteApp.make(folder, script)) {
            return check(old.path());
        }
    }

    private static long fact(Report report, String code) {
        return report.facts().stream()
                .filter(fact -> fact.code().equals(code))
                .map(Fact::number)
                .filter(Objects::nonNull)
                .findFirst()
                .orElseThrow();
    }

    @Nested
    @DisplayName("The sample databases")
    class Samples {

        @ParameterizedTest
        @CsvSource({
            "delete, true, about 7 seconds (copying the database). Many programs give up after 5",
            "delete, false, less than a second",
            "wal, true, less than a second"
        })
        void the_longest_wait_may_be_the_copy_that_a_deploy_makes_beside_a_rollback_journal(
                String journal, boolean makesBackup, String wait) {
            try (SqliteApp old = SqliteApp.makeIn(folder, "single")) {
                old.all("PRAGMA journal_mode=" + journal);
                AtomicLong nanos = new AtomicLong();
                CheckRules rules = new CheckRules(Stage.COEXIST, false, "RU", NewApp.RULES, makesBackup);
                Report report = new Check(
                                rules,
                                Trials.NONE,
                                PATIENCE,
                                clock,
                                () -> nanos.addAndGet(7_000_000_000L),
                                Progress.NONE,
                                opening -> {})
                        .of(old.path());
                assertThat(report.facts())
                        .filteredOn(fact -> fact.code().equals("longest-wait"))
                        .singleElement()
                        .extracting(Fact::value, InstanceOfAssertFactories.STRING)
                        .startsWith(wait);
            }
        }

        @Test
        void every_fault_of_dirty_is_named_and_none_invented() {
            Report report = ofScript("dirty");

            assertThat(report.isSafe()).isFalse();
            Map<String, List<String>> found = new HashMap<>();
            report.findings()
                    .forEach(finding -> found.put(
                            finding.fault().code(),
                            finding.rows().stream().map(Row::text).toList()));
            assertThat(found)
                    .containsOnly(
                            Map.entry("shared-token", List.of("users 2, 3")),
                            Map.entry("token-of-another", List.of("user 16; session 2 (of user 1)")),
                            Map.entry("short-token", List.of("user 2", "user 3", "user 8", "user 11", "user 12")),
                            Map.entry("digits-only-token", List.of("user 11")),
                            Map.entry("colliding-number", List.of("users 1, 13 (+7 ••• •••-00-01)")),
                            Map.entry("no-number", List.of("user 14")),
                            Map.entry("missing-number", List.of("user 15")),
                            Map.entry("orphan-session", List.of("session 1 (of user 999)")),
                            Map.entry("integer-time", List.of("session 3 (created_at and last_seen_at, of user 1)")),
                            Map.entry("iso-time", List.of("session 6 (created_at and last_seen_at, of user 1)")),
                            Map.entry("future-time", List.of("session 5 (created_at and last_seen_at, of user 1)")),
                            Map.entry("missing-time", List.of("session 4 (created_at and last_seen_at, of user 1)")),
                            Map.entry("empty-token", List.of("user 4", "user 5")),
                            Map.entry("binary-token", List.of("user 10")),
                            Map.entry("quoted-token", List.of("user 7", "user 8")),
                            Map.entry("long-token", List.of("user 9")));
            assertThat(fact(report, "users")).isEqualTo(16);
            assertThat(fact(report, "users-without-token")).isEqualTo(1);
            assertThat(fact(report, "users-with-empty-token")).isEqualTo(2);
            assertThat(fact(report, "legacy-tokens")).isEqualTo(12);
            assertThat(fact(report, "legacy-tokens-same")).isEqualTo(10);
            assertThat(fact(report, "sessions")).isEqualTo(6);
            assertThat(fact(report, "sessions-same")).isEqualTo(4);
            assertThat(fact(report, "users-with-unusable-token")).isEqualTo(1);
            assertThat(fact(report, "legacy-tokens-changed")).isEqualTo(2);
            assertThat(fact(report, "sessions-without-effect")).isEqualTo(1);
            assertThat(report.verdict()).isEqualTo("NOT SAFE: 1 finding to fix before the deploy, for 2 users");
        }

        @ParameterizedTest
        @CsvSource({"single, 0, 0, user-deletion", "multi, 4, 2, ''"})
        void a_good_database_is_safe(String script, long sessions, long sameSessions, String note) {
            Report report = ofScript(script);

            assertThat(report.isSafe()).isTrue();
            assertThat(codes(report)).isEqualTo(note.isEmpty() ? Set.of("empty-token") : Set.of("empty-token", note));
            assertThat(rows(report, Fault.EMPTY_TOKEN)).containsExactly("user 49");
            assertThat(fact(report, "legacy-tokens")).isEqualTo(6);
            assertThat(fact(report, "legacy-tokens-same")).isEqualTo(6);
            assertThat(fact(report, "sessions")).isEqualTo(sessions);
            assertThat(fact(report, "sessions-same")).isEqualTo(sameSessions);
        }

        @Test
        void nothing_is_found_where_nobody_is() {
            try (SqliteApp old = SqliteApp.makeBy(
                    folder, "CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT)")) {
                assertThat(check(old.path()).findings()).isEmpty();
            }
        }

        @Test
        void an_empty_file_is_a_new_database() {
            try (SqliteApp old = SqliteApp.makeBy(folder, "CREATE TABLE gone (x); DROP TABLE gone")) {
                Report report = check(old.path());
                assertThat(report.findings()).isEmpty();
                assertThat(fact(report, "users")).isZero();
            }
        }

        @Test
        void a_database_of_ours_is_safe_to_deploy_on_again() {
            try (SqliteApp old = SqliteApp.make(folder, "single")) {
                String token;
                try (NewApp app = NewApp.deploy(old.path(), clock)) {
                    app.signIn("+79991234567");
                    token = app.signIn("+79991234568");
                    app.signOut(token);
                }
                Report report = check(old.path());
                assertThat(report.isSafe()).isTrue();
                assertThat(codes(report))
                        .containsExactly("empty-token", "ended-token", "missing-time", "user-deletion");
                assertThat(rows(report, Fault.ENDED_TOKEN)).containsExactly("user 43 (signed-out)");
                // The old tokens of both were adopted; of the two new ones, one is the mirror and one has ended.
                assertThat(fact(report, "sessions-only-here")).isEqualTo(2);
                assertThat(fact(report, "sessions-mirrored")).isEqualTo(1);
            }
        }
    }

    @Nested
    @DisplayName("Every finding")
    class EveryFinding {

        @Test
        void is_absent_from_a_database_without_faults() {
            Report report = after();
            assertThat(codes(report)).isEmpty();
            assertThat(report.isSafe()).isTrue();
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "shared-token | UPDATE users SET auth_token = 'first-token-of-user-1' | users 1, 2, 3",
                    "orphan-over-legacy | INSERT INTO user_sessions (user_id, auth_token)"
                            + " VALUES (77, 'first-token-of-user-2') | user 2; session 2 (of user 77)",
                    "hash-shaped-token | UPDATE users SET auth_token = printf('sha256:%.*c', 43, 'A')"
                            + " WHERE id = 1 | user 1",
                    "hash-shaped-token | UPDATE user_sessions SET auth_token = printf('sha256:%.*c', 43, '_')"
                            + " | session 1 (of user 1)",
                    "token-too-long-for-a-header | UPDATE users SET auth_token = printf('%.*c', 9000, 'x')"
                            + " WHERE id = 1 | user 1",
                    "token-too-long-for-a-header | UPDATE user_sessions SET auth_token = printf('%.*c', 2000, ';')"
                            + " | session 1 (of user 1)",
                    "deploy-refused | DROP INDEX IF EXISTS x; ALTER TABLE users RENAME COLUMN phone TO telephone"
                            + " | the table users has no column phone; it has id, telephone, auth_token, plan."
                            + " Check multisession.db.url"
                })
        void that_makes_a_database_unsafe(String code, String statement, String row) {
            Report report = after(statement);
            assertThat(report.isSafe()).isFalse();
            assertThat(rows(report, fault(code))).containsExactly(row);
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "token-of-another | INSERT INTO user_sessions (user_id, auth_token)"
                            + " VALUES (1, 'first-token-of-user-2') | user 2; session 2 (of user 1)",
                    "short-token | UPDATE users SET auth_token = 'fifteen-letters' WHERE id = 1 | user 1",
                    "short-token | UPDATE user_sessions SET auth_token = 'short' | session 1 (of user 1)",
                    "digits-only-token | UPDATE users SET auth_token = '12345678901234567890' WHERE id = 1"
                            + " | user 1",
                    "colliding-number | UPDATE users SET phone = '8 (999) 000-00-02' WHERE id = 3"
                            + " | users 2, 3 (+7 ••• •••-00-02)",
                    "no-number | UPDATE users SET phone = 'none' WHERE id = 2 | user 2",
                    "no-number | UPDATE users SET phone = '1;phone-context=+7;tel:1234568' WHERE id = 2 | user 2",
                    "text-for-a-number | UPDATE users SET phone = '+5215512345678' WHERE id = 2 | user 2",
                    "colliding-number | UPDATE users SET phone = printf('+7999000000%s2', char(8207)) WHERE id = 3"
                            + " | users 2, 3 (+7 ••• •••-00-02)",
                    "missing-number | UPDATE users SET phone = ' ' WHERE id = 2 | user 2",
                    "missing-number | UPDATE users SET phone = NULL WHERE id = 2 | user 2",
                    "orphan-session | UPDATE user_sessions SET user_id = 9 | session 1 (of user 9)",
                    "integer-time | UPDATE user_sessions SET created_at = 1770292800000"
                            + " | session 1 (created_at, of user 1)",
                    "iso-time | UPDATE user_sessions SET last_seen_at = '2026-02-05T12:00:00Z'"
                            + " | session 1 (last_seen_at, of user 1)",
                    "future-time | UPDATE user_sessions SET last_seen_at = '2999-01-01 00:00:00'"
                            + " | session 1 (last_seen_at, of user 1)",
                    "unreadable-time | UPDATE user_sessions SET created_at = 'yesterday', last_seen_at = 2460000.5"
                            + " | session 1 (created_at and last_seen_at, of user 1)",
                    "missing-time | UPDATE user_sessions SET created_at = NULL | session 1 (created_at, of user 1)",
                    "empty-token | UPDATE users SET auth_token = '' WHERE id = 3 | user 3",
                    "empty-token | UPDATE user_sessions SET auth_token = '' | session 1 (of user 1)",
                    "binary-token | UPDATE users SET auth_token = x'00ff' WHERE id = 3 | user 3",
                    "binary-token | UPDATE user_sessions SET auth_token = x'00ff' | session 1 (of user 1)",
                    "unsendable-token | UPDATE users SET auth_token = 'токен-из-букв-и-тире' WHERE id = 2 | user 2",
                    "quoted-token | UPDATE users SET auth_token = 'a token with spaces' WHERE id = 2 | user 2",
                    "long-token | UPDATE users SET auth_token = printf('%.*c', 129, 'x') WHERE id = 2 | user 2",
                    "trigger | CREATE TRIGGER audit AFTER UPDATE ON users BEGIN SELECT 1; END | audit"
                })
        void that_leaves_a_database_safe(String code, String statement, String row) {
            Report report = after(statement);
            assertThat(rows(report, fault(code))).containsExactly(row);
            assertThat(report.isSafe()).isTrue();
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "UPDATE users SET auth_token = 'sixteen-letters!' WHERE id = 1",
                    "UPDATE users SET auth_token = printf('%.*c', 128, 'x') WHERE id = 1",
                    "UPDATE users SET auth_token = 'base64+with/all=of==its_signs' WHERE id = 1",
                    "UPDATE users SET auth_token = printf('%.*c', 43, '7') WHERE id = 1",
                    "UPDATE users SET auth_token = 'sha256:' || printf('%.*c', 42, 'A') WHERE id = 1",
                    "UPDATE users SET phone = '8 (999) 000-00-04' WHERE id = 2",
                    "UPDATE users SET phone = '+4915112345678' WHERE id = 2",
                    "UPDATE user_sessions SET auth_token = 'first-token-of-user-1'",
                    "UPDATE user_sessions SET created_at = '2026-02-05 12:00:00.999999', last_seen_at = '2026-02-05 12:00:00'",
                    "CREATE TABLE other (x); CREATE TRIGGER theirs AFTER INSERT ON other BEGIN SELECT 1; END"
                })
        void that_only_looks_like_one_is_none(String statement) {
            assertThat(codes(after(statement))).isEmpty();
        }

        @Test
        void of_a_damaged_file_stands_alone() throws Exception {
            try (SqliteApp old = SqliteApp.makeBy(folder, USERS + "CREATE INDEX phones ON users (phone);")) {
                String page = old.one("SELECT (rootpage - 1) * 4096 FROM sqlite_master WHERE name = 'phones'");
                try (java.io.RandomAccessFile file =
                        new java.io.RandomAccessFile(old.path().toFile(), "rw")) {
                    file.seek(Long.parseLong(page));
                    file.write(new byte[64]);
                }
                Report report = check(old.path());
                assertThat(codes(report)).containsExactly("damaged-file");
                assertThat(report.isSafe()).isFalse();
            }
        }

        @Test
        void of_rows_that_break_a_rule_is_no_damage() {
            Report report = after(
                    "PRAGMA writable_schema = ON",
                    "UPDATE sqlite_master SET sql = replace(sql, 'auth_token VARCHAR(128)', 'auth_token VARCHAR(128) NOT"
                            + " NULL') WHERE name = 'users'",
                    "PRAGMA writable_schema = RESET");
            assertThat(rows(report, Fault.BROKEN_CONSTRAINT)).containsExactly("NULL value in users.auth_token");
            assertThat(report.isSafe()).isTrue();
        }

        /** SQLite's own check ends at the hundredth. */
        @Test
        void of_damage_is_found_behind_any_number_of_rows_that_break_a_rule() {
            Report report = after(
                    "CREATE TABLE parts (id INTEGER PRIMARY KEY, name TEXT, place TEXT)",
                    "CREATE INDEX parts_by_name ON parts (name)",
                    "INSERT INTO parts VALUES (1, 'nut', 'shelf'), (2, 'bolt', 'box')",
                    "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)",
                    "INSERT INTO notes (text) WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 150)"
                            + " SELECT NULL FROM n",
                    "PRAGMA writable_schema = ON",
                    "UPDATE sqlite_master SET sql = replace(sql, 'text TEXT', 'text TEXT NOT NULL') WHERE name = 'notes'",
                    "UPDATE sqlite_master SET sql = replace(sql, '(name)', '(place)') WHERE name = 'parts_by_name'",
                    "PRAGMA writable_schema = RESET");
            assertThat(rows(report, Fault.DAMAGED_FILE)).anyMatch(row -> row.contains("parts_by_name"));
            assertThat(report.isSafe()).isFalse();
        }

        @Test
        void of_a_stage_without_legacy_tokens_names_those_who_have_nothing_else() {
            Report report =
                    after(false, "INSERT INTO user_sessions (user_id, auth_token) VALUES (2, 'first-token-of-user-2')");
            assertThat(rows(report, Fault.LEGACY_REFUSED)).containsExactly("user 1");
            assertThat(codes(report)).containsExactly("legacy-refused");
            assertThat(report.isSafe()).isFalse();
        }

        @Test
        void of_a_session_over_an_account_of_the_single_form_is_unsafe() {
            try (SqliteApp old = SqliteApp.makeBy(folder, USERS)) {
                String token;
                try (NewApp app = NewApp.deploy(old.path(), clock)) {
                    token = app.signIn("+79990000001");
                }
                old.run("UPDATE users SET auth_token = NULL WHERE id = 1");
                old.run("UPDATE users SET auth_token = ? WHERE id = 2", token);
                Report report = check(old.path());
                assertThat(rows(report, Fault.OTHER_ACCOUNT))
                        .containsExactly("user 2; session 3 (of user 1)"
                                .replace("3", old.one("SELECT id FROM user_sessions WHERE auth_token = ?", token)));
                assertThat(report.isSafe()).isFalse();
            }
        }

        @Test
        void of_a_session_that_ran_out_or_moved_is_no_fault_of_the_deploy() {
            try (SqliteApp old = SqliteApp.makeBy(folder, USERS + SESSIONS)) {
                NewApp.deploy(old.path(), clock).close();
                clock.advance(Duration.ofDays(31));
                assertThat(codes(check(old.path())))
                        .as("away, nobody has idled")
                        .doesNotContain("run-out");
                try (NewApp app = NewApp.deploy(old.path(), clock)) {
                    clock.advance(Duration.ofDays(31));
                    app.heartbeat.beat();
                }
                Report idle = check(old.path());
                assertThat(rows(idle, Fault.RUN_OUT)).containsExactly("session 1 (of user 1)");
                assertThat(idle.isSafe()).isTrue();

                old.run("UPDATE user_sessions SET user_id = 2");
                Report moved = check(old.path());
                assertThat(rows(moved, Fault.MOVED_SESSION)).containsExactly("session 1 (of user 2)");
                assertThat(codes(moved)).doesNotContain("run-out");
                assertThat(moved.isSafe()).isTrue();
            }
        }

        @Test
        void of_a_log_that_would_shut_a_second_account_out_is_a_warning_until_the_folder_passes_its_group_on()
                throws IOException {
            try (SqliteApp old = SqliteApp.makeBy(folder, USERS + SESSIONS)) {
                Files.setPosixFilePermissions(old.path(), PosixFilePermissions.fromString("rw-rw----"));
                assertThat(codes(check(old.path()))).doesNotContain("log-of-one-account");
                old.all("PRAGMA journal_mode=WAL");
            }
            Path file = folder.resolve("old-app.db");
            Report report = check(file);
            assertThat(codes(report)).contains("log-of-one-account");
            assertThat(report.isSafe()).isTrue();
            Files.setAttribute(folder, "unix:mode", 0_042770);
            assertThat(codes(check(file))).doesNotContain("log-of-one-account");
        }

        @Test
        void of_a_file_last_written_by_a_sqlite_that_could_not_open_it_afterwards_is_unsafe() throws IOException {
            try (SqliteApp old = SqliteApp.makeBy(folder, USERS + SESSIONS)) {
                for (String[] written :
                        new String[][] {{"3007017", "true"}, {"3008001", "true"}, {"3046001", "false"}, {"0", "true"}
                        }) {
                    try (RandomAccessFile file = new RandomAccessFile(old.path().toFile(), "rw")) {
                        file.seek(96);
                        file.writeInt(Integer.parseInt(written[0]));
                    }
                    Report report = check(old.path());
                    assertThat(codes(report).contains("old-sqlite")).isEqualTo(Boolean.parseBoolean(written[1]));
                    assertThat(report.isSafe()).isNotEqualTo(Boolean.parseBoolean(written[1]));
                }
            }
        }

        @Test
        void of_codes_that_the_old_apps_sign_in_makes_worthless_is_told() {
            try (SqliteApp old = SqliteApp.makeBy(folder, USERS + SESSIONS)) {
                CheckRules withCodes = new CheckRules(Stage.COEXIST, true, "RU", NewApp.RULES, true);
                Report report = new Check(withCodes, Trials.NONE, PATIENCE, clock, Progress.NONE).of(old.path());
                assertThat(codes(report)).containsExactly("open-old-sign-in");
                assertThat(report.isSafe()).isTrue();
            }
        }

        @Test
        void of_a_deletion_that_foreign_keys_prevent_is_told_until_the_table_has_the_trigger_of_the_docs()
                throws IOException {
            String trigger = Pattern.compile("```sql\n(CREATE TRIGGER users_end_sessions .*?)```", Pattern.DOTALL)
                    .matcher(Files.readString(Path.of("docs/migration.md")))
                    .results()
                    .findFirst()
                    .orElseThrow()
                    .group(1);
            try (SqliteApp old = SqliteApp.makeBy(folder, USERS)) {
                assertThat(codes(check(old.path()))).containsExactly("user-deletion");
                String token;
                try (NewApp app = NewApp.deploy(old.path(), clock)) {
                    token = app.signIn("+79990000001");
                }
                assertThat(codes(check(old.path()))).containsExactly("missing-time", "user-deletion");
                old.run("PRAGMA foreign_keys=ON");
                assertThatThrownBy(() -> old.deleteUser(1))
                        .hasRootCauseMessage(
                                "[SQLITE_CONSTRAINT_FOREIGNKEY] A foreign key constraint failed (FOREIGN KEY constraint failed)");
                old.run(trigger);
                assertThat(codes(check(old.path()))).containsExactly("missing-time", "trigger");
                old.deleteUser(1);
                assertThat(old.addUser("+79990000009", null)).isEqualTo(4);
                try (NewApp app = NewApp.deploy(old.path(), clock)) {
                    assertThat(app.opens(token)).isNull();
                    assertThat(app.opens("first-token-of-user-1")).isNull();
                }
            }
        }

        @Test
        void of_ninety_nine_shared_tokens_names_all_whom_it_concerns() {
            Report report = after(
                    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 198)"
                            + " INSERT INTO users (id, auth_token) SELECT 100 + i, 'a-token-of-two-users-' || (i / 2 + i % 2) FROM n");
            assertThat(report.verdict()).isEqualTo("NOT SAFE: 1 finding to fix before the deploy, for 198 users");
            assertThat(written(report, Format.TEXT)).contains("[shared-token], 99, of 198 users");
            assertThat(written(report, Format.JSON)).contains("[ 101, 102 ]", "[ 297, 298 ]");
        }

        @Test
        void is_signed_with_what_has_checked_what() {
            try (SqliteApp old = SqliteApp.makeBy(folder, USERS + SESSIONS)) {
                String json = written(check(old.path()), Format.JSON);
                assertThat(json).contains("\"version\" : ", "\"schema-digest\" : ", "\"modified-at\" : ");
                assertThat(written(check(old.path()), Format.TEXT)).contains("\nBy Multi-Session ");
                String before = digests(json);
                assertThat(digests(written(check(old.path()), Format.JSON))).isEqualTo(before);
                old.run("UPDATE user_sessions SET last_seen_at = '2026-02-05 12:00:00'");
                String data = digests(written(check(old.path()), Format.JSON));
                assertThat(data).isNotEqualTo(before);
                old.run("CREATE TABLE other (x)");
                assertThat(digests(written(check(old.path()), Format.JSON))).isNotEqualTo(data);
            }
        }

        private static String digests(String json) {
            return json.lines().filter(line -> line.contains("-digest")).collect(Collectors.joining());
        }

        @Test
        void of_tokens_that_a_case_blind_column_takes_for_one_is_unsafe() {
            try (SqliteApp old = SqliteApp.makeBy(folder, """
                    CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT COLLATE NOCASE);
                    INSERT INTO users VALUES (1, '+79990000001', 'a-token-in-Capitals'),
                        (2, '+79990000002', 'a-token-in-capitals'), (3, '+79990000003', 'another-token-of-3');
                    """)) {
                assertThat(rows(check(old.path()), Fault.SHARED_TOKEN)).containsExactly("users 1, 2");
            }
        }

        @Test
        void of_a_token_that_is_the_encoded_form_of_another_users_is_unsafe() {
            try (SqliteApp old = SqliteApp.makeBy(folder, """
                    CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT);
                    INSERT INTO users VALUES (1, '+79990000001', 'a-token%20with-a-blank'),
                        (2, '+79990000002', 'a-token with-a-blank'), (3, '+79990000003', 'another+token/of-3==');
                    """)) {
                assertThat(rows(check(old.path()), Fault.TOKEN_SPELLS_ANOTHER)).containsExactly("user 1");
                assertThat(check(old.path()).isSafe()).isFalse();
            }
        }

        @Test
        void of_tokens_that_a_column_of_numbers_has_changed_is_unsafe() {
            try (SqliteApp old = SqliteApp.makeBy(folder, """
                    CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token INTEGER);
                    INSERT INTO users VALUES (1, '+79990000001', '00012345678901234'),
                        (2, '+79990000002', 'a-token-of-user-2');
                    """)) {
                assertThat(rows(check(old.path()), Fault.NUMBER_TOKEN)).containsExactly("user 1");
            }
        }

        @Test
        void shows_people_the_first_rows_and_programs_all() {
            Report report = after("WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 99)"
                    + " INSERT INTO users (id, auth_token) SELECT i, 'x' || i FROM n");
            Finding found = report.findings().stream()
                    .filter(finding -> finding.fault() == Fault.SHORT_TOKEN)
                    .findFirst()
                    .orElseThrow();
            assertThat(found.rows()).hasSize(90).startsWith(Row.user(10)).endsWith(Row.user(99));
            assertThat(written(report, Format.TEXT))
                    .contains("- user 29\n", "- and 70 more; --format=json lists all")
                    .doesNotContain("- user 30\n");
            assertThat(written(report, Format.MARKDOWN)).contains("<br>and 70 more; `--format=json` lists all");
            assertThat(written(report, Format.JSON)).contains("\"users\" : [ 99 ]");
        }

        private static Fault fault(String code) {
            return Arrays.stream(Fault.values())
                    .filter(fault -> fault.code().equals(code))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Nested
    @DisplayName("The two lists")
    class TwoLists {

        @ParameterizedTest
        @ValueSource(strings = {"single", "multi", "dirty"})
        void are_what_both_apps_do_with_the_samples(String script) {
            try (SqliteApp old = SqliteApp.make(folder, script)) {
                assertThat(compare(old, Set.of("unknown-token"))).isPositive();
            }
        }

        /** A failing database is named by its seed. */
        @Test
        void are_what_both_apps_do_with_any_database() {
            int compared = 0;
            int refused = 0;
            try (MemoryFolder memory = new MemoryFolder()) {
                for (int seed = 1; seed <= 400; seed++) {
                    try (SqliteApp old = SqliteApp.open(memory.path().resolve(seed + ".db"))) {
                        Set<String> tokens = new RandomDatabase(old, seed).make();
                        int all = compare(old, tokens);
                        compared += Math.max(0, all);
                        refused += all < 0 ? 1 : 0;
                    } catch (AssertionError e) {
                        throw new AssertionError("seed " + seed, e);
                    }
                }
            }
            assertThat(compared).isGreaterThan(1000);
            assertThat(refused).isBetween(1, 100);
        }

        /** How many tokens open an account; -1 where the deploy is refused, as the check has said. */
        private int compare(SqliteApp old, Set<String> more) {
            List<Opening> openings = new ArrayList<>();
            boolean isMulti = isMulti(old);
            Report report = check(old.path(), true, openings);
            Map<String, @Nullable Long> before = new HashMap<>();
            Map<String, @Nullable Long> after = new HashMap<>();
            openings.forEach(opening -> {
                before.put(opening.token().value(), opening.before());
                after.put(opening.token().value(), opening.after());
            });
            Set<String> tokens = new HashSet<>(more);
            tokens.addAll(before.keySet());
            for (String token : tokens) {
                // A column of numbers, or one that is blind to case, finds more texts than it holds; no device has
                // those.
                if (before.containsKey(token) || isStored(old, token)) {
                    assertThat(before.get(token)).as("before: %s", token).isEqualTo(oldApp(old, isMulti, token));
                }
            }
            boolean mustRefuse = codes(report).contains("deploy-refused");
            try (NewApp app = NewApp.deploy(old.path(), clock)) {
                assertThat(mustRefuse).as("refused").isFalse();
                int opened = 0;
                for (String token : tokens) {
                    Long opens = app.opens(token);
                    assertThat(after.get(token)).as("after: %s", token).isEqualTo(opens);
                    opened += opens == null ? 0 : 1;
                }
                return opened;
            } catch (MigrationRefusedException e) {
                assertThat(rows(report, Fault.DEPLOY_REFUSED)).containsExactly(e.getMessage());
                return -1;
            }
        }

        private static boolean isStored(SqliteApp old, String token) {
            String tokens = "SELECT auth_token AS t FROM users";
            if (!old.all("SELECT 1 FROM sqlite_master WHERE name = 'user_sessions'")
                    .isEmpty()) {
                tokens += " UNION ALL SELECT auth_token FROM user_sessions";
            }
            return !old.all(
                            "SELECT 1 FROM (" + tokens
                                    + ") WHERE typeof(t) <> 'blob' AND CAST(t AS TEXT) = ? COLLATE BINARY",
                            token)
                    .isEmpty();
        }

        private static boolean isMulti(SqliteApp old) {
            return !old.all("SELECT 1 FROM sqlite_master WHERE name = 'user_sessions'")
                            .isEmpty()
                    && (old.all("SELECT 1 FROM sqlite_master WHERE name = 'multisession_created'")
                                    .isEmpty()
                            || old.all("SELECT 1 FROM multisession_created WHERE name = 'user_sessions'")
                                    .isEmpty());
        }

        /** What the old app asks, with what it does on finding a session without its user. */
        private static @Nullable Long oldApp(SqliteApp old, boolean isMulti, String token) {
            if (isMulti) {
                List<@Nullable String> session = old.all(
                        "SELECT u.id FROM user_sessions s JOIN users u ON u.id = s.user_id WHERE s.auth_token = ?",
                        token);
                if (!session.isEmpty()) {
                    return Long.valueOf(String.valueOf(session.get(0)));
                }
            }
            List<@Nullable String> user = old.all("SELECT id FROM users WHERE auth_token = ? ORDER BY rowid", token);
            return user.isEmpty() ? null : Long.valueOf(String.valueOf(user.get(0)));
        }
    }

    /** Some users and sessions with few tokens among them, so that much collides. */
    private final class RandomDatabase {

        private static final List<String> TOKENS = List.of(
                "alpha", "ALPHA", "beta", "gamma", "delta ", "12", "012", "1.50", "1e3", "épsilon", "ж", "a;b",
                "\u0001x");

        private final SqliteApp old;
        private final Random random;

        RandomDatabase(SqliteApp old, int seed) {
            this.old = old;
            this.random = new Random(seed);
        }

        Set<String> make() {
            String type =
                    oneOf("VARCHAR(128)", "VARCHAR(128)", "TEXT", "TEXT COLLATE NOCASE", "INTEGER", "NUMERIC", "");
            String id = oneOf("INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY", "BIGINT UNIQUE", "INTEGER NOT NULL UNIQUE");
            old.run("CREATE TABLE users (id " + id + ", phone TEXT, auth_token " + type + ")");
            Set<String> tokens = new HashSet<>(TOKENS);
            if (random.nextBoolean()) {
                old.run("CREATE TABLE user_sessions (id INTEGER NOT NULL PRIMARY KEY, user_id INTEGER NOT NULL,"
                        + " auth_token " + oneOf("VARCHAR(128)", "TEXT")
                        + " NOT NULL UNIQUE, created_at DATETIME, last_seen_at DATETIME)");
            }
            change();
            if (random.nextInt(3) == 0) {
                try (NewApp app = NewApp.deploy(old.path(), clock)) {
                    for (int i = random.nextInt(4); i > 0; i--) {
                        String number = "+7999000000" + (1 + random.nextInt(6));
                        if (app.trySignIn(number) instanceof org.multisession.auth.SignIn.Result.Started started) {
                            tokens.add(started.token().value());
                            if (random.nextInt(3) == 0) {
                                app.signOut(started.token().value());
                            }
                        }
                    }
                } catch (MigrationRefusedException e) {
                    return tokens;
                }
                clock.advance(Duration.ofDays(random.nextInt(3) == 0 ? 31 : 1));
                change();
            }
            return tokens;
        }

        private void change() {
            boolean hasSessions = !old.all("SELECT 1 FROM sqlite_master WHERE name = 'user_sessions'")
                    .isEmpty();
            List<Integer> ids = new ArrayList<>(List.of(6, 3, 1, 5, 2, 4));
            for (int userId : ids) {
                int what = random.nextInt(8);
                if (what == 0) {
                    old.run("DELETE FROM users WHERE id = ?", userId);
                } else if (what < 6) {
                    old.run("DELETE FROM users WHERE id = ?", userId);
                    Object token = random.nextInt(6) == 0 ? value() : token();
                    old.run("INSERT INTO users VALUES (?, ?, ?)", userId, "+7999000000" + userId, token);
                }
            }
            for (int i = 0; hasSessions && i < 5; i++) {
                old.run(
                        "INSERT OR IGNORE INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES (?, ?, ?, ?)",
                        1 + random.nextInt(7),
                        token(),
                        oneOf("2026-02-05 12:00:00", "2999-01-01 00:00:00"),
                        random.nextBoolean() ? null : Instant.EPOCH.toString());
            }
            if (hasSessions && random.nextInt(4) == 0) {
                old.run("DELETE FROM user_sessions WHERE id % 3 = 0");
                old.run("UPDATE user_sessions SET user_id = 2 WHERE id % 5 = 0");
            }
        }

        private String token() {
            return TOKENS.get(random.nextInt(TOKENS.size()));
        }

        private @Nullable Object value() {
            return switch (random.nextInt(4)) {
                case 0 -> null;
                case 1 -> "";
                case 2 -> new byte[] {'b', 'e', 't', 'a'};
                default -> 12;
            };
        }

        private String oneOf(String... choices) {
            return choices[random.nextInt(choices.length)];
        }
    }

    @Test
    void a_report_names_no_token_and_no_number() {
        try (SqliteApp old = SqliteApp.make(folder, "dirty")) {
            List<Opening> openings = new ArrayList<>();
            Report report = check(old.path(), true, openings);
            List<@Nullable String> secrets = old.all("""
                    SELECT auth_token FROM users WHERE typeof(auth_token) = 'text'
                      AND auth_token NOT IN ('', 'short', 'shared-token', '"quoted-token"')
                    UNION SELECT auth_token FROM user_sessions UNION SELECT phone FROM users WHERE phone IS NOT NULL
                    """);
            for (Format format : Format.values()) {
                String text = written(report, format);
                secrets.forEach(secret -> assertThat(text).doesNotContain(String.valueOf(secret)));
            }
            assertThat(openings).isNotEmpty();
            assertThat(openings.toString()).doesNotContain("good-token");
        }
    }

    @Test
    void the_fingerprint_changes_with_every_column_of_users() {
        try (SqliteApp old = SqliteApp.makeBy(folder, USERS + SESSIONS)) {
            String before = text(check(old.path()), "data-digest");
            assertThat(text(check(old.path()), "data-digest")).isEqualTo(before);
            old.run("UPDATE users SET plan = 'pro' WHERE id = 2");
            assertThat(text(check(old.path()), "data-digest")).isNotEqualTo(before);
        }
    }

    @Test
    void where_the_deploy_is_refused_it_still_tells_what_every_token_opens() {
        try (SqliteApp old = SqliteApp.makeBy(folder, USERS + SESSIONS)) {
            old.run("UPDATE users SET auth_token = 'a-token-that-two-users-have' WHERE id > 1");
            Trials refusing = (stage, database) -> (transaction, userColumns) -> {
                throw new MigrationRefusedException("a sign-in does not work");
            };
            CheckRules rules = new CheckRules(Stage.COEXIST, false, "RU", NewApp.RULES, true);
            Report report = new Check(rules, refusing, PATIENCE, clock, Progress.NONE).of(old.path());

            assertThat(codes(report)).containsExactlyInAnyOrder("deploy-refused", "shared-token");
            assertThat(fact(report, "legacy-tokens-changed")).isEqualTo(2);
            requireThatEveryRowIsCounted(report);
        }
    }

    @Test
    void the_report_is_of_one_moment_also_where_the_deploy_is_refused_and_the_app_goes_on_writing() {
        try (SqliteApp old = SqliteApp.makeBy(folder, USERS + SESSIONS)) {
            String users = old.one("SELECT count(*) FROM users");
            Trials refusing = (stage, database) -> (transaction, userColumns) -> {
                old.run("UPDATE users SET auth_token = 'a-token-that-two-users-have' WHERE id > 1");
                old.run("INSERT INTO users (phone) VALUES ('+79990000009')");
                throw new MigrationRefusedException("a sign-in does not work");
            };
            CheckRules rules = new CheckRules(Stage.COEXIST, false, "RU", NewApp.RULES, true);
            Report report = new Check(rules, refusing, PATIENCE, clock, Progress.NONE).of(old.path());

            assertThat(codes(report)).containsExactly("deploy-refused");
            assertThat(String.valueOf(fact(report, "users"))).isEqualTo(users);
            requireThatEveryRowIsCounted(report);
        }
    }

    @Test
    void rows_come_in_their_own_order_and_not_in_that_of_their_tokens() {
        Report report = after(
                "UPDATE users SET auth_token = 'c' WHERE id = 1",
                "UPDATE users SET auth_token = 'b' WHERE id = 2",
                "UPDATE users SET auth_token = 'a' WHERE id = 3",
                "INSERT INTO user_sessions (id, user_id, auth_token) VALUES (2, 1, 'e'), (3, 1, 'd')");
        assertThat(rows(report, "short-token"))
                .containsExactly("user 1", "user 2", "user 3", "session 2 (of user 1)", "session 3 (of user 1)");
    }

    @Test
    void limits_of_sessions_are_those_of_the_settings() {
        try (SqliteApp old = SqliteApp.makeBy(folder, USERS + SESSIONS)) {
            NewApp.deploy(old.path(), clock).close();
            clock.advance(Duration.ofDays(31));
            CheckRules endless = new CheckRules(
                    Stage.COEXIST, false, "RU", new SessionRules(null, null, 50, Duration.ofMinutes(1)), true);
            assertThat(codes(new Check(endless, Trials.NONE, PATIENCE, clock, Progress.NONE).of(old.path())))
                    .isEmpty();
        }
    }
}
