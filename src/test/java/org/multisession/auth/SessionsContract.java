package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.SqlTime;
import org.multisession.session.EndReason;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.session.UserSession;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;
import org.multisession.token.TokenHash;

/** Who is signed in, and who is not: the promises P1 to P4, on every database. */
abstract class SessionsContract extends DeployedContract {

    static final String ANNA = "+7 999 123-45-67";
    private static final String BORIS = "+7 999 123-45-68";
    private static final String ANNAS_OLD_COOKIE = "old_token_xyz123";

    /** The same as the multi form leaves it. */
    abstract OldApp multi();

    /** From now on a trigger of the team's refuses whatever would change or end a session of this user. */
    abstract void refuseChanges(long userId);

    /** From now on a trigger of the team's leaves out new sessions of this user, and raises no error. */
    abstract void leaveOutSessions(long userId);

    /** From now on a trigger of the team's removes each new session that has no time of its creation. */
    abstract void removeSessionsWithoutTime();

    NewApp deploy(SessionRules rules) {
        return NewApp.deploy(old.claim(), rules, clock);
    }

    private void redeploy(SessionRules rules) {
        app.close();
        app = deploy(rules);
    }

    /** With little patience for somebody else's lock; enough for a new connection on a busy machine. */
    private void redeployInAHurry() {
        app.close();
        app = NewApp.deploy(old.claim(), NewApp.RULES, Stage.COEXIST, Duration.ofSeconds(1), clock);
    }

    @Nested
    @DisplayName("The three examples of the document that this product was created from")
    class Examples {

        @Test
        void a_user_signed_in_before_the_migration_stays_signed_in() {
            assertThat(old.legacyTokenOf(42)).isEqualTo("old_token_xyz123");
            assertThat(old.one("SELECT count(*) FROM user_sessions")).isEqualTo("0");
            assertThat(app.opens("old_token_xyz123")).isEqualTo(42);
            assertThat(app.via("old_token_xyz123")).isEqualTo(SignedIn.Via.LEGACY);
        }

        @Test
        void the_first_sign_in_after_the_migration_makes_a_session_and_sets_the_mirror() {
            String token = app.signIn(ANNA);
            assertThat(old.legacyTokenOf(42)).isEqualTo(token);
            // The document's words: user_sessions[id=1] = {user_id=42, auth_token=the new one}.
            assertThat(old.all("SELECT id || ' ' || user_id || ' ' || auth_token FROM user_sessions ORDER BY id"))
                    .containsExactly("1 42 " + token, "2 42 " + ANNAS_OLD_COOKIE);
            assertThat(app.opens(token)).isEqualTo(42);
            assertThat(app.via(token)).isEqualTo(SignedIn.Via.SESSION);
            assertThat(app.opens(ANNAS_OLD_COOKIE)).isEqualTo(42);
        }

        @Test
        void a_migration_that_runs_twice_does_nothing_the_second_time() {
            // An undeploy notes when it was, so there must have been one before.
            redeploy(NewApp.RULES);
            String before = old.dump();
            redeploy(NewApp.RULES);
            assertThat(old.dump()).isEqualTo(before);
        }
    }

    @Nested
    @DisplayName("P1: nobody is signed out by a deploy, a sign-in elsewhere, or an undeploy")
    class NobodyIsSignedOut {

        @Test
        void a_sign_in_that_a_trigger_of_the_team_leaves_out_in_silence_fails_and_keeps_the_old_devices_signed_in() {
            leaveOutSessions(42);
            assertThatThrownBy(() -> app.signIn(ANNA)).hasMessageContaining("the new session opens nothing");
            assertThat(app.opens(ANNAS_OLD_COOKIE)).isEqualTo(42);
            assertThat(old.legacyTokenOf(42)).isEqualTo(ANNAS_OLD_COOKIE);
            String boris = app.signIn(BORIS);
            assertThat(app.opens(boris)).isEqualTo(43);
        }

        @Test
        void a_sign_in_fails_where_a_trigger_of_the_team_removes_the_session_of_the_old_devices() {
            removeSessionsWithoutTime();
            assertThatThrownBy(() -> app.signIn(ANNA)).hasMessageContaining("once adopted, opens nothing");
            assertThat(app.opens(ANNAS_OLD_COOKIE)).isEqualTo(42);
            assertThat(old.legacyTokenOf(42)).isEqualTo(ANNAS_OLD_COOKIE);
        }

        @Test
        void signing_in_on_two_more_devices_keeps_all_three_signed_in() {
            String phone = app.signIn(ANNA);
            String laptop = app.signIn(ANNA);
            assertThat(app.opens(ANNAS_OLD_COOKIE)).isEqualTo(42);
            assertThat(app.opens(phone)).isEqualTo(42);
            assertThat(app.opens(laptop)).isEqualTo(42);
        }

