package org.multisession.cli;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.SqliteApp;

class SqliteRevokeTest extends RevokeContract {

    @TempDir
    Path folder;

    @Override
    SqliteApp make(String form) {
        return SqliteApp.makeIn(folder, form);
    }
}
