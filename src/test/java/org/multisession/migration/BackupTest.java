package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.LogLines;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.StatementLog;

/** Before a migration changes an existing database, a verified copy of it lies beside it; otherwise nothing does. */
class BackupTest {

    private static final Duration SHORT = Duration.ofSeconds(1);

    private static final InstantSource CLOCK =
            InstantSource.fixed(ZonedDateTime.parse("2026-02-07T08:09:10.9Z").toInstant());

    private static final String NAME = "old-app.db.backup-20260207-080910Z.db";

    @TempDir
    Path folder;

    /** Something done with the open database of a deploy. */
    @FunctionalInterface
    private interface Deploy<T> {
        T on(Database database, Path file);
    }

    private <T> T deploy(Deploy<T> deploy) {
        Path file = folder.resolve("old-app.db");
        try (SqliteFile claimed = SqliteFile.claim(file, true, "/test");
                Database database = Database.open(claimed, 2, SHORT)) {
            return deploy.on(database, claimed.path());
        }
    }

    private static Migrator migrator(Database database, Backup backup) {
        return new Migrator(database, CLOCK, backup, Progress.NONE, Trial.NONE, Pacing.besideOthers());
    }

    private Migration.Outcome migrate() {
        return deploy((database, file) ->
                migrator(database, new SqliteBackup(database, file, CLOCK)).migrate());
    }

