package org.multisession.faults;

import java.nio.file.Path;
import org.multisession.testing.PostgresApp;

class PostgresKilledAtWorkTest extends KilledAtWorkContract {

    @Override
    PostgresApp make(Path home, int number) {
        return PostgresApp.make("multi");
    }

    /** Nothing of a file can be left in halves here. */
    @Override
    int share(int kills) {
        return Math.max(1, kills * 2 / 5);
    }
}
