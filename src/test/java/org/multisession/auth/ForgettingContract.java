package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.DatabaseBusyException;
import org.multisession.session.EndedTokenDao;
import org.multisession.session.Stage;
import org.multisession.session.StateDao;
import org.multisession.session.SweeperLease;
import org.multisession.session.Throttle;
import org.multisession.testing.LogLines;
import org.multisession.token.TokenHash;

/** What has ended is forgotten when it cannot come back, and not before. */
abstract class ForgettingContract extends DeployedContract {

    private static final String ANNA = "+7 999 123-45-67";
    private static final Duration DAY = Duration.ofDays(1);
    private static final int KEEP_DAYS = 10;
    static final Duration KEEP = Duration.ofDays(KEEP_DAYS);

    private final AtomicLong salts = new AtomicLong(1);

    /** A tool replaces the table users, and its rows stay as they are. */
    abstract void rebuildUsers();

    private Forgetting forgetting() {
        return forgetting("one", () -> true);
    }

    private Forgetting forgetting(String node, Throttle throttle) {
        return forgetting(node, throttle, KEEP);
    }

    private Forgetting forgetting(String node, Throttle throttle, Duration keep) {
        return Forgettings.of(app, node, keep, throttle, salts::getAndIncrement, clock);
    }

    /** A look on each of so many days. */
    int look(int days) {
        int forgotten = 0;
        for (int i = 0; i < days; i++) {
            clock.advance(DAY);
            app.heartbeat.beat();
            forgotten += forgetting().run();
        }
        return forgotten;
    }

    private boolean isRemembered(String token) {
        return !old.all("SELECT 1 FROM multisession_tokens WHERE auth_token IN (?, ?)", token, TokenHash.of(token))
                .isEmpty();
    }

    private boolean isMarked(String token) {
        return !old.all("SELECT 1 FROM multisession_absent_tokens WHERE token_hash = ?", TokenHash.of(token))
                .isEmpty();
    }

    /** A session that has ended and stands nowhere. */
    private String ended() {
        String token = app.signIn(ANNA);
        app.signIn(ANNA);
        app.signOut(token);
        return token;
    }

    /** One whose token the old app still has in the user's row. */
    private String endedAndMirrored() {
        String token = app.signIn(ANNA);
        app.signOut(token);
        assertThat(old.legacyTokenOf(42)).isEqualTo(token);
        return token;
    }

