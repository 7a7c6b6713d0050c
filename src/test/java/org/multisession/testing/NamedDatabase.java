package org.multisession.testing;

import java.nio.file.Path;
import java.time.InstantSource;
import org.multisession.db.Database;
import org.multisession.db.Source;
import org.multisession.db.postgres.PostgresServer;
import org.multisession.db.postgres.PostgresSource;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.migration.Migration;
import org.multisession.migration.Migrator;
import org.multisession.migration.postgres.PostgresMigrator;

/** A database of any kind by the {@link OldApp#name} that a process is told. */
public final class NamedDatabase {

    private NamedDatabase() {}

    /** For our app. */
    public static Source claim(String name) {
        return isOnServer(name)
                ? PostgresServer.at(name, "postgres", "")
                : SqliteFile.claim(Path.of(name), false, "/test");
    }

    /** For the old app. */
    public static OldApp open(String name) {
        return isOnServer(name) ? PostgresApp.at(name) : SqliteApp.open(Path.of(name));
    }

    /** Whether the name is the URL of a server. */
    public static boolean isOnServer(String name) {
        return name.startsWith("jdbc:postgresql:");
    }

    /** The migration that fits. */
    public static Migration migration(Database database, InstantSource clock) {
        return database.source() instanceof PostgresSource
                ? new PostgresMigrator(database, clock)
                : new Migrator(database, clock);
    }

    /** Tells of every statement just before it reaches the database, whichever kind it is of. */
    public static void watch(Runnable before, Runnable work) {
        StatementLog.watch(statement -> before.run(), () -> PostgresStatementLog.watch(before, work));
    }
}
