package org.multisession.faults;

import java.nio.file.Path;
import org.multisession.testing.OldApp;
import org.multisession.testing.PostgresApp;

class PostgresKilledAtWorkTest extends KilledAtWorkContract {

    @Override
    PostgresApp make(Path home, int number) {
        return PostgresApp.make("multi");
    }

    @Override
    String nameOf(OldApp database) {
        return ((PostgresApp) database).url();
    }

    /** Nothing of a file can be left in halves here. */
    @Override
    int share(int kills) {
        return Math.max(1, kills * 2 / 5);
    }
}
