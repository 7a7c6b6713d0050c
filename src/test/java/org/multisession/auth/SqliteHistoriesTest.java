package org.multisession.auth;

import java.nio.file.Path;
import org.multisession.migration.Verification;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.Sibling;
import org.multisession.testing.SqliteApp;

class SqliteHistoriesTest extends HistoriesContract {

    @Override
    SqliteApp fresh(Path folder, int number) {
        SqliteApp old = SqliteApp.open(folder.resolve(number + ".db"));
        // The order of the rows in a table without AUTOINCREMENT: the highest id is given out again after a delete.
        old.run(
                "CREATE TABLE users (id INTEGER NOT NULL, phone VARCHAR(20), auth_token VARCHAR(128), PRIMARY KEY (id))");
        return old;
    }

    @Override
    Sibling openSibling(OldApp database) {
        return Sibling.open(((SqliteApp) database).path(), Sibling.QUERY_WITHOUT_PLAN);
    }

    @Override
    long verifiedSessions(NewApp app) {
        return Verification.sessions(app.database);
    }
}
