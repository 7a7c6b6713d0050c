package org.multisession.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.multisession.testing.SqliteApp;

/**
 * The old app in a process of its own: signs in and out and writes last uses, in its single and in its multi form, until
 * its input ends. Says every fact as {@link Facts} reads them; and, in between, {@code sent} and how many
 * writing statements. A line on its input is answered by the same line, after all that was said before.
 */
public final class OldAppProcess {

    private static final int MAX_TOKENS = 20;

    private final SqliteApp database;
    private final Random random;
    private final List<String> sessions = new ArrayList<>();
    private final String[] single = {"", ""};
    private volatile boolean stopped;
    private int number;
    private int sent;

    private OldAppProcess(Path path, long seed) {
        this.database = SqliteApp.open(path);
        this.random = new Random(seed);
    }

    /** The arguments are the database and the seed. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        OldAppProcess app = new OldAppProcess(Path.of(arguments[0]), Long.parseLong(arguments[1]));
        Thread work = new Thread(app::work);
        work.start();
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null && !line.equals("stop"); line = commands.readLine()) {
            say(line);
        }
        app.stopped = true;
        work.join();
        say("sent " + app.sent);
        say("stopped");
    }

    private void work() {
        try {
            while (!stopped) {
                long start = System.nanoTime();
                write();
                readAsLongAs(System.nanoTime() - start);
                if (number % 50 == 0) {
                    say("sent " + sent);
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
            database.signOut(token);
            say("out " + token);
            sent++;
        } else if (dice < 8) {
            database.seen(sessions.get(random.nextInt(sessions.size())), Instant.now());
            sent++;
        } else {
            signInSingle(dice - 8, "old-" + number);
        }
    }

    /** In one transaction, as the old app has it. */
    private void signIn(long user, String token) {
        database.run("BEGIN");
        database.signInMulti(user, token, Instant.now());
        database.run("COMMIT");
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
        database.signInSingle(44 + which, token);
        sent++;
        say("in " + (44 + which) + " " + token);
        if (which == 0 && !before.isEmpty()) {
            say("out " + before);
        }
        single[which] = token;
    }

    private static synchronized void say(String line) {
        System.out.print(line + "\n");
        System.out.flush();
    }
}
