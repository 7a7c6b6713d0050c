package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.multisession.session.Client;
import org.multisession.session.EndReason;
import org.multisession.session.Stage;
import org.multisession.session.UserSessionDao.Ending;
import org.multisession.testing.NewApp;
import org.multisession.token.CookieValue;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;

/** What becomes of a request that carries more than one token, or one in an odd spelling: on every database. */
abstract class PresentedContract extends DeployedContract {

    private static final String ANNA = "+7 999 123-45-67";
    private static final String BORIS = "+7 999 123-45-68";
    private static final String ANNAS_OLD_COOKIE = "old_token_xyz123";

    @Test
    void a_token_is_found_as_every_library_writes_it_into_a_cookie() {
        setToken(42, "dG9r+ZW4/x=");
        assertThat(opens("dG9r+ZW4/x=")).isEqualTo(42);
        assertThat(opens("\"dG9r+ZW4/x=\"")).isEqualTo(42);
        assertThat(opens("dG9r%2BZW4%2Fx%3D")).isEqualTo(42);
        assertThat(opens("dG9r%2bZW4%2fx%3d")).isEqualTo(42);
        setToken(42, "17|two words");
        assertThat(opens("17%7Ctwo%20words")).isEqualTo(42);
        assertThat(opens("17%7Ctwo+words")).isEqualTo(42);
        assertThat(opens("17%7Ctwo%2Bwords")).isNull();
        setToken(42, "\u20ac-token");
        assertThat(opens("%E2%82%AC-token")).isEqualTo(42);
    }

    @Test
    void an_encoded_token_stays_good_once_it_is_a_session_and_ends_as_one() {
        setToken(42, "a+b/c=");
        app.signIn(ANNA);
        Presented encoded = cookies("a%2Bb%2Fc%3D");
        assertThat(Objects.requireNonNull(who(encoded)).via()).isEqualTo(SignedIn.Via.SESSION);
        assertThat(app.devices.of(Objects.requireNonNull(who(encoded))))
                .filteredOn(Devices.Device::isCurrent)
                .hasSize(1);

        app.signOut(encoded);

        assertThat(who(encoded)).isNull();
        assertThat(app.opens("a+b/c=")).isNull();
        assertThat(Objects.requireNonNull(app.authenticator.howEnded(encoded)).reason())
                .isEqualTo(EndReason.SIGNED_OUT);
    }

    @Test
    void a_value_whose_readings_open_two_accounts_opens_none() {
        setToken(42, "a%20b");
        setToken(43, "a b");
        assertThat(opens("a%20b")).isNull();
        assertThat(opens("\"a b\"")).isEqualTo(43);
    }

    @Test
    void junk_does_not_push_a_good_token_out_and_stale_ones_do_no_harm() {
        String good = app.signIn(ANNA);
        String stale = app.signIn(ANNA);
        app.signOut(stale);
        Stream<String> quoted = IntStream.range(0, 5).mapToObj(i -> "\"junk%2B" + i + "\"");
        assertThat(who(cookies(Stream.concat(Stream.of(good), quoted).toArray(String[]::new))))
                .isNotNull();
        Stream<String> most = IntStream.range(1, Presented.MAX_VALUES).mapToObj(i -> "\"a+b%2B" + i + "\"");
        assertThat(who(cookies(Stream.concat(Stream.of(good), most).toArray(String[]::new))))
                .isNotNull();
        assertThat(who(cookies(good, stale))).isNotNull();
        assertThat(who(cookies(stale, good))).isNotNull();
    }

    @Test
    void a_value_with_a_sign_that_no_database_keeps_opens_nothing_and_hides_no_good_token() {
        String good = app.signIn(ANNA);
        assertThat(opens("%00")).isNull();
        assertThat(opens("a%00b")).isNull();
        assertThat(opens("\"\\000\"")).isNull();
        assertThat(who(cookies("%00", good))).isNotNull();
        assertThat(app.signIn(ANNA, NewApp.CLIENT, cookies("%00", good))).isNotEmpty();
        assertThat(app.opens(good)).isNull();
    }

    @Test
    void a_device_with_an_address_of_any_length_signs_in_and_is_seen() {
        String azure = "[2001:0db8:1234:5678:9abc:def0:1234:5678]:56789";
        String good = app.signIn(ANNA, new Client(azure, "a test"));
        clock.advance(Duration.ofMinutes(2));
        Client linkLocal = new Client("fe80:0:0:0:1234:5678:9abc:def0%enx001122334455", "a test");
        app.who(good, linkLocal);
        app.who(ANNAS_OLD_COOKIE, linkLocal);
        app.lastSeen.flush();
        assertThat(old.time("SELECT last_seen_at FROM user_sessions WHERE auth_token = ?", good))
                .isEqualTo(clock.instant());
    }

