package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.testing.NewApp;
import org.multisession.testing.Rebuilds;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/** P5: an uninstall takes away what the migration has added, and the old app goes on as if it had never been. */
class UninstallTest {

    private static final String ANNA = "+79991234567";

    private static final String SCHEMA =
            "SELECT type || name || tbl_name || coalesce(sql, '') FROM sqlite_master" + " ORDER BY type, name";

    private final TestClock clock = new TestClock();

    /** How often {@link #uninstallInSteps} has copied the database. */
    private int copies;

    @TempDir
    Path folder;

    private Path file() {
        return folder.resolve("old-app.db");
    }

    private Uninstall.Outcome uninstall(boolean keepSessions) {
        try (SqliteFile claimed = SqliteFile.claim(file(), false, "/test");
                Database database = Database.open(claimed, 1, Duration.ofSeconds(5))) {
            Backup backup = new SqliteBackup(database, claimed.path(), clock);
            return new Uninstaller(database, backup, Progress.NONE).uninstall(keepSessions);
        }
    }

    private UninstallPlan look(boolean keepSessions) {
        try (SqliteFile claimed = SqliteFile.claim(file(), false, "/test");
                Database database = Database.open(claimed, 1, Duration.ofSeconds(5))) {
            return new Uninstaller(database, Backup.NONE, Progress.NONE).look(keepSessions);
        }
    }

    private void deployAndUndeploy() {
        NewApp.deploy(file(), clock).close();
    }

