package org.multisession.migration;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.testing.SqliteApp;

class SqliteMoveStatusTest extends MoveStatusContract {

    @TempDir
    Path folder;

    @Override
    SqliteApp make(String form) {
        return SqliteApp.makeIn(folder, form);
    }

    @Override
    void migrate(Database database) {
        new Migrator(database, clock).migrate();
    }

    @Override
    List<String> missing(Handle handle) throws SQLException {
        return Migrator.missing(handle);
    }
}