    @Test
    void signing_out_ends_every_session_that_the_browser_presents() {
        String anna = app.signIn(ANNA);
        String another = app.signIn(ANNA);
        String boris = app.signIn(BORIS);
        String elsewhere = app.signIn(BORIS);
        for (Presented presented : List.of(cookies(anna, another, boris), cookies(boris, another, anna))) {
            if (who(presented) != null) {
                assertThat(app.signOut(presented)).isEmpty();
            }
            assertThat(who(presented)).isNull();
        }
        assertThat(Stream.of(anna, another, boris).map(app::opens)).containsOnlyNulls();
        assertThat(app.opens(elsewhere)).isEqualTo(43);
        assertThat(events("sign-out")).containsExactlyInAnyOrder("done 42", "done 42", "done 43");
    }

    @Test
    void a_legacy_token_beside_a_session_is_forgotten_by_this_browser_and_ends_for_nobody() {
        settle();
        String session = app.signIn(ANNA);
        Presented both = cookies(ANNAS_OLD_COOKIE, session);

        assertThat(app.signOut(both)).containsExactly(new SessionToken(ANNAS_OLD_COOKIE));

        assertThat(app.opens(session)).isNull();
        assertThat(app.opens(ANNAS_OLD_COOKIE)).isEqualTo(42);
        assertThat(events("sign-out")).containsExactlyInAnyOrder("done 42", "device-forgot 42");
    }

    @Test
    void in_the_last_stage_no_legacy_token_is_left_to_forget() {
        app.close();
        app = NewApp.deploy(old.claim(), NewApp.RULES, Stage.RETIRE, clock);
        String session = app.signIn(ANNA);

        assertThat(app.signOut(cookies("token-of-nobody-else", session))).isEmpty();

        String another = app.signIn(BORIS);
        old.run("UPDATE users SET auth_token = 'set-by-hand' WHERE id = 42");
        assertThat(app.signOut(cookies("set-by-hand", another))).isEmpty();
        assertThat(events("sign-out")).containsExactlyInAnyOrder("done 42", "done 43");
    }

    @Test
    void it_is_known_before_that_signing_out_ends_what_other_devices_share() {
        String boris = app.signIn(BORIS);
        assertThat(shared(cookies(boris))).isEqualTo(SignOut.Shared.NONE);
        assertThat(shared(cookies("junk", ANNAS_OLD_COOKIE, boris))).isEqualTo(SignOut.Shared.NONE);

        String session = app.signIn(ANNA, NewApp.CLIENT, cookies(ANNAS_OLD_COOKIE));

        assertThat(shared(cookies(session))).isEqualTo(SignOut.Shared.NONE);
        assertThat(shared(cookies(ANNAS_OLD_COOKIE))).isEqualTo(SignOut.Shared.THIS);
        assertThat(shared(cookies(ANNAS_OLD_COOKIE, session))).isEqualTo(SignOut.Shared.ANOTHER);
        assertThat(shared(cookies("junk", ANNAS_OLD_COOKIE, "a%2Bb", boris))).isEqualTo(SignOut.Shared.ANOTHER);
        app.signOut(cookies(ANNAS_OLD_COOKIE));
        assertThat(shared(cookies(ANNAS_OLD_COOKIE, session))).isEqualTo(SignOut.Shared.NONE);
    }

    private SignOut.Shared shared(Presented presented) {
        return app.signOut.shared(Objects.requireNonNull(who(presented)), presented);
    }

    @Test
    void an_adopted_token_that_the_browser_still_presents_ends_as_the_session_that_it_is() {
        String session = app.signIn(ANNA, NewApp.CLIENT, cookies(ANNAS_OLD_COOKIE));
        assertThat(app.opens(ANNAS_OLD_COOKIE)).as("shared with other devices").isEqualTo(42);

        assertThat(app.signOut(cookies(ANNAS_OLD_COOKIE, session))).isEmpty();

        assertThat(app.opens(ANNAS_OLD_COOKIE)).isNull();
    }

