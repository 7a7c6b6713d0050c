package org.multisession.faults;

import java.nio.file.Path;
import org.multisession.testing.PostgresApp;

class PostgresHashingKilledTest extends HashingKilledContract {

    @Override
    PostgresApp make(Path home, int number) {
        return PostgresApp.make("multi");
    }
}
