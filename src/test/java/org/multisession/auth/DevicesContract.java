package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.multisession.db.DatabaseListener;
import org.multisession.db.SqlTime;
import org.multisession.session.Client;
import org.multisession.session.EndReason;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.session.UserSessionDao.Ending;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;

/** What a user's devices are, and the ending of one from another. */
abstract class DevicesContract extends DeployedContract {

    private static final String ANNA = "+7 999 123-45-67";
    private static final String BORIS = "+7 999 123-45-68";
    private static final String ANNAS_OLD_COOKIE = "old_token_xyz123";
    private static final Client PHONE = new Client("192.0.2.7", "a phone");
    private static final Client LAPTOP = new Client("2001:db8::1", "a laptop");

    /** The definition of an id that the database gives out. */
    String id() {
        return "id INTEGER NOT NULL PRIMARY KEY";
    }

    private SignedIn by(String token) {
        return Objects.requireNonNull(app.who(token));
    }

    private List<Devices.Device> devicesOf(String token) {
        return app.devices.of(by(token));
    }

    private String handleOf(String token) {
        return devicesOf(token).stream()
                .filter(Devices.Device::isCurrent)
                .findFirst()
                .orElseThrow()
                .id()
                .text();
    }

    private @Nullable Ending howEnded(String token) {
        return app.authenticator.howEnded(Presented.of(new SessionToken(token)));
    }

    private Ending why(String token) {
        return Objects.requireNonNull(howEnded(token));
    }

    @Test
    void this_device_comes_first_and_the_others_by_their_last_use() {
        String first = app.signIn(ANNA, PHONE);
        clock.advance(Duration.ofHours(1));
        String second = app.signIn(ANNA, LAPTOP);
        clock.advance(Duration.ofHours(1));
        app.who(first, PHONE);
        app.lastSeen.flush();
        clock.advance(Duration.ofMinutes(1));
        assertThat(devicesOf(second))
                .extracting(Devices.Device::device, Devices.Device::isCurrent, Devices.Device::isShared)
                .containsExactly(
                        tuple("a laptop", true, false), tuple("a phone", false, false), tuple(null, false, true));
        assertThat(devicesOf(second).get(0).address()).isEqualTo("2001:db8::1");
        assertThat(devicesOf(second).get(1).lastSeenAt())
                .isEqualTo(clock.instant().minus(Duration.ofMinutes(1)));
    }

    @Test
    void each_device_tells_when_it_signed_in() {
        String phone = app.signIn(ANNA, PHONE);
        Instant then = clock.instant();
        clock.advance(Duration.ofHours(1));
        assertThat(devicesOf(phone))
                .extracting(Devices.Device::createdAt, Devices.Device::lastSeenAt)
                .containsExactly(tuple(then, clock.instant()), tuple(null, null));
    }

    @Test
    void an_adopted_token_tells_of_its_last_use_only_what_is_known() {
        app.who(ANNAS_OLD_COOKIE, PHONE);
        app.lastSeen.flush();
        Instant used = clock.instant();
        clock.advance(Duration.ofDays(3));
        String laptop = app.signIn(ANNA, LAPTOP);
        assertThat(devicesOf(laptop))
                .extracting(Devices.Device::isShared, Devices.Device::createdAt, Devices.Device::lastSeenAt)
                .contains(tuple(true, null, used));
        assertThat(old.one("SELECT created_at FROM user_sessions WHERE auth_token = ?", ANNAS_OLD_COOKIE))
                .isEqualTo("null");
        clock.advance(Duration.ofHours(1));
        app.who(ANNAS_OLD_COOKIE, PHONE);
        app.lastSeen.flush();
        assertThat(devicesOf(laptop)).extracting(Devices.Device::lastSeenAt).contains(clock.instant());
    }

