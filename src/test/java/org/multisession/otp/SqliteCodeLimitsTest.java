package org.multisession.otp;

import org.junit.jupiter.api.AfterEach;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.OldDatabase;

class SqliteCodeLimitsTest extends CodeLimitsContract {

    private final MemoryFolder folder = new MemoryFolder();

    @Override
    OldDatabase single() {
        return OldDatabase.make(folder.path(), "single");
    }

    @AfterEach
    void removeTheFolder() {
        folder.close();
    }
}
