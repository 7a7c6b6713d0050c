package org.multisession.faults;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.Database;
import org.multisession.faults.FailingStatements.Lasting;
import org.multisession.faults.FailingStatements.Outcome;
import org.multisession.migration.Backup;
import org.multisession.migration.Progress;
import org.multisession.migration.Uninstall;
import org.multisession.migration.Uninstaller;
import org.multisession.testing.OldApp;
import org.multisession.testing.SqliteApp;
import org.sqlite.SQLiteErrorCode;

class SqliteStoppedCommandsTest extends StoppedCommandsContract {

    @TempDir
    Path folder;

    @AfterAll
    static void tellAll() {
        tell("SQLite");
    }

    @Override
    OldApp make() {
        return SqliteApp.makeIn(folder, "multi");
    }

    @Override
    Stopped stop(int nth, OldApp old, Runnable work) {
        Outcome outcome = FailingStatements.during(nth, SQLiteErrorCode.SQLITE_IOERR, Lasting.TO_THE_END, work);
        return new Stopped(outcome.reached(), outcome.thrown());
    }

    @Override
    void recover(Database database) {
        // Nothing is broken.
    }

    @Override
    Uninstall uninstall(Database database) {
        return new Uninstaller(database, Backup.NONE, Progress.NONE);
    }
}
