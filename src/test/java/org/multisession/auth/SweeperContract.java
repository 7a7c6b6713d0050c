package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.logging.Level;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.SqlTime;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.session.StateDao;
import org.multisession.session.SweeperLease;
import org.multisession.testing.LogLines;
import org.multisession.testing.NewApp;

/** What has run out leaves without being asked for, and nothing else does. */
abstract class SweeperContract extends DeployedContract {

    private static final String ANNA = "+7 999 123-45-67";
    private static final SessionRules RULES =
            new SessionRules(Duration.ofDays(30), Duration.ofDays(365), 5000, Duration.ofMinutes(1));

    @Override
    SessionRules rules() {
        return RULES;
    }

    private List<String> reasons() {
        return old.all("SELECT end_reason FROM multisession_tokens WHERE ended_at IS NOT NULL").stream()
                .map(String::valueOf)
                .toList();
    }

    @Test
    void an_idle_session_leaves_and_one_in_use_stays() {
        app.signIn(ANNA);
        clock.advance(Duration.ofDays(20));
        String inUse = app.signIn(ANNA);
        clock.advance(Duration.ofDays(11));
        // The first one, and the old cookie that it adopted.
        assertThat(app.sweeper.run()).isEqualTo(2);
        assertThat(reasons()).containsExactly("idle", "idle");
        assertThat(old.all("SELECT auth_token FROM user_sessions")).containsExactly(inUse);
        assertThat(app.sweeper.run()).isZero();
    }

    @Test
    void what_was_swept_is_in_the_audit_trail_and_never_comes_back() {
        String phone = app.signIn(ANNA);
        clock.advance(Duration.ofDays(31));
        app.sweeper.run();
        assertThat(old.all("SELECT outcome FROM auth_events WHERE kind = 'session-ended'"))
                .containsExactly("idle", "idle");
        assertThat(old.legacyTokenOf(42)).as("the mirror is still there").isEqualTo(phone);
        assertThat(app.opens(phone)).isNull();
    }

    @Test
    void rows_of_the_old_app_with_odd_times_are_not_swept_by_accident() {
        old.run("INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES"
                + " (43, 'null', NULL, NULL),"
                + " (43, 'future', '2999-01-01 00:00:00', '2999-01-01 00:00:00'),"
                + " (43, 'ancient', '1999-01-01 00:00:00', '1999-01-01 00:00:00')");
        old.run(
                "INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES (43, 'iso', ?, ?)",
                clock.instant().toString(),
                clock.instant().toString());
        clock.advance(Duration.ofDays(29));
        assertThat(app.sweeper.run()).isZero();
        clock.advance(Duration.ofDays(2));
        // Their clocks started when they were first known here.
        assertThat(app.sweeper.run()).isEqualTo(4);
    }

    @Test
    void a_session_used_after_its_page_was_read_is_kept() {
        String phone = app.signIn(ANNA);
        clock.advance(Duration.ofDays(31));
        old.seen(phone, clock.instant());
        assertThat(app.sweeper.run()).as("the adopted one").isEqualTo(1);
        assertThat(app.opens(phone)).isEqualTo(42);
    }

    @Test
    void a_row_put_back_after_its_end_leaves_when_it_has_run_out_and_counts_for_nothing() {
        app.close();
        app = NewApp.deploy(old.claim(), RULES, Stage.SETTLE, clock);
        String phone = app.signIn(ANNA);
        app.signOut(phone);
        old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (42, ?)", phone);
        clock.advance(Duration.ofDays(31));
        assertThat(app.sweeper.run()).isZero();
        assertThat(old.one("SELECT count(*) FROM user_sessions")).isEqualTo("0");
    }

    /** A sweep on each of so many days, and whatever else forgets. */
    private void goOn(int days) {
        for (int day = 0; day < days; day++) {
            clock.advance(Duration.ofDays(1));
            app.heartbeat.beat();
            app.sweeper.run();
            app.signInSweep.run();
            app.deviceSweep.run();
            app.forgetting.run();
        }
    }

    private String sessionsAndWhatIsKeptOfThem() {
        return old.one(
                "SELECT (SELECT count(*) FROM user_sessions) + (SELECT count(*) FROM multisession_rows)"
                        + " + (SELECT count(*) FROM multisession_tokens) + (SELECT count(*) FROM multisession_devices)"
                        + " + (SELECT count(*) FROM multisession_sign_ins) + (SELECT count(*) FROM multisession_absent_tokens)");
    }

    @Test
    void nothing_stays_of_the_sessions_of_users_who_were_deleted() {
        long bob = old.addUser("+79990000001", null);
        app.signIn("+79990000001");
        old.deleteUser(bob);
        long carol = old.addUser("+79990000002", null);
        app.signIn("+79990000002");
        old.deleteUser(carol);
        old.addUserAs(carol, "+79990000003", null);
        goOn(30 + 1 + 180 + 2);
        assertThat(sessionsAndWhatIsKeptOfThem()).isEqualTo("0");
    }