    @Test
    void nothing_is_known_of_an_adopted_token_where_the_table_demands_times_either() {
        app.close();
        old.run("DROP TABLE user_sessions");
        old.run("CREATE TABLE user_sessions (" + id() + ", user_id INTEGER NOT NULL REFERENCES users(id),"
                + " auth_token VARCHAR(128) NOT NULL UNIQUE, created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,"
                + " last_seen_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)");
        app = NewApp.deploy(old.claim(), clock);
        String laptop = app.signIn(ANNA, LAPTOP);
        assertThat(devicesOf(laptop))
                .filteredOn(Devices.Device::isShared)
                .extracting(Devices.Device::createdAt, Devices.Device::lastSeenAt)
                .containsExactly(tuple(null, null));
    }

    @Test
    void each_end_is_in_the_audit_trail() {
        String phone = app.signIn(ANNA, PHONE);
        String laptop = app.signIn(ANNA, LAPTOP);
        old.signInSingle(42, "a-new-legacy-token");
        app.devices.end(by(laptop), handleOf(phone), LAPTOP);
        app.devices.end(by("a-new-legacy-token"), handleOf("a-new-legacy-token"), LAPTOP);
        app.devices.end(by(laptop), handleOf(laptop), LAPTOP);
        assertThat(old.all("SELECT outcome FROM auth_events WHERE kind = 'session-ended' ORDER BY id"))
                .containsExactly("revoked", "revoked", "signed-out");
    }

    @Test
    void a_legacy_token_that_opens_nothing_is_no_device() {
        String phone = app.signIn(ANNA, PHONE);
        app.devices.endOthers(by(phone), PHONE);
        for (String nobodys : List.of("", new SessionToken("whatever").hash())) {
            old.signInSingle(42, nobodys);
            assertThat(devicesOf(phone)).as(nobodys).hasSize(1);
            assertThat(app.devices.endOthers(by(phone), PHONE)).as(nobodys).hasValue(0);
        }
        old.run("UPDATE users SET auth_token = 'shared' WHERE id IN (42, 43)");
        assertThat(devicesOf(phone)).as("of two users").hasSize(1);
    }

    @Test
    void the_legacy_token_can_be_ended_from_a_session() {
        String phone = app.signIn(ANNA, PHONE);
        old.signInSingle(42, "a-new-legacy-token");
        assertThat(app.devices.end(by(phone), handleOf("a-new-legacy-token"), PHONE))
                .isEqualTo(Devices.Ended.ANOTHER);
        assertThat(app.opens("a-new-legacy-token")).isNull();
    }

    @Test
    void a_live_legacy_token_is_one_row_with_its_last_use() {
        app.who(ANNAS_OLD_COOKIE, PHONE);
        app.lastSeen.flush();
        Devices.Device only = devicesOf(ANNAS_OLD_COOKIE).get(0);
        assertThat(devicesOf(ANNAS_OLD_COOKIE)).hasSize(1);
        assertThat(only.via()).isEqualTo(SignedIn.Via.LEGACY);
        assertThat(only.isCurrent()).isTrue();
        assertThat(only.isShared()).isTrue();
        assertThat(only.address()).isEqualTo("192.0.2.7");
        assertThat(only.lastSeenAt()).isEqualTo(clock.instant());
    }

    @Test
    void the_last_use_of_a_legacy_token_is_written_at_most_once_per_interval() {
        app.who(ANNAS_OLD_COOKIE);
        app.lastSeen.flush();
        String first = old.one("SELECT last_used_at FROM multisession_legacy_uses");
        clock.advance(Duration.ofSeconds(59));
        app.who(ANNAS_OLD_COOKIE);
        app.lastSeen.flush();
        assertThat(old.one("SELECT last_used_at FROM multisession_legacy_uses")).isEqualTo(first);
        clock.advance(Duration.ofSeconds(1));
        app.who(ANNAS_OLD_COOKIE);
        app.lastSeen.flush();
        assertThat(old.one("SELECT last_used_at FROM multisession_legacy_uses")).isGreaterThan(first);
        assertThat(old.one("SELECT first_used_at FROM multisession_legacy_uses"))
                .isEqualTo(first);
    }