        @Test
        void signing_out_on_one_device_keeps_the_others_signed_in() {
            String phone = app.signIn(ANNA);
            String laptop = app.signIn(ANNA);
            app.signOut(laptop);
            assertThat(app.opens(laptop)).isNull();
            assertThat(app.opens(phone)).isEqualTo(42);
            assertThat(app.opens(ANNAS_OLD_COOKIE)).isEqualTo(42);
        }

        @Test
        void the_old_cookie_survives_as_a_session_of_its_own() {
            app.signIn(ANNA);
            assertThat(app.via(ANNAS_OLD_COOKIE)).isEqualTo(SignedIn.Via.SESSION);
        }

        @ParameterizedTest
        @ValueSource(strings = {"ALTER TABLE users RENAME COLUMN plan TO tier", "ALTER TABLE users DROP COLUMN plan"})
        void a_migration_of_the_old_app_that_takes_the_plan_away_keeps_everybody_signed_in(String migration) {
            String phone = app.signIn(ANNA);
            String other = old.legacyTokenOf(43);
            // Often enough that a statement is prepared on the server.
            for (int i = 0; i < 10; i++) {
                old.run("UPDATE users SET plan = 'pro' WHERE id = 42");
                assertThat(Objects.requireNonNull(app.who(phone)).user().plan()).isEqualTo("pro");
                assertThat(app.opens(other)).isEqualTo(43);
            }
            old.run(migration);
            assertThat(app.opens(phone)).isEqualTo(42);
            assertThat(app.opens(other)).isEqualTo(43);
            assertThat(Objects.requireNonNull(app.who(phone)).user().plan()).isNull();
            String laptop = app.signIn(ANNA);
            app.lastSeen.flush();
            app.sweeper.run();
            app.signOut(phone);
            assertThat(app.opens(laptop)).isEqualTo(42);

            old.run("ALTER TABLE users ADD COLUMN plan VARCHAR(20) DEFAULT 'new'");
            assertThat(Objects.requireNonNull(app.who(laptop)).user().plan()).isEqualTo("new");
        }

        @ParameterizedTest
        @ValueSource(strings = {"phone", "auth_token"})
        void while_a_column_has_another_name_who_needs_it_is_asked_to_wait_and_nobody_is_signed_out(String column) {
            String phone = app.signIn(ANNA);
            String other = old.legacyTokenOf(43);
            old.run("ALTER TABLE users RENAME COLUMN " + column + " TO renamed");

            assertThatThrownBy(() -> app.signIn(ANNA)).isInstanceOf(DatabaseBusyException.class);
            assertThatThrownBy(() -> app.opens(other)).isInstanceOf(DatabaseBusyException.class);

            old.run("ALTER TABLE users RENAME COLUMN renamed TO " + column);
            assertThat(app.opens(phone)).isEqualTo(42);
            assertThat(app.opens(other)).isEqualTo(43);
            assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
        }

        @Test
        void a_redeploy_keeps_everybody_signed_in() {
            String phone = app.signIn(ANNA);
            redeploy(NewApp.RULES);
            assertThat(app.opens(phone)).isEqualTo(42);
            assertThat(app.opens(ANNAS_OLD_COOKIE)).isEqualTo(42);
        }

        @Test
        void after_an_undeploy_the_old_app_accepts_the_latest_sign_in() {
            String phone = app.signIn(ANNA);
            app.close();
            assertThat(old.one("SELECT id FROM users WHERE auth_token = ?", phone))
                    .isEqualTo("42");
        }

        @Test
        void a_sign_in_of_the_old_app_keeps_sessions_signed_in_and_its_token_works() {
            String phone = app.signIn(ANNA);
            old.signInSingle(42, "a-new-token-of-the-old-app");
            assertThat(app.opens("a-new-token-of-the-old-app")).isEqualTo(42);
            assertThat(app.opens(phone)).isEqualTo(42);
        }

        @Test
        void a_reset_of_the_token_by_somebody_else_works_as_one() {
            old.signInSingle(42, "reset-by-an-administrator");
            assertThat(app.opens(ANNAS_OLD_COOKIE)).isNull();
            app.signIn(ANNA);
            assertThat(app.opens(ANNAS_OLD_COOKIE)).isNull();
        }

        @Test
        void sessions_of_the_old_apps_multi_form_stay_signed_in() {
            app.close();
            old.close();
            old = multi();
            app = deploy(NewApp.RULES);
            for (String row : old.all("SELECT auth_token || ' ' || user_id FROM user_sessions").stream()
                    .map(String::valueOf)
                    .toList()) {
                String[] parts = row.split(" ", -1);
                assertThat(app.opens(parts[0])).isEqualTo(Long.parseLong(parts[1]));
            }
        }
    }

    @Nested
    @DisplayName("P2: signed out means signed out")
    class SignedOut {

