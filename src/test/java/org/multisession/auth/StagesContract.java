package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.DatabaseException;
import org.multisession.session.EndReason;
import org.multisession.session.Stage;
import org.multisession.session.StateDao;
import org.multisession.session.TokenHashing;
import org.multisession.session.TokenHashingDao;
import org.multisession.session.UserSessionDao;
import org.multisession.testing.NewApp;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;
import org.multisession.token.TokenHash;

/** The stages of the move, and the way back: nobody is signed out by them, and no token is left behind. */
abstract class StagesContract extends DeployedContract {

    static final String ANNA = "+7 999 123-45-67";
    static final String BORIS = "+7 999 123-45-68";
    private static final String ANNAS_OLD_COOKIE = "old_token_xyz123";
    private static final String BORIS_OLD_COOKIE = "DfiTF-AlNZAtEWvg8nKUp1FFM5v0r1P7NRMa6oBxoOE";

    /** From now on a trigger of the team's refuses to change the token of a session of this user, with an error or without. */
    abstract void keepTokens(long userId, boolean isSilent);

    private List<String> tokensIn(String table) {
        List<String> tokens = new ArrayList<>();
        old.all("SELECT auth_token FROM " + table).forEach(token -> tokens.add(String.valueOf(token)));
        return tokens;
    }

    @Test
    void settling_hashes_every_token_and_signs_nobody_out() {
        String phone = app.signIn(ANNA);
        String laptop = app.signIn(ANNA);
        String ended = app.signIn(ANNA);
        app.signOut(ended);
        redeploy(Stage.SETTLE);
        assertThat(app.opens(phone)).isEqualTo(42);
        assertThat(app.opens(laptop)).isEqualTo(42);
        assertThat(app.opens(ANNAS_OLD_COOKIE)).as("adopted").isEqualTo(42);
        assertThat(app.opens(BORIS_OLD_COOKIE)).as("legacy").isEqualTo(43);
        assertThat(app.opens(ended)).isNull();
        assertThat(tokensIn("user_sessions")).hasSize(3).allMatch(TokenHash::isOne);
        assertThat(tokensIn("multisession_tokens")).hasSize(4).allMatch(TokenHash::isOne);
    }

    @Test
    void a_session_made_while_settled_lies_there_as_a_hash_and_leaves_the_users_table_alone() {
        redeploy(Stage.SETTLE);
        String before = old.rows("users");
        String phone = app.signIn(ANNA);
        assertThat(app.opens(phone)).isEqualTo(42);
        assertThat(app.via(ANNAS_OLD_COOKIE)).isEqualTo(SignedIn.Via.LEGACY);
        assertThat(tokensIn("user_sessions")).containsExactly(TokenHash.of(phone));
        assertThat(old.rows("users")).isEqualTo(before);
        app.signOut(phone);
        assertThat(app.opens(phone)).isNull();
    }

    @Test
    void a_stored_hash_presented_as_a_token_is_nobodys_in_any_stage() {
        String phone = app.signIn(ANNA);
        old.run("UPDATE users SET auth_token = ? WHERE id = 43", TokenHash.of("whatever"));
        for (Stage stage : List.of(Stage.SETTLE, Stage.RETIRE, Stage.COEXIST)) {
            redeploy(stage);
            assertThat(tokensIn("user_sessions")).contains(TokenHash.of(phone));
            assertThat(app.opens(TokenHash.of(phone))).as("%s", stage).isNull();
            assertThat(app.opens(TokenHash.of("whatever")))
                    .as("legacy in %s", stage)
                    .isNull();
            assertThat(app.opens(phone)).as("%s", stage).isEqualTo(42);
        }
    }

    @Test
    void retiring_refuses_the_legacy_tokens_and_nothing_else() {
        String phone = app.signIn(ANNA);
        redeploy(Stage.RETIRE);
        assertThat(app.opens(phone)).isEqualTo(42);
        assertThat(app.opens(ANNAS_OLD_COOKIE)).as("adopted").isEqualTo(42);
        assertThat(app.opens(BORIS_OLD_COOKIE)).as("legacy").isNull();
        assertThat(app.opens(app.signIn(BORIS))).isEqualTo(43);
    }

    @Test
    void going_back_keeps_every_session_alive_and_mirrors_again() {
        String first = app.signIn(ANNA);
        redeploy(Stage.SETTLE);
        String second = app.signIn(ANNA);
        redeploy(Stage.RETIRE);
        String third = app.signIn(ANNA);
        redeploy(Stage.COEXIST);
        assertThat(List.of(first, second, third))
                .allSatisfy(token -> assertThat(app.opens(token)).isEqualTo(42));
        assertThat(app.opens(BORIS_OLD_COOKIE)).isEqualTo(43);
        String fourth = app.signIn(ANNA);
        assertThat(old.legacyTokenOf(42)).isEqualTo(fourth);
        assertThat(tokensIn("user_sessions")).contains(fourth, TokenHash.of(first));
    }