    @Test
    void a_session_of_the_old_app_gets_its_device_when_it_is_first_used_here() {
        old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (42, 'made-by-the-old-app')");
        clock.advance(Duration.ofHours(1));
        app.who("made-by-the-old-app", PHONE);
        app.lastSeen.flush();
        assertThat(devicesOf("made-by-the-old-app").get(0).device()).isEqualTo("a phone");
    }

    @Test
    void an_adopted_token_stays_nobodys_device_whoever_uses_it() {
        app.signIn(ANNA, LAPTOP);
        clock.advance(Duration.ofHours(1));
        app.who(ANNAS_OLD_COOKIE, PHONE);
        app.lastSeen.flush();
        Devices.Device adopted = devicesOf(ANNAS_OLD_COOKIE).get(0);
        assertThat(adopted.via()).isEqualTo(SignedIn.Via.SESSION);
        assertThat(adopted.isShared()).isTrue();
        assertThat(app.signOut.shared(by(ANNAS_OLD_COOKIE), Presented.of(new SessionToken(ANNAS_OLD_COOKIE))))
                .isEqualTo(SignOut.Shared.THIS);
        assertThat(adopted.device()).isNull();
        assertThat(adopted.address()).isEqualTo("192.0.2.7");
    }

    @Test
    void they_come_in_pages_with_this_device_on_each_and_a_page_that_is_none_leads_to_the_nearest() {
        String desk = app.signIn(ANNA, LAPTOP);
        for (int i = 0; i < 6; i++) {
            clock.advance(Duration.ofMinutes(10));
            app.signIn(ANNA, new Client("192.0.2.7", "phone " + i));
        }
        // With the old devices, which nobody has seen here.
        Devices.Page first = app.devices.page(by(desk), 1, 3);
        assertThat(names(first)).containsExactly("phone 5", "phone 4", "phone 3");
        assertThat(Objects.requireNonNull(first.current()).device()).isEqualTo("a laptop");
        Devices.Page last = app.devices.page(by(desk), 3, 3);
        assertThat(names(last)).containsExactly("null");
        assertThat(Objects.requireNonNull(last.current()).isCurrent()).isTrue();
        assertThat(List.of(first, last)).allSatisfy(page -> {
            assertThat(page.pages()).isEqualTo(3);
            assertThat(page.othersInAll()).isEqualTo(7);
        });
        assertThat(app.devices.page(by(desk), 0, 3)).isEqualTo(first);
        assertThat(app.devices.page(by(desk), 99, 3)).isEqualTo(last);
        assertThat(app.devices.count(by(desk))).isEqualTo(8);
        app.devices.endOthers(by(desk), LAPTOP);
        Devices.Page alone = app.devices.page(by(desk), 2, 3);
        assertThat(alone.others()).isEmpty();
        assertThat(alone.number()).isEqualTo(1);
        assertThat(alone.pages()).isEqualTo(1);
    }

    private static List<String> names(Devices.Page page) {
        return page.others().stream()
                .map(device -> String.valueOf(device.device()))
                .toList();
    }

    @Test
    void one_that_is_ended_from_another_is_refused_at_once_and_told_by_which() {
        String phone = app.signIn(ANNA, PHONE);
        String laptop = app.signIn(ANNA, LAPTOP);
        assertThat(app.devices.end(by(laptop), handleOf(phone), LAPTOP)).isEqualTo(Devices.Ended.ANOTHER);
        assertThat(app.opens(phone)).isNull();
        assertThat(app.opens(laptop)).isEqualTo(42);
        assertThat(howEnded(phone)).isEqualTo(new Ending(EndReason.REVOKED, clock.instant(), "a laptop", false));
        assertThat(howEnded(laptop)).isNull();
    }

    @Test
    void one_that_ends_itself_has_signed_out() {
        String phone = app.signIn(ANNA, PHONE);
        assertThat(app.devices.end(by(phone), handleOf(phone), PHONE)).isEqualTo(Devices.Ended.THIS);
        assertThat(howEnded(phone)).isEqualTo(new Ending(EndReason.SIGNED_OUT, clock.instant(), null, false));
    }