        @Test
        void a_token_signed_out_here_does_not_come_back_through_the_mirror() {
            String phone = app.signIn(ANNA);
            app.signOut(phone);
            assertThat(old.legacyTokenOf(42)).isEqualTo(phone);
            assertThat(app.opens(phone)).isNull();
        }

        @Test
        void a_token_signed_out_in_the_old_app_does_not_come_back_through_the_mirror() {
            String phone = app.signIn(ANNA);
            old.signOut(phone);
            assertThat(old.legacyTokenOf(42)).isEqualTo(phone);
            assertThat(app.opens(phone)).isNull();
        }

        @Test
        void a_token_signed_out_in_the_old_app_while_ours_was_not_running_stays_out() {
            String phone = app.signIn(ANNA);
            app.close();
            old.signInMulti(42, "made-and-ended-by-the-old-app", clock.instant());
            old.signOut("made-and-ended-by-the-old-app");
            old.signOut(phone);
            app = deploy(NewApp.RULES);
            assertThat(app.opens("made-and-ended-by-the-old-app")).isNull();
            assertThat(app.opens(phone)).isNull();
        }

        @Test
        void a_session_whose_row_is_put_back_stays_out() {
            String phone = app.signIn(ANNA);
            old.signOut(phone);
            old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (42, ?)", phone);
            assertThat(app.opens(phone)).isNull();
        }

        /** The old app may keep something for each session, and delete sessions with foreign keys off, or that first. */
        @ParameterizedTest
        @ValueSource(strings = {"", "ON DELETE RESTRICT", "ON DELETE CASCADE", "ON DELETE SET NULL"})
        void a_session_to_which_a_row_of_the_teams_refers_is_signed_out_in_both_apps(String action) {
            old.run("CREATE TABLE push_addresses (id INTEGER PRIMARY KEY,"
                    + " session_id INTEGER REFERENCES user_sessions (id) " + action + ")");
            String phone = app.signIn(ANNA);
            String laptop = app.signIn(ANNA);
            old.run("INSERT INTO push_addresses (id, session_id) SELECT id, id FROM user_sessions");

            app.signOut(phone);
            String again = app.signIn(ANNA, NewApp.CLIENT, Presented.of(new SessionToken(laptop)));

            for (String ended : List.of(phone, laptop)) {
                assertThat(app.opens(ended)).isNull();
                assertThat(old.all("SELECT id FROM user_sessions WHERE auth_token = ?", ended))
                        .isEmpty();
            }
            assertThat(app.opens(again)).isEqualTo(42);
            assertThat(app.opens(ANNAS_OLD_COOKIE)).isEqualTo(42);
            assertThat(old.one("SELECT count(*) FROM push_addresses p LEFT JOIN user_sessions s ON s.id = p.session_id"
                            + " WHERE p.session_id IS NOT NULL AND s.id IS NULL"))
                    .as("rows that refer to nothing")
                    .isEqualTo("0");
            assertThat(app.database.<Integer>read(
                            handle -> app.sessions.of(handle, 42).size()))
                    .isEqualTo(2);
            for (String token : old.all("SELECT auth_token FROM user_sessions")) {
                assertThat(app.opens(String.valueOf(token))).isIn(null, 42L);
            }
        }

        @Test
        void a_hash_that_stands_in_users_is_not_adopted_and_its_token_opens_nothing() {
            old.signInSingle(42, TokenHash.of(ANNAS_OLD_COOKIE));
            app.signIn(ANNA);
            assertThat(app.opens(ANNAS_OLD_COOKIE)).isNull();
        }

        @Test
        void an_adopted_token_that_is_signed_out_stays_out() {
            app.signIn(ANNA);
            app.signOut(ANNAS_OLD_COOKIE);
            old.signInSingle(42, ANNAS_OLD_COOKIE);
            assertThat(app.opens(ANNAS_OLD_COOKIE)).isNull();
        }

        @Test
        void a_session_that_was_moved_to_another_user_stays_out_when_it_is_moved_back() {
            String phone = app.signIn(ANNA);
            old.run("UPDATE user_sessions SET user_id = 43 WHERE auth_token = ?", phone);
            old.run("UPDATE user_sessions SET user_id = 42 WHERE auth_token = ?", phone);
            assertThat(app.opens(phone)).isNull();
        }

        @Test
        void an_idle_session_ends_for_good_even_if_the_timeout_is_raised() {
            String phone = app.signIn(ANNA);
            clock.advance(Duration.ofDays(31));
            assertThat(app.opens(phone)).isNull();
            redeploy(new SessionRules(null, null, 50, Duration.ofMinutes(1)));
            old.seen(phone, clock.instant());
            assertThat(app.opens(phone)).isNull();
        }

