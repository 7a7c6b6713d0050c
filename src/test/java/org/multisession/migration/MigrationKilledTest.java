package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.Database;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.NewApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/** P5: a process that is killed anywhere in a migration leaves the old database, or the new one, and nothing in between. */
@Tag("faults")
class MigrationKilledTest {

    private static final String HERE = "here";
    private static final String DONE = "done";

    /** More than any migration has; the child that gets there has not been stopped. */
    private static final int MANY = 100;

    /** Every so many statements of a migration in steps; all of them with 1. */
    private static final int STEPS_STRIDE = Integer.getInteger("faults.steps.stride", 12);

    private static final String SCHEMA = "SELECT type || name || coalesce(sql, '') FROM sqlite_master ORDER BY 1";

    @TempDir
    Path folder;

    /** A database that a migration has everything to do in: sessions to record, ended ones, shared tokens. */
    private String make(String mode) throws IOException {
        Path made = Files.createDirectory(folder.resolve(mode));
        try (SqliteApp old = SqliteApp.make(made, "multi")) {
            old.run("PRAGMA journal_mode=" + mode);
            old.run("DROP INDEX idx_user_session_user_id");
            old.run("DROP INDEX idx_user_session_auth_token");
            old.run("UPDATE users SET auth_token = 'shared' WHERE id IN (47, 48)");
            old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (999, 'session-of-nobody')");
            return mode;
        }
    }

    private Path original(String mode) {
        return folder.resolve(mode).resolve("old-app.db");
    }

    @Test
    void a_process_that_is_killed_before_any_statement_leaves_what_the_next_start_completes() throws Exception {
        String rollback = make("delete");
        String wal = make("wal");
        undisturbed(rollback);
        undisturbed(wal);
        // Starting a process is what takes the time, so two go at once.
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            int killed = 0;
            for (int statement = 1; statement < MANY && killed == statement - 1; statement += 2) {
                String odd = String.valueOf(statement);
                String even = String.valueOf(statement + 1);
                // Both journals take their turn; that they would differ at one statement only is not to be expected.
                for (Future<Boolean> one : threads.invokeAll(
                        List.<Callable<Boolean>>of(() -> killAt(rollback, odd), () -> killAt(wal, even)))) {
                    killed += one.get() ? 1 : 0;
                }
            }
            assertThat(killed).as("statements of a migration").isBetween(20, MANY - 2);
            System.out.printf(
                    "Killed while migrating: before each of %d statements; all or nothing was kept%n", killed);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void a_process_that_is_killed_just_before_the_commit_leaves_what_the_next_start_completes() throws IOException {
        assertThat(killAt(make("delete"), "commit")).isTrue();
        assertThat(killAt(make("wal"), "commit")).isTrue();
    }

    @Test
    void a_process_that_is_killed_in_any_step_of_a_large_migration_leaves_what_the_next_start_goes_on_with()
            throws Exception {
        String rollback = make("delete");
        String wal = make("wal");
        undisturbed(rollback);
        undisturbed(wal);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            int killed = 0;
            int tried = 0;
            for (int statement = 1; killed == tried; statement += STEPS_STRIDE) {
                String one = String.valueOf(statement);
                String other = String.valueOf(statement + STEPS_STRIDE / 2);
                tried += 2;
                for (Future<Boolean> each : threads.invokeAll(List.<Callable<Boolean>>of(
                        () -> killAt(rollback, one, true), () -> killAt(wal, other, true)))) {
                    killed += each.get() ? 1 : 0;
                }
            }
            assertThat(killed).isGreaterThan(10);
            System.out.printf("Killed in the steps of a migration: %d times; each was gone on with%n", killed);
        } finally {
            threads.shutdownNow();
        }
    }

    private boolean killAt(String mode, String moment) throws IOException {
        return killAt(mode, moment, false);
    }

