package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.multisession.auth.Devices.Ended;
import org.multisession.session.Client;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.testing.NewApp;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;

/** What a recent sign-in is needed for, and who is told of one. */
abstract class SignInsContract extends DeployedContract {

    private static final String ANNA = "+7 999 123-45-67";
    private static final String ANNAS_OLD_COOKIE = "old_token_xyz123";
    private static final Client PHONE = new Client("192.0.2.7", "a phone");
    private static final Client LAPTOP = new Client("2001:db8::1", "a laptop");
    private static final Duration FRESH = Duration.ofMinutes(15);
    private static final SessionRules RULES = NewApp.RULES.freshFor(FRESH);

    @Override
    NewApp deploy(Stage stage) {
        return NewApp.deployProving(old.claim(), RULES, stage, clock);
    }

    private SignedIn by(String token) {
        return Objects.requireNonNull(app.who(token));
    }

    private String idOf(String token) {
        return app.devices.of(by(token)).stream()
                .filter(Devices.Device::isCurrent)
                .findFirst()
                .orElseThrow()
                .id()
                .text();
    }

    private Ended end(String by, String other) {
        return app.devices.end(by(by), idOf(other), PHONE);
    }

    private String signInAgain(String token, Client client) {
        return app.signIn(ANNA, client, Presented.of(new SessionToken(token)));
    }

    private List<Devices.NewSignIn> newsOf(String token) {
        return newsOf(token, null);
    }

    private List<Devices.NewSignIn> newsOf(String token, @Nullable Instant after) {
        return app.devices.newSignIns(by(token), after);
    }

    private String signInsKept() {
        return String.valueOf(old.one("SELECT count(*) FROM multisession_sign_ins"));
    }

    // ---- a fresh proof

    @Test
    void another_device_is_ended_only_shortly_after_a_proof() {
        String phone = app.signIn(ANNA, PHONE);
        String laptop = app.signIn(ANNA, LAPTOP);
        clock.advance(FRESH.plusSeconds(1));

        assertThat(end(phone, laptop)).isEqualTo(Ended.PROOF_NEEDED);
        assertThat(app.devices.endOthers(by(phone), PHONE)).isEmpty();

        assertThat(app.opens(laptop)).isEqualTo(42);
        assertThat(old.all("SELECT outcome FROM auth_events WHERE kind = 'session-ended'"))
                .isEmpty();
        assertThat(app.devices.end(by(phone), "A".repeat(22), PHONE)).isEqualTo(Ended.UNKNOWN);
    }

    @Test
    void a_proof_is_fresh_to_its_last_second() {
        String phone = app.signIn(ANNA, PHONE);
        String laptop = app.signIn(ANNA, LAPTOP);
        clock.advance(FRESH);
        assertThat(end(phone, laptop)).isEqualTo(Ended.ANOTHER);
        assertThat(app.devices.endOthers(by(phone), PHONE)).hasValue(1);
    }

    @Test
    void signing_in_again_on_the_device_is_the_proof() {
        String phone = app.signIn(ANNA, PHONE);
        String laptop = app.signIn(ANNA, LAPTOP);
        clock.advance(Duration.ofDays(2));
        String phoneAgain = signInAgain(phone, PHONE);
        assertThat(app.opens(phone)).isNull();
        assertThat(Freshness.provedAt(by(phoneAgain))).isEqualTo(clock.instant());
        assertThat(end(laptop, phoneAgain)).as("nobody else's").isEqualTo(Ended.PROOF_NEEDED);
        assertThat(end(phoneAgain, laptop)).isEqualTo(Ended.ANOTHER);
    }

    @Test
    void the_own_device_ends_without_a_question() {
        String phone = app.signIn(ANNA, PHONE);
        clock.advance(Duration.ofDays(2));
        assertThat(end(phone, phone)).isEqualTo(Ended.THIS);
        redeploy(Stage.SETTLE);
        assertThat(end(ANNAS_OLD_COOKIE, ANNAS_OLD_COOKIE)).isEqualTo(Ended.THIS);
    }

    @Test
    void what_the_old_app_has_issued_was_never_proved_here() {
        String phone = app.signIn(ANNA, PHONE);
        assertThat(Freshness.provedAt(by(ANNAS_OLD_COOKIE))).as("adopted").isNull();
        assertThat(end(ANNAS_OLD_COOKIE, phone)).isEqualTo(Ended.PROOF_NEEDED);
        old.signInMulti(42, "a-session-of-the-old-app", clock.instant());
        assertThat(Freshness.provedAt(by("a-session-of-the-old-app"))).isNull();
        assertThat(end("a-session-of-the-old-app", phone)).isEqualTo(Ended.PROOF_NEEDED);
        old.signInSingle(42, "a-legacy-token");
        assertThat(Freshness.provedAt(by("a-legacy-token"))).isNull();
        assertThat(app.devices.endOthers(by("a-legacy-token"), PHONE)).isEmpty();
    }

