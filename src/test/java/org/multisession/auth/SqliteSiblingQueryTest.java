package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.Sibling;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

class SqliteSiblingQueryTest extends SiblingQueryContract {

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @Override
    SqliteApp make(String form) {
        return SqliteApp.makeIn(folder, form);
    }

    @Override
    SqliteApp makeVectors(String script) {
        try {
            return SqliteApp.makeBy(Files.createTempDirectory(folder, "vectors"), script);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    Sibling open(OldApp database) {
        return Sibling.open(((SqliteApp) database).path());
    }

    @Override
    List<String> columns(OldApp database, String table) {
        return database.all("SELECT name || ' ' || type FROM pragma_table_info('" + table + "')").stream()
                .map(String::valueOf)
                .toList();
    }

    @Test
    void every_step_goes_by_an_index() {
        try (SqliteApp database = make("multi")) {
            NewApp.deploy(database.path(), new TestClock()).close();
            assertThat(database.plan(Sibling.QUERY))
                    .hasSizeGreaterThan(6)
                    .noneMatch(step -> step.startsWith("SCAN")
                            && !step.equals("SCAN CONSTANT ROW")
                            && !step.equals("SCAN sqlite_master"));
        }
    }
}