    @Test
    void ending_the_older_sign_ins_refuses_the_legacy_token_without_writing_users() {
        String boris = app.signIn(BORIS);
        String before = old.rows("users");
        SignedIn legacy = by(ANNAS_OLD_COOKIE);
        String handle = handleOf(ANNAS_OLD_COOKIE);
        assertThat(app.devices.end(by(boris), handle, LAPTOP)).isEqualTo(Devices.Ended.UNKNOWN);
        assertThat(app.opens(ANNAS_OLD_COOKIE)).isEqualTo(42);
        assertThat(app.devices.end(legacy, handle, LAPTOP)).isEqualTo(Devices.Ended.THIS);
        assertThat(app.opens(ANNAS_OLD_COOKIE)).isNull();
        assertThat(old.rows("users")).isEqualTo(before);
        assertThat(why(ANNAS_OLD_COOKIE).by()).isEqualTo("a laptop");
    }

    @Test
    void a_legacy_token_that_was_ended_is_not_adopted_at_the_next_sign_in() {
        app.devices.end(by(ANNAS_OLD_COOKIE), handleOf(ANNAS_OLD_COOKIE), LAPTOP);
        app.signIn(ANNA);
        assertThat(app.opens(ANNAS_OLD_COOKIE)).isNull();
    }

    @Test
    void ending_all_others_keeps_this_one_and_leaves_other_users_alone() {
        String boris = app.signIn(BORIS);
        String phone = app.signIn(ANNA);
        app.signIn(ANNA);
        old.signInSingle(42, "a-new-legacy-token");
        String laptop = app.signIn(ANNA);
        old.signInSingle(42, "another-legacy-token");
        // The other two, the two adopted ones, and the legacy token of now.
        assertThat(app.devices.endOthers(by(laptop), LAPTOP)).hasValue(5);
        assertThat(devicesOf(laptop)).hasSize(1);
        assertThat(app.opens(phone)).isNull();
        assertThat(app.opens("a-new-legacy-token")).isNull();
        assertThat(app.opens("another-legacy-token")).isNull();
        assertThat(app.opens(boris)).isEqualTo(43);
    }

    @Test
    void ending_all_others_by_the_legacy_token_keeps_the_old_devices() {
        String phone = app.signIn(ANNA);
        old.signInSingle(42, "a-new-legacy-token");
        assertThat(app.devices.endOthers(by("a-new-legacy-token"), PHONE)).hasValue(2);
        assertThat(app.opens("a-new-legacy-token")).isEqualTo(42);
        assertThat(app.opens(phone)).isNull();
    }

    @Test
    void an_old_device_whose_token_was_adopted_since_it_was_let_in_does_not_end_itself() {
        SignedIn letIn = by(ANNAS_OLD_COOKIE);
        String phone = app.signIn(ANNA);
        assertThat(app.devices.of(letIn).get(0).isCurrent()).isTrue();
        assertThat(app.devices.endOthers(letIn, LAPTOP)).hasValue(1);
        assertThat(app.opens(ANNAS_OLD_COOKIE)).isEqualTo(42);
        assertThat(app.opens(phone)).isNull();
    }

    @Test
    void a_handle_that_is_made_up_takes_no_lock() {
        String phone = app.signIn(ANNA);
        SignedIn signedIn = by(phone);
        try (OldApp other = old.another()) {
            other.lock();
            assertThat(app.devices.end(signedIn, "AAAAAAAAAAAAAAAAAAAAAA", LAPTOP))
                    .isEqualTo(Devices.Ended.UNKNOWN);
            other.run("ROLLBACK");
        }
    }

    @Test
    void another_users_handle_does_not_exist() {
        String phone = app.signIn(ANNA);
        String boris = app.signIn(BORIS);
        assertThat(app.devices.end(by(boris), handleOf(phone), LAPTOP)).isEqualTo(Devices.Ended.UNKNOWN);
        assertThat(app.devices.end(by(boris), "", LAPTOP)).isEqualTo(Devices.Ended.UNKNOWN);
        assertThat(app.opens(phone)).isEqualTo(42);
    }

