package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.auth.SignedIn;
import org.multisession.db.Database;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.session.Stage;
import org.multisession.testing.NewApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/** The numbers by which somebody decides on the next step, each against what really happens to the tokens. */
class MoveStatusTest {

    private static final Duration WINDOW = Duration.ofDays(30);
    private static final String ANNA = "+7 999 123-45-67";
    private static final String ANNAS_OLD_COOKIE = "old_token_xyz123";
    private static final String BORIS_OLD_COOKIE = "DfiTF-AlNZAtEWvg8nKUp1FFM5v0r1P7NRMa6oBxoOE";

    @TempDir
    Path folder;

    private final TestClock clock = new TestClock();
    private SqliteApp old;
    private NewApp app;

    @BeforeEach
    void deployOnTheOldDatabase() {
        old = SqliteApp.make(folder, "single");
        app = NewApp.deploy(old.path(), clock);
    }

    @AfterEach
    void undeploy() {
        app.close();
        old.close();
    }

    private void goTo(Stage stage) {
        app.close();
        app = NewApp.deploy(old.path(), NewApp.RULES, stage, clock);
    }

    private MoveStatus status() {
        app.lastSeen.flush();
        return app.database.read(handle -> MoveStatus.of(handle, clock.instant(), WINDOW));
    }

    private boolean isSafe() {
        return status().isSafeToRetire(clock.instant(), WINDOW);
    }

    @Test
    void after_the_first_deploy_everybody_is_on_a_legacy_token() {
        MoveStatus status = status();
        assertThat(status.stage()).isEqualTo("coexist");
        assertThat(status.migratedAt()).isEqualTo(clock.instant());
        assertThat(status.users()).isEqualTo(8);
        // One has none, and one an empty one.
        assertThat(status.legacy()).isEqualTo(6);
        assertThat(status.legacyNeverUsed()).isEqualTo(6);
        assertThat(status.sessions()).isZero();
        assertThat(status.devicesFallingOut()).isZero();
        assertThat(status.usersStayingIn()).isEqualTo(6);
    }

    @Test
    void the_use_of_legacy_tokens_is_told_by_week() {
        app.opens(ANNAS_OLD_COOKIE);
        clock.advance(Duration.ofDays(14));
        app.opens(BORIS_OLD_COOKIE);
        assertThat(status().legacyByWeek().values()).containsExactly(1L, 1L);
        assertThat(status().legacyUsedLately()).isEqualTo(2);
        app.opens(ANNAS_OLD_COOKIE);
        assertThat(status().legacyByWeek().values()).containsExactly(2L);
        clock.advance(Duration.ofDays(20));
        app.opens(BORIS_OLD_COOKIE);
        clock.advance(Duration.ofDays(20));
        assertThat(status().legacyUsedLately()).isEqualTo(1);
        assertThat(status().legacyNeverUsed()).isEqualTo(4);
    }

    @Test
    void a_token_that_was_adopted_or_ended_is_no_legacy_token_any_more() {
        app.signIn(ANNA);
        assertThat(status().legacy()).isEqualTo(5);
        assertThat(status().sessions()).isEqualTo(2);
        assertThat(status().usersWithSessions()).isEqualTo(1);
        SignedIn boris = Objects.requireNonNull(app.who(BORIS_OLD_COOKIE));
        app.devices.end(boris, app.devices.of(boris).get(0).id().text(), NewApp.CLIENT);
        assertThat(status().legacy()).isEqualTo(4);
        goTo(Stage.SETTLE);
        assertThat(status().legacy()).as("by their hashes, too").isEqualTo(4);
        assertThat(status().hashed()).isEqualTo(2);
        assertThat(status().mirrored())
                .as("the latest sign-in, in the users table")
                .isEqualTo(1);
    }

    @Test
    void retiring_is_safe_when_nobody_came_by_a_legacy_token_for_long_enough() {
        goTo(Stage.SETTLE);
        assertThat(isSafe()).as("on the first day nobody can know").isFalse();
        pass(Duration.ofDays(20));
        app.opens(ANNAS_OLD_COOKIE);
        pass(Duration.ofDays(20));
        assertThat(isSafe()).as("one came 20 days ago").isFalse();
        pass(Duration.ofDays(11));
        assertThat(isSafe()).isTrue();
        clock.advance(Duration.ofHours(2));
        assertThat(isSafe()).as("and who came since we are away?").isFalse();
    }