        @Test
        void whoever_comes_with_a_session_that_ran_out_is_refused_without_a_write() {
            String phone = app.signIn(ANNA);
            clock.advance(Duration.ofDays(31));
            assertThat(app.opens(phone)).isNull();
            assertThat(app.opens(phone)).as("asked again").isNull();
            assertThat(endReason(phone)).as("nothing is written yet").isEqualTo("null");
            app.runOut.flush();
            assertThat(endReason(phone)).isEqualTo("idle");
            assertThat(old.all("SELECT auth_token FROM user_sessions")).doesNotContain(phone);
        }

        @Test
        void a_session_that_ran_out_is_not_opened_by_a_use_of_the_old_app_before_its_end_is_written() {
            String phone = app.signIn(ANNA);
            clock.advance(Duration.ofDays(31));
            assertThat(app.opens(phone)).isNull();
            old.seen(phone, clock.instant());
            assertThat(app.opens(phone)).as("refused once").isNull();
            app.runOut.flush();
            assertThat(app.opens(phone)).isNull();
            assertThat(endReason(phone)).isEqualTo("idle");
        }

        private String endReason(String token) {
            return old.one("SELECT end_reason FROM multisession_tokens WHERE auth_token = ?", token);
        }

        @Test
        void a_session_in_use_outlives_the_idle_timeout_but_not_the_lifetime() {
            String phone = app.signIn(ANNA);
            for (int day = 0; day < 360; day += 20) {
                clock.advance(Duration.ofDays(20));
                assertThat(app.opens(phone)).isEqualTo(42);
                app.lastSeen.flush();
            }
            clock.advance(Duration.ofDays(10));
            assertThat(app.opens(phone)).isNull();
        }

        @Test
        void signing_out_by_the_legacy_token_ends_nothing_for_the_other_old_devices() {
            app.signOut(ANNAS_OLD_COOKIE);
            assertThat(app.opens(ANNAS_OLD_COOKIE)).isEqualTo(42);
        }

        @Test
        void a_session_ended_while_its_last_use_is_being_written_is_not_revived() {
            String phone = app.signIn(ANNA);
            clock.advance(Duration.ofMinutes(5));
            assertThat(app.opens(phone)).isEqualTo(42);
            old.signOut(phone);
            app.lastSeen.flush();
            assertThat(app.opens(phone)).isNull();
            assertThat(old.one("SELECT count(*) FROM user_sessions WHERE auth_token = ?", phone))
                    .isEqualTo("0");
        }
    }

    @Nested
    @DisplayName("P3: a session opens one account only")
    class OneAccount {

        @Test
        void a_user_who_gets_the_id_of_a_deleted_one_is_not_opened_by_the_old_cookie() {
            long bob = old.addUser("+79990000001", null);
            String bobs = app.signIn("+79990000001");
            old.deleteUser(bob);
            assertThat(app.opens(bobs)).isNull();
            old.addUserAs(bob, "+79990000002", "carols-token");
            assertThat(app.opens(bobs)).isNull();
            assertThat(app.opens("carols-token")).isEqualTo(bob);
        }

        @Test
        void the_same_while_our_app_is_not_running() {
            long bob = old.addUser("+79990000001", null);
            String bobs = app.signIn("+79990000001");
            app.close();
            old.deleteUser(bob);
            old.addUserAs(bob, "+79990000002", null);
            app = deploy(NewApp.RULES);
            assertThat(app.opens(bobs)).isNull();
        }

        @Test
        void the_same_when_the_id_of_a_row_is_changed() {
            long carol = old.addUser("+79990000002", null);
            String carols = app.signIn("+79990000002");
            long dave = old.addUser("+79990000003", null);
            old.deleteUser(carol);
            old.run("UPDATE users SET id = ? WHERE id = ?", carol, dave);
            assertThat(app.opens(carols)).isNull();
        }

        @Test
        void a_session_row_moved_to_another_user_opens_nothing() {
            String phone = app.signIn(ANNA);
            old.run("UPDATE user_sessions SET user_id = 43 WHERE auth_token = ?", phone);
            assertThat(app.opens(phone)).isNull();
        }

        @Test
        void a_token_that_two_users_share_opens_neither_account_and_never_will() {
            old.run("UPDATE users SET auth_token = 'shared' WHERE id IN (42, 43)");
            assertThat(app.opens("shared")).isNull();
            app.signIn(ANNA);
            assertThat(app.opens("shared")).isNull();
        }

        @Test
        void a_token_that_two_users_shared_at_the_deploy_stays_nobodys_when_one_of_them_gets_another() {
            app.close();
            old.dropTrigger("multisession_user_inserted", "users");
            old.run("UPDATE users SET auth_token = 'shared' WHERE id IN (42, 43)");
            app = deploy(NewApp.RULES);
            old.signInSingle(42, "another");
            assertThat(app.opens("shared")).isNull();
            assertThat(app.opens("another")).isEqualTo(42);
        }

