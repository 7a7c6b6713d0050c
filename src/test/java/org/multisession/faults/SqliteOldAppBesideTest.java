package org.multisession.faults;

import java.nio.file.Files;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.testing.SqliteApp;

class SqliteOldAppBesideTest extends OldAppBesideContract {

    @ParameterizedTest
    @ValueSource(strings = {"delete", "wal"})
    void neither_app_finds_the_database_locked_and_each_token_is_what_the_old_app_made_of_it(String mode)
            throws Exception {
        try (SqliteApp old = SqliteApp.make(Files.createDirectory(folder.resolve(mode)), "multi")) {
            old.run("PRAGMA journal_mode=" + mode);
            assertNeitherMindsTheOther(old, "journal " + mode);
        }
    }
}
