package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.multisession.db.SqlTime;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.session.StateDao;
import org.multisession.session.SweepTurn;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldDatabase;
import org.multisession.testing.TestClock;

/** What has run out leaves without being asked for, and nothing else does. */
abstract class SweeperContract {

    private static final String ANNA = "+7 999 123-45-67";
    private static final SessionRules RULES =
            new SessionRules(Duration.ofDays(30), Duration.ofDays(365), 5000, Duration.ofMinutes(1));

    private final TestClock clock = new TestClock();
    private OldDatabase old;
    private NewApp app;

    /** A fresh database of the old app, in its single form. */
    abstract OldDatabase single();

    @BeforeEach
    void deployOnTheOldDatabase() {
        old = single();
        app = NewApp.deploy(old.path(), RULES, clock);
    }

    @AfterEach
    void undeploy() {
        app.close();
        old.close();
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
        String yesterday =
                String.valueOf(clock.instant().minus(Duration.ofDays(1)).toEpochMilli());
        old.run("INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES"
                + " (43, 'null', NULL, NULL),"
                + " (43, 'integer', " + yesterday + ", " + yesterday + "),"
                + " (43, 'future', '2999-01-01 00:00:00', '2999-01-01 00:00:00'),"
                + " (43, 'nonsense', 'yesterday', ''),"
                + " (43, 'ancient', '1999-01-01 00:00:00', '1999-01-01 00:00:00')");
        old.run(
                "INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES (43, 'iso', ?, ?)",
                clock.instant().toString(),
                clock.instant().toString());
        clock.advance(Duration.ofDays(29));
        assertThat(app.sweeper.run()).isZero();
        clock.advance(Duration.ofDays(2));
        // Their clocks started when they were first known here.
        assertThat(app.sweeper.run()).isEqualTo(6);
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
        app = NewApp.deploy(old.path(), RULES, Stage.SETTLE, clock);
        String phone = app.signIn(ANNA);
        app.signOut(phone);
        old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (42, ?)", phone);
        clock.advance(Duration.ofDays(31));
        assertThat(app.sweeper.run()).isZero();
        assertThat(old.one("SELECT count(*) FROM user_sessions")).isEqualTo("0");
    }

    @Test
    void a_session_in_use_stays_when_a_row_that_repeats_it_in_plain_has_run_out() {
        app.close();
        app = NewApp.deploy(old.path(), RULES, Stage.SETTLE, clock);
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
        old.run("""
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20100)
                INSERT INTO user_sessions (user_id, auth_token) SELECT 43, 'token-' || i FROM n
                """);
        clock.advance(Duration.ofDays(31));
        assertThat(app.sweeper.run()).isEqualTo(20_000);
        assertThat(app.sweeper.run()).isEqualTo(100);
        assertThat(old.one("SELECT count(*) FROM user_sessions")).isEqualTo("0");
    }

    @Test
    void only_one_node_sweeps_and_another_takes_over_when_it_is_gone() {
        SweepTurn first = new SweepTurn(app.database, new StateDao(), "first", clock);
        SweepTurn second = new SweepTurn(app.database, new StateDao(), "second", clock);
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
        app = NewApp.deploy(old.path(), RULES, clock);
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
        app = NewApp.deploy(old.path(), RULES, clock);
        clock.advance(Duration.ofDays(2));
        assertThat(app.opens(phone)).isNull();
    }

    @Test
    void the_stage_of_the_deploy_is_there_to_be_read_by_others() {
        assertThat(old.one("SELECT value FROM multisession_state WHERE name = 'stage'"))
                .isEqualTo("coexist");
        assertThat(old.one("SELECT changed_at FROM multisession_state WHERE name = 'stage'"))
                .isEqualTo(SqlTime.format(clock.instant()));
    }
}