        /** P1: as it stands there it opens nothing, and whoever has the token that it is of is somebody else. */
        @Test
        void a_hash_that_two_users_share_at_the_deploy_ends_nobodys_token() {
            app.close();
            old.dropTrigger("multisession_user_inserted", "users");
            long bob = old.addUser("+79990000047", "of-bob");
            old.run("UPDATE users SET auth_token = ? WHERE id IN (42, 43)", TokenHash.of("of-bob"));
            app = deploy(NewApp.RULES);
            assertThat(app.opens(TokenHash.of("of-bob"))).isNull();
            assertThat(app.opens("of-bob")).isEqualTo(bob);
        }

        @Test
        void an_empty_token_or_none_opens_nothing() {
            assertThat(old.legacyTokenOf(49)).isEmpty();
            assertThat(app.authenticator.authenticate(Presented.NOTHING, () -> NewApp.CLIENT))
                    .isNull();
            app.signIn("+79991234573");
            assertThat(old.one("SELECT count(*) FROM multisession_tokens WHERE auth_token = ''"))
                    .isEqualTo("0");
        }
    }

    @Nested
    @DisplayName("P4: users is the team's table")
    class TheirTable {

        @Test
        void a_sign_in_writes_the_mirror_and_nothing_else_of_users() {
            List<@Nullable String> before = allButTheToken();
            String token = app.signIn("8 (999) 123-45-71");
            assertThat(allButTheToken()).hasSize(8).isEqualTo(before);
            assertThat(old.legacyTokenOf(46)).isEqualTo(token);
        }

        private List<@Nullable String> allButTheToken() {
            return old.all("SELECT CAST(id AS TEXT) || phone || name || \"plan\" || CAST(balance AS TEXT)"
                    + " || CAST(created_at AS TEXT) FROM users ORDER BY id");
        }

        @Test
        void a_sign_out_writes_nothing_of_users() {
            String token = app.signIn(ANNA);
            String before = old.rows("users");
            app.signOut(token);
            assertThat(old.rows("users")).isEqualTo(before);
        }
    }

    @Nested
    class Sessions {

        @Test
        void over_the_limit_the_least_recently_seen_session_ends() {
            redeploy(new SessionRules(null, null, 3, Duration.ofMinutes(1)));
            String first = app.signIn("+79991234572");
            clock.advance(Duration.ofMinutes(2));
            String second = app.signIn("+79991234572");
            clock.advance(Duration.ofMinutes(2));
            String third = app.signIn("+79991234572");
            clock.advance(Duration.ofMinutes(2));
            assertThat(app.opens(first)).isEqualTo(48);
            app.lastSeen.flush();
            String fourth = app.signIn("+79991234572");
            assertThat(app.opens(second)).isNull();
            assertThat(app.opens(first)).isEqualTo(48);
            assertThat(app.opens(third)).isEqualTo(48);
            assertThat(app.opens(fourth)).isEqualTo(48);
        }

        @Test
        void a_session_that_has_run_out_does_not_take_the_place_of_one_that_lives() {
            redeploy(new SessionRules(null, Duration.ofDays(100), 2, Duration.ofMinutes(1)));
            String oldest = app.signIn("+79991234572");
            clock.advance(Duration.ofDays(60));
            String living = app.signIn("+79991234572");
            clock.advance(Duration.ofDays(39));
            app.opens(oldest);
            app.lastSeen.flush();
            clock.advance(Duration.ofDays(2));
            String newest = app.signIn("+79991234572");
            assertThat(app.opens(oldest)).isNull();
            assertThat(app.opens(living)).isEqualTo(48);
            assertThat(app.opens(newest)).isEqualTo(48);
        }

        @Test
        void the_new_session_itself_is_never_the_one_that_ends() {
            redeploy(new SessionRules(null, null, 1, Duration.ofMinutes(1)));
            String token = app.signIn(ANNA);
            assertThat(app.opens(token)).isEqualTo(42);
            assertThat(app.opens(ANNAS_OLD_COOKIE)).isNull();
        }

        @Test
        void the_last_use_is_written_at_most_once_per_interval() {
            String phone = app.signIn(ANNA);
            Instant signedIn = lastSeen(phone);
            clock.advance(Duration.ofSeconds(59));
            app.opens(phone);
            app.lastSeen.flush();
            assertThat(lastSeen(phone)).isEqualTo(signedIn);
            clock.advance(Duration.ofSeconds(1));
            app.opens(phone);
            app.lastSeen.flush();
            assertThat(lastSeen(phone)).isAfter(signedIn);
        }

        @Test
        void the_last_use_never_goes_backwards() {
            String phone = app.signIn(ANNA);
            clock.advance(Duration.ofMinutes(2));
            app.opens(phone);
            clock.advance(Duration.ofMinutes(2));
            old.seen(phone, clock.instant());
            Instant later = lastSeen(phone);
            app.lastSeen.flush();
            assertThat(lastSeen(phone)).isEqualTo(later);
        }

