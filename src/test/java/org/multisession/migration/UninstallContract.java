package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Source;
import org.multisession.session.Stage;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.TestClock;

/** P5: an uninstall takes away what the migration has added, and the old app goes on as if it had never been. */
abstract class UninstallContract {

    static final String ANNA = "+79991234567";

    final TestClock clock = new TestClock();
    OldApp old;

    /** A fresh database of the old app, in this form. */
    abstract OldApp make(String form);

    /** A fresh database with nothing in it. */
    abstract OldApp empty();

    /** What uninstalls from a database of this kind. */
    abstract Uninstall of(Database database);

    /** From now on the old app's sessions may outlive their users, as on SQLite with foreign keys off. */
    abstract void withoutForeignKey();

    /** Every object of the database, as text. */
    abstract String schema();

    @BeforeEach
    void makeTheOldApp() {
        old = make("single");
    }

    @AfterEach
    void closeTheOldApp() {
        old.close();
    }

    private void instead(OldApp another) {
        old.close();
        old = another;
    }

    final UninstallPlan uninstall(boolean keepSessions) {
        try (Source source = old.claim();
                Database database = Database.open(source, 2, Duration.ofSeconds(5))) {
            Uninstall uninstall = of(database);
            return uninstall
                    .uninstall(keepSessions, uninstall.look(keepSessions))
                    .plan();
        }
    }

    final UninstallPlan look(boolean keepSessions) {
        try (Source source = old.claim();
                Database database = Database.open(source, 2, Duration.ofSeconds(5))) {
            return of(database).look(keepSessions);
        }
    }

