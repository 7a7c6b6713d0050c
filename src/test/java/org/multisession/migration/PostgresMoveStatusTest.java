package org.multisession.migration;

import java.sql.SQLException;
import java.util.List;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.migration.postgres.PostgresMigrator;
import org.multisession.testing.PostgresApp;

class PostgresMoveStatusTest extends MoveStatusContract {

    @Override
    PostgresApp make(String form) {
        return PostgresApp.make(form);
    }

    @Override
    void migrate(Database database) {
        new PostgresMigrator(database, clock).migrate();
    }

    @Override
    List<String> missing(Handle handle) throws SQLException {
        return PostgresMigrator.missing(handle);
    }
}
