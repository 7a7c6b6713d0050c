package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.Database;
import org.multisession.db.Source;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.NamedDatabase;
import org.multisession.testing.OldApp;
import org.multisession.testing.OtherProcess;

/**
 * P5: of two to four processes that deploy on one database at once, one migrates, and all serve; on every database.
 *
 * <p>{@code -Dfaults.deploys=N} says how often, {@code -Dfaults.seed=N} with how many of them.
 */
@Tag("faults")
abstract class TwoProcessesContract {

    private static final int ROUNDS = Integer.getInteger("faults.deploys", 4);
    private static final long SEED = Long.getLong("faults.seed", 1);
    private static final int MAX = 4;

    @TempDir
    Path folder;

    /** A fresh database of the old app in its multi form, the n-th of several. */
    abstract OldApp make(Path home, int number);

    /** Tells all to migrate, and lets none begin before each has found that something is to be done. */
    abstract void migrateAtOnce(List<ChildJvm> some, OldApp old);

    /** What the one logs that has migrated. */
    abstract String committed();

    @Test
    void of_several_that_deploy_at_once_exactly_one_migrates_and_all_serve() throws Exception {
        Random random = new Random(SEED);
        List<ChildJvm> all = new ArrayList<>();
        int deploys = 0;
        try {
            for (int i = 0; i < MAX; i++) {
                all.add(ChildJvm.start(folder, OtherProcess.class));
            }
            for (int round = 0; round < ROUNDS; round++) {
                List<ChildJvm> some = all.subList(0, 2 + random.nextInt(MAX - 1));
                String after = afterOneDeploy(round);
                try (OldApp old = make(home(), round)) {
                    deployAtOnce(some, old);
                    assertThat(withoutTimes(old)).isEqualTo(after);
                }
                deploys += some.size();
            }
        } finally {
            all.forEach(ChildJvm::close);
        }
        System.out.printf(
                "Deployed at once, %s: %d rounds, %d deploys, %d migrations; all came up%n",
                getClass().getSimpleName(), ROUNDS, deploys, ROUNDS);
    }

    private Path home() throws IOException {
        return Files.createTempDirectory(folder, "round");
    }

    private void deployAtOnce(List<ChildJvm> some, OldApp old) {
        for (ChildJvm each : some) {
            assertThat(each.ask("open " + old.name())).isEqualTo("opened");
        }
        long before = commits(some);
        migrateAtOnce(some, old);
        List<String> answers = some.stream().map(ChildJvm::hear).toList();
        assertThat(answers).filteredOn("made 0"::equals).hasSize(some.size() - 1);
        assertThat(answers)
                .filteredOn(answer -> answer.matches("made [1-9]\\d*"))
                .hasSize(1);
        for (ChildJvm each : some) {
            assertThat(each.ask("who xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic"))
                    .isEqualTo("42");
            assertThat(each.ask("who AtCDWfdU-2s6_PkW53hKKkHrgZb1xD1kfjaK6wrUdZc"))
                    .isEqualTo("47");
            assertThat(each.ask("who a-stranger")).isEqualTo("nobody");
        }
        assertThat(commits(some) - before).as("logs that say committed").isEqualTo(1);
        assertThat(old.damages()).isEmpty();
        for (ChildJvm each : some) {
            assertThat(each.ask("close")).isEqualTo("closed");
        }
    }

    private long commits(List<ChildJvm> some) {
        return some.stream()
                .flatMap(each -> each.logged().lines())
                .filter(line -> line.contains(committed()))
                .count();
    }

    /** What the database is to look like: an equal one that one deploy had for itself. */
    private String afterOneDeploy(int round) throws IOException {
        try (OldApp equal = make(home(), round)) {
            try (Source claimed = equal.claim();
                    Database database = Database.open(claimed, 2, Duration.ofSeconds(5))) {
                NamedDatabase.migration(database, InstantSource.system())
                        .begin()
                        .finish();
            }
            return withoutTimes(equal);
        }
    }

    /** Nor the numbers that a server's catalogue has for what is in it. */
    private static String withoutTimes(OldApp database) {
        return database.dump()
                .replaceAll("'\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d[^']*'", "a time")
                .replaceAll("\\b\\d+( \\d+){3}\\b", "numbers");
    }
}
