package org.multisession.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.multisession.boot.LockRetry;
import org.multisession.boot.Sources;
import org.multisession.config.DatabaseLocation;
import org.multisession.config.Settings;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Source;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The database of one command, open until the command is done. */
final class DatabaseSession implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(DatabaseSession.class);

    /** As at a deploy. */
    private static final Duration BUSY_TIMEOUT = Duration.ofSeconds(5);

    /** On a server, one holds a lock while another works. */
    private static final int CONNECTIONS = 2;

    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final DatabaseLocation location;
    private final Source source;
    private final Database database;
    private final LockRetry retry;

    private DatabaseSession(DatabaseLocation location, Source source, Database database, LockRetry retry) {
        this.location = location;
        this.source = source;
        this.database = database;
        this.retry = retry;
    }

    /** Opens the one that the command was told of, or leaves nothing open. */
    static DatabaseSession open(Call call) {
        return open(call.settings(), false, call.terminal().clock());
    }

    /** The same, which may make a new one. */
    static DatabaseSession open(Settings settings, boolean create, InstantSource clock) {
        return open(settings.database(), create, clock);
    }

    /** The same with a file of the caller's. */
    static DatabaseSession open(Path file, boolean create, InstantSource clock) {
        return open(new DatabaseLocation.SqlitePath(file), create, clock);
    }

    private static DatabaseSession open(DatabaseLocation location, boolean create, InstantSource clock) {
        Source source = Sources.claim(location, create, "the command line");
        try {
            LockRetry retry = new LockRetry(clock, PATIENCE);
            Database database = retry.until(() -> Database.open(source, CONNECTIONS, BUSY_TIMEOUT));
            log.info("Database: {}", retry.until(() -> database.read(database.source()::describe)));
            return new DatabaseSession(location, source, database, retry);
        } catch (RuntimeException e) {
            source.close();
            throw e;
        }
    }

    Database database() {
        return database;
    }

    /** Fails if Multi-Session is not in this database as a whole. */
    void requireMigrated() {
        List<String> missing = retry.until(() -> database.read(handle -> Sources.missing(location, handle)));
        if (!missing.isEmpty()) {
            throw new DatabaseException(
                    "Multi-Session is not in this database, or not as a whole: it lacks "
                            + String.join(", ", missing.subList(0, Math.min(3, missing.size())))
                            + ", or has that from another version. Use the WAR that is deployed, or deploy this one",
                    null);
        }
    }

    LockRetry retry() {
        return retry;
    }

    @Override
    public void close() {
        database.close();
        source.close();
    }
}