    @Test
    void a_sign_in_ends_the_session_that_the_same_browser_had() {
        String other = app.signIn(ANNA);
        String first = app.signIn(ANNA);

        String second = app.signIn(ANNA, NewApp.CLIENT, cookies("stale", first));

        assertThat(app.opens(first)).isNull();
        assertThat(app.opens(second)).isEqualTo(42);
        assertThat(app.opens(other)).as("another device").isEqualTo(42);
        assertThat(app.authenticator.howEnded(cookies(first)))
                .isEqualTo(new Ending(EndReason.REPLACED, clock.instant(), null, false));
        assertThat(events("session-ended")).containsExactly("replaced 42");
    }

    @Test
    void a_sign_in_ends_neither_what_is_anothers_nor_what_other_devices_share() {
        String boris = app.signIn(BORIS);
        app.signIn(ANNA);
        assertThat(app.via(ANNAS_OLD_COOKIE)).isEqualTo(SignedIn.Via.SESSION);

        app.signIn(ANNA, NewApp.CLIENT, cookies(boris, ANNAS_OLD_COOKIE));

        assertThat(app.opens(boris)).isEqualTo(43);
        assertThat(app.opens(ANNAS_OLD_COOKIE)).isEqualTo(42);
    }

    @Test
    void a_browser_that_signs_in_again_and_again_never_throws_an_old_device_out() {
        String other = app.signIn(ANNA);
        String mine = app.signIn(ANNA);
        for (int i = 0; i < NewApp.RULES.maxPerUser() + 5; i++) {
            clock.advance(Duration.ofMinutes(1));
            mine = app.signIn(ANNA, NewApp.CLIENT, cookies(mine));
        }
        assertThat(app.opens(other)).isEqualTo(42);
        assertThat(old.one("SELECT count(*) FROM user_sessions WHERE user_id = 42"))
                .isEqualTo("3");
    }

    @Test
    void of_two_users_tokens_the_last_counts_and_it_is_told_and_written_down() {
        String anna = app.signIn(ANNA);
        String boris = app.signIn(BORIS);

        SignedIn signedIn = Objects.requireNonNull(who(cookies(anna, boris)));

        assertThat(signedIn.user().id()).isEqualTo(43);
        assertThat(Objects.requireNonNull(signedIn.beside()).id()).isEqualTo(42);
        assertThat(events("two-accounts")).containsExactlyInAnyOrder("counts 43", "does-not-count 42");
        who(cookies(anna, boris));
        assertThat(events("two-accounts")).as("once an hour").hasSize(2);
        clock.advance(Duration.ofMinutes(61));
        who(cookies(anna, boris));
        assertThat(events("two-accounts")).hasSize(4);
        assertThat(Objects.requireNonNull(who(cookies(boris, anna))).user().id())
                .isEqualTo(42);
    }

    @Test
    void two_tokens_of_one_user_are_no_news() {
        String one = app.signIn(ANNA);
        SignedIn signedIn = Objects.requireNonNull(who(cookies(one, app.signIn(ANNA), "junk")));
        assertThat(signedIn.beside()).isNull();
        assertThat(events("two-accounts")).isEmpty();
    }

    @Test
    void a_hash_among_many_is_nobodys_too() {
        settle();
        app.signIn(ANNA);
        String hash = Objects.requireNonNull(old.one("SELECT auth_token FROM user_sessions LIMIT 1"));
        assertThat(hash).startsWith("sha256:");
        assertThat(who(cookies("junk", hash, "more%20junk"))).isNull();
    }

    private void settle() {
        app.close();
        app = NewApp.deploy(old.claim(), NewApp.RULES, Stage.SETTLE, clock);
    }

    private void setToken(long userId, String token) {
        old.run("UPDATE users SET auth_token = ? WHERE id = ?", token, userId);
    }

    private @Nullable Long opens(String cookie) {
        SignedIn signedIn = who(cookies(cookie));
        return signedIn == null ? null : signedIn.user().id();
    }

    private @Nullable SignedIn who(Presented presented) {
        return app.authenticator.authenticate(presented, () -> NewApp.CLIENT);
    }

    /** Cookies in the order of a header: the last one comes first. */
    private static Presented cookies(String... values) {
        List<List<SessionToken>> readings = Arrays.stream(values)
                .map(value -> new CookieValue(value).readings())
                .collect(Collectors.toList());
        Collections.reverse(readings);
        return new Presented(readings);
    }

    private List<String> events(String kind) {
        return old.all("SELECT outcome || ' ' || user_id FROM auth_events WHERE kind = ?", kind).stream()
                .map(Objects::requireNonNull)
                .toList();
    }
}
