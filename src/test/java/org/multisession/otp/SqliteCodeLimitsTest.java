package org.multisession.otp;

import org.junit.jupiter.api.AfterEach;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;

class SqliteCodeLimitsTest extends CodeLimitsContract {

    private final MemoryFolder folder = new MemoryFolder();

    @Override
    SqliteApp single() {
        return SqliteApp.make(folder.path(), "single");
    }

    @AfterEach
    void removeTheFolder() {
        folder.close();
    }
}