    @Test
    void a_handle_stays_the_same_through_the_stages_and_tells_nothing_of_the_token() {
        String phone = app.signIn(ANNA);
        String handle = handleOf(phone);
        app.close();
        app = NewApp.deploy(old.claim(), NewApp.RULES, Stage.SETTLE, clock);
        assertThat(handleOf(phone)).isEqualTo(handle);
        assertThat(handle).hasSize(22);
        assertThat(new SessionToken(phone).hash()).doesNotContain(handle);
    }

    @Test
    void in_the_stage_that_refuses_legacy_tokens_there_is_no_row_for_them() {
        app.close();
        app = NewApp.deploy(old.claim(), NewApp.RULES, Stage.RETIRE, clock);
        String phone = app.signIn(ANNA);
        assertThat(devicesOf(phone)).hasSize(1);
        assertThat(app.devices.endOthers(by(phone), PHONE)).hasValue(0);
    }

    @Test
    void what_has_run_out_is_no_device_any_more() {
        app.close();
        app = NewApp.deploy(old.claim(), new SessionRules(Duration.ofDays(1), null, 50, Duration.ofMinutes(1)), clock);
        app.signIn(ANNA);
        clock.advance(Duration.ofDays(2));
        String laptop = app.signIn(ANNA);
        assertThat(devicesOf(laptop)).hasSize(1);
    }

    @Test
    void a_use_is_noted_also_where_the_old_app_has_written_its_time_and_never_of_what_has_ended() {
        String phone = app.signIn(ANNA, PHONE);
        String ended = app.signIn(ANNA, PHONE);
        clock.advance(Duration.ofMinutes(2));
        app.who(phone, LAPTOP);
        app.who(ended, LAPTOP);
        clock.advance(Duration.ofMinutes(2));
        old.seen(phone, clock.instant());
        app.devices.end(by(ended), handleOf(ended), LAPTOP);
        app.lastSeen.flush();
        assertThat(devicesOf(phone).get(0).device()).isEqualTo("a laptop");
        assertThat(old.one(
                        "SELECT count(device) + count(address) FROM multisession_devices WHERE token_hash = ?",
                        new SessionToken(ended).hash()))
                .isEqualTo("0");
    }

    @Test
    void ending_the_older_sign_ins_is_remembered_with_whose_they_were_and_why() {
        app.devices.end(by(ANNAS_OLD_COOKIE), handleOf(ANNAS_OLD_COOKIE), LAPTOP);
        assertThat(old.one(
                        "SELECT user_id || ' ' || end_reason FROM multisession_tokens WHERE auth_token = ?",
                        ANNAS_OLD_COOKIE))
                .isEqualTo("42 revoked");
        assertThat(why(ANNAS_OLD_COOKIE).at()).isEqualTo(clock.instant());
    }

    @Test
    void what_has_run_out_is_no_device_even_before_anybody_has_ended_it() {
        app.close();
        app = NewApp.deploy(old.claim(), new SessionRules(Duration.ofDays(1), null, 50, Duration.ofMinutes(1)), clock);
        app.signIn(ANNA);
        String laptop = app.signIn(ANNA);
        clock.advance(Duration.ofHours(20));
        app.who(laptop);
        app.lastSeen.flush();
        clock.advance(Duration.ofHours(10));
        assertThat(devicesOf(laptop)).hasSize(1);
    }

    @Test
    void the_older_sign_ins_show_their_last_use_to_a_session() {
        String phone = app.signIn(ANNA, PHONE);
        old.signInSingle(42, "a-new-legacy-token");
        app.who("a-new-legacy-token", LAPTOP);
        app.lastSeen.flush();
        Instant then = clock.instant();
        clock.advance(Duration.ofHours(1));
        assertThat(devicesOf(phone))
                .filteredOn(device -> device.via() == SignedIn.Via.LEGACY)
                .extracting(Devices.Device::isCurrent, Devices.Device::lastSeenAt)
                .containsExactly(tuple(false, then));
    }

