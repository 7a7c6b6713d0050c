package org.multisession.faults;

import java.nio.file.Path;
import org.multisession.testing.SqliteApp;

class SqliteHashingKilledTest extends HashingKilledContract {

    @Override
    SqliteApp make(Path home, int number) {
        SqliteApp old = SqliteApp.make(home, "multi");
        old.run("PRAGMA journal_mode=" + (number % 2 == 0 ? "wal" : "delete"));
        return old;
    }
}
