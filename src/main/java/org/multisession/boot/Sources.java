package org.multisession.boot;

import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.multisession.config.DatabaseLocation;
import org.multisession.config.DatabaseLocation.JndiName;
import org.multisession.config.DatabaseLocation.PostgresUrl;
import org.multisession.config.DatabaseLocation.SqlitePath;
import org.multisession.config.Settings;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.db.ReadOnly;
import org.multisession.db.Source;
import org.multisession.db.postgres.PostgresPool;
import org.multisession.db.postgres.PostgresServer;
import org.multisession.db.sqlite.ReadOnlyDatabase;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.migration.Migrator;
import org.multisession.migration.Progress;
import org.multisession.migration.Uninstall;
import org.multisession.migration.Uninstaller;
import org.multisession.migration.postgres.PostgresMigrator;
import org.multisession.migration.postgres.PostgresUninstaller;

/** The one place that knows every kind of database. */
public final class Sources {

    private Sources() {}

    /**
     * Claims the database of the settings, for a deploy and for a command alike.
     *
     * @param create whether a missing SQLite file may be created
     * @param owner the name of the owner, for a message to the next one who claims the same SQLite file
     * @throws DatabaseException if there is no such database, or it is already in use here
     */
    public static Source claim(DatabaseLocation location, boolean create, String owner) {
        if (location instanceof SqlitePath sqlite) {
            return SqliteFile.claim(sqlite.path(), create, owner);
        }
        if (location instanceof PostgresUrl postgres) {
            return PostgresServer.at(postgres.url(), postgres.user(), postgres.password());
        }
        return PostgresPool.named(((JndiName) location).name());
    }

    /**
     * Opens the database of the settings for nothing but reading, which leaves no trace on it.
     *
     * @param wait how long to wait for somebody else's lock
     * @throws DatabaseException if there is no such database, or it is already in use here
     */
    public static ReadOnly readOnly(DatabaseLocation location, Duration wait) {
        if (location instanceof SqlitePath sqlite) {
            return ReadOnlyDatabase.open(sqlite.path(), wait);
        }
        if (location instanceof PostgresUrl postgres) {
            return PostgresServer.at(postgres.url(), postgres.user(), postgres.password());
        }
        throw new DatabaseException(
                ((JndiName) location).name() + " is a pool inside Tomcat. Outside of it, name the database by its"
                        + " jdbc:postgresql: URL",
                null);
    }

    /**
     * What takes our objects out of an open database again.
     *
     * @param progress told while rows are counted or removed
     */
    public static Uninstall uninstall(Settings settings, Database database, InstantSource clock, Progress progress) {
        return settings.database() instanceof SqlitePath
                ? new Uninstaller(database, MigrationRun.backup(settings, database, clock), progress)
                : new PostgresUninstaller(database);
    }

    /** The names of what this version would make in the database and is not there. */
    public static List<String> missing(DatabaseLocation location, Handle handle) throws SQLException {
        return location instanceof SqlitePath ? Migrator.missing(handle) : PostgresMigrator.missing(handle);
    }
}