        @Test
        void an_undeploy_writes_the_last_uses_that_are_not_written_yet() {
            String phone = app.signIn(ANNA);
            Instant before = lastSeen(phone);
            clock.advance(Duration.ofMinutes(2));
            app.opens(phone);
            app.close();
            assertThat(lastSeen(phone)).isAfter(before);
        }

        @Test
        void sessions_older_than_the_first_deploy_live_from_that_deploy_on_whatever_times_they_have() {
            app.close();
            old.close();
            old = multi();
            old.run("INSERT INTO user_sessions VALUES (101, 42, 'nothing', NULL, NULL)");
            old.run(
                    "INSERT INTO user_sessions VALUES (102, 42, 'future', '2999-01-01 00:00:00', '2999-01-01 00:00:00')");
            old.run(
                    "INSERT INTO user_sessions VALUES (103, 42, 'iso', '2001-02-05T12:00:00.123Z', '2001-02-05T12:00:00+03:00')");
            app = deploy(NewApp.RULES);
            for (String token : new String[] {"nothing", "future", "iso"}) {
                assertThat(app.opens(token)).as(token).isEqualTo(42);
            }
            app.lastSeen.flush();
            clock.advance(Duration.ofDays(29));
            for (String token : new String[] {"nothing", "future", "iso"}) {
                assertThat(app.opens(token)).as(token).isEqualTo(42);
            }
            app.lastSeen.flush();
            clock.advance(Duration.ofDays(31));
            for (String token : new String[] {"nothing", "future", "iso"}) {
                assertThat(app.opens(token)).as(token).isNull();
            }
        }

        @Test
        void more_uses_than_fit_a_transaction_are_all_written() {
            old.run("""
                    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 401)
                    INSERT INTO user_sessions (user_id, auth_token) SELECT 43, 'token-' || i FROM n
                    """);
            clock.advance(Duration.ofHours(1));
            IntStream.rangeClosed(1, 401)
                    .forEach(i -> assertThat(app.opens("token-" + i)).isEqualTo(43));
            app.lastSeen.flush();
            assertThat(old.one(
                            "SELECT count(*) FROM user_sessions WHERE last_seen_at = ?",
                            SqlTime.format(clock.instant())))
                    .isEqualTo("401");
        }

        @Test
        void a_last_use_that_cannot_be_written_is_written_later() {
            redeployInAHurry();
            String phone = app.signIn(ANNA);
            Instant signedIn = lastSeen(phone);
            clock.advance(Duration.ofMinutes(2));
            app.opens(phone);
            old.lock();
            assertThatThrownBy(app.lastSeen::flush).isInstanceOf(DatabaseBusyException.class);
            old.run("ROLLBACK");
            assertThat(lastSeen(phone)).isEqualTo(signedIn);
            app.lastSeen.flush();
            assertThat(lastSeen(phone)).isEqualTo(clock.instant());
        }

        @Test
        void one_whose_use_the_team_refuses_keeps_nobody_else_from_being_seen() {
            String boris = app.signIn(BORIS);
            String anna = app.signIn(ANNA);
            refuseChanges(43);
            clock.advance(Duration.ofMinutes(2));
            app.opens(boris);
            app.opens(anna);
            assertThatThrownBy(app.lastSeen::flush).hasMessageContaining("last seen");
            assertThat(lastSeen(anna)).isEqualTo(clock.instant());
            assertThat(app.lastSeen.backlog()).isZero();
        }

        @Test
        void one_whose_end_the_team_refuses_keeps_nobody_else_from_ending() {
            List<Runnable> ends = List.of(
                    app.runOut::flush,
                    app.sweeper::run,
                    () -> new Revocation(app.database, app.sessions, app.users, () -> true, clock)
                            .revoke(new Revocation.Target.Everyone()));
            String boris = app.signIn(BORIS);
            refuseChanges(43);
            for (Runnable end : ends) {
                List<String> tokens = List.of(app.signIn(ANNA), boris, app.signIn(ANNA), ANNAS_OLD_COOKIE);
                clock.advance(Duration.ofDays(31));
                app.heartbeat.beat();
                if (end == ends.get(0)) {
                    assertThat(tokens).extracting(app::opens).containsOnlyNulls();
                }
                assertThatThrownBy(end::run).isInstanceOf(DatabaseException.class);
                assertThat(old.all("SELECT user_id FROM user_sessions")).containsOnly("43");
            }
        }

        @Test
        void a_session_that_ran_out_is_refused_also_while_its_end_cannot_be_written() {
            redeployInAHurry();
            String phone = app.signIn(ANNA);
            clock.advance(Duration.ofDays(31));
            old.lock();
            assertThat(app.opens(phone)).isNull();
            old.run("ROLLBACK");
        }