    @Test
    void a_session_that_was_given_to_another_user_leaves_when_the_old_app_uses_it_no_longer() {
        String phone = app.signIn(ANNA);
        old.run("UPDATE user_sessions SET user_id = 43 WHERE auth_token = ?", phone);
        clock.advance(Duration.ofDays(20));
        old.seen(phone, clock.instant());
        goOn(29);
        assertThat(old.all("SELECT auth_token FROM user_sessions")).containsExactly(phone);
        goOn(2);
        assertThat(old.all("SELECT auth_token FROM user_sessions")).isEmpty();
    }

    @Test
    void a_row_of_an_ended_session_to_which_others_refer_adds_nothing_at_each_sweep() {
        old.run("CREATE TABLE push_addresses (id INTEGER PRIMARY KEY,"
                + " session_id INTEGER REFERENCES user_sessions (id))");
        String phone = app.signIn(ANNA);
        old.run("INSERT INTO push_addresses (id, session_id) SELECT id, id FROM user_sessions");
        app.signOut(phone);
        goOn(62);
        String tokens = old.rows("multisession_tokens");
        goOn(62);
        assertThat(old.rows("multisession_tokens")).isEqualTo(tokens);
        assertThat(old.one("SELECT count(*) FROM user_sessions")).isEqualTo("2");
    }

    @Test
    void a_session_in_use_stays_when_a_row_that_repeats_it_in_plain_has_run_out() {
        app.close();
        app = NewApp.deploy(old.claim(), RULES, Stage.SETTLE, clock);
        String phone = app.signIn(ANNA);
        old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (42, ?)", phone);
        clock.advance(Duration.ofDays(20));
        app.opens(phone);
        app.lastSeen.flush();
        clock.advance(Duration.ofDays(11));
        assertThat(app.sweeper.run()).isZero();
        assertThat(app.opens(phone)).isEqualTo(42);
    }

    @Test
    void more_sessions_than_fit_a_stretch_are_swept_in_several() {
        String then = SqlTime.format(clock.instant());
        clock.advance(Duration.ofDays(31));
        old.run("""
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20100)
                INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at)
                SELECT 43, 'token-' || i, '%1$s', '%1$s' FROM n
                """.formatted(SqlTime.format(clock.instant())));
        old.run("UPDATE user_sessions SET last_seen_at = ? WHERE auth_token LIKE '%50' OR auth_token LIKE '%00'", then);
        assertThat(app.sweeper.run()).isEqualTo(400);
        assertThat(app.sweeper.run()).isEqualTo(2);
        assertThat(old.one("SELECT count(*) FROM user_sessions")).isEqualTo("19698");
    }

    @Test
    void only_one_node_sweeps_and_another_takes_over_when_it_is_gone() {
        SweeperLease first = new SweeperLease(app.database, new StateDao(), "first", clock);
        SweeperLease second = new SweeperLease(app.database, new StateDao(), "second", clock);
        assertThat(first.take()).isTrue();
        assertThat(second.take()).isFalse();
        clock.advance(Duration.ofMinutes(6));
        assertThat(first.take()).isTrue();
        clock.advance(Duration.ofMinutes(6));
        assertThat(second.take()).isFalse();
        clock.advance(Duration.ofMinutes(5));
        assertThat(second.take()).isTrue();
        assertThat(first.take()).isFalse();
        app.signIn(ANNA);
        clock.advance(Duration.ofMinutes(5));
        assertThat(app.sweeper.run()).as("not its turn").isZero();
    }

    @Test
    void sessions_do_not_idle_while_no_node_of_ours_is_there_to_see_them_used() {
        String phone = app.signIn(ANNA);
        clock.advance(Duration.ofDays(10));
        app.close();
        clock.advance(Duration.ofDays(60));
        app = NewApp.deploy(old.claim(), RULES, clock);
        assertThat(app.sweeper.run()).isZero();
        assertThat(app.opens(phone)).isEqualTo(42);
        clock.advance(Duration.ofDays(31));
        assertThat(app.opens(phone)).as("after the return the clock runs").isNull();
    }

    @Test
    void a_restart_gives_no_idle_session_more_time() {
        String phone = app.signIn(ANNA);
        clock.advance(Duration.ofDays(29));
        app.close();
        clock.advance(Duration.ofMinutes(50));
        app = NewApp.deploy(old.claim(), RULES, clock);
        clock.advance(Duration.ofDays(2));
        assertThat(app.opens(phone)).isNull();
    }

    @Nested
    class AClockThatJumps {

        private static final Duration TWELVE_YEARS = Duration.ofDays(4383);