    /** All files but the database itself and what SQLite keeps beside it while it is open. */
    private List<String> others() {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !List.of("old-app.db", "old-app.db-wal", "old-app.db-shm")
                            .contains(name))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"delete", "wal"})
    void the_copy_is_the_whole_database_as_it_was_and_can_be_put_in_its_place(String mode) throws IOException {
        String before;
        String header;
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            old.run("PRAGMA journal_mode=" + mode);
            before = old.dump();
            header = old.journalBytes();

            Path copy = Objects.requireNonNull(migrate().backup());

            assertThat(copy).hasFileName(NAME);
            assertThat(others()).containsExactly(NAME);
            assertThat(old.dump()).isNotEqualTo(before);
            assertThat(old.journalBytes()).isEqualTo(header);
        }
        try (SqliteApp copy = SqliteApp.open(folder.resolve(NAME))) {
            assertThat(copy.journalBytes()).isEqualTo(header);
            assertThat(copy.dump()).isEqualTo(before);
            assertThat(copy.one("PRAGMA integrity_check")).isEqualTo("ok");
        }
    }

    @Test
    void what_is_still_in_the_write_ahead_log_is_in_the_copy() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            old.run("PRAGMA journal_mode=wal");
            old.run("PRAGMA wal_autocheckpoint=0");
            old.signInSingle(43, "only-in-the-log");
            migrate();
            try (SqliteApp copy = SqliteApp.open(folder.resolve(NAME))) {
                assertThat(copy.legacyTokenOf(43)).isEqualTo("only-in-the-log");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"delete, true", "wal, false"})
    void it_is_told_how_long_nobody_could_write_for_it(String mode, boolean isHeld) {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            old.run("PRAGMA journal_mode=" + mode);
            try (Database database = Database.open(old.claim(), 2, Duration.ofSeconds(5))) {
                Backup.Copy copy = new SqliteBackup(database, old.path(), CLOCK).make();
                assertThat(Objects.requireNonNull(copy).held().nanos() > 0).isEqualTo(isHeld);
            }
        }
    }

    @Test
    void nobody_else_may_read_it_from_its_first_byte_on() {
        SqliteApp.make(folder, "multi").close();
        List<String> permissions = new ArrayList<>();
        StatementLog.watch(
                statement -> {
                    if (statement.equals("BEGIN") || statement.startsWith("ATTACH")) {
                        permissions.add(permissions(NAME + ".part"));
                    }
                },
                this::migrate);
        permissions.add(permissions(NAME));
        assertThat(permissions).containsExactly("rw-------", "rw-------", "rw-------");
    }

    private String permissions(String name) {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void a_second_one_in_the_same_second_gets_another_name() throws IOException {
        SqliteApp.make(folder, "multi").close();
        Files.writeString(folder.resolve(NAME), "an earlier one");
        Files.writeString(folder.resolve("old-app.db.backup-20260207-080910Z-2.db.part"), "one that is being made");
        assertThat(migrate().backup()).hasFileName("old-app.db.backup-20260207-080910Z-3.db");
        assertThat(folder.resolve(NAME)).hasContent("an earlier one");
        assertThat(others()).hasSize(3);
    }

    @Test
    void it_lies_beside_the_file_that_a_link_leads_to() throws IOException {
        Path real = Files.createDirectory(folder.resolve("real"));
        SqliteApp.make(real, "multi").close();
        Files.createSymbolicLink(folder.resolve("old-app.db"), real.resolve("old-app.db"));
        assertThat(migrate().backup()).isEqualTo(real.toRealPath().resolve(NAME));
    }

    @Test
    void nothing_is_copied_where_nothing_is_to_be_done() {
        SqliteApp.make(folder, "multi").close();
        deploy((database, file) -> migrator(database, Backup.NONE).migrate());
        assertThat(migrate().backup()).isNull();
        assertThat(others()).isEmpty();
    }

    @Test
    void nothing_is_copied_of_a_new_database_or_one_that_is_refused() {
        assertThat(migrate().backup()).isNull();
        assertThat(others()).isEmpty();
    }

    @Test
    void nothing_is_copied_of_a_database_that_is_refused() {
        SqliteApp.makeBy(folder, "CREATE TABLE customers (id INTEGER PRIMARY KEY)")
                .close();
        assertThatThrownBy(this::migrate).isInstanceOf(MigrationRefusedException.class);
        assertThat(others()).isEmpty();
    }

    /** Lets something happen between the copy and the migration, or in place of the former. */
    private Migration.Outcome migrateAndMeanwhile(Runnable meanwhile) {
        return deploy((database, file) -> {
            Backup real = new SqliteBackup(database, file, CLOCK);
            return migrator(database, () -> {
                        Backup.@Nullable Copy copy = real.make();
                        meanwhile.run();
                        return copy;
                    })
                    .migrate();
        });
    }

    @Test
    void a_copy_that_turns_out_superfluous_because_another_process_was_first_is_removed() {
        SqliteApp.make(folder, "multi").close();
        Migration.Outcome outcome = deploy((database, file) -> {
            Backup real = new SqliteBackup(database, file, CLOCK);
            return migrator(database, () -> {
                        Backup.@Nullable Copy copy = real.make();
                        migrator(database, Backup.NONE).migrate();
                        return copy;
                    })
                    .migrate();
        });
        assertThat(outcome.made()).isEmpty();
        assertThat(outcome.backup()).isNull();
        assertThat(others()).isEmpty();
    }

    @Test
    void a_copy_is_removed_when_the_migration_after_it_cannot_be_done() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            String before = old.dump();
            assertThatThrownBy(() -> migrateAndMeanwhile(() -> old.run("BEGIN IMMEDIATE")))
                    .isInstanceOf(DatabaseBusyException.class);
            old.run("ROLLBACK");
            assertThat(old.dump()).isEqualTo(before);
            assertThat(others()).isEmpty();

            assertThatThrownBy(() -> migrateAndMeanwhile(() -> old.run("CREATE TABLE auth_events (own TEXT)")))
                    .isInstanceOf(MigrationRefusedException.class);
            assertThat(others()).isEmpty();
        }
    }

    @Test
    void a_locked_database_is_not_copied_to_find_that_out() {
        try (SqliteApp old = SqliteApp.make(folder, "multi");
                LogLines log = new LogLines()) {
            old.run("BEGIN IMMEDIATE");
            assertThatThrownBy(this::migrate).isInstanceOf(DatabaseBusyException.class);
            old.run("ROLLBACK");
            assertThat(log.all()).noneMatch(line -> line.contains("Backup"));
            assertThat(others()).isEmpty();
        }
    }

    @Test
    void what_the_old_app_writes_while_it_is_made_is_no_reason_to_refuse() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            boolean[] written = {false};
            StatementLog.watch(
                    statement -> {
                        if (statement.startsWith("ATTACH")) {
                            old.addUser("+79990000001", "written-meanwhile");
                            written[0] = true;
                        }
                    },
                    () -> assertThat(migrate().backup()).isNotNull());
            assertThat(written[0]).isTrue();
        }
    }

    @Test
    void a_copy_that_lacks_something_is_refused_and_nothing_is_left_or_changed() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            String before = old.dump();
            StatementLog.watch(
                    statement -> {
                        if (statement.startsWith("ATTACH")) {
                            try (SqliteApp copy = SqliteApp.open(folder.resolve(NAME + ".part"))) {
                                copy.run("DELETE FROM user_sessions WHERE id = 1");
                            }
                        }
                    },
                    () -> assertThatThrownBy(this::migrate)
                            .isInstanceOf(MigrationRefusedException.class)
                            .hasMessageContaining("the copy holds 8 users and 3 sessions, the database 8 and 4"));
            assertThat(others()).isEmpty();
            assertThat(old.dump()).isEqualTo(before);
        }
    }

    @Test
    void a_process_that_dies_while_it_is_made_leaves_a_file_that_nobody_takes_for_one() throws IOException {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            String before = old.dump();
            Path childsOwn = Files.createDirectory(folder.resolve("child"));
            try (ChildJvm child =
                    ChildJvm.start(childsOwn, DiesWhileCopying.class, old.path().toString())) {
                assertThat(child.exit()).as(child.logged()).isEqualTo(DiesWhileCopying.HALTED);
            }
            assertThat(others()).containsExactly("child", NAME + ".part");
            assertThat(permissions(NAME + ".part")).isEqualTo("rw-------");
            assertThat(old.dump()).isEqualTo(before);

            assertThat(migrate().backup()).hasFileName("old-app.db.backup-20260207-080910Z-2.db");
        }
    }

    /** Halts when the copy is written and not yet verified. */
    static final class DiesWhileCopying {

        static final int HALTED = 99;

        private DiesWhileCopying() {}

        public static void main(String[] arguments) {
            try (SqliteFile claimed = SqliteFile.claim(Path.of(arguments[0]), false, "/killed");
                    Database database = Database.open(claimed, 1, SHORT)) {
                StatementLog.watch(
                        statement -> {
                            if (statement.startsWith("ATTACH")) {
                                Runtime.getRuntime().halt(HALTED);
                            }
                        },
                        () -> migrator(database, new SqliteBackup(database, claimed.path(), CLOCK))
                                .migrate());
            }
        }
    }

    @Test
    void a_fault_that_the_database_has_itself_is_not_held_against_the_copy() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            old.run("PRAGMA ignore_check_constraints=ON");
            old.run("CREATE TABLE odd (x INTEGER CHECK (x > 0))");
            old.run("INSERT INTO odd VALUES (-1)");
            assertThat(migrate().backup()).isNotNull();
        }
    }

    @Test
    void of_a_damaged_database_nothing_is_kept_and_nothing_is_changed() throws IOException {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            old.run("CREATE TABLE many (x TEXT)");
            old.run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
                    + " INSERT INTO many SELECT printf('%.*c', 500, 'x') FROM n");
        }
        Path file = folder.resolve("old-app.db");
        byte[] bytes = Files.readAllBytes(file);
        Arrays.fill(bytes, bytes.length - 8192, bytes.length - 4096, (byte) 0x5a);
        Files.write(file, bytes);
        assertThatThrownBy(this::migrate)
                .isInstanceOf(MigrationRefusedException.class)
                .hasMessageStartingWith("the database file is damaged (")
                .hasMessageNotContaining("backup = off");
        assertThat(others()).isEmpty();
        assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
    }

    @Test
    void what_only_the_app_can_evaluate_is_copied_all_the_same() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            old.addFunction("app_fold");
            old.run("CREATE TABLE other (x CHECK (app_fold(x) IS NOT NULL), y AS (app_fold(x)) STORED)");
            old.run("CREATE INDEX other_x ON other (app_fold(x)) WHERE app_fold(x) > ''");
            old.run("CREATE INDEX users_name ON users (app_fold(name))");
            old.run("INSERT INTO other VALUES ('a'), ('b')");
            String before = old.dump();
            Path copy = Objects.requireNonNull(migrate().backup());
            try (SqliteApp copied = SqliteApp.open(copy)) {
                copied.addFunction("app_fold");
                assertThat(copied.dump()).isEqualTo(before);
                assertThat(copied.one("PRAGMA integrity_check")).isEqualTo("ok");
            }
        }
    }

    @Test
    void a_disk_without_room_for_the_migration_is_refused_also_where_no_copy_is_made() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            String before = old.dump();
            assertThatThrownBy(() ->
                            deploy((database, file) -> migrator(database, new NoBackup(file, where -> 1024L * 1024))
                                    .begin()))
                    .isInstanceOf(MigrationRefusedException.class)
                    .hasMessage(folder + " has 1.0 MB of free space, and the migration needs 16.0 MB. Make room there");
            assertThat(old.dump()).isEqualTo(before);
        }
    }

    @Test
    void too_little_space_is_refused_with_the_numbers_and_what_to_do() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            String before = old.dump();
            assertThatThrownBy(() -> deploy((database, file) -> migrator(
                                    database, new SqliteBackup(database, file, CLOCK, where -> 5L * 1024 * 1024))
                            .migrate()))
                    .isInstanceOf(MigrationRefusedException.class)
                    .hasMessage("no backup could be made: " + folder + " has 5.0 MB of free space, and a copy of the"
                            + " database (32 KB) and its migration need 16.0 MB. Make room there");
            assertThat(old.dump()).isEqualTo(before);
            assertThat(others()).isEmpty();
        }
    }

    @Test
    void to_do_without_a_copy_is_advised_where_only_the_copy_lacks_space() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            assertThatThrownBy(() -> deploy((database, file) -> migrator(
                                    database,
                                    new SqliteBackup(database, file, CLOCK, where -> (16L * 1024 + 16) * 1024))
                            .migrate()))
                    .hasMessageContaining("Make room there. Or make a copy yourself and set"
                            + " multisession.migration.backup = off");
            assertThat(old.dump()).isNotEmpty();
        }
    }

    @Test
    void the_log_says_where_it_lies_and_nothing_secret() {
        SqliteApp.make(folder, "multi").close();
        try (LogLines log = new LogLines()) {
            migrate();
            assertThat(log.all())
                    .anySatisfy(line -> assertThat(line)
                            .contains("Backup: " + folder.resolve(NAME) + ", verified: 8 users, 4 sessions"));
            assertThat(String.join("\n", log.all())).doesNotContain("PnPhVuUb", "+7999");
        }
    }
}
