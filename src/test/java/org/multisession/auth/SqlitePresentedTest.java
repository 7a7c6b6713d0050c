package org.multisession.auth;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.SqliteApp;

class SqlitePresentedTest extends PresentedContract {

    @TempDir
    Path folder;

    @Override
    SqliteApp single() {
        return SqliteApp.make(folder, "single");
    }
}
