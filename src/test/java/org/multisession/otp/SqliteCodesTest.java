package org.multisession.otp;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;

class SqliteCodesTest extends CodesContract {

    @TempDir
    Path folder;

    private @Nullable MemoryFolder memory;

    @Override
    SqliteApp single() {
        return SqliteApp.make(folder, "single");
    }

    @Override
    SqliteApp quick() {
        memory = new MemoryFolder();
        return SqliteApp.make(memory.path(), "single");
    }

    @Override
    int tries() {
        return 100_000;
    }

    @AfterEach
    void removeTheQuickOne() {
        if (memory != null) {
            memory.close();
        }
    }
}