        private void redeploy() {
            app.close();
            app = NewApp.deploy(old.claim(), RULES, clock);
        }

        /** What the old app knows of, a session of ours, and one that has run out. */
        private String signedIn() {
            String phone = app.signIn(ANNA);
            old.run(
                    "INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES (43, 'old', ?, ?)",
                    SqlTime.format(clock.instant()),
                    SqlTime.format(clock.instant()));
            return phone;
        }

        @ParameterizedTest
        @ValueSource(longs = {1, 24 * 60, 24 * 4383})
        void forward_for_one_start_ends_nothing(long hours) {
            String phone = signedIn();
            app.close();
            clock.jump(Duration.ofHours(hours));
            app = NewApp.deploy(old.claim(), RULES, clock);
            for (int day = 0; day < 3; day++) {
                assertThat(app.sweeper.run()).isZero();
                assertThat(app.opens(phone)).isEqualTo(42);
                app.heartbeat.beat();
                clock.advance(Duration.ofDays(1));
            }
            redeploy();
            assertThat(app.sweeper.run()).isZero();
            app.close();
            clock.jump(Duration.ofHours(-hours));
            app = NewApp.deploy(old.claim(), RULES, clock);
            assertThat(app.sweeper.run()).isZero();
            assertThat(app.opens(phone)).isEqualTo(42);
            assertThat(app.opens("old")).isEqualTo(43);
            assertThat(reasons()).isEmpty();
        }

        @ParameterizedTest
        @ValueSource(longs = {2, 24 * 60, 24 * 4383, -2, -24 * 60, -24 * 4383})
        void within_one_run_ends_nothing_and_is_logged_once(long hours) {
            String phone = signedIn();
            try (LogLines log = new LogLines()) {
                clock.jump(Duration.ofHours(hours));
                for (int day = 0; day < 3; day++) {
                    assertThat(app.opens(phone)).isEqualTo(42);
                    assertThat(app.sweeper.run()).isZero();
                    app.heartbeat.beat();
                    // Not for as long as the jump was, or it is believed.
                    clock.advance(Duration.ofMinutes(Math.min(24 * 60, Math.abs(hours) * 15)));
                }
                clock.jump(Duration.ofHours(-hours));
                assertThat(app.sweeper.run()).isZero();
                assertThat(log.of(Level.WARNING)).hasSize(1);
            }
            assertThat(app.watch.believes(clock.instant())).isTrue();
            assertThat(reasons()).isEmpty();
        }

        @Test
        void is_believed_when_it_has_gone_on_for_a_week() {
            String phone = app.signIn(ANNA);
            clock.jump(Duration.ofDays(400));
            app.heartbeat.beat();
            clock.advance(Duration.ofDays(6));
            assertThat(app.opens(phone)).isEqualTo(42);
            redeploy();
            clock.advance(Duration.ofDays(2));
            assertThat(app.opens(phone)).as("its lifetime is over").isNull();
        }

        private void isOff(Duration time) {
            app.close();
            clock.advance(time);
            app = NewApp.deploy(old.claim(), RULES, clock);
        }

        private void isOn(Duration time) {
            for (long hour = 0; hour < time.toHours(); hour++) {
                app.sweeper.run();
                app.heartbeat.beat();
                clock.advance(Duration.ofHours(1));
            }
        }

        /** A session that was used all the time, and whose lifetime will be over in a moment. */
        private String atTheEndOfItsLife() {
            String phone = app.signIn(ANNA);
            for (int day = 0; day < 364; day++) {
                clock.advance(Duration.ofDays(1));
                app.opens(phone);
                app.lastSeen.flush();
                app.heartbeat.beat();
            }
            clock.advance(Duration.ofHours(23));
            assertThat(app.opens(phone)).isEqualTo(42);
            return phone;
        }

        @Test
        void does_not_stay_in_doubt_where_the_server_is_off_at_each_weekend() {
            String phone = atTheEndOfItsLife();
            for (int week = 0; week < 2; week++) {
                isOff(Duration.ofHours(62));
                assertThat(app.watch.believes(clock.instant())).isFalse();
                isOn(Duration.ofHours(60));
                assertThat(app.watch.believes(clock.instant())).isFalse();
                assertThat(app.opens(phone)).isEqualTo(week == 0 ? 42L : null);
                isOn(Duration.ofHours(3));
                assertThat(app.watch.believes(clock.instant())).isTrue();
                assertThat(app.opens(phone)).isNull();
                isOn(Duration.ofHours(43));
            }
            assertThat(reasons()).contains("lifetime");
        }

        @Test
        void does_not_stay_in_doubt_where_the_server_is_off_for_longer_than_it_is_on() {
            String phone = atTheEndOfItsLife();
            int weeks = 0;
            while (app.opens(phone) != null && weeks < 10) {
                isOff(Duration.ofDays(5));
                isOn(Duration.ofDays(2));
                weeks++;
            }
            assertThat(weeks).isEqualTo(3);
        }

