package org.multisession.migration;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.Database;
import org.multisession.testing.SqliteApp;

/** {@link UninstallTest} has what only a file knows: large tables in steps, and the copy that is made first. */
class SqliteUninstallTest extends UninstallContract {

    @TempDir
    Path folder;

    @Override
    SqliteApp make(String form) {
        return SqliteApp.makeIn(folder, form);
    }

    @Override
    SqliteApp empty() {
        return SqliteApp.makeBy(folder, "CREATE TABLE gone (x); DROP TABLE gone");
    }

    @Override
    Uninstall of(Database database) {
        return new Uninstaller(database, Backup.NONE, Progress.NONE);
    }

    @Override
    void withoutForeignKey() {
        // Its foreign keys are off.
    }

    @Override
    String schema() {
        return String.valueOf(
                old.all("SELECT type || name || tbl_name || coalesce(sql, '') FROM sqlite_master ORDER BY type, name"));
    }
}
