package org.multisession.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.session.Stage;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.LogLines;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;

/**
 * The old app writes from another process all the time, while ours is deployed, serves and is undeployed, again and
 * again: no statement of either fails within the five seconds that both wait for a lock, and at every moment ours accepts
 * what the old one has signed in and refuses what it has signed out; on every database.
 *
 * <p>On a SQLite file it writes half of the time: after each write it reads as long as that has taken. A writer without any
 * pause holds the lock nearly always, and SQLite's waiting, which looks again after ever longer times, then misses the
 * moments in which it does not. No app that answers requests writes like that.
 *
 * <p>{@code -Dfaults.old-app-statements=N} says by how many statements the old app writes in each test.
 */
@Tag("faults")
abstract class OldAppBesideContract {

    private static final int STATEMENTS = Integer.getInteger("faults.old-app-statements", 1000);
    private static final String SEED = String.valueOf(Long.getLong("faults.seed", 1));

    /** So often each of our threads serves in one deployment. */
    private static final int ROUNDS = 10;

    private static final int DEPLOYMENTS = 3;

    /** So many of the tokens that have ended are asked for at a time; there are ever more of them. */
    private static final int MOST_ENDED = 100;

    @TempDir
    Path folder;

    /**
     * Takes ours away after a deployment of a certain number.
     *
     * @return whether all of it is gone, with what it remembered
     */
    boolean undeployed(OldApp database, int deployments) {
        return false;
    }

    /** The old app beside ours on a database of its multi form; what is printed says how. */
    final void assertNeitherMindsTheOther(OldApp database, String how) throws Exception {
        int deployments = 0;
        int asked = 0;
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (LogLines log = new LogLines();
                ChildJvm child = ChildJvm.start(folder, OldAppProcess.class, database.name(), SEED);
                Beside oldApp = new Beside(child)) {
            oldApp.awaitLines(20);
            boolean isNew = true;
            while (oldApp.sent() < STATEMENTS || deployments < DEPLOYMENTS) {
                try (NewApp app =
                        NewApp.deploy(database.claim(), AppAtWork.RULES, Stage.COEXIST, InstantSource.system())) {
                    if (isNew) {
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
                isNew = undeployed(database, deployments);
            }
            oldApp.stop();
            assertThat(log.all()).noneMatch(line -> line.contains("locked"));
            System.out.printf(
                    "Old app beside ours, %s: it wrote by %d statements through %d deployments of ours, which looked"
                            + " up %d tokens of its; none failed, the longest took %d ms%n",
                    how, oldApp.sent(), deployments, asked, oldApp.longest());
        } finally {
            threads.shutdownNow();
        }
        assertThat(database.damages()).isEmpty();
    }

    private static int serve(NewApp app, Beside oldApp, String phone, long user) {
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
    private static final class Beside implements AutoCloseable {

        private final ChildJvm child;
        private final Facts facts = new Facts();
        private final List<String> marks = new ArrayList<>();
        private final Thread listener;
        private final Random random = new Random(1);
        private int lines;
        private int sent;
        private long longest;
        private int mark;
        private String failure = "";

        Beside(ChildJvm child) {
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
            } else if (line.startsWith("longest ")) {
                longest = Long.parseLong(line.substring(8));
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

        /** How many milliseconds the longest of its statements took. */
        synchronized long longest() {
            return longest;
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

        /** All that are signed in, and as many as there is time for of those that have ended. */
        private synchronized List<String> tokens() {
            List<String> tokens = new ArrayList<>();
            List<String> ended = new ArrayList<>();
            for (String token : facts.tokens()) {
                (facts.isOut(token) ? ended : tokens).add(token);
            }
            Collections.shuffle(ended, random);
            tokens.addAll(ended.subList(0, Math.min(MOST_ENDED, ended.size())));
            return tokens;
        }

        private synchronized Facts.@Nullable Token known(String token) {
            return facts.known(token);
        }

        /** Asks our app for tokens. It may know of an end before that is heard of here; then that is awaited. */
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