        @ParameterizedTest
        @ValueSource(longs = {8, 16})
        void does_not_stay_in_doubt_where_the_machine_is_suspended_each_night(long night) {
            String phone = atTheEndOfItsLife();
            int nights = 0;
            while (app.opens(phone) != null && nights < 10) {
                // The machine's own count of the time stands still meanwhile.
                clock.jump(Duration.ofHours(night));
                isOn(Duration.ofHours(24 - night));
                nights++;
            }
            assertThat(nights).isEqualTo(night == 8 ? 1 : 2);
        }

        /** As a virtual machine that goes on from a snapshot; the redeploy comes at once, after a while, or not at all. */
        @ParameterizedTest
        @ValueSource(longs = {0, 24, 24 * 8})
        void because_the_machine_was_suspended_for_long_ends_nothing_at_a_redeploy_either(long hours) {
            String phone = app.signIn(ANNA);
            clock.jump(Duration.ofDays(40));
            isOn(Duration.ofHours(hours));
            if (hours < 24 * 8) {
                redeploy();
            }
            isOn(Duration.ofDays(8).minusHours(hours));
            assertThat(app.sweeper.run()).isZero();
            assertThat(app.opens(phone)).isEqualTo(42);
            clock.advance(Duration.ofDays(31));
            assertThat(app.opens(phone)).as("after that the clock runs").isNull();
        }

        @Test
        void by_years_is_believed_after_a_week_and_not_before() {
            String phone = app.signIn(ANNA);
            app.close();
            clock.jump(TWELVE_YEARS);
            app = NewApp.deploy(old.claim(), RULES, clock);
            isOn(Duration.ofDays(3));
            isOff(Duration.ofMinutes(30));
            isOn(Duration.ofDays(3));
            app.kill();
            app = NewApp.deploy(old.claim(), RULES, clock);
            isOn(Duration.ofHours(23));
            assertThat(app.opens(phone)).isEqualTo(42);
            isOn(Duration.ofHours(2));
            assertThat(app.opens(phone)).isNull();
        }

        @Test
        void leaves_idle_clocks_that_run_when_it_is_right_again() {
            clock.jump(TWELVE_YEARS);
            redeploy();
            String phone = app.signIn(ANNA);
            app.heartbeat.beat();
            app.close();
            clock.jump(TWELVE_YEARS.negated());
            app = NewApp.deploy(old.claim(), RULES, clock);
            clock.advance(Duration.ofDays(8));
            assertThat(app.sweeper.run()).isZero();
            clock.advance(Duration.ofDays(29));
            assertThat(app.opens(phone)).isEqualTo(42);
            app.lastSeen.flush();
            assertThat(old.time("SELECT last_seen_at FROM user_sessions WHERE auth_token = ?", phone))
                    .isEqualTo(clock.instant());
            clock.advance(Duration.ofDays(31));
            app.sweeper.run();
            assertThat(app.opens(phone)).isNull();
        }

        @Test
        void and_a_session_that_nobody_uses_runs_out_all_the_same() {
            clock.jump(TWELVE_YEARS);
            String unused = app.signIn(ANNA);
            clock.jump(TWELVE_YEARS.negated());
            app.sweeper.run();
            clock.advance(Duration.ofDays(31));
            app.sweeper.run();
            assertThat(app.opens(unused)).isNull();
        }

        @ParameterizedTest
        @ValueSource(longs = {1, 24 * 4383})
        void leaves_no_turn_that_nobody_else_can_take(long hours) {
            clock.jump(Duration.ofHours(hours));
            assertThat(new SweeperLease(app.database, new StateDao(), "gone", clock).take())
                    .isTrue();
            clock.jump(Duration.ofHours(-hours));
            assertThat(new SweeperLease(app.database, new StateDao(), "other", clock).take())
                    .isTrue();
        }

        @Test
        void leaves_no_use_of_a_legacy_token_that_no_later_one_replaces() {
            String legacy = old.legacyTokenOf(42);
            clock.jump(TWELVE_YEARS);
            app.opens(legacy);
            app.lastSeen.flush();
            clock.jump(TWELVE_YEARS.negated());
            app.opens(legacy);
            app.lastSeen.flush();
            assertThat(old.time("SELECT last_used_at FROM multisession_legacy_uses"))
                    .isEqualTo(clock.instant());
        }
    }

    @Test
    void the_stage_of_the_deploy_is_there_to_be_read_by_others() {
        assertThat(old.one("SELECT value FROM multisession_state WHERE name = 'stage'"))
                .isEqualTo("coexist");
        assertThat(old.time("SELECT changed_at FROM multisession_state WHERE name = 'stage'"))
                .isEqualTo(clock.instant());
    }
}