    @Test
    void who_can_get_no_code_is_not_locked_out_of_ending_a_device() {
        long nina = old.addUser("none", null);
        old.signInMulti(nina, "ninas-session", clock.instant());
        old.signInMulti(nina, "ninas-other-session", clock.instant());
        assertThat(end("ninas-session", "ninas-other-session")).isEqualTo(Ended.ANOTHER);
        long first = old.addUser("+7 999 777-66-55", null);
        old.addUser("8 999 777 66 55", null);
        old.signInMulti(first, "a-session-of-the-first", clock.instant());
        old.signInMulti(first, "another-of-the-first", clock.instant());
        assertThat(app.devices.endOthers(by("a-session-of-the-first"), PHONE))
                .as("the number is two users', so no code proves it")
                .hasValue(1);
    }

    @Test
    void nobody_is_asked_where_the_number_alone_signs_in_or_the_setting_is_off() {
        app.close();
        app = NewApp.deploy(old.claim(), RULES, clock);
        String phone = app.signIn(ANNA, PHONE);
        String laptop = app.signIn(ANNA, LAPTOP);
        clock.advance(Duration.ofDays(2));
        assertThat(end(phone, laptop)).isEqualTo(Ended.ANOTHER);
        app.close();
        app = NewApp.deployProving(old.claim(), NewApp.RULES, Stage.COEXIST, clock);
        assertThat(app.devices.endOthers(by(phone), PHONE)).hasValue(1);
    }

    @Test
    void a_proof_of_a_clock_that_was_ahead_is_none() {
        clock.jump(Duration.ofHours(3));
        String phone = app.signIn(ANNA, PHONE);
        clock.jump(Duration.ofHours(-3));
        assertThat(app.freshness.isProofNeeded(by(phone))).isTrue();
        assertThat(app.freshness.isProvedWithin(by(phone), Duration.ofDays(300)))
                .isFalse();
    }

    @Test
    void a_proof_stays_with_its_session_through_the_stages() {
        String phone = app.signIn(ANNA, PHONE);
        Instant proved = clock.instant();
        redeploy(Stage.SETTLE);
        assertThat(Freshness.provedAt(by(phone))).isEqualTo(proved);
        redeploy(Stage.COEXIST);
        assertThat(Freshness.provedAt(by(phone))).isEqualTo(proved);
    }

    @Test
    void a_sign_in_is_forgotten_with_its_session_whoever_ends_it() {
        String phone = app.signIn(ANNA, PHONE);
        String laptop = app.signIn(ANNA, LAPTOP);
        String tablet = app.signIn(ANNA, LAPTOP);
        assertThat(signInsKept()).isEqualTo("3");
        app.signOut(phone);
        assertThat(signInsKept()).isEqualTo("2");
        old.signOut(laptop);
        app.signInSweep.run();
        assertThat(signInsKept()).isEqualTo("1");
        redeploy(Stage.SETTLE);
        app.signInSweep.run();
        assertThat(Freshness.provedAt(by(tablet))).isNotNull();
        old.run("DELETE FROM users WHERE id = 42");
        old.run("DELETE FROM user_sessions");
        app.signInSweep.run();
        assertThat(signInsKept()).isEqualTo("0");
    }

    private List<String> devicesKept() {
        return old
                .all(
                        "SELECT coalesce(device, '-') || ' ' || coalesce(ended_by, '-') FROM multisession_devices ORDER BY 1")
                .stream()
                .map(String::valueOf)
                .toList();
    }

    @Test
    void the_device_of_a_session_is_forgotten_after_its_end_whoever_ends_it() {
        redeploy(Stage.SETTLE);
        String phone = app.signIn(ANNA, PHONE);
        String laptop = app.signIn(ANNA, LAPTOP);
        redeploy(Stage.COEXIST);
        String tablet = app.signIn(ANNA, PHONE);
        app.devices.end(by(phone), idOf(laptop), PHONE);
        app.deviceSweep.run();
        assertThat(devicesKept()).as("told at the ended one").contains("- a phone", "a phone -");
        old.signOut(tablet);
        app.deviceSweep.run();
        assertThat(devicesKept())
                .contains("- a phone")
                .filteredOn("a phone -"::equals)
                .hasSize(1);
        clock.advance(Duration.ofDays(20));
        app.who(phone);
        app.lastSeen.flush();
        for (int days = 20; days <= 180; days += 20) {
            clock.advance(Duration.ofDays(20));
            app.who(phone, PHONE);
            app.lastSeen.flush();
        }
        app.deviceSweep.run();
        assertThat(app.opens(phone)).isEqualTo(42);
        assertThat(devicesKept()).contains("a phone -").doesNotContain("- a phone");
        assertThat(app.opens(laptop)).as("the ended token stays").isNull();
        assertThat(app.authenticator.howEnded(Presented.of(new SessionToken(laptop))))
                .isNotNull();
    }

