package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.check.Check;
import org.multisession.check.Fault;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.otp.ChallengeSecret;
import org.multisession.testing.CodeApp;
import org.multisession.testing.Fenced;
import org.multisession.testing.LogLines;
import org.multisession.testing.NewApp;
import org.multisession.testing.Rebuilds;
import org.multisession.testing.Sibling;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;
import org.multisession.token.TokenHash;

/** What the tools of other programs do to the tables, under the running application and while it is away. */
class RebuiltTablesTest {

    private static final String ANNA = "+79991234567";

    private final TestClock clock = new TestClock();

    @TempDir
    Path folder;

    private SqliteApp old(String form) {
        return SqliteApp.make(folder, form);
    }

    private NewApp deploy(SqliteApp old) {
        return NewApp.deploy(old.path(), clock);
    }

    /** The number is the file's own, and another file may come to the one that was looked at last. */
    @Test
    void what_is_dropped_in_a_file_that_took_the_place_is_made_anew_whatever_the_number_of_its_schema()
            throws IOException {
        try (SqliteApp old = old("multi");
                NewApp app = deploy(old)) {
            Path copy = folder.resolve("copy.db");
            old.run("VACUUM INTO '" + copy + "'");
            for (int i = 0; i < 5; i++) {
                old.run("CREATE TABLE of_the_team_" + i + " (x)");
            }
            app.database.lookAfterSchema();
            String seen = old.one("PRAGMA schema_version");

            Files.move(copy, old.path(), StandardCopyOption.ATOMIC_MOVE);
            assertThat(app.database.isReplaced()).isTrue();
            app.goOnWithSuccessor();
            try (SqliteApp next = SqliteApp.open(old.path())) {
                next.run("DROP TRIGGER multisession_session_inserted");
                while (!next.one("PRAGMA schema_version").equals(seen)) {
                    next.run("CREATE TABLE another" + next.one("PRAGMA schema_version") + " (x)");
                }
                assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
                assertThat(app.migrator.missing()).isEmpty();
            }
        }
    }

    @Nested
    @DisplayName("users is rebuilt by renaming the old table first")
    class ByRename {

        @Test
        void sign_ins_and_sign_outs_go_on_after_the_repair() {
            try (SqliteApp old = old("single");
                    NewApp app = deploy(old)) {
                String phone = app.signIn(ANNA);
                old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (9999, 'of-nobody')");
                String rows = old.rows("user_sessions");

                old.run(Rebuilds.users(Rebuilds.Way.RENAME_FIRST));

                assertThat(old.all("SELECT \"table\" FROM pragma_foreign_key_list('user_sessions')"))
                        .containsExactly("users_old");
                assertThat(app.migrator.missing())
                        .contains("a foreign key of user_sessions to users (it leads to users_old)");
                assertThat(app.opens(phone)).isEqualTo(42);
                assertThat(status(app).missing()).anyMatch(what -> what.contains("it leads to users_old"));

                app.database.lookAfterSchema();
                assertThat(status(app).missing()).isEmpty();

                assertThat(app.migrator.missing()).isEmpty();
                assertThat(old.rows("user_sessions")).as("every row kept").isEqualTo(rows);
                assertThat(old.all("SELECT \"table\" FROM pragma_foreign_key_list('user_sessions')"))
                        .containsExactly("users");
                assertThat(old.one("PRAGMA integrity_check")).isEqualTo("ok");
                String laptop = app.signIn(ANNA);
                assertThat(app.opens(laptop)).isEqualTo(42);
                app.signOut(phone);
                assertThat(app.opens(phone)).isNull();
                assertThat(app.opens(laptop)).isEqualTo(42);
                assertThat(app.opens("old_token_xyz123")).isEqualTo(42);
            }
        }

        @Test
        void the_first_sign_in_after_it_repairs_without_waiting_for_anybody() {
            try (SqliteApp old = old("single");
                    NewApp app = deploy(old)) {
                String phone = app.signIn(ANNA);
                old.run(Rebuilds.users(Rebuilds.Way.RENAME_FIRST));
                assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
                assertThat(app.opens(phone)).isEqualTo(42);
                assertThat(app.migrator.missing()).isEmpty();
            }
        }

        @Test
        void a_deploy_mends_what_happened_while_we_were_away() {
            try (SqliteApp old = old("single")) {
                String phone;
                try (NewApp app = deploy(old)) {
                    phone = app.signIn(ANNA);
                }
                old.run(Rebuilds.users(Rebuilds.Way.RENAME_FIRST));
                var report = check(old);
                assertThat(report.isSafe()).isTrue();
                assertThat(report.findings()).anySatisfy(finding -> {
                    assertThat(finding.fault()).isEqualTo(Fault.STRAY_REFERENCE);
                    assertThat(finding.rows().toString()).contains("users_old");
                });
                try (NewApp app = deploy(old)) {
                    assertThat(app.opens(phone)).isEqualTo(42);
                    assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
                }
            }
        }

        @Test
        void a_table_that_the_old_app_made_is_left_alone_and_the_reason_told() {
            try (SqliteApp old = old("multi");
                    NewApp app = deploy(old);
                    LogLines log = new LogLines()) {
                String phone = app.signIn(ANNA);
                old.run(Rebuilds.users(Rebuilds.Way.RENAME_FIRST));
                String schema = old.one("SELECT sql FROM sqlite_master WHERE name = 'user_sessions'");

                assertThatThrownBy(() -> app.signIn(ANNA))
                        .isInstanceOf(DatabaseBusyException.class)
                        .hasMessageContaining("foreign key of user_sessions leads to the table users_old")
                        .hasMessageContaining("REFERENCES users (id)");

                assertThat(app.opens(phone)).as("still open").isEqualTo(42);
                assertThat(old.one("SELECT sql FROM sqlite_master WHERE name = 'user_sessions'"))
                        .isEqualTo(schema);
                assertThat(app.migrator.missing()).anyMatch(what -> what.contains("users_old"));
                assertThat(log.of(Level.WARNING)).anyMatch(line -> line.contains("users_old"));

                // As docs/migration.md says.
                old.run(Fenced.block(Path.of("docs/migration.md"), "sql", "user_sessions_new"));
                app.database.lookAfterSchema();
                assertThat(app.migrator.missing()).isEmpty();
                assertThat(app.opens(phone)).isEqualTo(42);
                assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
            }
        }
    }

