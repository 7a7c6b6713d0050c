package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.otp.OneTimeCodes.CodeRequestResult;
import org.multisession.session.SessionRules;
import org.multisession.testing.CodeApp;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TestClock;
import org.multisession.testing.TwoNodes;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;

/** What SQLite's single writer gives, and what several nodes on one PostgreSQL have to ask for. */
class PostgresNodesTest {

    private static final int ROUNDS = 15;

    private final TestClock clock = new TestClock();
    private PostgresApp old;

    @BeforeEach
    void make() {
        old = PostgresApp.make("single");
    }

    @AfterEach
    void close() {
        old.close();
    }

    @Test
    void who_signs_in_on_one_node_is_signed_in_on_all_and_who_signs_out_on_one_is_signed_out_of_all() {
        try (NewApp one = NewApp.deploy(old.claim(), clock);
                NewApp other = NewApp.deploy(old.claim(), clock)) {
            String token = one.signIn("+7 999 123-45-67");
            assertThat(other.opens(token)).isEqualTo(42);
            other.signOut(token);
            assertThat(one.opens(token)).isNull();
            assertThat(one.opens("old_token_xyz123")).as("the other device").isEqualTo(42);
        }
    }

    @Test
    void of_two_first_sign_ins_of_a_number_at_once_one_registers_the_user() {
        try (NewApp one = NewApp.deployOpen(old.claim(), clock);
                NewApp other = NewApp.deployOpen(old.claim(), clock)) {
            old.run("DROP INDEX ix_users_phone");
            for (int i = 0; i < ROUNDS; i++) {
                String phone = "+7999500" + (1000 + i);
                List<String> tokens = TwoNodes.atOnce(List.of(() -> one.signIn(phone), () -> other.signIn(phone)));
                assertThat(tokens).extracting(one::opens).doesNotContainNull();
                assertThat(old.one("SELECT count(*) FROM users WHERE phone = ?", phone))
                        .isEqualTo("1");
            }
        }
    }

    @Test
    void sign_ins_of_one_user_at_once_keep_to_the_number_of_sessions_and_adopt_the_old_token_once() {
        SessionRules rules = new SessionRules(Duration.ofDays(30), Duration.ofDays(365), 3, Duration.ofMinutes(1));
        try (NewApp one = NewApp.deploy(old.claim(), rules, clock);
                NewApp other = NewApp.deploy(old.claim(), rules, clock)) {
            for (int i = 0; i < ROUNDS; i++) {
                clock.advance(Duration.ofMinutes(1));
                TwoNodes.atOnce(List.of(() -> one.signIn("+7 999 123-45-67"), () -> other.signIn("+7 999 123-45-67")));
                assertThat(Integer.parseInt(old.one("SELECT count(*) FROM user_sessions WHERE user_id = 42")))
                        .isLessThanOrEqualTo(3);
            }
            assertThat(old.one("SELECT count(*) FROM multisession_tokens WHERE auth_token = 'old_token_xyz123'"))
                    .isEqualTo("1");
        }
    }

    @Test
    void the_old_app_that_ends_the_same_session_is_never_the_victim_of_a_deadlock() throws Exception {
        old.run("ALTER DATABASE " + old.one("SELECT current_database()") + " SET deadlock_timeout = '20ms'");
        try (NewApp app = NewApp.deploy(old.claim(), clock);
                PostgresApp oldApp = old.another()) {
            String token = app.signIn("+7 999 123-45-67");
            oldApp.run("BEGIN");
            oldApp.one("SELECT id FROM user_sessions WHERE auth_token = ? FOR UPDATE", token);
            CompletableFuture<Void> ours = CompletableFuture.runAsync(() -> app.signOut(token));
            awaitWaiting(ours);
            oldApp.signOut(token);
            oldApp.run("COMMIT");
            ours.get(30, TimeUnit.SECONDS);
            assertThat(app.opens(token)).isNull();
        }
    }

