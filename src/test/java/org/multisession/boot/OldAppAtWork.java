package org.multisession.boot;

import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.multisession.testing.SqliteApp;

/**
 * The old app in its multi form, which goes on signing user 43 in and out on a thread of its own until it is closed. It
 * fails as the old app would: when its own busy timeout of five seconds is over.
 */
final class OldAppAtWork implements AutoCloseable {

    private static final int ROUNDS = 5;

    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final SqliteApp database;
    private final String signedIn = "old-app-session-that-stays";
    private final Future<?> work;
    private volatile CountDownLatch more = new CountDownLatch(0);
    private volatile boolean closed;

    private OldAppAtWork(SqliteApp database) {
        this.database = database;
        database.signInMulti(43, signedIn, Instant.now());
        this.work = thread.submit(this::work);
    }

    static OldAppAtWork on(Path file) {
        return new OldAppAtWork(SqliteApp.open(file));
    }

    /** The token of a session that the old app keeps. */
    String signedIn() {
        return signedIn;
    }

    private void work() {
        for (int round = 0; !closed; round++) {
            String token = "old-app-session-" + round;
            writeThenRead(() -> database.signInMulti(43, token, Instant.now()), token);
            writeThenRead(() -> database.seen(signedIn, Instant.now()), token);
            writeThenRead(() -> database.signOut(token), token);
            more.countDown();
        }
    }

    /**
     * What an app does most of its time is to read. On a slow machine a write takes longer, and so must the reading: an
     * app that writes all the time keeps everybody else out, by the way in which SQLite waits.
     */
    private void writeThenRead(Runnable write, String token) {
        long begin = System.nanoTime();
        write.run();
        long end = System.nanoTime();
        for (int request = 0; request < 100 || System.nanoTime() - end < 2 * (end - begin); request++) {
            database.all("SELECT user_id FROM user_sessions WHERE auth_token = ?", token);
        }
    }

    /** Returns once it has signed in and out a few more times; fails if it could not. */
    void awaitMoreWork() {
        CountDownLatch latch = new CountDownLatch(ROUNDS);
        more = latch;
        try {
            while (!latch.await(100, TimeUnit.MILLISECONDS)) {
                if (work.isDone()) {
                    work.get();
                }
            }
        } catch (ExecutionException e) {
            throw new AssertionError("the old app failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        closed = true;
        try {
            work.get(1, TimeUnit.MINUTES);
        } catch (ExecutionException e) {
            throw new AssertionError("the old app failed", e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("the old app does not come to an end", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        } finally {
            thread.shutdownNow();
            database.close();
        }
    }
}