    @Test
    void the_check_says_that_a_deploy_would_refuse_what_it_may_not_correct() {
        try (SqliteApp old = old("multi")) {
            deploy(old).close();
            old.run(Rebuilds.users(Rebuilds.Way.RENAME_FIRST));
            var report = check(old);
            assertThat(report.isSafe()).isFalse();
            assertThat(report.findings()).anySatisfy(finding -> {
                assertThat(finding.fault()).isEqualTo(Fault.DEPLOY_REFUSED);
                assertThat(finding.rows().toString()).contains("users_old");
            });
        }
    }

    @Nested
    @DisplayName("a tool drops the tables that it does not know, and leaves the triggers")
    class Dropped {

        /** What Alembic's autogenerate writes down: SQLAlchemy sees tables and indexes, no triggers. */
        private void dropWhatTheModelsDoNotKnow(SqliteApp old) {
            for (String table : tables(old)) {
                old.run("DROP TABLE " + table);
            }
        }

        private static Set<String> tables(SqliteApp old) {
            Set<String> ours = new TreeSet<>();
            for (@Nullable
            String table : old.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'users'")) {
                ours.add(String.valueOf(table));
            }
            return ours;
        }

        private void signUpAndInAtTheOldApp(SqliteApp old) {
            // As every app does, it looks first whether the number is taken.
            assertThat(old.all("SELECT id FROM users WHERE phone = '+79990001122'"))
                    .isEmpty();
            long user = old.addUser("+79990001122", null);
            old.signInSingle(user, "of-the-old-app");
            assertThat(old.legacyTokenOf(user)).isEqualTo("of-the-old-app");
        }