    @Test
    void what_ended_before_settling_stays_ended_when_the_old_app_puts_its_row_back() {
        String ended = app.signIn(ANNA);
        app.signOut(ended);
        redeploy(Stage.SETTLE);
        old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (42, ?)", ended);
        assertThat(app.opens(ended)).isNull();
        redeploy(Stage.COEXIST);
        assertThat(app.opens(ended)).isNull();
        redeploy(Stage.SETTLE);
        assertThat(app.opens(ended)).isNull();
        assertThat(tokensIn("user_sessions")).as("the row in plain").doesNotContain(ended);
    }

    @Test
    void a_session_whose_hash_is_known_is_not_opened_to_another_user_by_a_row_in_plain() {
        String annas = app.signIn(ANNA);
        redeploy(Stage.SETTLE);
        old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (43, ?)", annas);
        assertThat(app.opens(annas)).isEqualTo(42);
        old.deleteUser(42);
        assertThat(app.opens(annas)).isNull();
    }

    @Test
    void a_row_that_the_old_app_writes_in_plain_while_settled_is_accepted_and_hashed_at_the_next_deploy() {
        redeploy(Stage.SETTLE);
        old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (43, 'written-by-the-old-app')");
        assertThat(app.opens("written-by-the-old-app")).isEqualTo(43);
        redeploy(Stage.SETTLE);
        assertThat(app.opens("written-by-the-old-app")).isEqualTo(43);
        assertThat(tokensIn("user_sessions")).containsExactly(TokenHash.of("written-by-the-old-app"));
    }

    @Test
    void a_token_with_a_hash_does_not_come_back_through_the_mirror_once_it_has_ended() {
        String phone = app.signIn(ANNA);
        assertThat(old.legacyTokenOf(42)).isEqualTo(phone);
        redeploy(Stage.SETTLE);
        app.signOut(phone);
        assertThat(old.legacyTokenOf(42)).isEqualTo(phone);
        assertThat(app.opens(phone)).isNull();
        redeploy(Stage.COEXIST);
        assertThat(app.opens(phone)).isNull();
    }

    @Test
    void a_token_whose_hash_has_ended_is_not_adopted_after_going_back() {
        String ended = app.signIn(ANNA);
        redeploy(Stage.SETTLE);
        app.signOut(ended);
        redeploy(Stage.COEXIST);
        assertThat(old.legacyTokenOf(42)).isEqualTo(ended);
        app.signIn(ANNA);
        assertThat(app.opens(ended)).isNull();
        assertThat(tokensIn("user_sessions")).doesNotContain(ended);
    }

    @Test
    void a_request_that_is_under_way_while_its_token_is_hashed_still_ends_its_session() {
        String phone = app.signIn(ANNA);
        String laptop = app.signIn(ANNA);
        SignedIn underWay = Objects.requireNonNull(app.who(phone));
        clock.advance(Duration.ofMinutes(2));
        app.opens(laptop);
        new TokenHashing(app.database, new TokenHashingDao(), new StateDao(), () -> true).run();
        app.signOut.signOut(underWay, Presented.of(underWay.token()), NewApp.CLIENT);
        app.lastSeen.flush();
        assertThat(app.opens(phone)).isNull();
        assertThat(tokensIn("user_sessions")).doesNotContain(TokenHash.of(phone));
        assertThat(old.time("SELECT last_seen_at FROM user_sessions WHERE auth_token = ?", TokenHash.of(laptop)))
                .as("its last use is written, too")
                .isEqualTo(clock.instant());
    }

    @Test
    void why_a_session_has_ended_is_told_in_every_stage() {
        String here = app.signIn(ANNA);
        app.signOut(here);
        String living = app.signIn(ANNA);
        redeploy(Stage.SETTLE);
        String settled = app.signIn(ANNA);
        app.signOut(settled);
        // The same in plain, made and ended by the old app, tells nothing of the session that lives.
        old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (42, ?)", living);
        old.signOut(living);
        assertThat(whyEnded(living)).isNull();
        for (Stage stage : List.of(Stage.SETTLE, Stage.COEXIST)) {
            redeploy(stage);
            assertThat(whyEnded(here)).as("%s", stage).isEqualTo(EndReason.SIGNED_OUT);
            assertThat(whyEnded(settled)).as("%s", stage).isEqualTo(EndReason.SIGNED_OUT);
            assertThat(whyEnded(living)).as("%s", stage).isNull();
            assertThat(app.opens(living)).as("%s", stage).isEqualTo(42);
        }
    }

    private @Nullable EndReason whyEnded(String token) {
        UserSessionDao.Ending ending = app.authenticator.howEnded(Presented.of(new SessionToken(token)));
        return ending == null ? null : ending.reason();
    }