    @Test
    void retiring_is_not_safe_while_the_old_app_may_let_people_in_unseen() {
        pass(Duration.ofDays(60));
        assertThat(isSafe()).isFalse();
        old.run("UPDATE users SET auth_token = NULL");
        assertThat(isSafe()).as("nobody has a legacy token").isTrue();
    }

    @Test
    void after_an_absence_the_watch_begins_anew() {
        goTo(Stage.SETTLE);
        pass(Duration.ofDays(31));
        assertThat(isSafe()).isTrue();
        app.close();
        clock.advance(Duration.ofDays(40));
        goTo(Stage.SETTLE);
        assertThat(isSafe()).isFalse();
        pass(Duration.ofDays(31));
        assertThat(isSafe()).isTrue();
    }

    @Test
    void a_database_that_was_migrated_but_never_deployed_was_never_watched() throws Exception {
        Path other = Files.createDirectory(folder.resolve("only-migrated"));
        SqliteApp.make(other, "single").close();
        try (SqliteFile file = SqliteFile.claim(other.resolve("old-app.db"), false, "/test");
                Database database = Database.open(file, 1, Duration.ofSeconds(5))) {
            new Migrator(database, clock).migrate();
            clock.advance(Duration.ofDays(60));
            MoveStatus status = database.read(handle -> MoveStatus.of(handle, clock.instant(), WINDOW));
            assertThat(status.stage()).isNull();
            assertThat(status.isSafeToRetire(clock.instant(), WINDOW)).isFalse();
        }
    }

    /** Time in which we are there. */
    private void pass(Duration time) {
        clock.advance(time);
        app.heartbeat.beat();
    }

    @Test
    void going_back_to_the_single_form_costs_every_device_but_the_latest_of_each_user() {
        String latest = "";
        for (int i = 0; i < 3; i++) {
            latest = app.signIn(ANNA);
        }
        // The adopted cookie and the two earlier sign-ins.
        assertThat(status().devicesFallingOut()).isEqualTo(3);
        assertThat(old.legacyTokenOf(42)).isEqualTo(latest);
        assertThat(status().oldAppReadsSessions()).isFalse();
        goTo(Stage.SETTLE);
        assertThat(status().devicesFallingOut()).isEqualTo(3);
    }

    @Test
    void going_back_to_the_multi_form_costs_nothing_until_tokens_are_hashed() throws Exception {
        Path other = Files.createDirectory(folder.resolve("multi"));
        try (SqliteApp multi = SqliteApp.make(other, "multi")) {
            try (NewApp there = NewApp.deploy(multi.path(), clock)) {
                MoveStatus status = there.database.read(handle -> MoveStatus.of(handle, clock.instant(), WINDOW));
                assertThat(status.oldAppReadsSessions()).isTrue();
                assertThat(status.sessions()).isEqualTo(4);
                assertThat(status.devicesFallingOut()).isZero();
            }
            try (NewApp there = NewApp.deploy(multi.path(), NewApp.RULES, Stage.SETTLE, clock)) {
                MoveStatus status = there.database.read(handle -> MoveStatus.of(handle, clock.instant(), WINDOW));
                // Two of the four stand in users.auth_token as well.
                assertThat(status.devicesFallingOut()).isEqualTo(2);
            }
        }
    }

    @Test
    void a_database_that_was_never_migrated_is_refused() throws Exception {
        Path other = Files.createDirectory(folder.resolve("untouched"));
        SqliteApp.make(other, "single").close();
        try (SqliteFile file = SqliteFile.claim(other.resolve("old-app.db"), false, "/test");
                Database database = Database.open(file, 1, Duration.ofSeconds(5))) {
            assertThatThrownBy(() -> database.read(handle -> MoveStatus.of(handle, clock.instant(), WINDOW)))
                    .isInstanceOf(MigrationRefusedException.class)
                    .hasMessageContaining("has not been migrated yet");
        }
    }
}