        @Test
        void a_session_that_has_ended_does_not_run_out_as_well() {
            String phone = app.signIn(ANNA);
            UserSession session = Objects.requireNonNull(
                    Objects.requireNonNull(app.who(phone)).session());
            app.signOut(phone);
            assertThat(app.database.<Boolean>write(transaction ->
                            app.sessions.end(transaction, session, EndReason.IDLE, null, clock.instant())))
                    .isFalse();
            assertThat(old.all("SELECT outcome FROM auth_events WHERE kind = 'session-ended'"))
                    .isEmpty();
        }

        @Test
        void a_new_session_has_the_time_of_its_sign_in_everywhere() {
            String phone = app.signIn(ANNA);
            for (String column : List.of("created_at", "last_seen_at")) {
                assertThat(old.time("SELECT " + column + " FROM user_sessions WHERE auth_token = ?", phone))
                        .isEqualTo(clock.instant());
            }
            assertThat(old.time("SELECT recorded_at FROM multisession_tokens WHERE auth_token = ?", phone))
                    .isEqualTo(clock.instant());
        }

        @Test
        void the_last_use_that_claims_to_be_in_the_future_is_put_right() {
            String phone = app.signIn(ANNA);
            old.run("UPDATE user_sessions SET last_seen_at = '2999-01-01 00:00:00'");
            app.opens(phone);
            app.lastSeen.flush();
            assertThat(lastSeen(phone)).isEqualTo(clock.instant());
        }

        @Test
        void what_has_run_out_is_gone_after_the_next_sign_in() {
            String phone = app.signIn(ANNA);
            clock.advance(Duration.ofDays(31));
            String laptop = app.signIn(ANNA);
            assertThat(old.all("SELECT auth_token FROM user_sessions")).containsExactly(laptop);
            assertThat(old.one("SELECT end_reason FROM multisession_tokens WHERE auth_token = ?", phone))
                    .isEqualTo("idle");
            // The phone's, and that of the old devices, which the first sign-in has adopted. Nobody ended them.
            assertThat(old.all("SELECT kind || ' ' || user_id || ' ' || coalesce(address, 'by itself') FROM auth_events"
                            + " WHERE outcome = 'idle'"))
                    .containsExactly("session-ended 42 by itself", "session-ended 42 by itself");
        }

        @Test
        void every_sign_in_sign_out_and_end_is_in_the_audit_trail() {
            redeploy(new SessionRules(Duration.ofDays(30), null, 2, Duration.ofMinutes(1)));
            String phone = app.signIn(ANNA);
            clock.advance(Duration.ofMinutes(2));
            app.who(phone);
            app.lastSeen.flush();
            app.signIn(ANNA);
            app.signOut(phone);
            app.signOut("DfiTF-AlNZAtEWvg8nKUp1FFM5v0r1P7NRMa6oBxoOE");
            assertThat(old.all("SELECT kind || ' ' || outcome || ' ' || user_id FROM auth_events ORDER BY id"))
                    .containsExactly(
                            "sign-in done 42",
                            "sign-in done 42",
                            "session-ended evicted 42",
                            "sign-out done 42",
                            "sign-out device-forgot 43");
            assertThat(old.all("SELECT DISTINCT address || ' ' || device FROM auth_events"))
                    .containsExactly("192.0.2.1 a test");
        }

        @Test
        void the_audit_trail_is_cut_back_some_lines_at_a_time() {
            app.signIn(ANNA);
            app.signIn(ANNA);
            clock.advance(Duration.ofDays(1));
            app.signIn(ANNA);
            AuthEventDao events = new AuthEventDao();
            Instant now = clock.instant();
            assertThat(app.database.<Integer>write(transaction -> events.deleteOld(transaction, now, 1)))
                    .isEqualTo(1);
            assertThat(app.database.<Integer>write(transaction -> events.deleteOld(transaction, now, 5)))
                    .isEqualTo(1);
            assertThat(old.one("SELECT count(*) FROM auth_events")).isEqualTo("1");
        }

        private Instant lastSeen(String token) {
            return old.time("SELECT last_seen_at FROM user_sessions WHERE auth_token = ?", token);
        }
    }

    @Nested
    class Numbers {

        @Test
        void a_number_is_found_in_whatever_shape_its_row_has_it() {
            assertThat(app.opens(app.signIn("+7 999 123-45-69"))).isEqualTo(44);
            assertThat(app.opens(app.signIn("8 999 123 45 70"))).isEqualTo(45);
            assertThat(app.opens(app.signIn("79991234571"))).isEqualTo(46);
            assertThat(app.opens(app.signIn("+49 1511 2345678"))).isEqualTo(47);
            assertThat(old.one("SELECT phone FROM users WHERE id = 46")).isEqualTo("8 (999) 123-45-71");
        }

