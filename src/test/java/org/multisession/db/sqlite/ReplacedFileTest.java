package org.multisession.db.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.DatabaseReplacedException;
import org.multisession.db.Handle;
import org.multisession.testing.SqliteApp;

/** The path leads to another file than the one that is open: nothing is answered from the old one, and no two are mixed. */
class ReplacedFileTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    private Path path() {
        return folder.resolve("app.db");
    }

    private Path made(String name, String mode, String row) {
        Path file = folder.resolve(name);
        try (SqliteApp database = SqliteApp.open(file)) {
            database.all("PRAGMA journal_mode=" + mode);
            database.run("CREATE TABLE t (x TEXT)");
            database.run("INSERT INTO t VALUES (?)", row);
        }
        return file;
    }

    private Database opened(String mode) {
        return Database.open(SqliteFile.claim(made("app.db", mode, "before"), false, "/test"), 3, PATIENCE);
    }

    private void putInPlace(Path file) throws IOException {
        Files.move(file, path(), StandardCopyOption.ATOMIC_MOVE);
    }

    private void deleteLog() throws IOException {
        Files.deleteIfExists(Path.of(path() + "-wal"));
        Files.deleteIfExists(Path.of(path() + "-shm"));
    }

    private static String row(Database database) {
        return database.read(handle -> one(handle, "SELECT max(x) FROM t"));
    }

    private static int write(Database database, String row) {
        return database.write(transaction -> insert(transaction, row));
    }

    private static int insert(Handle handle, String row) throws SQLException {
        try (PreparedStatement statement = handle.prepare("INSERT INTO t VALUES ('" + row + "')")) {
            return statement.executeUpdate();
        }
    }

    private static String one(Handle handle, String sql) throws SQLException {
        try (PreparedStatement statement = handle.prepare(sql);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getString(1);
        }
    }

    private static Database successorOf(Database database) {
        return database.openSuccessor("/test");
    }

    private void assertIntact(Path file, String rows) {
        try (SqliteApp database = SqliteApp.open(file)) {
            assertThat(database.one("PRAGMA integrity_check")).isEqualTo("ok");
            assertThat(database.one("SELECT group_concat(x) FROM t")).isEqualTo(rows);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"wal", "delete"})
    void nothing_is_read_or_written_once_another_file_is_in_the_place(String mode) throws IOException {
        Path next = made("next.db", mode, "next");
        try (Database database = opened(mode)) {
            assertThat(row(database)).isEqualTo("before");
            assertThat(database.isReplaced()).isFalse();
            putInPlace(next);
            assertThatThrownBy(() -> row(database)).isInstanceOf(DatabaseReplacedException.class);
            assertThatThrownBy(() -> write(database, "lost")).isInstanceOf(DatabaseReplacedException.class);
            assertThatThrownBy(() -> database.outsideTransaction(handle -> one(handle, "SELECT max(x) FROM t")))
                    .isInstanceOf(DatabaseReplacedException.class);
            assertThat(database.isReplaced()).isTrue();
        }
        deleteLog();
        assertIntact(path(), "next");
    }

    @ParameterizedTest
    @ValueSource(strings = {"wal", "delete"})
    void a_write_that_the_replacing_overtakes_is_not_acknowledged(String mode) throws IOException {
        Path next = made("next.db", mode, "next");
        try (Database database = opened(mode)) {
            assertThatThrownBy(() -> database.write(transaction -> {
                        insert(transaction, "lost");
                        move(next);
                        return true;
                    }))
                    .isInstanceOf(DatabaseReplacedException.class);
        }
        deleteLog();
        assertIntact(path(), "next");
    }

    private void move(Path next) {
        try {
            putInPlace(next);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"wal", "delete"})
    void a_connection_that_the_pool_opens_afterwards_never_reads_the_new_file(String mode) throws Exception {
        Path next = made("next.db", mode, "next");
        try (SqliteFile file = SqliteFile.claim(made("app.db", mode, "before"), false, "/test")) {
            putInPlace(next);
            assertThatThrownBy(() -> file.forReading(PATIENCE).getConnection().close())
                    .hasMessageContaining("was replaced while it was open");
        }
        assertIntact(path(), "next");
    }

    @Test
    void it_goes_on_with_the_new_file_and_leaves_alone_what_lies_beside_it() throws IOException {
        Path next = made("next.db", "wal", "next");
        try (Database database = opened("wal")) {
            write(database, "written before");
            deleteLog();
            putInPlace(next);
            assertThat(database.isReplaced()).isTrue();
            try (SqliteApp other = SqliteApp.open(path())) {
                // Its log lies beside the path while ours is let go of.
                other.run("INSERT INTO t VALUES ('of another program')");
                database.continueOn(successorOf(database));
                assertThat(Path.of(path() + "-wal")).isNotEmptyFile();
                assertThat(other.one("SELECT count(*) FROM t")).isEqualTo("2");
            }
            assertThat(database.isReplaced()).isFalse();
            assertThat(row(database)).isEqualTo("of another program");
            assertThat(write(database, "written after")).isEqualTo(1);
        }
        assertIntact(path(), "next,of another program,written after");
    }

    @Test
    void the_log_of_the_old_file_is_never_mixed_into_the_new_one() throws IOException {
        Path next = made("next.db", "wal", "next");
        try (Database database = opened("wal")) {
            write(database, "written before");
            putInPlace(next);
            assertThat(database.isReplaced()).isTrue();
            for (int round = 0; round < 2; round++) {
                assertThatThrownBy(() -> database.openSuccessor("/test"))
                        .isInstanceOf(DatabaseException.class)
                        .hasMessageContaining(path() + "-wal and -shm still belong to the previous file")
                        .hasMessageContaining("delete these two");
            }
            deleteLog();
            database.continueOn(successorOf(database));
            assertThat(row(database)).isEqualTo("next");
        }
        assertIntact(path(), "next");
    }

    @Test
    void a_file_that_is_away_for_a_while_is_not_made_anew_and_is_served_again_when_it_is_back() throws IOException {
        Path elsewhere = folder.resolve("elsewhere.db");
        try (Database database = opened("wal")) {
            write(database, "written before");
            Files.move(path(), elsewhere);
            assertThatThrownBy(() -> row(database)).isInstanceOf(DatabaseReplacedException.class);
            assertThatThrownBy(() -> database.openSuccessor("/test")).hasMessageStartingWith("there is no file ");
            assertThat(path()).doesNotExist();
            Files.move(elsewhere, path());
            // What was noticed is not forgotten: the file may have been written meanwhile.
            assertThatThrownBy(() -> row(database)).isInstanceOf(DatabaseReplacedException.class);
            database.continueOn(successorOf(database));
            assertThat(row(database)).isEqualTo("written before");
        }
        assertIntact(path(), "before,written before");
    }

    @Test
    void a_symbolic_link_that_takes_the_place_or_is_turned_round_counts_as_another_file() throws IOException {
        Path first = made("first.db", "delete", "first");
        Path second = made("second.db", "delete", "second");
        try (Database database = opened("delete")) {
            Files.delete(path());
            Files.createSymbolicLink(path(), first);
            assertThatThrownBy(() -> row(database)).isInstanceOf(DatabaseReplacedException.class);
            database.continueOn(successorOf(database));
            assertThat(row(database)).isEqualTo("first");
            assertThat(database.source().file()).contains(first.toRealPath());

            Path link = Files.createSymbolicLink(folder.resolve("link"), second);
            putInPlace(link);
            assertThatThrownBy(() -> row(database)).isInstanceOf(DatabaseReplacedException.class);
            database.continueOn(successorOf(database));
            assertThat(row(database)).isEqualTo("second");
        }
    }

    @Test
    void a_claim_follows_the_file_and_is_free_at_the_end() throws IOException {
        Path next = made("next.db", "delete", "next");
        try (Database database = opened("delete")) {
            putInPlace(next);
            assertThat(database.isReplaced()).isTrue();
            database.continueOn(successorOf(database));
            assertThatThrownBy(() -> SqliteFile.claim(path(), false, "/other").close())
                    .hasMessageContaining("already open in this Tomcat");
        }
        SqliteFile.claim(path(), false, "/other").close();
    }

    /** An undeploy waits for the check of a new file for some seconds only. */
    @Test
    void a_file_that_is_checked_while_the_application_stops_is_closed_again() throws IOException {
        Path next = made("next.db", "wal", "next");
        Database database = opened("wal");
        deleteLog();
        putInPlace(next);
        assertThat(database.isReplaced()).isTrue();
        Database successor = successorOf(database);
        database.close();
        assertThatThrownBy(() -> database.continueOn(successor)).hasMessageContaining("was closed meanwhile");
        SqliteFile.claim(path(), false, "/other").close();
    }
}
