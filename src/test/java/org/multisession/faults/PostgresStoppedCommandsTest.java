package org.multisession.faults;

import org.junit.jupiter.api.AfterAll;
import org.multisession.db.Database;
import org.multisession.faults.CutConnections.Outcome;
import org.multisession.migration.Uninstall;
import org.multisession.migration.postgres.PostgresUninstaller;
import org.multisession.testing.OldApp;
import org.multisession.testing.PostgresApp;

class PostgresStoppedCommandsTest extends StoppedCommandsContract {

    @AfterAll
    static void tellAll() {
        tell("PostgreSQL");
    }

    @Override
    OldApp make() {
        return PostgresApp.makeMigrated("multi");
    }

    @Override
    Stopped stop(int nth, OldApp old, Runnable work) {
        Outcome outcome = CutConnections.during(nth, (PostgresApp) old, work);
        return new Stopped(outcome.reached(), outcome.thrown());
    }

    @Override
    void recover(Database database) {
        PostgresEveryStatementTest.useAllConnections(database);
    }

    @Override
    Uninstall uninstall(Database database) {
        return new PostgresUninstaller(database);
    }
}