    /** What is done about many sessions at once must not hold one while it waits for another. */
    @ParameterizedTest
    @ValueSource(strings = {"uses", "sweep", "run out", "end others", "revoke"})
    void the_old_app_that_ends_all_sessions_of_a_user_is_never_the_victim_of_a_deadlock(String work) throws Exception {
        old.run("ALTER DATABASE " + old.one("SELECT current_database()") + " SET deadlock_timeout = '20ms'");
        try (NewApp app = NewApp.deploy(old.claim(), clock);
                PostgresApp oldApp = old.another()) {
            List<String> tokens = Stream.generate(() -> app.signIn("+7 999 123-45-67"))
                    .limit(20)
                    .sorted()
                    .toList();
            boolean isOfLiveOnes = !Set.of("sweep", "run out").contains(work);
            clock.advance(isOfLiveOnes ? Duration.ofMinutes(2) : Duration.ofDays(40));
            if (!work.equals("sweep")) {
                assertThat(tokens).extracting(app::opens).containsOnly(isOfLiveOnes ? 42L : null);
            }
            SignedIn by = app.who(tokens.get(0));
            oldApp.run("BEGIN");
            oldApp.signOut(tokens.get(10));
            CompletableFuture<Void> ours = CompletableFuture.runAsync(
                    switch (work) {
                        case "uses" -> app.lastSeen::flush;
                        case "sweep" -> app.sweeper::run;
                        case "run out" -> app.runOut::flush;
                        case "end others" -> () -> app.devices.endOthers(Objects.requireNonNull(by), NewApp.CLIENT);
                        default ->
                            () -> new Revocation(app.database, app.sessions, app.users, () -> true, clock)
                                    .revoke(new Revocation.Target.OneUser(42));
                    });
            awaitWaiting(ours);
            oldApp.run("DELETE FROM user_sessions WHERE user_id = 42");
            oldApp.run("COMMIT");
            ours.get(30, TimeUnit.SECONDS);
            assertThat(tokens).extracting(app::opens).containsOnlyNulls();
        }
    }

    /** As for "sign out everywhere, with another token". */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void the_old_app_that_writes_a_session_and_then_its_user_is_never_the_victim_of_a_sign_in(boolean endsIt)
            throws Exception {
        old.run("ALTER DATABASE " + old.one("SELECT current_database()") + " SET deadlock_timeout = '20ms'");
        try (NewApp app = NewApp.deploy(old.claim(), clock);
                PostgresApp oldApp = old.another()) {
            String token = app.signIn("+7 999 123-45-67");
            oldApp.run("BEGIN");
            if (endsIt) {
                oldApp.signOut(token);
            } else {
                oldApp.seen(token, clock.instant());
            }
            CompletableFuture<String> ours = CompletableFuture.supplyAsync(
                    () -> app.signIn("+7 999 123-45-67", NewApp.CLIENT, Presented.of(new SessionToken(token))));
            awaitWaiting(ours);
            oldApp.signInSingle(42, "another");
            oldApp.run("COMMIT");
            assertThat(app.opens(ours.get(30, TimeUnit.SECONDS))).isEqualTo(42);
            assertThat(app.opens(token)).isNull();
            app.runOut.flush();
            assertThat(old.all("SELECT 1 FROM user_sessions WHERE auth_token = ?", token))
                    .isEmpty();
        }
    }

    /** Its row is held; what we know of it need not be. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_session_that_a_sign_in_replaces_while_its_row_is_held_is_over_on_every_node_at_once(boolean isReferredTo)
            throws Exception {
        NewApp killed = NewApp.deploy(old.claim(), clock);
        try (NewApp other = NewApp.deploy(old.claim(), clock);
                PostgresApp oldApp = old.another()) {
            String token = killed.signIn("+7 999 123-45-67");
            if (isReferredTo) {
                old.run("CREATE TABLE carts (session_id BIGINT REFERENCES user_sessions (id))");
                old.run("INSERT INTO carts SELECT id FROM user_sessions WHERE auth_token = ?", token);
            }
            oldApp.run("BEGIN");
            oldApp.seen(token, clock.instant());
            String next = killed.signIn("+7 999 123-45-67", NewApp.CLIENT, Presented.of(new SessionToken(token)));
            assertThat(other.opens(token)).isNull();
            assertThat(other.opens(next)).isEqualTo(42);
            oldApp.run("COMMIT");
            assertThat(other.opens(token)).isNull();
            assertThat(old.one("SELECT count(*) FROM auth_events WHERE outcome = 'replaced'"))
                    .isEqualTo("1");
            killed.runOut.flush();
            assertThat(old.all("SELECT 1 FROM user_sessions WHERE auth_token = ?", token))
                    .isEmpty();
            assertThat(old.one("SELECT count(*) FROM auth_events WHERE outcome = 'replaced'"))
                    .isEqualTo("1");
        } finally {
            killed.kill();
        }
    }

    /** Where a table of the team refers to sessions, its new rows lock the session that they name. */
    @Test
    void the_old_app_that_names_a_session_and_then_writes_it_is_never_the_victim_of_a_deadlock() throws Exception {
        old.run("ALTER DATABASE " + old.one("SELECT current_database()") + " SET deadlock_timeout = '20ms'");
        try (NewApp app = NewApp.deploy(old.claim(), clock);
                PostgresApp oldApp = old.another()) {
            old.run("CREATE TABLE carts (session_id BIGINT REFERENCES user_sessions (id) ON DELETE CASCADE)");
            String token = app.signIn("+7 999 123-45-67");
            oldApp.run("BEGIN");
            oldApp.run("INSERT INTO carts SELECT id FROM user_sessions WHERE auth_token = ?", token);
            CompletableFuture<Void> ours = CompletableFuture.runAsync(() -> app.signOut(token));
            awaitWaiting(ours);
            oldApp.seen(token, clock.instant());
            oldApp.run("COMMIT");
            ours.get(30, TimeUnit.SECONDS);
            assertThat(app.opens(token)).isNull();
        }
    }

