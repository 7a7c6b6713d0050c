package org.multisession.auth;

import org.junit.jupiter.api.AfterEach;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;

class SqliteAdoptionRaceTest extends AdoptionRaceContract {

    private final MemoryFolder folder = new MemoryFolder();

    @Override
    SqliteApp single() {
        return SqliteApp.make(folder.path(), "single");
    }

    @Override
    int share(int rounds) {
        return rounds;
    }

    @AfterEach
    void removeTheFolder() {
        folder.close();
    }
}
