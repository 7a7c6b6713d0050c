package org.multisession.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.session.Stage;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.NamedDatabase;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;

/**
 * P6 and P2: an app that is killed with signal 9 at any moment of its work, its deploy included, loses no sign-in and no
 * end of a session that was acknowledged, and of a call that was cut off leaves all or nothing; on every database. What
 * was written survives here because the kernel, or the server, has it; that it also survives power loss rests on {@code
 * synchronous=FULL}, which DatabaseTest asserts and no test of this kind can show, and on the server's own settings.
 *
 * <p>{@code -Dfaults.kills=N} says how many, {@code -Dfaults.seed=N} which.
 */
@Tag("faults")
abstract class KilledAtWorkContract {

    private static final int KILLS = Integer.getInteger("faults.kills", 10);
    private static final long SEED = Long.getLong("faults.seed", 1);

    /** So many kills one database has to live through. */
    private static final int KILLS_PER_DATABASE = 5;

    private static final int MAX_LINES = 120;

    /** What the script {@code multi} has. */
    private static final List<String> AT_FIRST = List.of(
            "42 xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic",
            "42 PnPhVuUbI2iYOrRZS5FojsQS92kC363qlzjashHqfYI",
            "43 Zn2KOkXzDpYJfzIvJ0lPBk4L4SUm3eXlu1tjQ9zi9Ls",
            "44 -A6tUtDu7WZs9HQH3FEG9lQoOs3fMdH5sthHDXX5nQo",
            "44 x_bTIrwgXybeFTmZ6NkjtjuSYc40vLDvG5xxH4Q-BdU",
            "45 qZWb9gue6JnNlzkbLF61VcPc8nH_J31bzwb7VTapJho",
            "46 ZQuaz__-gp3SX4WhNy8s3S58lNzkMmCQ8D09OnLdhQc",
            "47 AtCDWfdU-2s6_PkW53hKKkHrgZb1xD1kfjaK6wrUdZc");

    /** What one database lived through. */
    private record Life(int kills, int duringDeploy, int acknowledged, int asked) {
        Life plus(Life other) {
            return new Life(
                    kills + other.kills,
                    duringDeploy + other.duringDeploy,
                    acknowledged + other.acknowledged,
                    asked + other.asked);
        }
    }

    @TempDir
    Path folder;

    /** A fresh database of the old app in its multi form, the n-th of several. */
    abstract OldApp make(Path home, int number);

    /** How many of so many kills there are. */
    abstract int share(int kills);

    @Test
    void nothing_acknowledged_is_lost_and_no_token_comes_back_by_any_number_of_kills() throws Exception {
        int most = share(KILLS);
        List<Callable<Life>> lives = new ArrayList<>();
        for (int killed = 0; killed < most; killed += KILLS_PER_DATABASE) {
            int number = lives.size();
            int kills = Math.min(KILLS_PER_DATABASE, most - killed);
            lives.add(() -> live(number, kills));
        }
        Life all = new Life(0, 0, 0, 0);
        // Starting a process is what takes the time, so two go at once.
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (Future<Life> life : threads.invokeAll(lives)) {
                all = all.plus(life.get());
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(all.kills()).isEqualTo(most);
        System.out.printf(
                "Killed at work, %s: %d kills, %d of them during a deploy; %d acknowledged calls, none lost;"
                        + " tokens were asked for %d times, none revived%n",
                getClass().getSimpleName(), all.kills(), all.duringDeploy(), all.acknowledged(), all.asked());
    }

    private Life live(int number, int kills) throws IOException {
        Random random = new Random(SEED * 1_000_003 + number);
        Path home = Files.createDirectory(folder.resolve("life-" + number));
        try (OldApp database = make(home, number)) {
            return live(home, database.name(), random, kills);
        }
    }

    private static Life live(Path home, String database, Random random, int kills) {
        Facts facts = new Facts();
        for (String each : AT_FIRST) {
            facts.signedInAtFirst(Long.parseLong(each.substring(0, 2)), each.substring(3));
        }
        int asked = 0;
        int duringDeploy = 0;
        for (int kill = 0; kill < kills; kill++) {
            Stage stage = random.nextInt(3) == 0 ? Stage.SETTLE : Stage.COEXIST;
            duringDeploy += killedDuringDeploy(home, database, stage, random, facts) ? 1 : 0;
            // Looked at in either stage: the way back is open too.
            try (NewApp app = NewApp.deploy(
                    NamedDatabase.claim(database),
                    AppAtWork.RULES,
                    random.nextBoolean() ? stage : Stage.COEXIST,
                    InstantSource.system())) {
                asked += facts.check(app);
                facts.checkWhole(app.database, AppAtWork.threads());
            }
        }
        return new Life(kills, duringDeploy, facts.acknowledged(), asked);
    }

    /** Starts the app, kills it after some line of its own, and tells the facts; true if it was not yet at work. */
    private static boolean killedDuringDeploy(Path home, String database, Stage stage, Random random, Facts facts) {
        int lines = 1 + random.nextInt(random.nextInt(5) == 0 ? 5 : MAX_LINES);
        boolean atWork = false;
        try (ChildJvm child =
                ChildJvm.start(home, AppAtWork.class, database, stage.name(), String.valueOf(random.nextLong()))) {
            for (int line = 0; line < lines; line++) {
                String said = child.hear();
                facts.hear(said);
                atWork |= said.equals("deployed");
            }
            for (String said : child.kill()) {
                facts.hear(said);
                atWork |= said.equals("deployed");
            }
        }
        return !atWork;
    }
}