    @Test
    void a_node_left_behind_in_settle_hashes_nothing_once_another_is_back_in_coexist() {
        redeploy(Stage.SETTLE);
        TokenHashing leftBehind = new TokenHashing(app.database, new TokenHashingDao(), new StateDao(), () -> true);
        old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (43, 'before')");
        assertThat(leftBehind.runWhileSettled()).isEqualTo(1);
        old.run("UPDATE multisession_state SET value = 'coexist' WHERE name = 'stage'");
        old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (43, 'after')");
        assertThat(leftBehind.runWhileSettled()).isZero();
        assertThat(tokensIn("user_sessions")).containsExactlyInAnyOrder(TokenHash.of("before"), "after");
    }

    @Test
    void hashing_that_is_told_to_stop_goes_on_another_time() {
        old.run("""
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
                INSERT INTO user_sessions (user_id, auth_token) SELECT 43, 'token-' || i FROM n
                """);
        int some = new TokenHashing(app.database, new TokenHashingDao(), new StateDao(), () -> false).run();
        assertThat(some).isBetween(1, 499);
        assertThat(app.opens("token-1")).isEqualTo(43);
        assertThat(app.opens("token-500")).isEqualTo(43);
        assertThat(new TokenHashing(app.database, new TokenHashingDao(), new StateDao(), () -> true).run())
                .isEqualTo(500 - some);
    }

    @Test
    void fewer_tokens_at_a_time_are_hashed_where_that_takes_long_and_more_where_it_does_not() {
        old.run("""
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
                INSERT INTO user_sessions (user_id, auth_token) SELECT 43, 'token-' || i FROM n
                """);
        List<Long> took = new ArrayList<>(List.of(240L, 240L, 1200L, 1L, 1L, 1200L));
        long[] now = new long[1];
        boolean[] isEnd = new boolean[1];
        List<Integer> left = new ArrayList<>(List.of(plainTokens()));
        TokenHashing hashing = new TokenHashing(
                app.database,
                new TokenHashingDao(),
                new StateDao(),
                () -> {
                    left.add(plainTokens());
                    return !took.isEmpty();
                },
                () -> {
                    now[0] += isEnd[0] ? Duration.ofMillis(took.remove(0)).toNanos() : 0;
                    isEnd[0] = !isEnd[0];
                    return now[0];
                });
        hashing.run();
        List<Integer> batches = new ArrayList<>();
        for (int i = 1; i < left.size(); i++) {
            batches.add(left.get(i - 1) - left.get(i));
        }
        assertThat(batches).containsExactly(200, 100, 50, 20, 30, 45);
    }

    private int plainTokens() {
        return Integer.parseInt(old.one("SELECT count(*) FROM user_sessions WHERE auth_token LIKE 'token-%'"));
    }

    @Test
    void the_hashing_says_how_many_tokens_there_were() {
        app.signIn(ANNA);
        TokenHashing hashing = new TokenHashing(app.database, new TokenHashingDao(), new StateDao(), () -> true);
        assertThat(hashing.run()).as("hers, and the adopted one").isEqualTo(2);
        assertThat(hashing.run()).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_session_whose_token_the_team_does_not_let_change_lives_on_is_named_and_keeps_no_other_from_being_hashed(
            boolean isSilent) {
        old.run("""
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
                INSERT INTO user_sessions (user_id, auth_token) SELECT 42 + i / 298, 'token-' || i FROM n
                """);
        keepTokens(43, isSilent);
        TokenHashing hashing = new TokenHashing(app.database, new TokenHashingDao(), new StateDao(), () -> true);
        assertThatThrownBy(hashing::run)
                .isInstanceOf(DatabaseException.class)
                .hasMessageStartingWith("the database refuses to change 3 of them, of the users [43]: ")
                .hasMessageContaining("as it is");
        assertThat(tokensIn("user_sessions"))
                .filteredOn(token -> !TokenHash.isOne(token))
                .containsExactlyInAnyOrder("token-298", "token-299", "token-300");
        for (int i = 1; i <= 300; i++) {
            assertThat(app.opens("token-" + i)).as("session %s", i).isEqualTo(42 + i / 298);
        }
    }

    @Test
    void more_tokens_than_fit_a_page_are_all_hashed() {
        old.run("""
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1201)
                INSERT INTO user_sessions (user_id, auth_token) SELECT 43, 'token-' || i FROM n
                """);
        redeploy(Stage.SETTLE);
        assertThat(tokensIn("user_sessions")).hasSize(1201).allMatch(TokenHash::isOne);
        assertThat(tokensIn("multisession_tokens")).hasSize(1201).allMatch(TokenHash::isOne);
        assertThat(app.opens("token-1")).isEqualTo(43);
        assertThat(app.opens("token-1201")).isEqualTo(43);
    }
}
