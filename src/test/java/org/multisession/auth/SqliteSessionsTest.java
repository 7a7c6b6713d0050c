package org.multisession.auth;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.OldDatabase;

class SqliteSessionsTest extends SessionsContract {

    @TempDir
    Path first;

    @TempDir
    Path second;

    @Override
    OldDatabase single() {
        return OldDatabase.make(first, "single");
    }

    @Override
    OldDatabase multi() {
        return OldDatabase.make(second, "multi");
    }
}