    /** Kills a process at a moment of its migration and checks what it leaves; false if that moment never came. */
    private boolean killAt(String mode, String moment, boolean inSteps) throws IOException {
        Path database = folder.resolve("killed-at-" + moment + "-" + mode + ".db");
        Files.copy(original(mode), database);
        String before = dump(database);
        String users = users(database);
        boolean killed;
        try (ChildJvm child =
                ChildJvm.start(folder, Child.class, database.toString(), moment, inSteps ? "steps" : "at once")) {
            String said = child.hear();
            assertThat(said).isIn(HERE, DONE);
            killed = said.equals(HERE);
            if (killed) {
                assertThat(child.kill()).isEmpty();
            }
        }
        try (SqliteApp old = SqliteApp.open(database)) {
            assertThat(old.one("PRAGMA integrity_check")).isEqualTo("ok");
            assertThat(old.rows("users")).as(moment).isEqualTo(users);
            if (killed && inSteps) {
                // The old app goes on, and nothing of ours counts.
                old.signInMulti(43, "signed-in-after-the-kill", new TestClock().instant());
            } else if (killed) {
                assertThat(old.dump()).as(moment).isEqualTo(before);
            } else {
                assertThat(old.dump()).isNotEqualTo(before);
            }
            try (NewApp app = NewApp.deploy(database, new TestClock())) {
                assertThat(app.migrator.missing()).isEmpty();
                assertThat(app.opens("xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic"))
                        .isEqualTo(42);
                assertThat(app.opens("AtCDWfdU-2s6_PkW53hKKkHrgZb1xD1kfjaK6wrUdZc"))
                        .isNull();
                assertThat(app.opens("qZWb9gue6JnNlzkbLF61VcPc8nH_J31bzwb7VTapJho"))
                        .isEqualTo(45);
                assertThat(app.opens("shared")).isNull();
                assertThat(app.opens("session-of-nobody")).isNull();
                if (killed && inSteps) {
                    assertThat(app.opens("signed-in-after-the-kill")).isEqualTo(43);
                }
            }
            assertThat(old.one("PRAGMA integrity_check")).isEqualTo("ok");
            assertThat(old.all(SCHEMA)).isEqualTo(undisturbed(mode));
        }
        return killed;
    }

    private static String dump(Path database) {
        try (SqliteApp old = SqliteApp.open(database)) {
            return old.dump();
        }
    }

    private static String users(Path database) {
        try (SqliteApp old = SqliteApp.open(database)) {
            return old.rows("users");
        }
    }

    /** The schema after a migration that nobody disturbed. */
    private List<String> undisturbed(String mode) {
        Path database = folder.resolve("undisturbed-" + mode + ".db");
        try {
            if (!Files.exists(database)) {
                Files.copy(original(mode), database);
                NewApp.deploy(database, new TestClock()).close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try (SqliteApp old = SqliteApp.open(database)) {
            return old.all(SCHEMA).stream().map(String::valueOf).toList();
        }
    }

    /** Migrates, but waits for its death before a statement by its number, or before the commit. */
    static final class Child {

        private Child() {}

        public static void main(String[] arguments) {
            boolean beforeCommit = arguments[1].equals("commit");
            boolean inSteps = arguments[2].equals("steps");
            int fatal = beforeCommit ? MANY : Integer.parseInt(arguments[1]);
            Logger log = Logger.getLogger(Migrator.class.getName());
            if (beforeCommit) {
                log.addHandler(new WaitsOnceAllIsVerified());
            }
            AtomicInteger statements = new AtomicInteger();
            try (SqliteFile claimed = SqliteFile.claim(Path.of(arguments[0]), false, "/killed");
                    Database database = Database.open(claimed, 1, Duration.ofSeconds(5))) {
                Consumer<String> beforeStatement = statement -> {
                    if (statements.incrementAndGet() == fatal) {
                        ChildJvm.waitForDeath(HERE);
                    }
                };
                Migrator migrator = inSteps
                        ? new Migrator(
                                database,
                                InstantSource.system(),
                                System::nanoTime,
                                Backup.NONE,
                                Progress.NONE,
                                Trial.NONE,
                                beforeStatement,
                                0,
                                Pacing.pieces(2))
                        : new Migrator(database, InstantSource.system(), beforeStatement);
                var unused = migrator.migrate();
            }
            System.out.println(DONE);
        }
    }

    /** The migration's last words are said after its last statement, and before its commit. */
    private static final class WaitsOnceAllIsVerified extends Handler {

        @Override
        public void publish(LogRecord entry) {
            if (entry.getMessage().startsWith("Migration: verified")) {
                ChildJvm.waitForDeath(HERE);
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
