package org.multisession.cli;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.SqliteApp;

class SqlitePersonalDataTest extends PersonalDataContract {

    @TempDir
    Path folder;

    @Override
    SqliteApp make(String form) {
        return SqliteApp.makeIn(folder, form);
    }
}