    // ---- who is told

    @Test
    void the_other_devices_are_told_of_a_sign_in_with_device_address_and_time() {
        String phone = app.signIn(ANNA, PHONE);
        clock.advance(Duration.ofHours(1));
        String laptop = app.signIn(ANNA, LAPTOP);
        Instant then = clock.instant();
        clock.advance(Duration.ofHours(1));

        assertThat(newsOf(phone))
                .extracting(
                        news -> news.device().device(), news -> news.device().address(), Devices.NewSignIn::at)
                .containsExactly(tuple("a laptop", "2001:db8::1", then));
        assertThat(newsOf(phone).get(0).device().id().text()).isEqualTo(idOf(laptop));
        assertThat(newsOf(laptop)).as("itself").isEmpty();
        assertThat(newsOf(phone, then)).as("told before").isEmpty();
        assertThat(newsOf(phone, then.minusMillis(1))).hasSize(1);
    }

    @Test
    void the_latest_comes_first() {
        String phone = app.signIn(ANNA, PHONE);
        clock.advance(Duration.ofHours(1));
        app.signIn(ANNA, LAPTOP);
        clock.advance(Duration.ofHours(1));
        app.signIn(ANNA, new Client("192.0.2.9", "a tablet"));
        assertThat(newsOf(phone)).extracting(news -> news.device().device()).containsExactly("a tablet", "a laptop");
    }

    @Test
    void a_browser_that_signs_in_again_is_no_news() {
        String phone = app.signIn(ANNA, PHONE);
        clock.advance(Duration.ofHours(1));
        String laptop = app.signIn(ANNA, LAPTOP);
        Instant told = clock.instant();
        clock.advance(Duration.ofDays(1));
        String phoneAgain = signInAgain(phone, PHONE);
        clock.advance(Duration.ofDays(1));
        String laptopAgain = signInAgain(laptop, LAPTOP);
        assertThat(newsOf(laptopAgain)).isEmpty();
        assertThat(newsOf(phoneAgain, told)).isEmpty();
        assertThat(newsOf(phoneAgain)).as("but not told yet").hasSize(1);
    }

    @Test
    void what_has_ended_is_no_news_and_neither_is_what_is_old() {
        String phone = app.signIn(ANNA, PHONE);
        clock.advance(Duration.ofHours(1));
        String laptop = app.signIn(ANNA, LAPTOP);
        clock.advance(Duration.ofHours(1));
        String tablet = app.signIn(ANNA, LAPTOP);
        old.signOut(laptop);
        app.signOut(tablet);
        assertThat(newsOf(phone)).isEmpty();
        String last = app.signIn(ANNA, LAPTOP);
        assertThat(newsOf(phone)).hasSize(1);
        clock.advance(Duration.ofDays(29));
        app.who(phone);
        app.who(last);
        app.lastSeen.flush();
        assertThat(newsOf(phone)).hasSize(1);
        clock.advance(Duration.ofDays(2));
        assertThat(newsOf(phone)).isEmpty();
    }

    @Test
    void an_old_device_is_told_too() {
        app.signIn(ANNA, LAPTOP);
        assertThat(newsOf(ANNAS_OLD_COOKIE)).as("adopted").hasSize(1);
    }

    @Test
    void an_old_device_is_told_where_its_token_is_not_adopted() {
        redeploy(Stage.SETTLE);
        assertThat(newsOf(ANNAS_OLD_COOKIE)).isEmpty();
        app.signIn(ANNA, LAPTOP);
        assertThat(by(ANNAS_OLD_COOKIE).via()).isEqualTo(SignedIn.Via.LEGACY);
        assertThat(newsOf(ANNAS_OLD_COOKIE)).hasSize(1);
    }

    @Test
    void nobody_is_told_of_the_sign_ins_of_who_had_the_id_before() {
        app.signIn(ANNA, LAPTOP);
        old.run("DELETE FROM users WHERE id = 42");
        old.run("INSERT INTO users (id, phone, auth_token) VALUES (42, '+7 999 000-11-22', 'carols-token')");
        old.signInMulti(42, "carols-session", clock.instant());
        assertThat(newsOf("carols-session")).isEmpty();
    }
}
