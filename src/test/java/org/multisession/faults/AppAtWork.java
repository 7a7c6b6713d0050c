package org.multisession.faults;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.multisession.auth.Devices;
import org.multisession.db.DatabaseBusyException;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.testing.NamedDatabase;
import org.multisession.testing.NewApp;
import org.multisession.token.SessionId;
import org.multisession.token.TokenHash;

/**
 * Our app in a process of its own, deployed and at work on several threads until somebody kills it. It says every fact
 * on its standard output, as {@link Facts} reads them: what it is about to end before the call, and what it has done
 * after the call has returned.
 */
public final class AppAtWork {

    /** Nobody runs out and nobody is evicted: whoever is signed out here was signed out by a call. Every use is due. */
    static final SessionRules RULES = new SessionRules(null, null, 1_000_000, Duration.ZERO);

    /** Each thread has a user of its own, so that what it says of them is in order. */
    private static final List<String> PHONES = List.of("+79991234567", "+79991234568", "+79991234571");

    private static final List<Long> USERS = List.of(42L, 43L, 46L);

    private final NewApp app;

    private AppAtWork(NewApp app) {
        this.app = app;
    }

    /** How many calls there can be that have not returned. */
    static int threads() {
        return USERS.size();
    }

    /** Works for ever; the arguments are the database, the stage and the seed of what is done. */
    public static void main(String[] arguments) throws InterruptedException {
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> {
            failure.printStackTrace();
            Runtime.getRuntime().halt(1);
        });
        Logger.getLogger("org.multisession").setLevel(Level.WARNING);
        NewApp app = deploy(arguments[0], Stage.valueOf(arguments[1]));
        say("deployed");
        AppAtWork work = new AppAtWork(app);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < USERS.size(); i++) {
            long user = USERS.get(i);
            String phone = PHONES.get(i);
            Random random = new Random(Long.parseLong(arguments[2]) + i);
            threads.add(new Thread(() -> work.serve(user, phone, random)));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /** Says where it is with every so many statements, so that it can be killed there. A server needs more of them. */
    private static NewApp deploy(String database, Stage stage) {
        say("deploying");
        int some = NamedDatabase.isOnServer(database) ? 40 : 5;
        AtomicInteger statements = new AtomicInteger();
        List<NewApp> deployed = new ArrayList<>();
        NamedDatabase.watch(
                () -> {
                    if (statements.incrementAndGet() % some == 0) {
                        say("deploying");
                    }
                },
                () -> deployed.add(NewApp.deploy(NamedDatabase.claim(database), RULES, stage, InstantSource.system())));
        return deployed.get(0);
    }

    private void serve(long user, String phone, Random random) {
        List<String> own = new ArrayList<>();
        while (true) {
            try {
                act(user, phone, random, own);
            } catch (DatabaseBusyException e) {
                // On a machine with too much to do; whoever gets 503 tries again.
                say("turned-away");
            }
        }
    }

    private void act(long user, String phone, Random random, List<String> own) {
        int dice = random.nextInt(20);
        if (own.size() < 2 || dice < 9) {
            String token = app.signIn(phone);
            say("in " + user + " " + token);
            own.add(token);
        } else if (dice < 13) {
            String token = own.remove(random.nextInt(own.size()));
            say("ending " + token);
            app.signOut(token);
            say("out " + token);
        } else if (dice < 16) {
            String token = own.remove(random.nextInt(own.size()));
            say("ending " + token);
            revoke(own.get(0), token);
            say("out " + token);
        } else if (dice == 16) {
            String kept = own.get(0);
            say("ending-others " + user + " " + kept);
            app.devices.endOthers(Objects.requireNonNull(app.who(kept)), NewApp.CLIENT);
            say("out-others " + user + " " + kept);
            own.retainAll(List.of(kept));
        } else {
            own.forEach(app::opens);
            app.lastSeen.flush();
        }
    }

    private void revoke(String by, String token) {
        Devices.Ended ended = app.devices.end(
                Objects.requireNonNull(app.who(by)),
                SessionId.of(TokenHash.of(token)).text(),
                NewApp.CLIENT);
        if (ended != Devices.Ended.ANOTHER) {
            throw new AssertionError("a revocation ended as " + ended);
        }
    }

    /** One line, whole or not at all. */
    private static synchronized void say(String line) {
        System.out.print(line + "\n");
        System.out.flush();
    }
}
