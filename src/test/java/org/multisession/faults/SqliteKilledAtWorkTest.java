package org.multisession.faults;

import java.nio.file.Path;
import org.multisession.testing.SqliteApp;

class SqliteKilledAtWorkTest extends KilledAtWorkContract {

    @Override
    SqliteApp make(Path home, int number) {
        SqliteApp old = SqliteApp.make(home, "multi");
        old.run("PRAGMA journal_mode=" + (number % 2 == 0 ? "delete" : "wal"));
        return old;
    }

    @Override
    int share(int kills) {
        return kills;
    }
}
