package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.token.SessionToken;

/**
 * Where {@code users.auth_token} has a unique index, a change of it takes a stronger lock, for which whoever adds a session of
 * that user is in the way. The old app does both in one transaction; none of its statements may be ended for a deadlock.
 */
class PostgresTokenKeyTest {

    private static final String ANNA = "+79991234567";
    private static final long ANNAS_ID = 42;
    private static final String ADD =
            "INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES (?, ?, now(), now())";
    private static final String SET = "UPDATE users SET auth_token = ? WHERE id = ?";

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private PostgresApp old;

    @BeforeEach
    void make() {
        old = PostgresApp.make("multi");
        old.run("CREATE UNIQUE INDEX ix_users_auth_token ON users (auth_token)");
        // Ours looks for a deadlock at once and then never again, so that it is the old app's statement that is ended.
        old.run("ALTER DATABASE " + old.one("SELECT current_database()") + " SET deadlock_timeout = '1ms'");
    }

    @AfterEach
    void close() {
        threads.shutdownNow();
        old.close();
    }

    @Test
    void a_sign_in_of_the_old_app_that_meets_ours_half_way_goes_through_and_both_tokens_open_the_account()
            throws Exception {
        try (NewApp app = NewApp.deploy(old.claim(), InstantSource.system());
                PostgresApp watcher = old.another()) {
            old.run("BEGIN");
            old.run(ADD, ANNAS_ID, "of-the-old-app");
            Future<String> ours = threads.submit(() -> app.signIn(ANNA));
            awaitWaiting(watcher);
            old.run(SET, "of-the-old-app", ANNAS_ID);
            old.run("COMMIT");
            assertThat(app.opens(ours.get(60, TimeUnit.SECONDS))).isEqualTo(ANNAS_ID);
            assertThat(app.opens("of-the-old-app")).isEqualTo(ANNAS_ID);
        }
    }

    private static void awaitWaiting(PostgresApp watcher) throws InterruptedException {
        String waiting = "SELECT count(*) FROM pg_stat_activity"
                + " WHERE datname = current_database() AND wait_event_type = 'Lock'";
        for (long end = System.nanoTime() + Duration.ofMinutes(1).toNanos();
                watcher.one(waiting).equals("0") && System.nanoTime() - end < 0; ) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    @Test
    void many_sign_ins_of_the_same_users_in_both_apps_at_once_all_go_through() throws Exception {
        try (NewApp app = NewApp.deploy(old.claim(), InstantSource.system());
                NewApp node = NewApp.deploy(old.claim(), InstantSource.system())) {
            List<Callable<List<String>>> all = List.of(
                    () -> inOldApp(false),
                    () -> inOldApp(true),
                    () -> inOldApp(false),
                    () -> inOurs(app),
                    () -> inOurs(node),
                    () -> inOurs(app));
            List<String> told = new ArrayList<>();
            for (Future<List<String>> each : threads.invokeAll(all)) {
                told.addAll(each.get());
            }
            assertThat(told).hasSize(6 * ROUNDS);
            assertThat(told).allMatch(token -> Long.valueOf(ANNAS_ID).equals(app.opens(token)));
        }
    }

    private static final int ROUNDS = 7;

    private List<String> inOldApp(boolean isMirrorFirst) {
        List<String> told = new ArrayList<>();
        try (PostgresApp process = old.another()) {
            for (int i = 0; i < ROUNDS; i++) {
                String token = SessionToken.random(new SecureRandom()).value();
                process.run("BEGIN");
                if (isMirrorFirst) {
                    process.run(SET, token, ANNAS_ID);
                    process.run(ADD, ANNAS_ID, token);
                } else {
                    // Two of the old app, in this order, would be in each other's way without us.
                    process.run("SELECT pg_advisory_xact_lock(1)");
                    process.run(ADD, ANNAS_ID, token);
                    process.run(SET, token, ANNAS_ID);
                }
                process.run("COMMIT");
                told.add(token);
            }
        }
        return told;
    }

    private static List<String> inOurs(NewApp app) {
        List<String> told = new ArrayList<>();
        for (int i = 0; i < ROUNDS; i++) {
            told.add(app.signIn(ANNA));
        }
        return told;
    }
}