        @Test
        void the_triggers_are_taken_away_so_that_the_old_app_lives_and_the_log_says_so() {
            try (SqliteApp old = old("single");
                    NewApp app = deploy(old);
                    LogLines log = new LogLines()) {
                app.signIn(ANNA);
                dropWhatTheModelsDoNotKnow(old);
                assertThatThrownBy(() -> signUpAndInAtTheOldApp(old)).hasStackTraceContaining("multisession_");

                app.database.lookAfterSchema();

                assertThat(old.all("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
                        .isEmpty();
                assertThat(log.of(Level.SEVERE))
                        .anyMatch(line -> line.contains("triggers were left behind and have been removed"));
                assertThat(app.migrator.missing()).contains("multisession_tokens");
                signUpAndInAtTheOldApp(old);
            }
        }

        @Test
        void they_are_taken_away_also_where_a_write_fails_first() {
            try (SqliteApp old = old("single");
                    NewApp app = deploy(old);
                    LogLines log = new LogLines()) {
                String annas = app.signIn(ANNA);
                clock.advance(Duration.ofMinutes(5));
                assertThat(app.opens(annas)).isEqualTo(42);
                dropWhatTheModelsDoNotKnow(old);

                assertThatThrownBy(app.lastSeen::flush).hasStackTraceContaining("no such table");
                assertThatThrownBy(() -> app.signIn(ANNA)).hasStackTraceContaining("no such table");
                app.database.lookAfterSchema();

                assertThat(old.all("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
                        .isEmpty();
                assertThat(log.of(Level.SEVERE))
                        .filteredOn(line -> line.contains("What Multi-Session remembers is gone"))
                        .hasSize(1);
                signUpAndInAtTheOldApp(old);
            }
        }

        @Test
        void requests_are_asked_to_come_again_until_it_is_back() {
            try (SqliteApp old = old("single");
                    NewApp app = deploy(old)) {
                String annas = app.signIn(ANNA);
                dropWhatTheModelsDoNotKnow(old);
                for (int looks = 0; looks < 2; looks++) {
                    assertThatThrownBy(() -> app.opens(annas)).isInstanceOf(DatabaseBusyException.class);
                    assertThatThrownBy(() -> app.opens("old_token_xyz123")).isInstanceOf(DatabaseBusyException.class);
                    assertThatThrownBy(() -> app.signIn(ANNA)).isInstanceOf(DatabaseBusyException.class);
                    app.database.lookAfterSchema();
                }
            }
        }

        @Test
        void the_memory_alone_is_enough_to_be_gone() {
            try (SqliteApp old = old("single");
                    NewApp app = deploy(old)) {
                app.signIn(ANNA);
                old.run("DROP TABLE multisession_tokens");
                app.database.lookAfterSchema();
                // Made anew it would say that nobody ever signed out.
                assertThat(app.migrator.missing()).contains("multisession_tokens");
                signUpAndInAtTheOldApp(old);
            }
        }

        @Test
        void a_deploy_makes_everything_anew_and_the_old_app_lives() {
            try (SqliteApp old = old("single")) {
                deploy(old).close();
                dropWhatTheModelsDoNotKnow(old);
                try (NewApp app = deploy(old)) {
                    assertThat(app.migrator.missing()).isEmpty();
                    signUpAndInAtTheOldApp(old);
                    assertThat(app.opens("of-the-old-app")).isNotNull();
                }
            }
        }

        @Test
        void an_uninstall_takes_the_triggers_away_too() {
            try (SqliteApp old = old("single")) {
                deploy(old).close();
                dropWhatTheModelsDoNotKnow(old);
                try (SqliteFile file = SqliteFile.claim(old.path(), false, "/test");
                        Database database = Database.open(file, 1, Duration.ofSeconds(5))) {
                    new Uninstaller(database, Backup.NONE, Progress.NONE).uninstall(false);
                }
                assertThat(old.all("SELECT name FROM sqlite_master WHERE name LIKE 'multisession%'"))
                        .isEmpty();
                signUpAndInAtTheOldApp(old);
            }
        }
    }

    @Nested
    @DisplayName("P3: an id of users goes to somebody else while our triggers are gone")
    class AnotherAccount {

        @ParameterizedTest
        @EnumSource(Rebuilds.Way.class)
        void the_old_cookie_opens_nothing_from_the_first_request_on(Rebuilds.Way way) {
            try (SqliteApp old = old("single");
                    NewApp app = deploy(old);
                    Sibling sibling = Sibling.open(old.path())) {
                String annas = app.signIn(ANNA);
                long bob = old.addUser("+79990000047", null);
                String bobs = app.signIn("+79990000047");

                old.run(Rebuilds.users(way));
                old.deleteUser(bob);
                assertThat(old.addUser("+79990000048", null)).isEqualTo(bob);

                assertThat(sibling.opens(List.of(bobs, annas))).containsExactly(null, 42L);
                assertThat(app.opens(bobs)).isNull();
                assertThat(app.opens(annas)).isEqualTo(42);
                assertThat(app.migrator.missing()).as("repaired by the refusal").isEmpty();
                assertThat(app.opens(bobs)).isNull();
                assertThat(sibling.opens(List.of(bobs, annas))).containsExactly(null, 42L);
                assertThat(reason(old, bobs)).isEqualTo("unwitnessed");
                assertThat(trail(old)).containsExactly("session-ended unwitnessed " + bob);
                assertThat(app.opens(app.signIn("+79990000048"))).isEqualTo(bob);
            }
        }

        /** A rebuild of users on the way of which two of them get each other's ids. */
        private static String exchanging(long one, long other, Rebuilds.Way way) {
            return Rebuilds.users(way)
                    .replace(
                            "SELECT id,",
                            "SELECT CASE id WHEN %1$d THEN %2$d WHEN %2$d THEN %1$d ELSE id END,"
                                    .formatted(one, other));
        }

        /** Who puts the triggers back has still taken them away: SQLite's own steps for a rebuild suggest it. */
        @ParameterizedTest
        @EnumSource(Rebuilds.Way.class)
        void it_opens_nothing_either_where_our_triggers_were_put_back_word_for_word(Rebuilds.Way way) {
            try (SqliteApp old = old("single");
                    NewApp app = deploy(old);
                    Sibling sibling = Sibling.open(old.path());
                    LogLines log = new LogLines()) {
                String annas = app.signIn(ANNA);
                String bobs = "of-bob";
                long bob = old.addUser("nobody's", null);
                old.signInMulti(bob, bobs, clock.instant());
                String carols = "of-carol";
                long carol = old.addUser("somebody's", null);
                old.signInMulti(carol, carols, clock.instant());
                assertThat(sibling.opens(List.of(bobs, annas))).containsExactly(bob, 42L);
                assertThat(app.opens(bobs)).isEqualTo(bob);

                String renumbered = exchanging(bob, 42, way);
                old.run(Rebuilds.puttingTriggersBack(old, "users", renumbered));
                assertThat(old.all("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
                        .containsAll(Witnesses.ON_USERS);

                assertThat(sibling.opens(List.of(bobs, annas, carols))).containsExactly(null, null, null);
                // Our triggers note that again, and it makes nothing of before believable.
                old.signInSingle(bob, "of-anna-whose-id-this-is-now");
                assertThat(sibling.opens(List.of(bobs, annas))).containsExactly(null, null);
                assertThat(app.opens(bobs)).isNull();
                assertThat(app.opens(annas)).isNull();
                assertThat(app.migrator.missing()).as("repaired by the refusal").isEmpty();
                assertThat(reason(old, annas)).isEqualTo("unwitnessed");
                assertThat(log.of(Level.WARNING)).anyMatch(line -> line.contains("put our triggers back"));

                String again = app.signIn(ANNA);
                assertThat(app.opens(again)).isEqualTo(bob);
                assertThat(sibling.opens(List.of(again))).containsExactly(bob);
                old.run("VACUUM");
                assertThat(app.migrator.missing()).isEmpty();
            }
        }

        /** P1: as it stands there it opens nothing, and whoever has the token that it is of is somebody else. */
        @ParameterizedTest
        @EnumSource(Rebuilds.Way.class)
        void a_hash_in_users_that_came_in_unseen_ends_nobodys_token(Rebuilds.Way way) {
            try (SqliteApp old = old("single");
                    NewApp app = deploy(old)) {
                long bob = old.addUser("+79990000047", "of-bob");
                old.run(Rebuilds.sessions(way));
                old.signInSingle(42, TokenHash.of("of-bob"));
                app.database.lookAfterSchema();
                assertThat(app.opens(TokenHash.of("of-bob"))).isNull();
                assertThat(app.opens("of-bob")).isEqualTo(bob);
            }
        }

        /** The row has the number again that was noted, and is somebody else's all the same. */
        @ParameterizedTest
        @EnumSource(Rebuilds.Way.class)
        void numbers_that_are_exchanged_before_the_repair_open_nothing_of_who_had_those_ids(Rebuilds.Way way) {
            try (SqliteApp old = old("single");
                    NewApp app = deploy(old);
                    Sibling sibling = Sibling.open(old.path())) {
                long bob = old.addUser("+79990000047", null);
                String bobs = app.signIn("+79990000047");
                long carol = old.addUser("+79990000048", null);
                String carols = app.signIn("+79990000048");
                String renumbered = exchanging(bob, carol, way);
                old.run(Rebuilds.puttingTriggersBack(old, "users", renumbered));

                old.run("UPDATE users SET phone = '+79990000049' WHERE id = ?", bob);
                old.run("UPDATE users SET phone = '+79990000048' WHERE id = ?", carol);
                old.run("UPDATE users SET phone = '+79990000047' WHERE id = ?", bob);

                assertThat(sibling.opens(List.of(bobs, carols))).containsExactly(null, null);
                assertThat(app.opens(bobs)).isNull();
                assertThat(app.opens(carols)).isNull();
                assertThat(app.opens(app.signIn("+79990000047"))).isEqualTo(bob);
            }
        }

        /** Whoever has the id now gets a number: it tells nothing of who had the id before. */
        @ParameterizedTest
        @EnumSource(Rebuilds.Way.class)
        void a_number_that_somebody_gets_before_the_repair_opens_nothing_of_who_had_that_id(Rebuilds.Way way) {
            try (SqliteApp old = old("single")) {
                old.run("DROP INDEX ix_users_phone");
                try (NewApp app = deploy(old);
                        Sibling sibling = Sibling.open(old.path())) {
                    long bob = old.addUser("none", null);
                    old.signInMulti(bob, "of-bob", clock.instant());
                    long carol = old.addUser("none", null);
                    old.signInMulti(carol, "of-carol", clock.instant());
                    // Seen, so that a rebuild no longer signs her out.
                    old.run("UPDATE users SET phone = '+79990000002' WHERE id = ?", carol);
                    old.run(Rebuilds.users(way));
                    app.database.lookAfterSchema();
                    assertThat(app.opens("of-carol")).isEqualTo(carol);
                    assertThat(app.opens("of-bob")).isNull();

                    old.signInMulti(bob, "of-bob-again", clock.instant());
                    long dora = old.addUser("none", null);
                    assertThat(app.opens("of-bob-again")).isEqualTo(bob);
                    String renumbered = exchanging(bob, dora, way).replace(", email VARCHAR(100)", ", note TEXT");
                    old.run(Rebuilds.puttingTriggersBack(old, "users", renumbered));
                    old.run("UPDATE users SET phone = '+79990000003' WHERE id = ?", bob);
                    old.run("UPDATE users SET phone = '+79990000004' WHERE id = ?", carol);
                    assertThat(sibling.opens(List.of("of-bob-again", "of-carol")))
                            .containsExactly(null, carol);
                    assertThat(app.opens("of-bob-again")).isNull();
                    assertThat(app.opens("of-carol")).isEqualTo(carol);
                }
            }
        }

        /** It may be a session that was signed out and put back while nobody watched. */
        @ParameterizedTest
        @EnumSource(Rebuilds.Way.class)
        void a_row_that_was_changed_unseen_is_not_believed_because_a_later_change_of_it_is_seen(Rebuilds.Way way) {
            try (SqliteApp old = old("multi");
                    NewApp app = deploy(old);
                    Sibling sibling = Sibling.open(old.path())) {
                String annas = app.signIn(ANNA);
                String others = app.signIn("+79991234568");
                String changed = Rebuilds.sessions(way)
                        .replace(
                                "SELECT id, user_id, auth_token, created_at,",
                                "SELECT id, user_id, auth_token,"
                                        + " CASE user_id WHEN 42 THEN '2020-01-02 03:04:05' ELSE created_at END,");
                old.run(Rebuilds.puttingTriggersBack(old, "user_sessions", changed));
                old.signInMulti(42, "of-the-time-between", clock.instant());
                old.run("UPDATE user_sessions SET created_at = substr(created_at, 1, 16)");
                assertThat(sibling.opens(List.of(annas, others, "of-the-time-between")))
                        .containsExactly(null, 43L, 42L);
                assertThat(app.opens(annas)).isNull();
                assertThat(app.opens(others)).isEqualTo(43);
                assertThat(app.opens("of-the-time-between")).isEqualTo(42);
            }
        }

        @Test
        void a_session_that_was_deleted_unseen_stays_out_when_its_row_is_put_back_before_the_repair() {
            try (SqliteApp old = old("multi");
                    NewApp app = deploy(old);
                    Sibling sibling = Sibling.open(old.path())) {
                String phone = app.signIn(ANNA);
                String laptop = app.signIn(ANNA);
                String triggers = Rebuilds.triggers(old, "user_sessions");
                old.run(Rebuilds.dropsOfTriggers(old, "user_sessions"));
                old.signOut(phone);
                old.run(triggers);
                old.signInMulti(42, phone, clock.instant().plusSeconds(60));
                assertThat(sibling.opens(List.of(phone, laptop))).containsExactly(null, 42L);
                assertThat(app.opens(phone)).isNull();
                assertThat(app.opens(laptop)).isEqualTo(42);
                assertThat(reason(old, phone)).isEqualTo("row-deleted");
            }
        }

        /** The row has another token by then, and what is noted of the first one goes with the row. */
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "DELETE FROM user_sessions WHERE auth_token = 'rotated'",
                    "UPDATE user_sessions SET auth_token = 'next' WHERE auth_token = 'rotated'",
                    "UPDATE user_sessions SET id = id + 1000 WHERE auth_token = 'rotated'",
                    "INSERT OR REPLACE INTO user_sessions (id, user_id, auth_token)"
                            + " SELECT id, user_id, 'next' FROM user_sessions WHERE auth_token = 'rotated'"
                })
        void a_token_that_a_row_lost_unseen_stays_out_when_it_is_put_back_after_the_row_has_changed_again(
                String change) {
            try (SqliteApp old = old("multi");
                    NewApp app = deploy(old);
                    Sibling sibling = Sibling.open(old.path())) {
                String phone = app.signIn(ANNA);
                String laptop = app.signIn(ANNA);
                loseUnseen(old, phone);
                old.run(change);
                old.signInMulti(42, phone, clock.instant().plusSeconds(60));
                assertThat(sibling.opens(List.of(phone, laptop))).containsExactly(null, 42L);
                assertThat(app.opens(phone)).isNull();
                assertThat(app.opens(laptop)).isEqualTo(42);
            }
        }

        @Test
        void a_token_that_a_row_lost_unseen_stays_out_when_the_row_gets_it_back() {
            try (SqliteApp old = old("multi");
                    NewApp app = deploy(old)) {
                String phone = app.signIn(ANNA);
                String laptop = app.signIn(ANNA);
                loseUnseen(old, phone);
                old.run("UPDATE user_sessions SET auth_token = ? WHERE auth_token = 'rotated'", phone);
                assertThat(app.opens(phone)).isNull();
                assertThat(app.opens(laptop)).isEqualTo(42);
            }
        }

        /** The row of this token gets another one while our triggers are away. */
        private static void loseUnseen(SqliteApp old, String token) {
            String triggers = Rebuilds.triggers(old, "user_sessions");
            old.run(Rebuilds.dropsOfTriggers(old, "user_sessions"));
            old.run("UPDATE user_sessions SET auth_token = 'rotated' WHERE auth_token = ?", token);
            old.run(triggers);
        }

        /** A tool that rebuilds user_sessions each night must not keep ended tokens from being forgotten. */
        @ParameterizedTest
        @EnumSource(Rebuilds.Way.class)
        void users_count_as_watched_anew_only_where_users_was_rebuilt(Rebuilds.Way way) {
            String since = "SELECT value FROM multisession_state WHERE name = 'users-watched'";
            try (SqliteApp old = old("single");
                    NewApp app = deploy(old)) {
                String first = old.one(since);
                clock.advance(Duration.ofHours(1));
                old.run(Rebuilds.sessions(way));
                app.database.lookAfterSchema();
                old.run(Rebuilds.puttingTriggersBack(old, "user_sessions", Rebuilds.narrowSessions(way)));
                app.database.lookAfterSchema();
                assertThat(app.migrator.missing()).isEmpty();
                assertThat(old.one(since)).isEqualTo(first);
                old.run(Rebuilds.puttingTriggersBack(old, "users", Rebuilds.users(way)));
                app.database.lookAfterSchema();
                assertThat(app.migrator.missing()).isEmpty();
                assertThat(old.one(since)).isNotEqualTo(first);
            }
        }

        /** A device of somebody whose number tells who they are stays signed in. */
        @ParameterizedTest
        @EnumSource(Rebuilds.Way.class)
        void putting_our_triggers_back_without_changing_a_row_signs_nobody_out_who_has_a_number(Rebuilds.Way way) {
            for (String table : List.of("users", "user_sessions")) {
                try (SqliteApp old = SqliteApp.makeIn(folder, "multi");
                        NewApp app = deploy(old)) {
                    String annas = app.signIn(ANNA);
                    old.run(Rebuilds.puttingTriggersBack(
                            old, table, table.equals("users") ? Rebuilds.users(way) : Rebuilds.sessions(way)));
                    assertThat(app.opens(annas)).isEqualTo(42);
                }
            }
        }

        @ParameterizedTest
        @EnumSource(Rebuilds.Way.class)
        void the_same_while_our_app_is_away(Rebuilds.Way way) {
            try (SqliteApp old = old("single")) {
                long bob;
                String annas;
                String bobs;
                try (NewApp app = deploy(old)) {
                    annas = app.signIn(ANNA);
                    bob = old.addUser("+79990000047", null);
                    bobs = app.signIn("+79990000047");
                }
                old.run(Rebuilds.users(way));
                old.deleteUser(bob);
                assertThat(old.addUser("+79990000048", null)).isEqualTo(bob);
                try (Sibling sibling = Sibling.open(old.path())) {
                    assertThat(sibling.opens(List.of(bobs, annas))).containsExactly(null, 42L);
                }
                assertThat(findings(check(old), Fault.UNWITNESSED)).isEmpty();
                try (NewApp app = deploy(old)) {
                    assertThat(app.opens(bobs)).isNull();
                    assertThat(app.opens(annas)).isEqualTo(42);
                    assertThat(reason(old, bobs)).isEqualTo("unwitnessed");
                }
            }
        }

        @Test
        void accounts_without_a_number_cannot_be_told_apart() {
            try (SqliteApp old = old("multi")) {
                old.run("INSERT INTO users (id, phone) VALUES (4711, '')");
                old.signInMulti(4711, "of-nobody-known", clock.instant());
                try (NewApp app = deploy(old)) {
                    assertThat(app.opens("of-nobody-known")).isEqualTo(4711);
                }
                old.run(Rebuilds.users(Rebuilds.Way.BATCH));
                try (NewApp app = deploy(old)) {
                    assertThat(app.opens("of-nobody-known")).isNull();
                }
            }
        }

        @Test
        void a_number_that_the_rebuild_wrote_in_another_way_is_the_same_account() {
            try (SqliteApp old = old("single")) {
                String annas;
                try (NewApp app = deploy(old)) {
                    annas = app.signIn(ANNA);
                }
                old.run(Rebuilds.users(Rebuilds.Way.BATCH));
                old.run("UPDATE users SET phone = '8 (999) 123-45-67' WHERE id = 42");
                try (NewApp app = deploy(old)) {
                    assertThat(app.opens(annas)).isEqualTo(42);
                }
            }
        }
    }

    @Nested
    @DisplayName("P2: sessions come and go while our triggers are gone")
    class UnseenSignOuts {

        @ParameterizedTest
        @EnumSource(Rebuilds.Way.class)
        void a_session_of_which_only_the_mirror_is_left_opens_nothing(Rebuilds.Way way) {
            try (SqliteApp old = old("multi");
                    NewApp app = deploy(old);
                    Sibling sibling = Sibling.open(old.path())) {
                String annas = app.signIn(ANNA);
                old.run(Rebuilds.sessions(way));
                old.signInMulti(43, "came-and-went", clock.instant());
                old.signInMulti(42, "came-and-stayed", clock.instant());
                old.signOut("came-and-went");

                assertThat(old.legacyTokenOf(43)).isEqualTo("came-and-went");
                assertThat(sibling.opens(List.of("came-and-went", annas))).containsExactly(null, 42L);
                assertThat(app.opens("came-and-went")).isNull();
                assertThat(app.opens("came-and-stayed")).isEqualTo(42);
                assertThat(app.opens(annas)).isEqualTo(42);
                assertThat(reason(old, "came-and-went")).isEqualTo("unwitnessed");
                assertThat(trail(old)).containsExactly("session-ended unwitnessed 43");
            }
        }

        @ParameterizedTest
        @CsvSource({
            "0123456789|user-43, abcdefghij|user-43",
            "app-live-0123456789, app-live-abcdefghij",
            "app-live-0123456789-of-user-43, app-live-abcdefghij-of-user-43",
            "of-user-43, 1-of-user-43"
        })
        void tokens_that_an_app_makes_alike_are_told_apart(String before, String cameAndWent) {
            try (SqliteApp old = old("multi")) {
                old.run("UPDATE users SET auth_token = ? WHERE id = 43", before);
                deploy(old).close();
                old.run(Rebuilds.sessions(Rebuilds.Way.BATCH));
                old.run(Rebuilds.users(Rebuilds.Way.BATCH));
                old.signInMulti(43, cameAndWent, clock.instant());
                old.signOut(cameAndWent);
                try (Sibling sibling = Sibling.open(old.path())) {
                    assertThat(sibling.who(cameAndWent)).isNull();
                }
                try (NewApp app = deploy(old)) {
                    assertThat(app.opens(cameAndWent)).isNull();
                }
            }
        }

        @ParameterizedTest
        @EnumSource(Rebuilds.Way.class)
        void what_an_earlier_version_wrote_down_of_legacy_tokens_counts_at_the_deploy_of_this_one(Rebuilds.Way way) {
            try (SqliteApp old = old("multi")) {
                old.run("UPDATE users SET auth_token = '0123456789|user-43' WHERE id = 43");
                deploy(old).close();
                old.run("UPDATE multisession_accounts SET token_tail ="
                        + " (SELECT substr(u.auth_token, -8) FROM users u WHERE u.id = user_id)");
                old.run(Rebuilds.sessions(way));
                old.run("UPDATE users SET auth_token = 'came-and-went' WHERE id = 42");
                try (NewApp app = deploy(old)) {
                    assertThat(app.opens("0123456789|user-43")).isEqualTo(43);
                    assertThat(app.opens("came-and-went")).isNull();
                }
                assertThat(old.all("SELECT length(token_tail) FROM multisession_accounts WHERE token_tail IS NOT NULL"))
                        .doesNotContain("8");
                // From now on what is written down is what counts.
                old.run(Rebuilds.sessions(way));
                old.run(Rebuilds.users(Rebuilds.Way.BATCH));
                old.run("UPDATE users SET auth_token = 'abcdefghij|user-43' WHERE id = 43");
                try (NewApp app = deploy(old)) {
                    assertThat(app.opens("abcdefghij|user-43")).isNull();
                }
            }
        }

        @Test
        void the_same_while_our_app_is_away_and_whoever_rebuilt_users_as_well() {
            try (SqliteApp old = old("multi")) {
                deploy(old).close();
                old.run(Rebuilds.sessions(Rebuilds.Way.BATCH));
                old.run(Rebuilds.users(Rebuilds.Way.BATCH));
                old.signInMulti(43, "came-and-went", clock.instant());
                old.signOut("came-and-went");
                try (Sibling sibling = Sibling.open(old.path())) {
                    assertThat(sibling.who("came-and-went")).isNull();
                    assertThat(sibling.opens(List.of("AtCDWfdU-2s6_PkW53hKKkHrgZb1xD1kfjaK6wrUdZc")))
                            .as("set before the rebuild")
                            .doesNotContainNull();
                }
                assertThat(findings(check(old), Fault.UNWITNESSED))
                        .allSatisfy(row -> assertThat(row).contains("users=[43]"))
                        .hasSize(1);
                try (NewApp app = deploy(old)) {
                    assertThat(app.opens("came-and-went")).isNull();
                }
            }
        }

        @Test
        void a_row_that_was_put_back_opens_nothing() {
            try (SqliteApp old = old("multi");
                    NewApp app = deploy(old)) {
                String annas = app.signIn(ANNA);
                String laptop = app.signIn(ANNA);
                old.run(Rebuilds.sessions(Rebuilds.Way.BATCH));
                old.signOut(laptop);
                old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (42, ?)", laptop);
                assertThat(app.opens(laptop)).isNull();
                assertThat(app.opens(annas)).isEqualTo(42);
                assertThat(reason(old, laptop)).isEqualTo("unwitnessed");
            }
        }

        @Test
        void a_token_that_was_given_to_somebody_else_too_is_nobodys_although_one_of_them_is_witnessed() {
            try (SqliteApp old = old("single");
                    NewApp app = deploy(old);
                    Sibling sibling = Sibling.open(old.path())) {
                old.run(Rebuilds.sessions(Rebuilds.Way.BATCH));
                old.signInSingle(43, "old_token_xyz123");
                assertThat(sibling.who("old_token_xyz123")).isNull();
                assertThat(app.opens("old_token_xyz123")).isNull();
            }
        }

        @Test
        void what_the_old_app_set_while_only_users_was_unwatched_is_believed() {
            try (SqliteApp old = old("single")) {
                deploy(old).close();
                old.run(Rebuilds.users(Rebuilds.Way.BATCH));
                old.signInSingle(42, "a-new-one-of-the-old-app");
                try (NewApp app = deploy(old)) {
                    assertThat(app.opens("a-new-one-of-the-old-app")).isEqualTo(42);
                }
            }
        }
    }

    @Nested
    @DisplayName("P1: a rebuild that changes nothing signs nobody out")
    class NothingChanged {

        @ParameterizedTest
        @ValueSource(strings = {"single", "multi"})
        void whatever_is_rebuilt_in_whatever_way(String form) {
            try (SqliteApp old = old(form)) {
                List<String> tokens = new ArrayList<>();
                for (@Nullable String token : old.all("SELECT auth_token FROM users WHERE auth_token <> ''")) {
                    tokens.add(String.valueOf(token));
                }
                List<@Nullable Long> before;
                try (NewApp app = deploy(old)) {
                    tokens.add(app.signIn(ANNA));
                    tokens.add(app.signIn(ANNA));
                    before = tokens.stream().map(app::opens).toList();
                    assertThat(before).contains(42L).doesNotContainNull();
                    old.run(Rebuilds.users(Rebuilds.Way.BATCH));
                    assertThat(tokens.stream().map(app::opens)).containsExactlyElementsOf(before);
                    old.run(Rebuilds.sessions(Rebuilds.Way.BATCH));
                    assertThat(tokens.stream().map(app::opens)).containsExactlyElementsOf(before);
                    old.run(Rebuilds.sessions(Rebuilds.Way.RENAME_FIRST));
                    app.database.lookAfterSchema();
                    assertThat(tokens.stream().map(app::opens)).containsExactlyElementsOf(before);
                }
                old.run(Rebuilds.sessions(Rebuilds.Way.BATCH));
                old.run(Rebuilds.users(Rebuilds.Way.BATCH));
                try (Sibling sibling = Sibling.open(old.path())) {
                    assertThat(sibling.opens(tokens)).containsExactlyElementsOf(before);
                }
                assertThat(check(old).isSafe()).isTrue();
                try (NewApp app = deploy(old)) {
                    assertThat(tokens.stream().map(app::opens)).containsExactlyElementsOf(before);
                    assertThat(trail(old)).isEmpty();
                }
            }
        }

        @Test
        void row_ids_that_a_rebuild_gave_out_anew_are_no_reason() {
            try (SqliteApp old = old("multi")) {
                String annas;
                try (NewApp app = deploy(old)) {
                    app.signOut(app.signIn(ANNA));
                    annas = app.signIn(ANNA);
                }
                old.run(Rebuilds.sessions(Rebuilds.Way.BATCH));
                old.run("UPDATE user_sessions SET id = id + 1000");
                try (NewApp app = deploy(old)) {
                    assertThat(app.opens(annas)).isEqualTo(42);
                }
            }
        }
    }

    @Nested
    @DisplayName("P1: each statement of a rebuild is committed, and requests come in between")
    class InAutocommit {

        static Stream<Arguments> rebuilds() {
            return Stream.of("single", "multi")
                    .flatMap(form -> Stream.of(Rebuilds.Way.values())
                            .flatMap(way ->
                                    Stream.of("users", "user_sessions").map(table -> Arguments.of(form, way, table))));
        }

        private static List<String> statements(Rebuilds.Way way, String table) {
            return Rebuilds.inAutocommit(table.equals("users") ? Rebuilds.users(way) : Rebuilds.sessions(way));
        }

        /** Whatever comes: a known token, one that nobody knows, a sign-in, housekeeping; each is answered or asked to wait. */
        private void requests(NewApp app, String annas, String legacy) {
            List<Runnable> requests = List.of(
                    () -> assertThat(app.opens(annas)).isEqualTo(42),
                    () -> assertThat(app.opens(legacy)).isEqualTo(47),
                    () -> assertThat(app.opens("of-nobody")).isNull(),
                    () -> app.signIn("+79991234568"),
                    app.sweeper::run,
                    app.lastSeen::flush,
                    app.database::lookAfterSchema);
            for (Runnable request : requests) {
                try {
                    request.run();
                } catch (DatabaseBusyException e) {
                    assertThat(e).hasMessageContaining("somebody");
                }
            }
        }

        @ParameterizedTest
        @MethodSource("rebuilds")
        void nobody_is_signed_out_and_the_tool_comes_to_its_end(String form, Rebuilds.Way way, String table) {
            try (SqliteApp old = old(form);
                    NewApp app = deploy(old)) {
                old.run("UPDATE users SET phone = '+79991234568' WHERE id = 43");
                String annas = app.signIn(ANNA);
                String legacy = old.legacyTokenOf(47);
                for (String statement : statements(way, table)) {
                    old.run(statement);
                    clock.advance(Duration.ofSeconds(20));
                    requests(app, annas, legacy);
                }
                assertThat(app.opens(annas)).isEqualTo(42);
                assertThat(app.opens(legacy)).isEqualTo(47);
                if (table.equals("users") && way == Rebuilds.Way.RENAME_FIRST && form.equals("multi")) {
                    // The old app's own foreign key leads nowhere, which is for its people to mend.
                    return;
                }
                app.database.lookAfterSchema();
                assertThat(app.migrator.missing()).isEmpty();
                assertThat(trail(old)).isEmpty();
                assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
            }
        }

        /** It is not made in the tool's way while there is none. */
        @ParameterizedTest
        @EnumSource
        void a_tool_that_rebuilds_user_sessions_without_a_row_comes_to_its_end_as_well(Rebuilds.Way way) {
            try (SqliteApp old = old("single");
                    NewApp app = deploy(old)) {
                for (String statement : statements(way, "user_sessions")) {
                    old.run(statement);
                    for (ThrowingCallable request :
                            List.<ThrowingCallable>of(() -> app.opens("of-nobody"), app.database::lookAfterSchema)) {
                        assertThat(catchThrowable(request))
                                .satisfiesAnyOf(
                                        none -> assertThat(none).isNull(),
                                        busy -> assertThat(busy).isInstanceOf(DatabaseBusyException.class));
                    }
                }
                app.database.lookAfterSchema();
                assertThat(app.migrator.missing()).isEmpty();
                assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
            }
        }

        @ParameterizedTest
        @MethodSource("rebuilds")
        void a_deploy_in_the_middle_refuses_or_ends_nothing(String form, Rebuilds.Way way, String table) {
            try (SqliteApp old = old(form)) {
                String annas;
                try (NewApp app = deploy(old)) {
                    annas = app.signIn(ANNA);
                }
                int refused = 0;
                for (String statement : statements(way, table)) {
                    old.run(statement);
                    try {
                        deploy(old).close();
                    } catch (MigrationRefusedException e) {
                        refused++;
                    }
                }
                assertThat(refused).isPositive();
                if (!(table.equals("users") && way == Rebuilds.Way.RENAME_FIRST && form.equals("multi"))) {
                    try (NewApp app = deploy(old)) {
                        assertThat(app.opens(annas)).isEqualTo(42);
                    }
                }
            }
        }

        @Test
        void the_reason_names_both_tables_and_the_way_out() {
            try (SqliteApp old = old("single");
                    NewApp app = deploy(old)) {
                String annas = app.signIn(ANNA);
                List<String> statements = statements(Rebuilds.Way.RENAME_FIRST, "users");
                old.run(statements.get(0));
                old.run(statements.get(1));
                assertThatThrownBy(() -> app.opens(annas))
                        .isInstanceOf(DatabaseBusyException.class)
                        .hasMessageContaining("users is empty")
                        .hasMessageContaining("rows like its own are in users_old")
                        .hasMessageContaining("DELETE FROM multisession_accounts");
                // Nobody can be served without users: however long it takes, nothing ends by itself.
                clock.advance(SchemaGuard.PATIENCE.multipliedBy(100));
                assertThatThrownBy(app.database::lookAfterSchema).isInstanceOf(DatabaseBusyException.class);
                old.run("DELETE FROM multisession_accounts");
                app.database.lookAfterSchema();
                assertThat(app.opens(annas)).isNull();
            }
        }

        @Test
        void user_sessions_that_stays_away_is_made_anew_after_some_minutes() {
            try (SqliteApp old = old("single");
                    NewApp app = deploy(old)) {
                String annas = app.signIn(ANNA);
                old.run("DROP TABLE user_sessions");
                assertThatThrownBy(app.database::lookAfterSchema).isInstanceOf(DatabaseBusyException.class);
                clock.advance(SchemaGuard.PATIENCE);
                app.database.lookAfterSchema();
                assertThat(app.opens(annas)).isNull();
                assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
            }
        }

        @Test
        void rows_that_were_deleted_under_our_triggers_are_no_rebuild() {
            try (SqliteApp old = old("single");
                    NewApp app = deploy(old)) {
                String annas = app.signIn(ANNA);
                old.run("DELETE FROM user_sessions");
                old.run("CREATE TABLE something_else (x)");
                assertThat(app.opens(annas)).isNull();
                assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
            }
        }

        @Test
        void a_table_that_is_kept_after_a_rebuild_holds_nobody_up() {
            try (SqliteApp old = old("single");
                    NewApp app = deploy(old)) {
                String annas = app.signIn(ANNA);
                List<String> statements = statements(Rebuilds.Way.RENAME_FIRST, "users");
                statements.subList(0, statements.size() - 1).forEach(old::run);
                assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
                assertThat(app.opens(annas)).isEqualTo(42);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "false, true", "true, true"})
    void whoever_empties_the_renamed_table_before_dropping_it_signs_nobody_out(boolean deployed, boolean inAutocommit) {
        try (SqliteApp old = old("multi")) {
            NewApp app = deploy(old);
            String annas = app.signIn(ANNA);
            if (!deployed) {
                app.close();
            }
            for (String rebuild :
                    List.of(Rebuilds.users(Rebuilds.Way.RENAME_FIRST), Rebuilds.sessions(Rebuilds.Way.RENAME_FIRST))) {
                String emptying = Rebuilds.emptyingFirst(rebuild);
                (inAutocommit ? Rebuilds.inAutocommit(emptying) : List.of(emptying)).forEach(old::run);
            }
            try (NewApp after = deployed ? app : deploy(old)) {
                assertThat(after.opens(annas)).isEqualTo(42);
                assertThat(after.opens(after.signIn(ANNA))).isEqualTo(42);
                assertThat(trail(old)).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Rebuilds.Way.class)
    void whoever_came_in_while_the_triggers_were_gone_gets_a_code_at_once(Rebuilds.Way way) {
        try (SqliteApp old = old("single");
                CodeApp app = CodeApp.deploy(old.claim(), CodeApp.RULES, clock)) {
            old.run(Rebuilds.users(way));
            old.addUser("+79990000063", null);
            ChallengeSecret secret = app.challenge("+79990000063");
            String code = Objects.requireNonNull(app.sent.next()).code();
            assertThat(app.app.opens(app.signIn(secret, code))).isNotNull();
        }
    }

    @Test
    void what_was_refused_is_tried_again_by_nobody_but_the_minutes_check() {
        try (SqliteApp old = old("single");
                NewApp app = deploy(old);
                LogLines log = new LogLines()) {
            app.signIn(ANNA);
            old.run("DROP INDEX multisession_users_auth_token");
            old.run("CREATE TABLE multisession_users_auth_token (x)");
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> app.signIn(ANNA)).isInstanceOf(DatabaseBusyException.class);
            }
            assertThat(log.of(Level.WARNING))
                    .filteredOn(line -> line.contains("The schema lacks"))
                    .hasSize(1);
            app.guard.forgetRefusal();
            assertThatThrownBy(() -> app.signIn(ANNA)).isInstanceOf(DatabaseBusyException.class);
            assertThat(log.of(Level.WARNING))
                    .filteredOn(line -> line.contains("The schema lacks"))
                    .hasSize(2);
        }
    }

    @Test
    void where_an_earlier_version_wrote_nothing_down_everything_ends_that_was_unwatched() {
        try (SqliteApp old = old("single")) {
            String annas;
            try (NewApp app = deploy(old)) {
                annas = app.signIn(ANNA);
            }
            old.run("DROP TABLE multisession_accounts");
            old.run("DROP TABLE multisession_rows");
            try (NewApp app = deploy(old)) {
                assertThat(app.opens(annas)).as("watched all the time").isEqualTo(42);
            }
            old.run("DROP TABLE multisession_accounts");
            old.run(Rebuilds.users(Rebuilds.Way.BATCH));
            try (NewApp app = deploy(old)) {
                assertThat(app.opens(annas)).isNull();
                assertThat(reason(old, annas)).isEqualTo("unwitnessed");
            }
        }
    }

    private static String reason(SqliteApp old, String token) {
        return old.one("SELECT end_reason FROM multisession_tokens WHERE auth_token = ?", token);
    }

    private static List<@Nullable String> trail(SqliteApp old) {
        return old.all("SELECT kind || ' ' || outcome || ' ' || user_id FROM auth_events WHERE kind = 'session-ended'");
    }

    private static List<String> findings(org.multisession.check.Report report, Fault fault) {
        return report.findings().stream()
                .filter(finding -> finding.fault() == fault)
                .flatMap(finding -> finding.rows().stream())
                .map(Object::toString)
                .toList();
    }

    private MoveStatus status(NewApp app) {
        return app.database.read(
                handle -> MoveStatus.of(handle, Migrator.missing(handle), clock.instant(), Duration.ofDays(30)));
    }

    private org.multisession.check.Report check(SqliteApp old) {
        return new Check(
                        new org.multisession.check.CheckRules(
                                org.multisession.session.Stage.COEXIST, false, "RU", NewApp.RULES, true),
                        org.multisession.check.Trials.NONE,
                        Duration.ofSeconds(5),
                        clock,
                        Progress.NONE)
                .of(old.path());
    }
}
