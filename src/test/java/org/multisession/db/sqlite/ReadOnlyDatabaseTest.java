package org.multisession.db.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.WritingProcess;

/** Reading leaves every byte of the file and of its folder as it was, and sees what is committed. */
class ReadOnlyDatabaseTest {

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final String ROWS = "CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)";
    private static final String WRITE_AHEAD_LOG = "PRAGMA journal_mode=WAL";

    @TempDir
    Path folder;

    /** What is read there is worked on afterwards, on temporary tables; then the folder is as before. */
    private long rowsReadWithoutATrace(Path path) throws IOException {
        Map<String, Integer> before = bytes();
        long rows;
        try (ReadOnlyDatabase database = ReadOnlyDatabase.open(path, PATIENCE)) {
            long counted = database.snapshot(handle -> {
                try (PreparedStatement copy = handle.prepare("CREATE TEMP TABLE copy AS SELECT * FROM main.t")) {
                    copy.executeUpdate();
                }
                return count(handle, "main.t");
            });
            rows = database.onTemporary(handle -> count(handle, "copy"));
            assertThat(rows).isEqualTo(counted);
        }
        assertThat(bytes()).isEqualTo(before);
        return rows;
    }

    private static long count(Handle handle, String table) throws SQLException {
        try (PreparedStatement statement = handle.prepare("SELECT count(*) FROM " + table);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    private Map<String, Integer> bytes() throws IOException {
        Map<String, Integer> bytes = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                bytes.put(file.getFileName().toString(), Arrays.hashCode(Files.readAllBytes(file)));
            }
        }
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(strings = {"app.db", "what is 100%?.db", "a#b&c=d.db", "ж.db"})
    void a_closed_database_with_a_rollback_journal(String name) throws IOException {
        Path path = folder.resolve(name);
        try (SqliteApp old = SqliteApp.open(folder.resolve("plain.db"))) {
            old.run(ROWS);
        }
        Files.move(folder.resolve("plain.db"), path);
        assertThat(rowsReadWithoutATrace(path)).isEqualTo(3);
    }

    /** Whoever closes a file that SQLite has open in the same process takes all its locks on it (POSIX). */
    @Test
    void nothing_closes_the_file_while_a_snapshot_holds_its_lock() throws SQLException {
        try (SqliteApp old = SqliteApp.make(folder, "single");
                ReadOnlyDatabase database = ReadOnlyDatabase.open(old.path(), PATIENCE)) {
            assertThat(database.hasWriteAheadLog()).isFalse();
            long users = database.snapshot(handle -> {
                long counted = count(handle, "users");
                assertThatThrownBy(database::hasWriteAheadLog).isInstanceOf(IllegalStateException.class);
                return counted;
            });
            assertThat(users).isPositive();
        }
    }

    @Test
    void a_closed_database_with_write_ahead_logging() throws IOException {
        Path path = closed();
        assertThat(bytes()).containsOnlyKeys("app.db");
        assertThat(rowsReadWithoutATrace(path)).isEqualTo(3);
    }

    @Test
    void a_running_app_with_write_ahead_logging_whose_last_rows_are_only_in_the_log() throws IOException {
        Path path = folder.resolve("app.db");
        try (MemoryFolder elsewhere = new MemoryFolder();
                ChildJvm app = ChildJvm.start(elsewhere.path(), WritingProcess.class, path.toString())) {
            app.ask(WRITE_AHEAD_LOG);
            app.ask("CREATE TABLE t (x)");
            app.ask("PRAGMA wal_checkpoint(TRUNCATE)");
            app.ask("INSERT INTO t VALUES (1), (2)");
            assertThat(rowsReadWithoutATrace(path)).isEqualTo(2);

            assertThat(app.ask("INSERT INTO t VALUES (3)")).isEqualTo("done");
            assertThat(rowsReadWithoutATrace(path)).isEqualTo(3);
        }
        // Killed by now, with its log left behind.
        assertThat(bytes()).containsOnlyKeys("app.db", "app.db-shm", "app.db-wal");
        assertThat(rowsReadWithoutATrace(path)).isEqualTo(3);

        Files.delete(folder.resolve("app.db-shm"));
        assertThat(rowsReadWithoutATrace(path)).isEqualTo(3);
    }

    @Test
    void the_log_of_a_running_app_is_read_through_a_symbolic_link_and_a_second_name_is_refused() throws IOException {
        Path path = folder.resolve("app.db");
        Path links = Files.createDirectory(folder.resolve("links"));
        Path link = Files.createSymbolicLink(links.resolve("link.db"), path);
        try (MemoryFolder elsewhere = new MemoryFolder();
                ChildJvm app = ChildJvm.start(elsewhere.path(), WritingProcess.class, path.toString())) {
            app.ask(WRITE_AHEAD_LOG);
            app.ask("CREATE TABLE t (x)");
            app.ask("PRAGMA wal_checkpoint(TRUNCATE)");
            app.ask("INSERT INTO t VALUES (1), (2)");
            assertThat(rowsReadWithoutATrace(link)).isEqualTo(2);
            assertThat(links).isDirectoryNotContaining(file -> !file.equals(link));

            Path second = Files.createLink(links.resolve("second.db"), path);
            assertThatThrownBy(() -> ReadOnlyDatabase.open(second, PATIENCE).close())
                    .isInstanceOf(DatabaseException.class)
                    .hasMessageContaining("hard links");
        }
    }

    @Test
    void a_running_app_with_a_rollback_journal_can_commit_once_the_copy_is_made() throws IOException {
        Path path = folder.resolve("app.db");
        try (MemoryFolder elsewhere = new MemoryFolder();
                ChildJvm app = ChildJvm.start(elsewhere.path(), WritingProcess.class, path.toString())) {
            app.ask("CREATE TABLE t (x)");
            try (ReadOnlyDatabase database = ReadOnlyDatabase.open(path, PATIENCE)) {
                database.snapshot(handle -> {
                    try (PreparedStatement copy = handle.prepare("CREATE TEMP TABLE copy AS SELECT * FROM main.t")) {
                        return copy.executeUpdate();
                    }
                });
                long seen = database.onTemporary(handle -> {
                    assertThat(app.ask("INSERT INTO t VALUES (1)")).isEqualTo("done");
                    return count(handle, "copy");
                });
                assertThat(seen).isZero();
            }
            assertThat(rowsReadWithoutATrace(path)).isEqualTo(1);
        }
    }

    /** With a write-ahead log, and nobody at it. */
    private Path closed() {
        Path path = folder.resolve("app.db");
        try (SqliteApp old = SqliteApp.open(path)) {
            old.all(WRITE_AHEAD_LOG);
            old.run(ROWS);
        }
        return path;
    }

    @Test
    void what_an_app_writes_meanwhile_makes_it_be_read_again() {
        Path path = closed();
        try (ReadOnlyDatabase database = ReadOnlyDatabase.open(path, PATIENCE)) {
            int[] runs = {0};
            long rows = database.snapshot(handle -> {
                if (runs[0]++ == 0) {
                    try (SqliteApp old = SqliteApp.open(path)) {
                        old.run("INSERT INTO t VALUES (4)");
                    }
                }
                return count(handle, "main.t");
            });
            assertThat(rows).isEqualTo(4);
            assertThat(runs[0]).isEqualTo(2);
        }
    }

    @Test
    void a_statement_that_fails_because_an_app_writes_meanwhile_is_asked_again() {
        Sql rows = Sql.once("count rows", "SELECT count(*) AS n FROM main.t");
        Sql gone = Sql.once("count what is gone", "SELECT count(*) AS n FROM main.gone");
        Path path = closed();
        try (ReadOnlyDatabase database = ReadOnlyDatabase.open(path, PATIENCE)) {
            int[] runs = {0};
            long seen = database.snapshot(handle -> {
                if (runs[0]++ > 0) {
                    return handle.query(rows).one(row -> row.number("n"));
                }
                try (SqliteApp old = SqliteApp.open(path)) {
                    old.run("INSERT INTO t VALUES (4)");
                }
                return handle.query(gone).one(row -> row.number("n"));
            });
            assertThat(seen).isEqualTo(4);
            // Nobody writes now, so it is the statement's own failure.
            assertThatThrownBy(
                            () -> database.snapshot(handle -> handle.query(gone).one(row -> row.number("n"))))
                    .isInstanceOf(DatabaseException.class)
                    .hasMessageStartingWith(path + ": ")
                    .hasMessageContaining("no such table: main.gone");
        }
    }

    @Test
    void one_that_is_written_without_end_is_given_up() {
        Path path = closed();
        try (ReadOnlyDatabase database = ReadOnlyDatabase.open(path, PATIENCE)) {
            assertThatThrownBy(() -> database.snapshot(handle -> {
                        try (SqliteApp old = SqliteApp.open(path)) {
                            old.run("INSERT INTO t VALUES (4)");
                        }
                        return count(handle, "main.t");
                    }))
                    .isInstanceOf(DatabaseBusyException.class)
                    .hasMessageContaining("again and again");
        }
    }

    @Test
    void a_change_that_was_left_half_way_is_not_read() throws IOException {
        Path path = folder.resolve("app.db");
        try (MemoryFolder elsewhere = new MemoryFolder();
                ChildJvm app = ChildJvm.start(elsewhere.path(), WritingProcess.class, path.toString())) {
            app.ask("CREATE TABLE t (x)");
            app.ask("PRAGMA cache_size=1");
            app.ask("BEGIN");
            app.ask("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
                    + " INSERT INTO t SELECT randomblob(100) FROM n");
        }
        assertThat(bytes()).containsKey("app.db-journal");
        Map<String, Integer> before = bytes();
        try (ReadOnlyDatabase database = ReadOnlyDatabase.open(path, PATIENCE)) {
            assertThatThrownBy(() -> database.snapshot(handle -> count(handle, "main.t")))
                    .isInstanceOf(DatabaseException.class)
                    .hasMessageContaining("was stopped halfway and left " + path + "-journal");
        }
        assertThat(bytes()).isEqualTo(before);
    }

    @Test
    void what_is_no_database_is_refused_as_such() throws IOException {
        Path path = Files.write(folder.resolve("app.db"), List.of("no database", "x".repeat(2000)));
        try (ReadOnlyDatabase database = ReadOnlyDatabase.open(path, PATIENCE)) {
            assertThatThrownBy(() -> database.snapshot(handle -> count(handle, "main.t")))
                    .isInstanceOf(DatabaseException.class)
                    .hasMessageStartingWith(path + ": the file is not a SQLite database");
        }
        assertThatThrownBy(() -> ReadOnlyDatabase.open(folder.resolve("missing.db"), PATIENCE)
                        .close())
                .isInstanceOf(DatabaseException.class)
                .hasMessageStartingWith("there is no file ");
        assertThat(bytes()).containsOnlyKeys("app.db");
    }

    @Test
    void nothing_can_be_written_to_it() {
        Path path = folder.resolve("app.db");
        try (SqliteApp old = SqliteApp.open(path)) {
            old.run(ROWS);
        }
        try (ReadOnlyDatabase database = ReadOnlyDatabase.open(path, PATIENCE)) {
            assertThatThrownBy(() -> database.snapshot(handle -> {
                        try (PreparedStatement statement = handle.prepare("DELETE FROM main.t")) {
                            return statement.executeUpdate();
                        }
                    }))
                    .isInstanceOf(DatabaseException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"PRAGMA journal_mode=DELETE", WRITE_AHEAD_LOG})
    void a_file_and_a_folder_that_this_account_may_only_read(String journal) throws IOException {
        assumeFalse(Files.isWritable(Path.of("/")), "root may write everything");
        Path path = folder.resolve("app.db");
        try (SqliteApp old = SqliteApp.open(path)) {
            old.all(journal);
            old.run(ROWS);
        }
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("r--r--r--"));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("r-xr-xr-x"));
        try {
            assertThat(rowsReadWithoutATrace(path)).isEqualTo(3);
        } finally {
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }
}
