package org.multisession.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.Database;
import org.multisession.session.Stage;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.NamedDatabase;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;

/**
 * The move to stage {@code settle}, killed with signal 9 before any of its statements, any number of times: every
 * session lives on at every moment, none comes back, and the deploy that is let through leaves no token in plain behind;
 * on every database.
 *
 * <p>{@code -Dfaults.hashing-kills=N} says how many, {@code -Dfaults.seed=N} which.
 */
@Tag("faults")
abstract class HashingKilledContract {

    private static final int KILLS = Integer.getInteger("faults.hashing-kills", 4);
    private static final long SEED = Long.getLong("faults.seed", 1);

    /** Several pages of 500. */
    private static final int LIVE = 1200;

    private static final int ENDED = 100;

    /** So often the move is killed before it is let through. */
    private static final int KILLS_PER_MOVE = 3;

    /** Of so many kills, some come half-way. */
    private static final int MANY = 20;

    private static final String PLAIN = "SELECT count(*) FROM %s WHERE auth_token NOT LIKE 'sha256:%%'";

    @TempDir
    Path folder;

    /** A fresh database of the old app in its multi form, the n-th of several. */
    abstract OldApp make(Path home, int number);

    @Test
    void every_session_lives_through_any_number_of_kills_and_no_plain_token_is_left_behind() throws IOException {
        Random random = new Random(SEED);
        int kills = 0;
        int moves = 0;
        int halfWay = 0;
        while (kills < KILLS) {
            moves++;
            int statements = statements(moves, old -> deploy(old, Stage.SETTLE));
            int ofTheMove = statements - statements(moves, old -> deploy(old, Stage.COEXIST));
            int before = statements(moves, HashingKilledContract::beginMigration);
            try (OldApp old = made(moves)) {
                for (int kill = 0; kill < KILLS_PER_MOVE && kills < KILLS; kill++) {
                    // All but the last fall into the move itself, which is a small part of a deploy.
                    String fatal = String.valueOf(
                            kill < KILLS_PER_MOVE - 1
                                    ? before + 1 + random.nextInt(ofTheMove)
                                    : 1 + random.nextInt(statements));
                    try (ChildJvm child =
                            ChildJvm.start(folder, DeployUpTo.class, old.name(), Stage.SETTLE.name(), fatal)) {
                        // A move that goes on where one was killed has fewer statements.
                        if (child.hear().equals("here")) {
                            child.kill();
                            kills++;
                        }
                    }
                    long plain = Long.parseLong(old.one(PLAIN.formatted("multisession_tokens")));
                    halfWay += plain > 0 && plain < LIVE + ENDED ? 1 : 0;
                    assertEveryoneIsWhoTheyWere(old, Stage.COEXIST);
                }
                assertEveryoneIsWhoTheyWere(old, Stage.SETTLE);
                assertThat(old.one(PLAIN.formatted("multisession_tokens"))).isEqualTo("0");
                assertThat(old.one(PLAIN.formatted("user_sessions"))).isEqualTo("0");
                assertThat(old.one("SELECT count(*) FROM user_sessions")).isEqualTo(String.valueOf(LIVE));
            }
        }
        if (kills >= MANY) {
            assertThat(halfWay).as("kills half-way").isGreaterThan(kills / 10);
        }
        System.out.printf(
                "Killed while hashing, %s: %d kills in %d moves of %d sessions, %d of them half-way; all lived on%n",
                getClass().getSimpleName(), kills, moves, LIVE, halfWay);
    }

    /** A database that has been migrated, with sessions of which some have ended. */
    private OldApp made(int number) throws IOException {
        OldApp old = make(Files.createTempDirectory(folder, "move"), number);
        old.run("DELETE FROM user_sessions");
        old.run("""
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
                INSERT INTO user_sessions (user_id, auth_token) SELECT 42 + i %% 8, 'plain-' || i FROM n
                """.formatted(LIVE + ENDED));
        NewApp.deploy(old.claim(), AppAtWork.RULES, InstantSource.system()).close();
        old.run("DELETE FROM user_sessions WHERE CAST(substr(auth_token, 7) AS INTEGER) > " + LIVE);
        return old;
    }

    /** How many statements this takes of a database that is to be moved. */
    private int statements(int number, Consumer<OldApp> work) throws IOException {
        try (OldApp undisturbed = made(number)) {
            AtomicInteger statements = new AtomicInteger();
            NamedDatabase.watch(statements::incrementAndGet, () -> work.accept(undisturbed));
            return statements.get();
        }
    }

    private static void deploy(OldApp old, Stage stage) {
        NewApp.deploy(old.claim(), AppAtWork.RULES, stage, InstantSource.system())
                .close();
    }

    /** What a deploy does before the move. */
    private static void beginMigration(OldApp old) {
        try (Database database = Database.open(old.claim(), 2, Duration.ofSeconds(5))) {
            var unused =
                    NamedDatabase.migration(database, InstantSource.system()).begin();
        }
    }

    private static void assertEveryoneIsWhoTheyWere(OldApp old, Stage stage) {
        try (NewApp app = NewApp.deploy(old.claim(), AppAtWork.RULES, stage, InstantSource.system())) {
            for (int i = 1; i <= LIVE; i++) {
                assertThat(app.opens("plain-" + i)).as("session %s", i).isEqualTo(42 + i % 8);
            }
            for (int i = LIVE + 1; i <= LIVE + ENDED; i++) {
                assertThat(app.opens("plain-" + i)).as("ended session %s", i).isNull();
            }
        }
        assertThat(old.damages()).isEmpty();
    }
}
