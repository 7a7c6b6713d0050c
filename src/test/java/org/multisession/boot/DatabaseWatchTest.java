package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.Database;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.testing.SqliteApp;

/** A file that was put in the place of the open one is served in the end, whatever its checks end in. */
class DatabaseWatchTest {

    @TempDir
    private Path folder;

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