        @Test
        void an_unknown_number_changes_nothing() {
            String before = old.dump();
            assertThat(app.trySignIn("+79995550000")).isInstanceOf(SignIn.Result.UnknownNumber.class);
            assertThat(old.dump()).isEqualTo(before);
        }

        @Test
        void a_number_of_two_users_signs_neither_in_and_changes_nothing() {
            old.addUser("8-999-123-45-67", null);
            String before = old.dump();
            assertThat(app.trySignIn(ANNA)).isInstanceOf(SignIn.Result.AmbiguousNumber.class);
            assertThat(old.dump()).isEqualTo(before);
        }

        @Test
        void a_number_of_two_users_is_told_by_their_ids_once_an_hour_and_a_flood_of_them_is_bounded() {
            old.run("INSERT INTO users (id, phone) VALUES (77, '8-999-123-45-67')");
            for (int i = 0; i < 3; i++) {
                app.trySignIn(ANNA);
                app.sharedNumbers.flush();
            }
            String told = "SELECT kind || ' ' || user_id || ' ' || outcome FROM auth_events ORDER BY id";
            assertThat(old.all(told)).containsExactly("shared-number 42 with 77", "shared-number 77 with 42");
            clock.advance(Duration.ofHours(1));
            app.trySignIn(ANNA);
            app.sharedNumbers.flush();
            assertThat(old.all(told)).hasSize(4);
            for (int i = 0; i < 150; i++) {
                String number = "%07d".formatted(i);
                old.run("INSERT INTO users (phone) VALUES (?), (?)", "+7998" + number, "8998" + number);
                app.trySignIn("+7998" + number);
            }
            app.sharedNumbers.flush();
            assertThat(old.all(told)).hasSizeLessThanOrEqualTo(4 + 2 * SharedNumbers.MAX_TOLD);
        }

        @Test
        void a_row_that_nobody_can_read_costs_no_other_user_a_sign_in() {
            old.run("INSERT INTO users (phone, auth_token) VALUES"
                    + " ('1;phone-context=+7;tel:1234567', 'token-of-a-stranger-who-wrote-this-row')");
            assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
            app.phoneReading.run(() -> true);
            assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
        }

        @Test
        void nobody_is_registered_a_second_time_by_what_stands_in_the_row() {
            app.close();
            app = NewApp.deployOpen(old.claim(), clock);
            for (String phone : List.of(
                    "+7999555\u200b0001",
                    "\u2066+7 999 555-00-02\u2069",
                    "+７９９９５５５０００３",
                    "8 999 555‐00‐04",
                    "+7 999 555 00 05 доб. 12",
                    "+۷۹۹۹۵۵۵۰۰۰۶")) {
                long id = old.addUser(phone, null);
                assertThat(app.opens(app.signIn(phone))).as(phone).isEqualTo(id);
                app.phoneReading.run(() -> true);
                assertThat(app.opens(app.signIn(phone))).as(phone).isEqualTo(id);
            }
        }

        @Test
        void right_after_a_deploy_on_many_odd_numbers_everybody_signs_in_and_nobody_is_registered_again() {
            old.run("""
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6500)
                    INSERT INTO users (phone) SELECT '۷۹۹۹' || (2000000 + i) || ' доб. 5' FROM n
                    """);
            app.close();
            app = NewApp.deployOpen(old.claim(), clock);
            assertThat(app.opens(app.signIn(ANNA))).isEqualTo(42);
            String odd = old.one("SELECT id FROM users WHERE phone = '۷۹۹۹2000077 доб. 5'");
            assertThat(app.opens(app.signIn("+79992000077"))).isEqualTo(Long.parseLong(odd));
            app.signIn("+79993000077");
            assertThat(old.one("SELECT count(*) FROM users WHERE phone IN ('+79992000077', '+79993000077')"))
                    .isEqualTo("1");
        }

        @Test
        void a_number_that_signs_nobody_in_does_not_wait_for_the_write_lock() {
            redeployInAHurry();
            old.addUser("8-999-123-45-67", null);
            old.lock();
            assertThat(app.trySignIn(ANNA)).isInstanceOf(SignIn.Result.AmbiguousNumber.class);
            assertThat(app.trySignIn("+79995550000")).isInstanceOf(SignIn.Result.UnknownNumber.class);
            old.run("ROLLBACK");
        }

        @Test
        void an_open_registration_makes_one_user_of_a_new_number() {
            app.close();
            app = NewApp.deployOpen(old.claim(), clock);
            String phone = app.signIn("8 999 555-00-00");
            String laptop = app.signIn("+79995550000");
            assertThat(old.all("SELECT phone FROM users WHERE phone LIKE '%5550000'"))
                    .containsExactly("+79995550000");
            assertThat(app.opens(phone)).isEqualTo(app.opens(laptop));
            assertThat(old.all("SELECT outcome FROM auth_events ORDER BY id")).containsExactly("registered", "done");
        }
    }
}
