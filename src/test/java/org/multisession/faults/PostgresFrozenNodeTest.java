package org.multisession.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.DatabaseBusyException;
import org.multisession.session.Stage;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.PostgresStatementLog;

/**
 * A node that stands still in the middle of its work, as a virtual machine does that is paused: it keeps the others waiting
 * for some seconds, and once it goes on again it keeps nothing of what it had begun, and does not fall behind.
 *
 * <p>{@code -Dfaults.frozen.stride=N} says before each how-manieth statement of a sign-in and a sign-out it stands still.
 */
@Tag("faults")
class PostgresFrozenNodeTest {

    private static final int STRIDE = Integer.getInteger("faults.frozen.stride", 9);

    private static final String PHONE = "+7 999 123-45-67";

    /** So often a client is asked to come back at most, after two seconds each time. */
    private static final int TRIES = 6;

    private static final String HERE = "here";
    private static final String BUSY = "busy";
    private static final String DONE = "done";

    @TempDir
    Path folder;

    @Test
    void others_sign_in_and_out_while_a_node_stands_still_and_what_it_had_begun_is_not_kept() {
        boolean isReached = true;
        int frozen = 0;
        for (int statement = 1; isReached; statement += STRIDE) {
            isReached = freezeAt(statement);
            frozen += isReached ? 1 : 0;
        }
        assertThat(frozen).as("times in one sign-in and one sign-out").isGreaterThan(1);
        System.out.printf("Frozen at work on PostgreSQL: %d times; the other node went on%n", frozen);
    }

    private boolean freezeAt(int statement) {
        try (PostgresApp old = PostgresApp.makeMigrated("single");
                NewApp other = NewApp.deploy(
                        old.claim(), NewApp.RULES, Stage.COEXIST, Duration.ofSeconds(2), InstantSource.system());
                ChildJvm child = ChildJvm.start(folder, Node.class, old.url(), String.valueOf(statement))) {
            assertThat(child.hear()).isEqualTo(DONE);
            String before = other.signIn(PHONE);
            child.say("begin");
            List<String> said = untilHereOrDone(child);
            boolean isReached = said.remove(HERE);
            if (isReached) {
                child.freeze();
                String meanwhile = signIn(other);
                assertThat(other.opens(meanwhile)).isEqualTo(42);
                signOut(other, meanwhile);
                assertThat(other.opens(meanwhile)).isNull();
                old.signInSingle(42, "of-the-old-app");
                child.thaw();
                child.say("go on");
                said.addAll(untilHereOrDone(child));
            }
            for (String line : said) {
                if (line.startsWith("in ")) {
                    assertThat(other.opens(line.substring(3)))
                            .as("frozen at %s: %s", statement, said)
                            .isEqualTo(said.contains("out" + line.substring(2)) ? null : 42L);
                }
            }
            assertThat(said).as(child.logged()).anyMatch(line -> line.startsWith("out "));
            assertThat(other.opens(before)).isEqualTo(42);
            assertThat(other.opens("old_token_xyz123")).isEqualTo(42);
            return isReached;
        }
    }

    private static List<String> untilHereOrDone(ChildJvm child) {
        List<String> said = new ArrayList<>();
        do {
            said.add(child.hear());
        } while (!said.contains(HERE) && !said.contains(DONE));
        return said;
    }

    private static String signIn(NewApp app) {
        for (int tries = 1; ; tries++) {
            try {
                return app.signIn(PHONE);
            } catch (DatabaseBusyException e) {
                if (tries == TRIES) {
                    throw e;
                }
            }
        }
    }

    private static void signOut(NewApp app, String token) {
        for (int tries = 1; ; tries++) {
            try {
                app.signOut(token);
                return;
            } catch (DatabaseBusyException e) {
                if (tries == TRIES) {
                    throw e;
                }
            }
        }
    }

    /** Signs in and out until both have gone well, and stands still before a statement by its number. */
    static final class Node {

        private Node() {}

        public static void main(String[] arguments) {
            Logger.getLogger("org.multisession").setLevel(Level.WARNING);
            int fatal = Integer.parseInt(arguments[1]);
            AtomicInteger statements = new AtomicInteger();
            try (PostgresApp old = PostgresApp.at(arguments[0]);
                    NewApp app = NewApp.deploy(
                            old.claim(), NewApp.RULES, Stage.COEXIST, Duration.ofSeconds(2), InstantSource.system())) {
                ChildJvm.waitForWord(DONE);
                PostgresStatementLog.watch(
                        () -> {
                            if (statements.incrementAndGet() == fatal) {
                                ChildJvm.waitForWord(HERE);
                            }
                        },
                        () -> work(app));
            }
            System.out.println(DONE);
        }

        private static void work(NewApp app) {
            boolean isDone = false;
            while (!isDone) {
                try {
                    String token = app.signIn(PHONE);
                    System.out.println("in " + token);
                    app.signOut(token);
                    System.out.println("out " + token);
                    isDone = true;
                } catch (DatabaseBusyException e) {
                    System.out.println(BUSY);
                }
            }
        }
    }
}