    @Test
    void of_hundreds_of_sessions_that_the_old_app_left_a_hundred_end_at_a_sign_in_the_least_recently_seen_first() {
        leaveSessions(300);
        String token = app.signIn(BORIS);
        // This one, and the legacy token that became a session.
        assertThat(sessionsOfBoris()).isEqualTo("202");
        assertThat(app.opens("left-99")).isNull();
        assertThat(app.opens("left-101")).isEqualTo(43);
        app.signIn(BORIS);
        app.signIn(BORIS);
        assertThat(sessionsOfBoris()).isEqualTo("" + NewApp.RULES.maxPerUser());
        assertThat(app.opens(token)).isEqualTo(43);
    }

    @Test
    void those_that_have_run_out_are_among_the_hundred_that_end_at_a_sign_in() {
        leaveSessions(80);
        // Before the sweeper comes.
        clock.advance(Duration.ofDays(31));
        leaveSessions(81, 300);
        app.signIn(BORIS);
        assertThat(old.one("SELECT count(*) FROM auth_events WHERE kind = 'session-ended'"))
                .isEqualTo("100");
        assertThat(old.one("SELECT count(*) FROM auth_events WHERE kind = 'session-ended' AND outcome = 'evicted'"))
                .isEqualTo("20");
    }

    @Test
    void all_others_end_at_once_however_many_there_are_and_nobody_waits_for_all_of_them() {
        leaveSessions(250);
        String token = app.signIn(BORIS);
        AtomicInteger transactions = new AtomicInteger();
        app.database.listenBy(counting(transactions));
        assertThat(app.devices.endOthers(by(token), LAPTOP)).hasValue(151);
        assertThat(transactions).hasValueGreaterThan(1);
        assertThat(sessionsOfBoris()).isEqualTo("1");
        assertThat(app.opens(token)).isEqualTo(43);
    }

    private void leaveSessions(int many) {
        leaveSessions(1, many);
    }

    /** The n-th of them was seen last at the n-th moment. */
    private void leaveSessions(int first, int last) {
        Instant begin = clock.instant();
        for (int i = first; i <= last; i++) {
            String seen = SqlTime.format(begin.plusMillis(i));
            old.run(
                    "INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES (43, ?, ?, ?)",
                    "left-" + i,
                    seen,
                    seen);
        }
        // Beyond the database's own clock, however slow this was: its triggers note when they saw the rows.
        clock.advance(Duration.ofMinutes(10));
    }

    private String sessionsOfBoris() {
        return old.one("SELECT count(*) FROM user_sessions WHERE user_id = 43");
    }

    private static DatabaseListener counting(AtomicInteger transactions) {
        return new DatabaseListener() {
            @Override
            public void waitedForWriter(Duration wait) {
                transactions.incrementAndGet();
            }
        };
    }

    @Test
    void each_reason_is_told_to_who_holds_the_token() {
        app.close();
        app = NewApp.deploy(
                old.claim(), new SessionRules(Duration.ofDays(1), Duration.ofDays(3), 2, Duration.ofMinutes(1)), clock);
        String evicted = app.signIn(BORIS);
        clock.advance(Duration.ofMinutes(1));
        app.signIn(BORIS);
        clock.advance(Duration.ofMinutes(1));
        String there = app.signIn(BORIS);
        old.signOut(there);
        String idle = app.signIn(ANNA);
        clock.advance(Duration.ofDays(2));
        assertThat(app.opens(idle)).isNull();
        assertThat(why(evicted).reason()).isEqualTo(EndReason.EVICTED);
        assertThat(why(there).reason()).isEqualTo(EndReason.ROW_DELETED);
        assertThat(why(idle).reason()).isEqualTo(EndReason.IDLE);
        assertThat(howEnded("never seen")).isNull();
    }
}