    /** A rebuild that renames users first takes the foreign key along, and only we may correct it as long as we are there. */
    @Test
    void sessions_that_stay_refer_to_users_also_where_it_was_rebuilt_just_before() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            String phone;
            try (NewApp app = NewApp.deploy(file(), clock)) {
                phone = app.signIn(ANNA);
            }
            old.run(Rebuilds.users(Rebuilds.Way.RENAME_FIRST));
            uninstall(true);
            assertThat(old.all("SELECT \"table\" FROM pragma_foreign_key_list('user_sessions')"))
                    .containsExactly("users");
            assertThat(old.one("PRAGMA integrity_check")).isEqualTo("ok");
            try (NewApp app = NewApp.deploy(file(), clock)) {
                assertThat(app.opens(phone)).isEqualTo(42);
                assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"single", "multi", "dirty"})
    void a_database_that_was_only_migrated_is_what_it_was_before(String form) {
        try (SqliteApp old = SqliteApp.make(folder, form)) {
            String before = old.dump();
            List<?> schema = old.all(SCHEMA);
            deployAndUndeploy();
            assertThat(old.all(SCHEMA)).isNotEqualTo(schema);

            uninstall(false);

            assertThat(old.all(SCHEMA)).isEqualTo(schema);
            assertThat(old.dump()).isEqualTo(before);
            assertThat(old.one("PRAGMA integrity_check")).isEqualTo("ok");
        }
    }

    /** Every table as if it had many rows; fails before the statement of this number, or not at all. */
    private boolean uninstallInSteps(int fatal) {
        AtomicInteger statements = new AtomicInteger();
        try (SqliteFile claimed = SqliteFile.claim(file(), false, "/test");
                Database database = Database.open(claimed, 1, Duration.ofSeconds(5))) {
            Backup copied = () -> {
                copies++;
                return null;
            };
            new Uninstaller(database, copied, Progress.NONE, Pacing.pieces(2), 0, statement -> {
                        if (statements.incrementAndGet() == fatal) {
                            throw new IllegalStateException("fails here");
                        }
                    })
                    .uninstall(false);
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    /** Looks at what an uninstall has left that was stopped. */
    private interface Look {

        /**
         * @param isBegun whether it has changed anything
         * @param halfway how many were stopped so far after they had changed something
         */
        void at(int statement, boolean isBegun, int halfway);
    }

    /** Migrates a database, and stops an uninstall of it at each of its statements in turn. The last one is not stopped. */
    private void stopAtEachStatement(SqliteApp old, Look look) throws IOException {
        deployAndUndeploy();
        String migrated = old.dump();
        Path saved = folder.resolve("saved.db");
        Files.copy(file(), saved);
        boolean isWhole = false;
        int halfway = 0;
        for (int statement = 1; !isWhole; statement++) {
            Files.copy(saved, file(), StandardCopyOption.REPLACE_EXISTING);
            isWhole = uninstallInSteps(statement);
            boolean isBegun;
            try (SqliteApp left = SqliteApp.open(file())) {
                isBegun = !left.dump().equals(migrated);
            }
            halfway += isBegun && !isWhole ? 1 : 0;
            look.at(statement, isBegun, halfway);
        }
        assertThat(halfway).isGreaterThan(3);
    }

    @Test
    void the_session_of_a_former_user_to_which_others_refer_stays_with_a_token_that_nobody_has() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            String bobs;
            try (NewApp app = NewApp.deploy(old.claim(), clock)) {
                long bob = old.addUser("+79990000001", null);
                bobs = app.signIn("+79990000001");
                old.run("CREATE TABLE push_addresses (session_id INTEGER REFERENCES user_sessions (id))");
                old.run("INSERT INTO push_addresses SELECT id FROM user_sessions");
                old.deleteUser(bob);
                old.addUserAs(bob, "+79990000002", null);
            }
            String sessions = old.one("SELECT count(*) FROM user_sessions");
            uninstall(false);
            assertThat(old.one("SELECT count(*) FROM user_sessions")).isEqualTo(sessions);
            assertThat(old.all("SELECT id FROM user_sessions WHERE auth_token = ?", bobs))
                    .isEmpty();
        }
    }

    @Test
    void a_backup_stays_of_what_an_uninstall_that_fails_has_removed() throws IOException {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            String sessions;
            try (NewApp app = NewApp.deploy(old.claim(), clock)) {
                long bob = old.addUser("+79990000001", null);
                app.signIn("+79990000001");
                old.deleteUser(bob);
                sessions = old.rows("user_sessions");
            }
            for (int attempt = 1; attempt <= 2; attempt++) {
                try (SqliteFile claimed = SqliteFile.claim(file(), false, "/test");
                        Database database = Database.open(claimed, 1, Duration.ofSeconds(5))) {
                    Backup backup = new SqliteBackup(database, claimed.path(), clock);
                    Uninstaller uninstaller =
                            new Uninstaller(database, backup, Progress.NONE, Pacing.pieces(2), 0, statement -> {
                                throw new IllegalStateException("fails here");
                            });
                    assertThatThrownBy(() -> uninstaller.uninstall(false)).hasMessage("fails here");
                }
                assertThat(old.rows("user_sessions")).isNotEqualTo(sessions);
                // The second attempt has removed nothing, so that its own is of no use.
                try (Stream<Path> files = Files.list(folder)) {
                    assertThat(files.filter(file -> file.toString().contains(".backup-")))
                            .singleElement()
                            .satisfies(copy -> {
                                try (SqliteApp before = SqliteApp.open(copy)) {
                                    assertThat(before.rows("user_sessions")).isEqualTo(sessions);
                                }
                            });
                }
            }
        }
    }

    @Test
    void while_users_is_being_rebuilt_no_session_is_taken_for_a_former_users() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            deployAndUndeploy();
            String sessions = old.rows("user_sessions");
            old.run("ALTER TABLE users RENAME TO users_old");
            old.run("CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT)");
            uninstall(false);
            assertThat(old.rows("user_sessions")).isEqualTo(sessions);
        }
    }

    @Test
    void one_that_finds_the_database_locked_halfway_is_not_tried_as_a_whole_again() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            deployAndUndeploy();
            try (SqliteFile claimed = SqliteFile.claim(file(), false, "/test");
                    Database database = Database.open(claimed, 1, Duration.ofSeconds(5))) {
                Uninstaller uninstaller =
                        new Uninstaller(database, Backup.NONE, Progress.NONE, Pacing.pieces(2), 0, statement -> {
                            if (statement.startsWith("DELETE")) {
                                throw new DatabaseBusyException("it is locked", null);
                            }
                        });
                assertThatThrownBy(() -> uninstaller.uninstall(false))
                        .isInstanceOf(DatabaseException.class)
                        .isNotInstanceOf(DatabaseBusyException.class)
                        .hasMessage("it is locked. What is left of it counts for nothing; run it again to go on");
            }
            assertThat(uninstallInSteps(0)).isTrue();
            assertThat(old.all("SELECT name FROM sqlite_master WHERE name LIKE 'multisession%'"))
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"single", "multi", "dirty"})
    void what_is_large_goes_at_once_and_is_dropped_piece_by_piece_whenever_it_is_stopped(String form)
            throws IOException {
        try (SqliteApp old = SqliteApp.make(folder, form)) {
            String before = old.dump();
            stopAtEachStatement(old, (statement, isBegun, halfway) -> {
                if (isBegun) {
                    try (SqliteApp left = SqliteApp.open(file())) {
                        assertThat(left.all("SELECT name FROM sqlite_master WHERE name LIKE 'multisession%'"
                                        + " AND type <> 'index' AND name NOT LIKE 'multisession_leaving%'"
                                        + " AND name <> 'multisession_created'"))
                                .as("after statement %d", statement)
                                .isEmpty();
                    }
                    if (halfway % 3 == 1) {
                        // Whoever migrates now begins anew.
                        deployAndUndeploy();
                    }
                }
                assertThat(uninstallInSteps(0)).isTrue();
                try (SqliteApp left = SqliteApp.open(file())) {
                    assertThat(left.dump()).as("after statement %d", statement).isEqualTo(before);
                    assertThat(left.one("PRAGMA integrity_check")).isEqualTo("ok");
                }
            });
        }
    }

    /** It would take the place of an older one, of which not so many are kept, and nobody could go back to it. */
    @ParameterizedTest
    @ValueSource(strings = {"single", "multi"})
    void what_an_uninstall_that_was_stopped_has_left_is_not_copied(String form) throws IOException {
        try (SqliteApp old = SqliteApp.make(folder, form)) {
            stopAtEachStatement(old, (statement, isBegun, halfway) -> {
                copies = 0;
                assertThat(uninstallInSteps(0)).isTrue();
                assertThat(copies).as("after statement %d", statement).isEqualTo(isBegun ? 0 : 1);
            });
        }
    }

    @Test
    void nobody_waits_until_more_than_one_index_or_some_rows_of_what_is_large_are_removed() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            deployAndUndeploy();
            for (int i = 0; i < 9; i++) {
                old.signInMulti(42, "a-session-of-the-old-app-" + i, clock.instant());
            }
            List<String> emptied = new ArrayList<>();
            Set<String> moments = new HashSet<>();
            try (SqliteFile claimed = SqliteFile.claim(file(), false, "/test");
                    Database database = Database.open(claimed, 1, Duration.ofSeconds(5))) {
                new Uninstaller(database, Backup.NONE, Progress.NONE, Pacing.pieces(4), 4, statement -> {
                            // What others see is as it was before this transaction.
                            String name = statement.replaceAll("^[^\"]*\"|\".*", "");
                            String on = String.valueOf(
                                    old.one("SELECT max(tbl_name) FROM sqlite_master WHERE name = ?", name));
                            int rows = statement.startsWith("DROP trigger") || on.equals("null")
                                    ? 0
                                    : Integer.parseInt(String.valueOf(old.one("SELECT count(*) FROM " + on)));
                            if (statement.startsWith("DELETE")) {
                                assertThat(statement).endsWith(" LIMIT 4");
                                emptied.add(name);
                            }
                            if (statement.startsWith("DROP TABLE")) {
                                assertThat(rows).as(statement).isLessThanOrEqualTo(4);
                            } else if (rows > 4 && !statement.startsWith("ALTER TABLE")) {
                                assertThat(moments.add(old.all(SCHEMA) + " " + rows))
                                        .as("a transaction of its own for " + statement)
                                        .isTrue();
                            }
                        })
                        .uninstall(false);
            }
            assertThat(emptied)
                    .as("sessions, their tokens and rows, accounts and numbers")
                    .hasSizeGreaterThan(12);
            assertThat(moments).hasSizeGreaterThan(14);
        }
    }

    @Test
    void a_table_that_the_old_app_makes_in_the_middle_of_it_is_not_ours() throws IOException {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            deployAndUndeploy();
            old.signInMulti(42, "a-session-of-the-old-app", clock.instant());
            Path saved = folder.resolve("saved.db");
            Files.copy(file(), saved);
            boolean isWhole = false;
            int without = 0;
            for (int fatal = 1; !isWhole; fatal++) {
                Files.copy(saved, file(), StandardCopyOption.REPLACE_EXISTING);
                isWhole = uninstallInSteps(fatal);
                try (SqliteApp left = SqliteApp.open(file())) {
                    if (left.one("SELECT count(*) FROM sqlite_master WHERE name = 'user_sessions'")
                            .equals("0")) {
                        without++;
                        left.run("CREATE TABLE user_sessions (id INTEGER NOT NULL PRIMARY KEY)");
                        left.run("CREATE INDEX idx_user_session_user_id ON user_sessions (id)");
                        assertThat(uninstallInSteps(0)).isTrue();
                        assertThat(left.all("SELECT name FROM sqlite_master WHERE name LIKE '%session%' ORDER BY 1"))
                                .as("after statement %d", fatal)
                                .containsExactly("idx_user_session_user_id", "user_sessions");
                    }
                }
            }
            assertThat(without).isGreaterThan(3);
        }
    }

    @Test
    void the_old_app_in_its_single_form_goes_on_with_the_latest_sign_in_of_each_user() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            List<?> schema = old.all(SCHEMA);
            String latest;
            try (NewApp app = NewApp.deploy(file(), clock)) {
                app.signIn(ANNA);
                latest = app.signIn(ANNA);
            }
            String users = old.rows("users");
            UninstallPlan plan = look(false);
            assertThat(plan.sessions()).isEqualTo(3);
            assertThat(plan.fallingOut())
                    .as("the adopted cookie and the first sign-in")
                    .isEqualTo(2);
            assertThat(plan.legacyTokens()).isEqualTo(6);
            assertThat(plan.endedTokens()).isZero();

            Uninstall.Outcome outcome = uninstall(false);

            assertThat(old.all(SCHEMA)).isEqualTo(schema);
            assertThat(old.rows("users")).isEqualTo(users);
            assertThat(old.all("SELECT id FROM users WHERE auth_token = ?", latest))
                    .containsExactly("42");
            assertThat(old.all("SELECT id FROM users WHERE auth_token = 'DfiTF-AlNZAtEWvg8nKUp1FFM5v0r1P7NRMa6oBxoOE'"))
                    .containsExactly("43");
            assertThat(Objects.requireNonNull(outcome.backup())).exists();
            try (SqliteApp copy = SqliteApp.open(outcome.backup())) {
                assertThat(copy.one("SELECT count(*) FROM user_sessions")).isEqualTo("3");
            }
        }
    }

    @Test
    void what_the_old_app_has_made_itself_always_stays() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            old.run("DROP INDEX idx_user_session_auth_token");
            List<?> schema = old.all(SCHEMA);
            deployAndUndeploy();
            UninstallPlan plan = uninstall(false).plan();
            assertThat(plan.keepsSessions()).isTrue();
            assertThat(plan.kept()).extracting(UninstallPlan.Item::name).containsExactly("user_sessions");
            assertThat(plan.objects()).extracting(UninstallPlan.Item::name).contains("idx_user_session_auth_token");
            assertThat(old.all(SCHEMA)).isEqualTo(schema);
            assertThat(old.one("SELECT count(*) FROM user_sessions")).isEqualTo("4");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE INDEX of_the_team ON user_sessions (created_at)",
                "CREATE VIEW of_the_team AS SELECT * FROM User_Sessions",
                "CREATE TABLE of_the_team (session INTEGER REFERENCES user_sessions (id))",
                "CREATE TRIGGER of_the_team AFTER UPDATE ON users BEGIN DELETE FROM user_sessions WHERE id < 0; END",
            })
    void what_the_team_has_built_on_a_table_of_ours_is_a_reason_to_refuse(String sql) {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            deployAndUndeploy();
            old.run(sql);
            String before = old.dump();
            assertThatThrownBy(() -> uninstall(false))
                    .isInstanceOf(MigrationRefusedException.class)
                    .hasMessageContaining(
                            "of_the_team, which Multi-Session did not make, needs the table user_sessions")
                    .hasMessageContaining("Drop it first, or keep that table (--keep-sessions)");
            assertThat(old.dump()).isEqualTo(before);
            assertThat(folder.toFile().list()).containsExactly("old-app.db");

            uninstall(true);
            assertThat(old.all("SELECT name FROM sqlite_master WHERE name LIKE 'multisession%'"))
                    .isEmpty();
            assertThat(old.all("SELECT name FROM sqlite_master WHERE name = 'of_the_team'"))
                    .hasSize(1);
        }
    }

    @Test
    void a_table_of_the_teams_that_only_has_such_a_word_in_it_is_no_reason_to_refuse() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            old.run("CREATE TABLE of_the_team (user_sessions INTEGER, /* see auth_events */ note TEXT);"
                    + " CREATE INDEX counted ON of_the_team (user_sessions)");
            List<?> schema = old.all(SCHEMA);
            deployAndUndeploy();
            uninstall(false);
            assertThat(old.all(SCHEMA)).isEqualTo(schema);
        }
    }

    @Test
    void nothing_is_done_and_nothing_copied_where_there_is_nothing_of_ours() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            String before = old.dump();
            assertThat(uninstall(false).plan().isEmpty()).isTrue();
            assertThat(old.dump()).isEqualTo(before);
            assertThat(folder.toFile().list()).containsExactly("old-app.db");
        }
    }

    @Test
    void a_database_that_is_locked_stays_as_it_is_and_no_copy_is_left() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            deployAndUndeploy();
            String before = old.dump();
            old.run("BEGIN IMMEDIATE");
            try (SqliteFile claimed = SqliteFile.claim(file(), false, "/test");
                    Database database = Database.open(claimed, 1, Duration.ofSeconds(1))) {
                Uninstaller uninstaller =
                        new Uninstaller(database, new SqliteBackup(database, file(), clock), Progress.NONE);
                assertThatThrownBy(() -> uninstaller.uninstall(false)).isInstanceOf(DatabaseException.class);
            }
            old.run("ROLLBACK");
            assertThat(old.dump()).isEqualTo(before);
            assertThat(folder.toFile().list()).containsExactly("old-app.db");
        }
    }

    @Test
    void an_application_that_still_runs_does_not_bring_it_back_but_a_deploy_does() {
        try (SqliteApp old = SqliteApp.make(folder, "single");
                NewApp app = NewApp.deploy(file(), clock)) {
            // Rebuilding a table takes triggers along, and they are made anew.
            old.run("DROP TRIGGER multisession_user_inserted");
            app.database.lookAfterSchema();
            assertThat(app.migrator.missing()).isEmpty();

            // What another process does, whose SQLite is its own.
            new Uninstaller(app.database, Backup.NONE, Progress.NONE).uninstall(false);
            String before = old.dump();
            assertThat(app.migrator.missing()).isNotEmpty();
            app.database.lookAfterSchema();
            assertThat(app.database.<Boolean>read(handle -> app.database.hasSeenSchema(handle, handle.schemaState())))
                    .isTrue();
            assertThat(old.dump()).isEqualTo(before);
            assertThatThrownBy(() -> app.signIn(ANNA)).isInstanceOf(DatabaseException.class);
            assertThat(old.dump()).isEqualTo(before);

            app.migrator.migrate();
            assertThat(app.migrator.missing()).isEmpty();
            assertThat(app.opens("old_token_xyz123")).isEqualTo(42);
        }
        assertThat(Files.exists(file())).isTrue();
    }

    @Test
    void an_uninstall_and_another_migration_lose_nobody() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            deployAndUndeploy();
            uninstall(false);
            try (NewApp app = NewApp.deploy(file(), clock)) {
                assertThat(app.opens("xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic"))
                        .isEqualTo(42);
                assertThat(app.opens("qZWb9gue6JnNlzkbLF61VcPc8nH_J31bzwb7VTapJho"))
                        .isEqualTo(45);
            }
            assertThat(old.one("PRAGMA integrity_check")).isEqualTo("ok");
        }
    }
}