    private void endedTokens(int count) {
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rows.add("('token-%d', 42, '2026-01-01 00:00:00', '2026-01-02 00:00:00', 'signed-out')".formatted(i));
        }
        old.run("INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason) VALUES "
                + String.join(", ", rows));
    }

    /** Takes the token from whoever has it, and gives it to another user, at one moment. */
    private void moveTo(long user, String token) {
        old.run(
                "UPDATE users SET auth_token = CASE WHEN id = ? THEN ? END WHERE id = ? OR auth_token = ?",
                user,
                token,
                user,
                token);
    }

    private int sessionsKnown() {
        return Integer.parseInt(old.one("SELECT count(*) FROM multisession_tokens WHERE ended_at IS NULL"));
    }

    // ---- when

    @Test
    void an_ended_token_is_forgotten_when_it_has_stood_nowhere_for_the_whole_time_and_not_before() {
        String token = ended();
        int live = sessionsKnown();
        assertThat(forgetting().run()).isZero();
        assertThat(look(KEEP_DAYS - 1)).isZero();
        assertThat(isRemembered(token)).isTrue();
        assertThat(look(1)).isEqualTo(1);
        assertThat(isRemembered(token)).isFalse();
        assertThat(isMarked(token)).isFalse();
        assertThat(app.opens(token)).isNull();
        assertThat(sessionsKnown()).as("what lives is not forgotten").isEqualTo(live);
    }

    @Test
    void the_shortest_time_is_kept_too() {
        String token = ended();
        Forgetting shortest = forgetting("one", () -> true, DAY);
        assertThat(shortest.run()).isZero();
        clock.advance(DAY.minusSeconds(1));
        assertThat(shortest.run()).isZero();
        assertThat(isRemembered(token)).isTrue();
        clock.advance(Duration.ofSeconds(1));
        assertThat(shortest.run()).isEqualTo(1);
    }

    @Test
    void what_a_session_left_goes_with_its_token() {
        String token = ended();
        String hash = TokenHash.of(token);
        old.run(
                "INSERT INTO multisession_sign_ins (token_hash, user_id, arrived_at, proved_at) VALUES (?, 42, ?, ?)",
                hash,
                "2026-01-01 00:00:00.000000",
                "2026-01-01 00:00:00.000000");
        assertThat(old.all("SELECT 1 FROM multisession_devices WHERE token_hash = ?", hash))
                .hasSize(1);
        look(KEEP_DAYS + 1);
        assertThat(isRemembered(token)).isFalse();
        assertThat(old.all("SELECT 1 FROM multisession_devices WHERE token_hash = ?", hash))
                .isEmpty();
        assertThat(old.all("SELECT 1 FROM multisession_sign_ins WHERE token_hash = ?", hash))
                .isEmpty();
    }

    @Test
    void nothing_is_left_of_any_session_that_has_ended_but_what_stands_in_users() {
        for (int i = 0; i < 5; i++) {
            app.signOut(app.signIn(ANNA));
        }
        String standing = old.legacyTokenOf(42);
        look(KEEP_DAYS + 1);
        assertThat(old.all("SELECT auth_token FROM multisession_tokens WHERE ended_at IS NOT NULL"))
                .containsExactly(standing);
        assertThat(old.one("SELECT count(*) FROM multisession_absent_tokens")).isEqualTo("0");
    }

    // ---- not while it stands anywhere

    @Test
    void a_token_that_stands_in_users_is_never_forgotten_and_opens_nothing() {
        String token = endedAndMirrored();
        assertThat(look(3 * KEEP_DAYS)).isZero();
        assertThat(app.opens(token)).isNull();
        old.signInSingle(42, "another");
        assertThat(look(KEEP_DAYS)).isZero();
        assertThat(isRemembered(token)).isTrue();
        assertThat(look(1)).isEqualTo(1);
        assertThat(app.opens(token)).isNull();
        assertThat(app.opens("another")).isEqualTo(42);
    }

    @Test
    void a_token_that_is_known_by_its_hash_is_found_in_users_where_it_stands_in_plain() {
        String token = app.signIn(ANNA);
        redeploy(Stage.SETTLE);
        app.signOut(token);
        assertThat(old.all("SELECT 1 FROM multisession_tokens WHERE auth_token = ?", token))
                .isEmpty();
        assertThat(look(3 * KEEP_DAYS)).isZero();
        assertThat(isRemembered(token)).isTrue();
        assertThat(app.opens(token)).isNull();
        old.run("UPDATE users SET auth_token = NULL WHERE id = 42");
        look(KEEP_DAYS + 1);
        assertThat(isRemembered(token)).isFalse();
    }

    @Test
    void the_time_goes_on_when_a_token_is_hashed() {
        String token = ended();
        forgetting().run();
        look(KEEP_DAYS / 2);
        redeploy(Stage.SETTLE);
        assertThat(look(KEEP_DAYS - KEEP_DAYS / 2)).isEqualTo(1);
        assertThat(isRemembered(token)).isFalse();
    }

    @Test
    void a_token_that_comes_back_meanwhile_begins_anew() {
        String token = ended();
        look(KEEP_DAYS);
        assertThat(isMarked(token)).isTrue();
        String mirror = old.legacyTokenOf(42);
        old.signInSingle(42, token);
        look(1);
        assertThat(isMarked(token)).isFalse();
        old.signInSingle(42, mirror);
        assertThat(look(KEEP_DAYS)).isZero();
        assertThat(look(1)).isEqualTo(1);
    }

    @Test
    void a_token_that_is_due_and_stands_in_users_by_now_is_kept() {
        endedTokens(150);
        look(KEEP_DAYS);
        clock.advance(DAY);
        // The last of all, behind the walk through users.
        Forgetting forgetting = forgetting("one", () -> {
            old.signInSingle(42, "token-99");
            return true;
        });
        assertThat(forgetting.run()).isEqualTo(149);
        assertThat(isRemembered("token-99")).isTrue();
        assertThat(app.opens("token-99")).isNull();
    }

    @Test
    void a_token_of_a_dead_row_of_user_sessions_is_kept_for_as_long_as_that_is_there() {
        String token = ended();
        old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (42, ?)", token);
        assertThat(look(2 * KEEP_DAYS)).isZero();
        assertThat(app.opens(token)).isNull();
        rebuildUsers();
        redeploy(Stage.COEXIST);
        assertThat(app.opens(token)).isNull();
        old.run("DELETE FROM user_sessions WHERE auth_token = ?", token);
        look(KEEP_DAYS + 1);
        assertThat(isRemembered(token)).isFalse();
    }

    @Test
    void a_hash_is_kept_for_as_long_as_the_old_app_has_its_token_in_plain_beside_it() {
        redeploy(Stage.SETTLE);
        String token = app.signIn(ANNA);
        app.signOut(token);
        redeploy(Stage.COEXIST);
        old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (42, ?)", token);
        look(2 * KEEP_DAYS);
        assertThat(old.all("SELECT 1 FROM multisession_tokens WHERE auth_token = ?", TokenHash.of(token)))
                .hasSize(1);
        assertThat(app.opens(token)).isNull();
    }

    @Test
    void a_token_is_seen_whichever_row_it_is_moved_to_during_the_look() {
        String token = app.signIn(ANNA);
        redeploy(Stage.SETTLE);
        app.signOut(token);
        // Pages before and behind the token, whatever it begins with.
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < 2500; i++) {
            rows.add("(" + (1000 + i) + ", '+7900%07d', '-first-%d')".formatted(i, i));
            rows.add("(" + (11000 + i) + ", '+7901%07d', '~last-%d')".formatted(i, i));
        }
        old.run("INSERT INTO users (id, phone, auth_token) VALUES " + String.join(", ", rows));
        moveTo(13_499, token);
        int[] rests = {0};
        Forgetting forgetting = forgetting("one", () -> {
            // From a row that pages by id would not have read yet to one that they have.
            rests[0]++;
            moveTo(1000, token);
            return true;
        });
        forgetting.run();
        assertThat(rests[0]).isGreaterThan(1);
        assertThat(isMarked(token)).isFalse();
    }

    // ---- when a look does not count

    /** As a tool leaves it that was killed half-way, or a team that wanted to have one. */
    @ParameterizedTest
    @ValueSource(strings = {"users", "user_sessions"})
    void while_a_copy_of_a_table_lies_beside_it_nothing_is_forgotten_and_the_log_says_why(String table) {
        String token = app.signIn(ANNA);
        look(1);
        old.run("CREATE TABLE old_copy AS SELECT * FROM " + table);
        app.signOut(token);
        app.signIn(ANNA);
        try (LogLines log = new LogLines()) {
            Forgetting forgetting = forgetting();
            for (int day = 0; day < 3 * KEEP_DAYS; day++) {
                clock.advance(DAY.plusMinutes(1));
                app.heartbeat.beat();
                assertThat(forgetting.run()).isZero();
                assertThat(forgetting.run()).isZero();
            }
            assertThat(log.all())
                    .filteredOn(line -> line.contains("The table old_copy is like users or user_sessions"))
                    .hasSize(3 * KEEP_DAYS);
        }
        assertThat(isRemembered(token)).isTrue();
        old.run("DROP TABLE old_copy");
        assertThat(look(KEEP_DAYS)).isZero();
        assertThat(look(1)).isEqualTo(1);
        assertThat(isRemembered(token)).isFalse();
    }

    @Test
    void another_table_of_the_team_with_tokens_of_its_own_is_in_nobodys_way() {
        String token = ended();
        old.run("CREATE TABLE devices_of_partners (auth_token VARCHAR(64), partner INTEGER)");
        look(KEEP_DAYS + 1);
        assertThat(isRemembered(token)).isFalse();
    }

    /** Such as where the old app writes a word in place of the token that it has deleted. */
    @Test
    void any_number_of_equal_tokens_are_passed_on_once() {
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            rows.add("(" + (1000 + i) + ", '+7900%07d', 'none')".formatted(i));
        }
        old.run("INSERT INTO users (id, phone, auth_token) VALUES " + String.join(", ", rows));
        List<String> passed = new ArrayList<>();
        EndedTokenDao dao = new EndedTokenDao(new StateDao());
        String last = app.database.find(handle ->
                dao.standing(handle, EndedTokenDao.Column.OF_USERS, "nona", 10, token -> passed.add(token.text())));
        assertThat(last).isEqualTo("none");
        assertThat(passed).hasSize(11).containsOnly("none");
    }

    @Test
    void after_a_rebuild_of_users_the_time_begins_anew() {
        String token = ended();
        look(KEEP_DAYS);
        rebuildUsers();
        redeploy(Stage.COEXIST);
        assertThat(look(KEEP_DAYS)).isZero();
        assertThat(isRemembered(token)).isTrue();
        assertThat(look(1)).isEqualTo(1);
    }

    @Test
    void a_rebuild_of_users_during_the_look_stops_it() {
        String token = ended();
        look(KEEP_DAYS);
        clock.advance(DAY);
        List<String> more = new ArrayList<>();
        for (int i = 0; i < 2001; i++) {
            more.add("(" + (1000 + i) + ", '+7900%07d', 'more-%d')".formatted(i, i));
        }
        old.run("INSERT INTO users (id, phone, auth_token) VALUES " + String.join(", ", more));
        boolean[] isRebuilt = {false};
        Forgetting forgetting = forgetting("one", () -> {
            if (!isRebuilt[0]) {
                rebuildUsers();
                isRebuilt[0] = true;
            }
            return true;
        });
        try {
            assertThat(forgetting.run()).isZero();
        } catch (DatabaseBusyException e) {
            // Where only a deploy makes triggers anew.
        }
        assertThat(isRebuilt[0]).isTrue();
        assertThat(isRemembered(token)).isTrue();
        redeploy(Stage.COEXIST);
        assertThat(look(KEEP_DAYS)).isZero();
    }

    @Test
    void nothing_is_noted_while_a_table_is_missing_or_our_triggers_are() {
        String token = ended();
        old.run("ALTER TABLE users RENAME TO users_old");
        clock.advance(DAY);
        assertThatThrownBy(() -> forgetting().run()).isInstanceOf(DatabaseBusyException.class);
        assertThat(isMarked(token)).isFalse();
        old.run("ALTER TABLE users_old RENAME TO users");
    }

    @Test
    void nothing_is_noted_while_the_clock_is_in_doubt() {
        String token = ended();
        look(1);
        clock.jump(Duration.ofDays(2 * KEEP_DAYS));
        assertThat(forgetting().run()).isZero();
        assertThat(isRemembered(token)).isTrue();
        clock.jump(Duration.ofDays(-2 * KEEP_DAYS));
        assertThat(look(KEEP_DAYS)).isEqualTo(1);
    }

    @Test
    void a_time_that_a_clock_ahead_has_noted_counts_for_nothing_and_holds_nothing_up() {
        String token = ended();
        look(1);
        old.run("UPDATE multisession_absent_tokens SET since = ?", "2999-01-01 00:00:00.000000");
        old.run(
                "UPDATE multisession_state SET value = ? WHERE name = 'tokens-looked-for'",
                "2999-01-01 00:00:00.000000");
        look(KEEP_DAYS);
        assertThat(isRemembered(token)).isTrue();
        assertThat(look(1)).isEqualTo(1);
    }

    @Test
    void looks_that_are_far_apart_have_not_seen_enough() {
        String token = ended();
        look(1);
        clock.advance(Duration.ofDays(KEEP_DAYS));
        assertThat(forgetting().run()).isZero();
        assertThat(isRemembered(token)).isTrue();
        assertThat(look(KEEP_DAYS)).isEqualTo(1);
    }

    @Test
    void nothing_is_noted_during_a_migration_nor_while_there_are_no_users() {
        String token = ended();
        old.run(
                "INSERT INTO multisession_state (name, value, changed_at) VALUES ('migration', 'x', '2026-01-01 00:00:00')");
        look(1);
        old.run("DELETE FROM multisession_state WHERE name = 'migration'");
        assertThat(isMarked(token)).isFalse();
        old.run("DELETE FROM user_sessions");
        old.run("DELETE FROM users");
        look(1);
        assertThat(isMarked(token)).isFalse();
    }

    // ---- how

    @Test
    void one_look_a_day_is_enough_and_one_node_does_it() {
        ended();
        clock.advance(DAY);
        forgetting("one", () -> true).run();
        String later = ended();
        clock.advance(DAY.minusMinutes(5));
        forgetting("one", () -> true).run();
        assertThat(isMarked(later)).isFalse();
        clock.advance(Duration.ofMinutes(5));
        new SweeperLease(app.database, new StateDao(), "one", clock).take();
        forgetting("another", () -> true).run();
        assertThat(isMarked(later)).isFalse();
        forgetting("one", () -> true).run();
        assertThat(isMarked(later)).isTrue();
    }

    @Test
    void many_tokens_go_in_small_transactions_and_a_look_that_is_stopped_goes_on_another_time() {
        endedTokens(4500);
        look(KEEP_DAYS);
        assertThat(old.one("SELECT count(*) FROM multisession_absent_tokens")).isEqualTo("4500");
        clock.advance(DAY);
        List<Integer> left = new ArrayList<>(List.of(4500));
        Throttle aWhile = () -> {
            // Others write in between.
            old.signInSingle(43, "at-" + left.size());
            left.add(Integer.parseInt(old.one("SELECT count(*) FROM multisession_tokens WHERE ended_at IS NOT NULL")));
            return left.get(left.size() - 1) > 3000;
        };
        forgetting("one", aWhile).run();
        for (int i = 1; i < left.size(); i++) {
            assertThat(left.get(i - 1) - left.get(i)).isBetween(0, 100);
        }
        assertThat(left.get(left.size() - 1)).isEqualTo(3000);
        assertThat(forgetting().run()).as("what was stopped is due at once").isEqualTo(3000);
        assertThat(old.one("SELECT count(*) FROM multisession_absent_tokens")).isEqualTo("0");
    }
}
