package org.multisession.migration;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.Guard;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.db.Transaction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes sure that nothing is written on a schema that lacks what the promises rest on. Somebody may rebuild a table at
 * any moment, and its triggers go with it. SQLite counts every change of the schema, so each transaction first compares
 * that number. If it has changed, the catalogue is looked at, and what is missing is made anew, in a transaction before
 * that one. While a rebuild looks unfinished, nothing is made, ended or believed. Safe for use by many threads.
 */
public final class SchemaGuard implements Guard {

    private static final Logger log = LoggerFactory.getLogger(SchemaGuard.class);

    private static final Sql VERSION = Sql.of("version of the schema", "PRAGMA schema_version");

    private static final long NONE = Long.MIN_VALUE;

    /** How long somebody may take between two statements of a rebuild. */
    static final Duration PATIENCE = Duration.ofMinutes(10);

    /**
     * Our statements name no table and no column that was not there at the deploy: a table is being rebuilt, or a backup
     * from before the deploy was restored, which somebody has to put right.
     */
    private static final Pattern MISSING = Pattern.compile(
            "no such (column: |table: (\\w+\\.)?(users|user_sessions|auth_events|multisession_\\w+)\\b)",
            Pattern.CASE_INSENSITIVE);

    private final Migrator migrator;
    private final InstantSource clock;

    /** The version at which nothing was missing. */
    private volatile long complete = NONE;

    /** The version at which all our tables were gone, so that there was nothing to repair. */
    private volatile long emptied = NONE;

    /** Not every request retries a failed repair, which may take long under the write lock. */
    private volatile @Nullable Refusal refusal;

    private @Nullable Rebuild standing;

    /** A version that the migration refused, and why. */
    private record Refusal(long version, MigrationRefusedException reason) {}

    /** Since when a rebuild of this table looks unfinished. */
    private record Rebuild(String table, Instant since) {}

    public SchemaGuard(Migrator migrator, InstantSource clock) {
        this.migrator = migrator;
        this.clock = clock;
    }

    @Override
    public boolean admits(Transaction transaction) throws SQLException {
        long version = version(transaction);
        Refusal refused = refusal;
        if (refused != null && refused.version() == version) {
            throw busy(refused.reason());
        }
        return version == complete || version == emptied;
    }

    @Override
    public Runnable mend(Transaction transaction) throws SQLException {
        long before = version(transaction);
        requireFinishedRebuilds(transaction);
        try {
            Migrator.Repair repair = migrator.repair(transaction);
            long after = version(transaction);
            return switch (repair) {
                case NOT_NEEDED, DONE -> () -> complete = after;
                case IMPOSSIBLE -> () -> nothingIsLeft(after, "");
                case IMPOSSIBLE_AND_CLEARED ->
                    () -> nothingIsLeft(
                            after,
                            ". Its triggers were left behind and have been removed, so that the old app can go on"
                                    + " writing");
            };
        } catch (MigrationRefusedException e) {
            refusal = new Refusal(before, e);
            throw busy(e);
        }
    }

    private void nothingIsLeft(long version, String removed) {
        emptied = version;
        log.error(
                "What Multi-Session remembers is gone from the database, as after an uninstall or a tool that drops"
                        + " tables it does not know; it is not made anew{}. Undeploy this application, or deploy it again"
                        + " to migrate anew; or restore a backup",
                removed);
    }

    /** It is the version of the schema. */
    @Override
    public boolean hasSeen(Handle handle, long version) throws SQLException {
        Refusal refused = refusal;
        if (version == complete || version == emptied || (refused != null && refused.version() == version)) {
            return true;
        }
        // Checked here, so that no reader waits for the lock under which somebody fills the table.
        requireFinishedRebuilds(handle);
        return false;
    }

    /** Each file numbers its schema by itself. */
    @Override
    public void startAnew() {
        complete = NONE;
        emptied = NONE;
        refusal = null;
        stand(null);
    }

    @Override
    public boolean isOfARebuild(SQLException failure) {
        return MISSING.matcher(String.valueOf(failure.getMessage())).find();
    }

    /** The next write retries what was refused: rows may have been corrected, which does not change the schema. */
    public void forgetRefusal() {
        refusal = null;
    }

    private void requireFinishedRebuilds(Handle handle) throws SQLException {
        UnfinishedRebuild unfinished = UnfinishedRebuild.find(handle);
        if (unfinished == null) {
            stand(null);
        } else if (!isTakenAsItIs(unfinished)) {
            throw new DatabaseBusyException("somebody is rebuilding a table: " + unfinished.reason(), null);
        }
    }

    private synchronized void stand(@Nullable Rebuild now) {
        standing = now;
    }

    private synchronized boolean isTakenAsItIs(UnfinishedRebuild unfinished) {
        Instant now = clock.instant();
        Rebuild before = standing;
        if (before == null
                || !before.table().equals(unfinished.table())
                || before.since().isAfter(now)) {
            log.warn("Nothing is written, and nothing ended, for now: {}", unfinished.reason());
            standing = new Rebuild(unfinished.table(), now);
            return false;
        }
        boolean isTaken =
                unfinished.mayBeMeant() && !before.since().plus(PATIENCE).isAfter(now);
        if (isTaken) {
            log.warn("It is taken as it is after {}: {}", PATIENCE, unfinished.reason());
        }
        return isTaken;
    }

    private static DatabaseBusyException busy(MigrationRefusedException reason) {
        return new DatabaseBusyException("somebody has changed the schema: " + reason.getMessage(), reason);
    }

    private static long version(Handle handle) {
        return handle.query(VERSION).one(row -> row.number("schema_version"));
    }
}