    /**
     * Until this waits for a lock, and has looked for a deadlock: it does so once, and whoever closes the circle later is
     * the victim.
     */
    private void awaitWaiting(CompletableFuture<?> ours) {
        while (!ours.isDone()
                && !old.one("SELECT count(*) FROM pg_locks WHERE NOT granted AND clock_timestamp() - waitstart"
                                + " > INTERVAL '100 ms'")
                        .equals("1")) {
            Thread.onSpinWait();
        }
    }

    /** What a sign-in overwrites must be what it has read. */
    @Test
    void a_token_that_the_old_app_is_just_writing_lives_on_beside_a_sign_in() throws Exception {
        try (NewApp app = NewApp.deploy(old.claim(), clock);
                PostgresApp oldApp = old.another()) {
            oldApp.run("BEGIN");
            oldApp.signInSingle(42, "written-meanwhile");
            CompletableFuture<String> ours = CompletableFuture.supplyAsync(() -> app.signIn("+7 999 123-45-67"));
            awaitWaiting(ours);
            oldApp.run("COMMIT");
            assertThat(app.opens(ours.get(30, TimeUnit.SECONDS))).isEqualTo(42);
            assertThat(app.opens("written-meanwhile")).isEqualTo(42);
        }
    }

    @Test
    void a_legacy_token_that_another_node_is_just_ending_ends_here_as_well_and_a_sign_in_leaves_it_ended()
            throws Exception {
        for (boolean isSignIn : new boolean[] {false, true}) {
            String token = "old-token-" + isSignIn;
            old.signInSingle(42, token);
            try (NewApp app = NewApp.deploy(old.claim(), clock);
                    PostgresApp other = old.another()) {
                SignedIn by = Objects.requireNonNull(app.who(token));
                other.run("BEGIN");
                other.run(
                        "INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)"
                                + " VALUES (?, 42, now(), now(), 'revoked')",
                        token);
                CompletableFuture<Long> ours = CompletableFuture.supplyAsync(
                        () -> isSignIn ? app.opens(app.signIn("+7 999 123-45-67")) : endLegacy(app, by));
                awaitWaiting(ours);
                other.run("COMMIT");
                assertThat(ours.get(30, TimeUnit.SECONDS)).isEqualTo(isSignIn ? 42L : null);
                assertThat(app.opens(token)).isNull();
            }
        }
    }

    @Test
    void a_legacy_token_that_a_sign_in_on_another_node_is_just_adopting_ends_where_it_was_ended() throws Exception {
        try (NewApp app = NewApp.deploy(old.claim(), clock);
                PostgresApp other = old.another()) {
            SignedIn by = Objects.requireNonNull(app.who("old_token_xyz123"));
            other.run("BEGIN");
            other.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (42, 'old_token_xyz123')");
            CompletableFuture<Long> ours = CompletableFuture.supplyAsync(() -> endLegacy(app, by));
            awaitWaiting(ours);
            other.run("COMMIT");
            assertThat(ours.get(30, TimeUnit.SECONDS)).isNull();
            assertThat(old.one("SELECT count(*) FROM user_sessions WHERE auth_token = 'old_token_xyz123'"))
                    .isEqualTo("0");
        }
    }

    /** Whom it opens afterwards. */
    private static @Nullable Long endLegacy(NewApp app, SignedIn by) {
        String id = app.devices.of(by).get(0).id().text();
        assertThat(app.devices.end(by, id, NewApp.CLIENT)).isEqualTo(Devices.Ended.THIS);
        return app.opens(by.token().value());
    }

    @Test
    void limits_hold_for_all_nodes_together() {
        try (CodeApp one = CodeApp.deploy(old.claim(), CodeApp.RULES, clock);
                CodeApp other = CodeApp.deploy(old.claim(), CodeApp.RULES, clock)) {
            for (int i = 0; i < 5; i++) {
                clock.advance(Duration.ofHours(2));
                List<Callable<CodeRequestResult>> asks = new ArrayList<>();
                for (int thread = 0; thread < 4; thread++) {
                    CodeApp node = thread % 2 == 0 ? one : other;
                    asks.add(() -> node.ask("+7 999 123-45-68"));
                }
                assertThat(TwoNodes.atOnce(asks))
                        .as("one a minute")
                        .filteredOn(CodeRequestResult.Challenged.class::isInstance)
                        .hasSize(1);
            }
        }
    }
}
