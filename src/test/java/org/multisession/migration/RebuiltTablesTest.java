package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.logging.Level;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.check.Check;
import org.multisession.check.Fault;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.SqliteFile;
import org.multisession.testing.LogLines;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldDatabase;
import org.multisession.testing.Rebuilds;
import org.multisession.testing.TestClock;

/** What the tools of other programs do to the tables, under the running application and while it is away. */
class RebuiltTablesTest {

    private static final String ANNA = "+79991234567";

    private final TestClock clock = new TestClock();

    @TempDir
    Path folder;

    private OldDatabase old(String form) {
        return OldDatabase.make(folder, form);
    }

    private NewApp deploy(OldDatabase old) {
        return NewApp.deploy(old.path(), clock);
    }

    @Nested
    @DisplayName("users is rebuilt by renaming the old table first")
    class ByRename {

        @Test
        void sign_ins_and_sign_outs_go_on_after_the_repair() {
            try (OldDatabase old = old("single");
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
            try (OldDatabase old = old("single");
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
            try (OldDatabase old = old("single")) {
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
            try (OldDatabase old = old("multi");
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
                old.run(Rebuilds.sessions(Rebuilds.Way.BATCH));
                app.database.lookAfterSchema();
                assertThat(app.migrator.missing()).isEmpty();
                assertThat(app.opens(phone)).isEqualTo(42);
                assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
            }
        }
    }

    @Test
    void the_check_says_that_a_deploy_would_refuse_what_it_may_not_correct() {
        try (OldDatabase old = old("multi")) {
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
        private void dropWhatTheModelsDoNotKnow(OldDatabase old) {
            for (String table : tables(old)) {
                old.run("DROP TABLE " + table);
            }
        }

        private static Set<String> tables(OldDatabase old) {
            Set<String> ours = new TreeSet<>();
            for (@Nullable
            String table : old.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'users'")) {
                ours.add(String.valueOf(table));
            }
            return ours;
        }

        private void signUpAndInAtTheOldApp(OldDatabase old) {
            // As every app does, it looks first whether the number is taken.
            assertThat(old.all("SELECT id FROM users WHERE phone = '+79990001122'"))
                    .isEmpty();
            long user = old.addUser("+79990001122", null);
            old.signInSingle(user, "of-the-old-app");
            assertThat(old.legacyTokenOf(user)).isEqualTo("of-the-old-app");
        }

        @Test
        void the_triggers_are_taken_away_so_that_the_old_app_lives_and_the_log_says_so() {
            try (OldDatabase old = old("single");
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
        void the_memory_alone_is_enough_to_be_gone() {
            try (OldDatabase old = old("single");
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
            try (OldDatabase old = old("single")) {
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
            try (OldDatabase old = old("single")) {
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

    private MoveStatus status(NewApp app) {
        return app.database.read(handle -> MoveStatus.of(handle, clock.instant(), Duration.ofDays(30)));
    }

    private org.multisession.check.Report check(OldDatabase old) {
        return new Check(
                        new org.multisession.check.CheckRules(
                                org.multisession.session.Stage.COEXIST, false, "RU", NewApp.RULES),
                        org.multisession.check.Trials.NONE,
                        Duration.ofSeconds(5),
                        clock,
                        Progress.NONE)
                .of(old.path());
    }
}
