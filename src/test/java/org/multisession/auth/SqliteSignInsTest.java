package org.multisession.auth;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.SqliteApp;

class SqliteSignInsTest extends SignInsContract {

    @TempDir
    Path folder;

    @Override
    SqliteApp single() {
        return SqliteApp.make(folder, "single");
    }
}
