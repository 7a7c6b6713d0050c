package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.multisession.auth.SignedIn;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.db.Source;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.Stage;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.TestClock;
import org.multisession.user.PhoneReading;

/** The numbers by which somebody decides on the next step, each against what really happens to the tokens. */
abstract class MoveStatusContract {

    private static final Duration WINDOW = Duration.ofDays(30);
    private static final String ANNA = "+7 999 123-45-67";
    private static final String ANNAS_OLD_COOKIE = "old_token_xyz123";
    private static final String BORIS_OLD_COOKIE = "DfiTF-AlNZAtEWvg8nKUp1FFM5v0r1P7NRMa6oBxoOE";

    /** A fresh database of the old app, in this form. */
    abstract OldApp make(String form);

    /** What a deploy does, without one. */
    abstract void migrate(Database database);

    /** What the schema lacks. */
    abstract List<String> missing(Handle handle) throws SQLException;

    final TestClock clock = new TestClock();
    private OldApp old;
    private NewApp app;

    @BeforeEach
    void deployOnTheOldDatabase() {
        old = make("single");
        app = NewApp.deploy(old.claim(), clock);
    }

    @AfterEach
    void undeploy() {
        app.close();
        old.close();
    }

    private void goTo(Stage stage) {
        app.close();
        app = NewApp.deploy(old.claim(), NewApp.RULES, stage, clock);
    }

    private MoveStatus status() {
        app.lastSeen.flush();
        return of(app.database);
    }

    private MoveStatus of(Database database) {
        return database.read(handle -> MoveStatus.of(handle, missing(handle), clock.instant(), WINDOW));
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
    void after_the_machine_was_suspended_the_watch_begins_anew() {
        goTo(Stage.SETTLE);
        pass(Duration.ofDays(5));
        app.opens(ANNAS_OLD_COOKIE);
        clock.jump(Duration.ofDays(40));
        pass(Duration.ofHours(1));
        assertThat(isSafe()).as("they could not come").isFalse();
        pass(Duration.ofDays(31));
        assertThat(isSafe()).isTrue();
    }

    @Test
    void a_clock_that_was_ahead_for_a_while_does_not_hold_the_watch_up_for_long() {
        goTo(Stage.SETTLE);
        clock.jump(Duration.ofDays(4000));
        pass(Duration.ofHours(1));
        clock.jump(Duration.ofDays(-4000));
        pass(Duration.ofHours(1));
        pass(Duration.ofDays(31));
        assertThat(isSafe()).isTrue();
    }

    @Test
    void a_database_that_was_migrated_but_never_deployed_was_never_watched() {
        try (OldApp other = make("single");
                Source source = other.claim();
                Database database = Database.open(source, 2, Duration.ofSeconds(5))) {
            migrate(database);
            clock.advance(Duration.ofDays(60));
            MoveStatus status = of(database);
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
    void going_back_to_the_multi_form_costs_nothing_until_tokens_are_hashed() {
        try (OldApp multi = make("multi")) {
            try (NewApp there = NewApp.deploy(multi.claim(), clock)) {
                MoveStatus status = of(there.database);
                assertThat(status.oldAppReadsSessions()).isTrue();
                assertThat(status.sessions()).isEqualTo(4);
                assertThat(status.devicesFallingOut()).isZero();
            }
            try (NewApp there = NewApp.deploy(multi.claim(), NewApp.RULES, Stage.SETTLE, clock)) {
                MoveStatus status = of(there.database);
                // Two of the four stand in users.auth_token as well.
                assertThat(status.devicesFallingOut()).isEqualTo(2);
            }
        }
    }

    @Test
    void numbers_that_several_users_have_are_told_by_their_users() {
        old.run("UPDATE users SET phone = '8 999 123-45-67' WHERE id = 45");
        old.run("UPDATE users SET phone = '8 999 123-45-68' WHERE id = 44");
        app.phoneReading.run(() -> true);
        NumbersInDoubt doubts = app.database.read(handle -> NumbersInDoubt.of(handle, missing(handle)));
        assertThat(doubts.count()).isEqualTo(2);
        assertThat(doubts.users()).containsExactly("42, 45", "43, 44");
        assertThat(doubts.unread()).isZero();
        assertThat(doubts.areReadAnew()).isFalse();
    }

    @Test
    void that_numbers_are_being_read_anew_is_told() {
        new PhoneReading(app.database, new PhoneNumbers("DE"), clock).begin();
        assertThat(app.database
                        .read(handle -> NumbersInDoubt.of(handle, missing(handle)))
                        .areReadAnew())
                .isTrue();
        app.phoneReading.begin();
        app.phoneReading.run(() -> true);
        assertThat(app.database
                        .read(handle -> NumbersInDoubt.of(handle, missing(handle)))
                        .areReadAnew())
                .isFalse();
    }

    @Test
    void what_somebody_has_dropped_is_told() {
        assertThat(status().missing()).isEmpty();
        old.dropTrigger("multisession_user_inserted", "users");
        assertThat(status().missing()).containsExactly("multisession_user_inserted");
    }

    @Test
    void a_database_that_was_never_migrated_is_refused() {
        try (OldApp other = make("single");
                Source source = other.claim();
                Database database = Database.open(source, 2, Duration.ofSeconds(5))) {
            assertThatThrownBy(() -> of(database))
                    .isInstanceOf(MigrationRefusedException.class)
                    .hasMessageContaining("has not been migrated yet");
        }
    }
}
