package org.multisession.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.multisession.testing.NamedDatabase;
import org.multisession.testing.OldApp;

/**
 * The old app in a process of its own: signs in and out and writes last uses, in its single and in its multi form, until
 * its input ends. Says every fact as {@link Facts} reads them; and, in between, {@code sent} and how many
 * writing statements, and {@code longest} and how many milliseconds one took. A line on its input is answered by the same
 * line, after all that was said before.
 *
 * <p>On a server it works as SQLAlchemy does with psycopg: each request is a transaction at READ COMMITTED, which begins
 * with a look, and it never rests.
 */
public final class OldAppProcess {

    private static final int MAX_TOKENS = 20;

    /** As long as it waits for the lock of a SQLite file. */
    private static final String LIMITS = "SET lock_timeout = '5s'; SET statement_timeout = '5s'";

    private final boolean isOnServer;
    private final OldApp database;
    private final Random random;
    private final List<String> sessions = new ArrayList<>();
    private final String[] single = {"", ""};
    private volatile boolean stopped;
    private int number;
    private int sent;
    private long longest;

    private OldAppProcess(String name, long seed) {
        this.isOnServer = NamedDatabase.isOnServer(name);
        this.database = NamedDatabase.open(name);
        this.random = new Random(seed);
        if (isOnServer) {
            database.run(LIMITS);
        }
    }

    /** The arguments are the database and the seed. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        OldAppProcess app = new OldAppProcess(arguments[0], Long.parseLong(arguments[1]));
        Thread work = new Thread(app::work);
        work.start();
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null && !line.equals("stop"); line = commands.readLine()) {
            say(line);
        }
        app.stopped = true;
        work.join();
        app.tell();
        say("stopped");
    }

    private void tell() {
        say("sent " + sent);
        say("longest " + longest / 1_000_000);
    }

    private void work() {
        try {
            while (!stopped) {
                long start = System.nanoTime();
                write();
                readAsLongAs(isOnServer ? 0 : System.nanoTime() - start);
                if (number % 50 == 0) {
                    tell();
                }
            }
        } catch (AssertionError e) {
            say("failed: " + e.getMessage() + ": " + e.getCause());
            throw e;
        }
    }

    /** What an app does between two writes, most of its time; here, half of it. */
    private void readAsLongAs(long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
            database.all("SELECT user_id FROM user_sessions WHERE auth_token = ?", "old-" + random.nextInt(number));
        }
    }

    private void write() {
        number++;
        int dice = random.nextInt(10);
        if (sessions.size() < 3 || (dice < 3 && sessions.size() < MAX_TOKENS)) {
            signIn(42 + random.nextInt(2), "old-" + number);
        } else if (dice < 6) {
            String token = sessions.remove(random.nextInt(sessions.size()));
            say("ending " + token);
            request(token, () -> database.signOut(token));
            say("out " + token);
            sent++;
        } else if (dice < 8) {
            String token = sessions.get(random.nextInt(sessions.size()));
            request(token, () -> database.seen(token, Instant.now()));
            sent++;
        } else {
            signInSingle(dice - 8, "old-" + number);
        }
    }

    /** In one transaction, as the old app has it. */
    private void signIn(long user, String token) {
        timed(() -> database.run("BEGIN"));
        if (isOnServer) {
            timed(() -> database.all("SELECT id, phone, auth_token, plan FROM users WHERE id = ?", user));
        }
        timed(() -> database.signInMulti(user, token, Instant.now()));
        timed(() -> database.run("COMMIT"));
        sent += 4;
        say("in " + user + " " + token);
        sessions.add(token);
    }

    /** User 44 has only the old app, so that the token before ends. User 45 may sign in at ours too, which keeps it. */
    private void signInSingle(int which, String token) {
        String before = single[which];
        if (!before.isEmpty()) {
            say((which == 0 ? "ending " : "forgetting ") + before);
        }
        request(before, () -> database.signInSingle(44 + which, token));
        sent++;
        say("in " + (44 + which) + " " + token);
        if (which == 0 && !before.isEmpty()) {
            say("out " + before);
        }
        single[which] = token;
    }

    /** What somebody with a token asks for; on a server a transaction, in which the old app first sees who it is. */
    private void request(String token, Runnable statement) {
        if (!isOnServer) {
            timed(statement);
            return;
        }
        timed(() -> database.run("BEGIN"));
        timed(() -> database.all("""
                SELECT u.id FROM users u LEFT JOIN user_sessions s ON s.user_id = u.id AND s.auth_token = ?
                WHERE s.id IS NOT NULL OR u.auth_token = ?
                """, token, token));
        timed(statement);
        timed(() -> database.run("COMMIT"));
    }

    private void timed(Runnable statement) {
        long start = System.nanoTime();
        statement.run();
        longest = Math.max(longest, System.nanoTime() - start);
    }

    private static synchronized void say(String line) {
        System.out.print(line + "\n");
        System.out.flush();
    }
}
