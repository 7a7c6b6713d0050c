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
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.OtherProcess;
import org.multisession.testing.SqliteApp;

/**
 * P5: of two to four processes that deploy on one database at once, one migrates, and all serve.
 *
 * <p>{@code -Dfaults.deploys=N} says how often, {@code -Dfaults.seed=N} with how many of them.
 */
@Tag("faults")
class TwoProcessesTest {

    private static final int ROUNDS = Integer.getInteger("faults.deploys", 4);
    private static final long SEED = Long.getLong("faults.seed", 1);
    private static final int MAX = 4;

    @TempDir
    Path folder;

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
                Path made = Files.createDirectory(folder.resolve("round-" + round));
                try (SqliteApp old = SqliteApp.make(made, "multi")) {
                    String after = afterOneDeploy(old, round);
                    old.run("PRAGMA journal_mode=" + (round % 2 == 0 ? "delete" : "wal"));
                    deployAtOnce(some, old);
                    assertThat(withoutTimes(old)).isEqualTo(after);
                }
                deploys += some.size();
            }
        } finally {
            all.forEach(ChildJvm::close);
        }
        System.out.printf(
                "Deployed at once: %d rounds, %d deploys, %d migrations; all came up%n", ROUNDS, deploys, ROUNDS);
    }

    private static void deployAtOnce(List<ChildJvm> some, SqliteApp old) {
        for (ChildJvm each : some) {
            assertThat(each.ask("open " + old.path())).isEqualTo("opened");
        }
        long before = commits(some);
        // All find that something is to be done before any of them can do it.
        old.run("BEGIN IMMEDIATE");
        for (ChildJvm each : some) {
            assertThat(each.ask("migrate-telling")).isEqualTo("wants the lock");
        }
        old.run("COMMIT");
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
        assertThat(old.one("PRAGMA integrity_check")).isEqualTo("ok");
        for (ChildJvm each : some) {
            assertThat(each.ask("close")).isEqualTo("closed");
        }
    }

    private static long commits(List<ChildJvm> some) {
        return some.stream()
                .flatMap(each -> each.logged().lines())
                .filter(line -> line.contains("Migration: committed"))
                .count();
    }

    /** What the database is to look like: a copy of it that one deploy had for itself. */
    private String afterOneDeploy(SqliteApp old, int round) throws IOException {
        Path copy = folder.resolve("alone-" + round + ".db");
        Files.copy(old.path(), copy);
        try (SqliteFile claimed = SqliteFile.claim(copy, false, "/alone");
                Database database = Database.open(claimed, 1, Duration.ofSeconds(5))) {
            new Migrator(database, InstantSource.system()).migrate();
        }
        try (SqliteApp migrated = SqliteApp.open(copy)) {
            return withoutTimes(migrated);
        }
    }

    private static String withoutTimes(SqliteApp database) {
        return database.dump().replaceAll("'\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d[^']*'", "a time");
    }
}
