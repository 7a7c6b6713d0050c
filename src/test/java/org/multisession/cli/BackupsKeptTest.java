package org.multisession.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/** The backups beside a database do not pile up, and status tells which there are. */
class BackupsKeptTest {

    private final TestClock clock = new TestClock();

    @TempDir
    private Path folder;

    private SqliteApp old;
    private String out = "";

    @BeforeEach
    void make() {
        old = SqliteApp.make(folder, "single");
    }

    @AfterEach
    void close() {
        old.close();
    }

    private void run(String command, String... options) {
        List<String> arguments = new ArrayList<>(List.of(command, "--db.url=" + old.path()));
        arguments.addAll(List.of(options));
        CommandRun run = CommandRun.of(arguments, Map.of(), clock);
        assertThat(run.code()).as(run.err()).isZero();
        out = run.out();
    }

    /** Migrates a day later, with something to do. */
    private void migrateAnew(String... options) {
        clock.advance(Duration.ofDays(1));
        old.run("DROP INDEX IF EXISTS multisession_tokens_live");
        run("migrate", options);
    }

    private List<String> copies() {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.contains("backup"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void the_three_newest_stay() {
        migrateAnew();
        List<String> first = copies();
        assertThat(first).hasSize(1);
        migrateAnew();
        migrateAnew();
        List<String> three = copies();
        assertThat(three).hasSize(3).containsAll(first);
        migrateAnew();
        assertThat(copies()).hasSize(3).containsAll(three.subList(1, 3)).doesNotContainAnyElementsOf(first);
        clock.advance(Duration.ofHours(1));
        run("uninstall", "--yes");
        assertThat(copies()).hasSize(3).contains(three.get(2)).doesNotContain(three.get(1));
    }

    @Test
    void as_many_stay_as_the_key_says() {
        migrateAnew();
        migrateAnew();
        migrateAnew("--migration.backup-keep=1");
        assertThat(copies()).hasSize(1);
        migrateAnew("--migration.backup-keep=5");
        assertThat(copies()).hasSize(2);
    }

    @Test
    void nothing_is_removed_where_no_backup_was_made() {
        migrateAnew();
        migrateAnew();
        List<String> two = copies();
        migrateAnew("--migration.backup=off", "--migration.backup-keep=1");
        run("migrate", "--migration.backup-keep=1");
        assertThat(copies()).isEqualTo(two).hasSize(2);
    }

    @Test
    void the_latest_stays_though_a_clock_that_was_ahead_has_made_newer_ones() {
        migrateAnew();
        List<String> ahead = copies();
        clock.advance(Duration.ofDays(-400));
        migrateAnew("--migration.backup-keep=1");
        assertThat(copies()).hasSize(1).doesNotContainAnyElementsOf(ahead);
    }

    @Test
    void what_somebody_else_has_put_there_stays_and_is_not_listed() throws IOException {
        List<String> others = List.of(
                "old-app.db.backup-mine.db",
                "old-app.db.backup-20200101-000000Z.db.gz",
                "old-app.db.backup-20200101-000000Z.db.part",
                "old-app.db.backup-20201399-000000Z.db",
                "other.db.backup-20200101-000000Z.db",
                "old-appxdb.backup-20200101-000000Z.db");
        for (String name : others) {
            Files.writeString(folder.resolve(name), "x");
        }
        Files.createDirectory(folder.resolve("old-app.db.backup-20190101-000000Z.db"));
        migrateAnew("--migration.backup-keep=1");
        migrateAnew("--migration.backup-keep=1");
        assertThat(copies()).hasSize(others.size() + 2).containsAll(others);
        run("status");
        assertThat(out).doesNotContain(others).doesNotContain("20190101");
    }

    @Test
    void status_lists_them_with_age_and_size_the_newest_first() {
        run("migrate", "--migration.backup=off");
        run("status");
        assertThat(out).doesNotContain("Backups");
        migrateAnew();
        migrateAnew();
        List<String> names = copies();
        clock.advance(Duration.ofDays(40));
        run("status");
        assertThat(out)
                .contains("Backups beside the database, from before a migration or an uninstall:\n  " + names.get(1)
                        + ", 40 days old, ")
                .contains("\n  " + names.get(0) + ", 41 days old, ")
                .containsPattern(", 41 days old, [1-9][0-9]* KB\n");
    }
}