    final void deployAndUndeploy() {
        NewApp.deploy(old.claim(), clock).close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"single", "multi"})
    void what_was_only_migrated_is_what_it_was_before_and_nothing_of_ours_is_left(String form) {
        instead(make(form));
        String before = old.dump();
        String schema = schema();
        deployAndUndeploy();
        assertThat(schema()).isNotEqualTo(schema);
        UninstallPlan seen = look(false);
        assertThat(seen.objects())
                .extracting(UninstallPlan.Item::name)
                .contains("multisession_tokens", "multisession_user_inserted", "auth_events");

        assertThat(uninstall(false)).isEqualTo(seen);

        assertThat(schema()).isEqualTo(schema).doesNotContain("multisession");
        assertThat(old.dump()).isEqualTo(before);
        assertThat(look(false).isEmpty()).isTrue();
        old.signInSingle(42, "as-ever");
        old.deleteUser(43);
        assertThat(old.legacyTokenOf(42)).isEqualTo("as-ever");
    }

    @Test
    void a_later_deploy_goes_on_with_the_sessions_that_were_kept_as_hashes() {
        String token;
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            token = app.signIn(ANNA);
        }
        NewApp.deploy(old.claim(), NewApp.RULES, Stage.SETTLE, clock).close();
        assertThat(old.legacyTokenOf(42)).as("the mirror").isEqualTo(token);
        uninstall(true);
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens(token)).isEqualTo(42);
            app.signOut(token);
            assertThat(app.opens(token)).isNull();
        }
    }

    @Test
    void the_old_app_goes_on_with_the_latest_sign_in_of_each_user() {
        String schema = schema();
        String latest;
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            app.signIn(ANNA);
            latest = app.signIn(ANNA);
        }
        String users = old.rows("users");
        UninstallPlan plan = look(false);
        assertThat(plan.users()).isEqualTo(8);
        assertThat(plan.sessions()).isEqualTo(3);
        assertThat(plan.fallingOut())
                .as("the adopted cookie and the first sign-in")
                .isEqualTo(2);
        assertThat(plan.legacyTokens()).isEqualTo(6);
        assertThat(plan.endedTokens()).isZero();

        uninstall(false);

        assertThat(schema()).isEqualTo(schema);
        assertThat(old.rows("users")).isEqualTo(users);
        assertThat(old.all("SELECT id FROM users WHERE auth_token = ?", latest)).containsExactly("42");
    }

    @Test
    void the_sessions_can_be_kept_for_an_old_app_that_reads_them() {
        String first;
        String second;
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            first = app.signIn(ANNA);
            second = app.signIn(ANNA);
        }
        UninstallPlan plan = uninstall(true);
        assertThat(plan.keepsSessions()).isTrue();
        assertThat(plan.fallingOut()).isZero();
        assertThat(old.all("SELECT user_id FROM user_sessions WHERE auth_token IN (?, ?)", first, second))
                .containsExactly("42", "42");
        assertThat(schema())
                .contains("idx_user_session_auth_token", "idx_user_session_user_id")
                .doesNotContain("multisession");
        old.signInMulti(43, "made-by-the-old-app", clock.instant());
        old.signOut(first);
    }

    @Test
    void no_cookie_of_a_former_user_opens_an_account_after_it_in_the_old_app_or_after_another_deploy() {
        instead(make("multi"));
        String bobs;
        String carols;
        String daves;
        long bob;
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            long dave = old.addUser("+79990000003", null);
            daves = app.signIn("+79990000003");
            old.deleteUser(dave);
            bob = old.addUser("+79990000001", null);
            bobs = app.signIn("+79990000001");
            old.deleteUser(bob);
            old.addUserAs(bob, "+79990000002", null);
            carols = app.signIn("+79990000002");
        }
        String others = old.one("SELECT count(*) FROM user_sessions WHERE auth_token NOT IN (?, ?)", bobs, daves);
        uninstall(false);
        assertThat(old.all("SELECT id FROM user_sessions WHERE auth_token IN (?, ?)", bobs, daves))
                .isEmpty();
        assertThat(old.one("SELECT count(*) FROM user_sessions")).isEqualTo(others);
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens(bobs)).isNull();
            assertThat(app.opens(carols)).isEqualTo(bob);
        }
    }

    @Test
    void no_session_that_had_ended_opens_an_account_after_it_and_another_deploy() {
        instead(make("multi"));
        withoutForeignKey();
        String movedBack;
        String putBack;
        String live;
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            movedBack = app.signIn(ANNA);
            putBack = app.signIn(ANNA);
            live = app.signIn(ANNA);
            app.signOut(putBack);
        }
        old.run("UPDATE user_sessions SET user_id = 43 WHERE auth_token = ?", movedBack);
        old.run("UPDATE user_sessions SET user_id = 42 WHERE auth_token = ?", movedBack);
        old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (42, ?)", putBack);
        uninstall(false);
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens(movedBack)).isNull();
            assertThat(app.opens(putBack)).isNull();
            assertThat(app.opens(live)).isEqualTo(42);
        }
    }

    @Test
    void nor_does_the_cookie_of_a_user_who_was_replaced_while_our_triggers_were_gone() {
        instead(make("multi"));
        withoutForeignKey();
        String bobs;
        String annas;
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            old.addUser("+79990000001", null);
            bobs = app.signIn("+79990000001");
            annas = app.signIn(ANNA);
        }
        long bob = Long.parseLong(old.one("SELECT user_id FROM user_sessions WHERE auth_token = ?", bobs));
        for (String trigger : List.of("multisession_user_inserted", "multisession_user_id_changed")) {
            old.dropTrigger(trigger, "users");
        }
        old.run("DELETE FROM users WHERE id = ?", bob);
        old.addUserAs(bob, "+79990000002", null);
        uninstall(false);
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens(bobs)).isNull();
            assertThat(app.opens(annas)).isEqualTo(42);
        }
    }

    @Test
    void nor_does_the_cookie_of_a_user_who_was_gone_before_the_deploy_and_whose_id_somebody_has_got_since() {
        instead(make("multi"));
        withoutForeignKey();
        long bob = old.addUser("+79990000001", null);
        old.signInMulti(bob, "bobs", clock.instant());
        old.run("DELETE FROM users WHERE id = ?", bob);
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens("bobs")).isNull();
            old.addUserAs(bob, "+79990000002", null);
        }
        uninstall(false);
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens("bobs")).isNull();
        }
    }

    @Test
    void sessions_that_are_only_hashes_fall_out_even_where_their_table_stays() {
        NewApp.deploy(old.claim(), NewApp.RULES, Stage.SETTLE, clock).close();
        try (NewApp app = NewApp.deploy(old.claim(), NewApp.RULES, Stage.SETTLE, clock)) {
            app.signIn(ANNA);
        }
        UninstallPlan plan = look(true);
        assertThat(plan.sessions()).isEqualTo(1);
        assertThat(plan.fallingOut()).isEqualTo(1);
    }

    @Test
    void what_the_old_app_has_made_stays() {
        instead(make("multi"));
        old.run("DROP INDEX idx_user_session_user_id");
        String schema = schema();
        deployAndUndeploy();
        UninstallPlan plan = uninstall(false);
        assertThat(plan.keepsSessions()).isTrue();
        assertThat(plan.kept()).extracting(UninstallPlan.Item::name).containsExactly("user_sessions");
        assertThat(plan.objects()).extracting(UninstallPlan.Item::name).contains("idx_user_session_user_id");
        assertThat(schema()).isEqualTo(schema);
        assertThat(old.one("SELECT count(*) FROM user_sessions")).isEqualTo("4");
    }

    @Test
    void the_users_of_a_new_database_stay() {
        instead(empty());
        deployAndUndeploy();
        old.addUser(ANNA, "a-token");
        uninstall(false);
        assertThat(old.one("SELECT auth_token FROM users")).isEqualTo("a-token");
        assertThat(schema()).doesNotContain("multisession", "user_sessions", "auth_events");
    }

    @Test
    void a_token_that_was_signed_out_here_and_that_the_old_app_would_take_again_is_told() {
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            app.signOut(app.signIn(ANNA));
        }
        assertThat(look(false).endedTokens()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE INDEX of_the_team ON user_sessions (created_at)",
                "CREATE VIEW of_the_team AS SELECT * FROM User_Sessions",
                "CREATE TABLE of_the_team (session INTEGER REFERENCES user_sessions (id))",
            })
    void what_the_team_has_built_on_a_table_of_ours_is_a_reason_not_to_remove_it(String sql) {
        deployAndUndeploy();
        old.run(sql);
        String before = old.dump();
        assertThatThrownBy(() -> uninstall(false))
                .isInstanceOf(MigrationRefusedException.class)
                .hasMessageContaining("of_the_team, which Multi-Session did not make, needs the table user_sessions")
                .hasMessageContaining("Drop it first, or keep that table (--keep-sessions)");
        assertThat(old.dump()).isEqualTo(before);

        uninstall(true);
        assertThat(schema()).doesNotContain("multisession").contains("of_the_team");
    }

    @Test
    void an_application_that_still_runs_brings_nothing_back_and_a_deploy_does() {
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            // On the connections of the application: one process has one copy of SQLite on a file.
            Uninstall uninstall = of(app.database);
            uninstall.uninstall(false, uninstall.look(false));
            String before = old.dump();
            assertThatThrownBy(() -> app.signIn(ANNA)).isInstanceOf(DatabaseException.class);
            assertThat(old.dump()).isEqualTo(before);
        }
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens("old_token_xyz123")).isEqualTo(42);
        }
    }

    @Test
    void what_is_removed_and_made_again_loses_nobody() {
        instead(make("multi"));
        deployAndUndeploy();
        uninstall(false);
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            for (String[] session : List.of(
                    new String[] {"42", "xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic"},
                    new String[] {"45", "qZWb9gue6JnNlzkbLF61VcPc8nH_J31bzwb7VTapJho"})) {
                assertThat(app.opens(session[1])).isEqualTo(Long.valueOf(session[0]));
            }
        }
    }
}
