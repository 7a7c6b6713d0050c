package org.multisession.cli;

import java.time.Duration;
import java.time.InstantSource;
import org.multisession.boot.Patience;
import org.multisession.boot.Settings;
import org.multisession.db.Database;
import org.multisession.db.SqliteFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The database of one command, open until the command is done. */
final class OpenDatabase implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(OpenDatabase.class);

    /** As at a deploy. */
    private static final Duration BUSY_TIMEOUT = Duration.ofSeconds(5);

    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final SqliteFile file;
    private final Database database;
    private final Patience patience;

    private OpenDatabase(SqliteFile file, Database database, Patience patience) {
        this.file = file;
        this.database = database;
        this.patience = patience;
    }

    /** Opens it, or leaves nothing open. */
    static OpenDatabase open(Settings settings, boolean create, InstantSource clock) {
        SqliteFile file = SqliteFile.claim(settings.database(), create, "the command line");
        try {
            Patience patience = new Patience(clock, PATIENCE);
            Database database = patience.until(() -> Database.open(file, 1, BUSY_TIMEOUT));
            log.info("Database: SQLite {}, journal mode {}", file.path(), patience.until(database::journalMode));
            return new OpenDatabase(file, database, patience);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    SqliteFile file() {
        return file;
    }

    Database database() {
        return database;
    }

    Patience patience() {
        return patience;
    }

    @Override
    public void close() {
        database.close();
        file.close();
    }
}
