package org.multisession.auth;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.OldDatabase;

class SqliteSignInsTest extends SignInsContract {

    @TempDir
    Path folder;

    @Override
    OldDatabase single() {
        return OldDatabase.make(folder, "single");
    }
}
