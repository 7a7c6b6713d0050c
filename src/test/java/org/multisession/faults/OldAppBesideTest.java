package org.multisession.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.session.Stage;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.LogLines;
import org.multisession.testing.NewApp;
import org.multisession.testing.SqliteApp;

/**
 * The old app writes from another process all the time, while ours is deployed, serves and is undeployed, again and
 * again: neither finds the database locked within the five seconds that both wait, and at every moment ours accepts what
 * the old one has signed in and refuses what it has signed out.
 *
 * <p>It writes half of the time: after each write it reads as long as that has taken. A writer without any pause holds the
 * lock nearly always, and SQLite's waiting, which looks again after ever longer times, then misses the moments in which
 * it does not. No app that answers requests writes like that.
 *
 * <p>{@code -Dfaults.old-app-statements=N} says by how many statements the old app writes in each journal mode.
 */
@Tag("faults")
class OldAppBesideTest {

    private static final int STATEMENTS = Integer.getInteger("faults.old-app-statements", 1000);
    private static final String SEED = String.valueOf(Long.getLong("faults.seed", 1));

    /** So often each of our threads serves in one deployment. */
    private static final int ROUNDS = 10;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"delete", "wal"})
    void neither_app_finds_the_database_locked_and_each_token_is_what_the_old_app_made_of_it(String mode)
            throws Exception {
        Path home = Files.createDirectory(folder.resolve(mode));
        Path database;
        try (SqliteApp old = SqliteApp.make(home, "multi")) {
            database = old.path();
            old.run("PRAGMA journal_mode=" + mode);
        }
        int deployments = 0;
        int asked = 0;
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (LogLines log = new LogLines();
                ChildJvm child = ChildJvm.start(home, OldAppProcess.class, database.toString(), SEED);
                OldApp oldApp = new OldApp(child)) {
            oldApp.awaitLines(20);
            while (oldApp.sent() < STATEMENTS || deployments < 3) {
                try (NewApp app = NewApp.deploy(database, AppAtWork.RULES, Stage.COEXIST, InstantSource.system())) {
                    if (deployments == 0) {
                        // What ended before there was anybody to remember it may be a legacy token of its user.
                        oldApp.forgetWhatEnded();
                    }
                    List<Callable<Integer>> service = List.of(
                            () -> serve(app, oldApp, "+79991234567", 42), () -> serve(app, oldApp, "+79991234570", 45));
                    for (Future<Integer> each : threads.invokeAll(service)) {
                        asked += each.get();
                    }
                }
                deployments++;
            }
            oldApp.stop();
            assertThat(log.all()).noneMatch(line -> line.contains("locked"));
            System.out.printf(
                    "Old app beside ours, journal %s: it wrote by %d statements through %d deployments of ours, which looked"
                            + " up %d tokens of its; neither found the database locked%n",
                    mode, oldApp.sent(), deployments, asked);
        } finally {
            threads.shutdownNow();
        }
        try (SqliteApp old = SqliteApp.open(database)) {
            assertThat(old.one("PRAGMA integrity_check")).isEqualTo("ok");
        }
    }

    private static int serve(NewApp app, OldApp oldApp, String phone, long user) {
        int asked = 0;
        String kept = app.signIn(phone);
        for (int round = 0; round < ROUNDS; round++) {
            String token = app.signIn(phone);
            assertThat(app.opens(token)).isEqualTo(user);
            app.signOut(token);
            assertThat(app.opens(token)).isNull();
            asked += oldApp.check(app);
            app.lastSeen.flush();
        }
        assertThat(app.opens(kept)).isEqualTo(user);
        app.signOut(kept);
        return asked;
    }

    /** What is heard of the old app, on a thread of its own. */
    private static final class OldApp implements AutoCloseable {

        private final ChildJvm child;
        private final Facts facts = new Facts();
        private final List<String> marks = new ArrayList<>();
        private final Thread listener;
        private int lines;
        private int sent;
        private int mark;
        private String failure = "";

        OldApp(ChildJvm child) {
            this.child = child;
            this.listener = new Thread(this::listen);
            listener.start();
        }

        private void listen() {
            String line = "";
            try {
                while (!line.equals("stopped")) {
                    line = child.hear();
                    hear(line);
                }
            } catch (AssertionError e) {
                fail(e);
            }
        }

        private synchronized void fail(AssertionError e) {
            failure = String.valueOf(e.getMessage());
            notifyAll();
        }

        private synchronized void hear(String line) {
            if (line.startsWith("mark ") || line.equals("stopped")) {
                marks.add(line);
            } else if (line.startsWith("sent ")) {
                sent = Integer.parseInt(line.substring(5));
            } else {
                facts.hear(line);
            }
            lines++;
            notifyAll();
        }

        synchronized int sent() {
            assertThat(failure).isEmpty();
            return sent;
        }

        synchronized void awaitLines(int count) throws InterruptedException {
            int until = lines + count;
            while (lines < until) {
                assertThat(failure).isEmpty();
                wait();
            }
        }

        /** Returns when all has been heard that the old app has said by now. */
        private synchronized void catchUp(String line) {
            child.say(line);
            while (!marks.contains(line.equals("stop") ? "stopped" : line)) {
                assertThat(failure).isEmpty();
                try {
                    wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new AssertionError(e);
                }
            }
        }

        private synchronized void catchUp() {
            mark++;
            catchUp("mark " + mark);
        }

        synchronized void forgetWhatEnded() {
            catchUp();
            facts.forgetWhatEnded();
        }

        private synchronized List<String> tokens() {
            return facts.tokens();
        }

        private synchronized Facts.@Nullable Token known(String token) {
            return facts.known(token);
        }

        /** Asks our app for every token. It may know of an end before that is heard of here; then that is awaited. */
        int check(NewApp app) {
            List<String> tokens = tokens();
            for (String token : tokens) {
                Facts.Token before = known(token);
                Long opens = app.opens(token);
                if (before != null && !before.allows(opens)) {
                    catchUp();
                    Facts.Token now = known(token);
                    assertThat(opens == null && (now == null || now.allows(null)))
                            .as("%s, known as %s and then as %s, opens the account of %s", token, before, now, opens)
                            .isTrue();
                }
            }
            return tokens.size();
        }

        void stop() throws InterruptedException {
            catchUp("stop");
            listener.join();
        }

        @Override
        public void close() {
            child.close();
            listener.interrupt();
        }
    }
}
