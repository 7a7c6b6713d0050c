package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.Database;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.testing.LogLines;
import org.multisession.testing.OtherAccount;
import org.multisession.testing.SqliteApp;

/** Whatever is done to the file and to what lies beside it: it is served in the end, and nothing acknowledged is lost. */
class DatabaseWatchTest {

    @TempDir
    private Path folder;

    @Test
    void what_was_committed_is_in_the_file_a_second_after_somebody_removed_its_log_and_the_log_says_what_to_do()
            throws Exception {
        try (LogLines log = new LogLines()) {
            Path path;
            try (SqliteApp old = SqliteApp.make(folder, "single")) {
                old.run("PRAGMA journal_mode = WAL");
                path = old.path();
            }
            SqliteFile file = SqliteFile.claim(path, false, "/app");
            try (Database database = Database.open(file, 1, Duration.ofSeconds(20))) {
                DatabaseWatch watch = new DatabaseWatch(database, path, "/app", successor -> {});
                addUser(database, "before");
                watch.run();
                assertThat(log.of(Level.SEVERE)).isEmpty();

                Files.delete(Path.of(path + "-wal"));
                Files.delete(Path.of(path + "-shm"));
                addUser(database, "after");
                watch.run();
                watch.run();
                assertThat(log.of(Level.SEVERE)).singleElement().asString().contains("Stop all that use it");
                // By a process of its own: one that is opened and closed in this one drops the locks on it.
                Path copy = folder.resolve("as-it-lies-there.db");
                assertThat(OtherAccount.succeeds(List.of("cp", path.toString(), copy.toString())))
                        .isTrue();
                try (SqliteApp left = SqliteApp.open(copy)) {
                    assertThat(left.all("SELECT phone FROM users WHERE phone IN ('before', 'after')"))
                            .containsExactlyInAnyOrder("before", "after");
                }
            }
        }
    }

    private static void addUser(Database database, String phone) {
        database.execute(transaction -> {
            try (PreparedStatement insert = transaction.prepare("INSERT INTO users (phone) VALUES (?)")) {
                insert.setString(1, phone);
                insert.execute();
            }
        });
    }

    @Test
    void a_file_whose_checks_end_in_an_error_is_checked_again_and_then_served() throws IOException {
        AtomicInteger checks = new AtomicInteger();
        Error error = new OutOfMemoryError("a neighbor's");
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            Path copy = Files.copy(old.path(), folder.resolve("copy.db"));
            SqliteFile file = SqliteFile.claim(old.path(), false, "/app");
            try (Database database = Database.open(file, 1, Duration.ofSeconds(20))) {
                DatabaseWatch watch = new DatabaseWatch(database, old.path(), "/app", successor -> {
                    if (checks.incrementAndGet() == 1) {
                        throw error;
                    }
                });
                Files.move(copy, old.path(), StandardCopyOption.ATOMIC_MOVE);
                watch.run();
                assertThatThrownBy(watch::run).isSameAs(error);
                watch.run();
                watch.run();
                assertThat(checks).hasValue(2);
                assertThat(database.isReplaced()).isFalse();
            }
        }
    }
}
