package org.multisession.migration;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;

/**
 * Sees that nothing is written on a schema that lacks what the promises rest on: somebody may rebuild a table at any
 * moment, and with the old table go its triggers. SQLite counts every change of the schema, so before each transaction
 * one number is compared; where it is another than the last time, the catalogue is looked at, and what is missing is made
 * anew in the same transaction. Safe for use by many threads.
 */
public final class SchemaGuard implements Database.Guard {

    private static final long NONE = Long.MIN_VALUE;

    private final Migrator migrator;

    /** The version at which nothing was missing. */
    private volatile long complete = NONE;

    /** The version at which all that we remember was gone: there is nothing to repair then. */
    private volatile long emptied = NONE;

    /** The version that was looked at last, whatever came of it. */
    private volatile long lookedAt = NONE;

    public SchemaGuard(Migrator migrator) {
        this.migrator = migrator;
    }

    @Override
    public void beforeWriting(Transaction transaction) throws SQLException {
        long version = version(transaction);
        if (version == complete || version == emptied) {
            return;
        }
        // As it was committed by others: a repair of ours may yet be undone with the transaction that it is part of.
        lookedAt = version;
        try {
            switch (migrator.repair(transaction)) {
                case NOT_NEEDED -> complete = version;
                case IMPOSSIBLE -> emptied = version;
                case DONE -> {
                    // What is there now counts once it is committed; the next transaction looks once more.
                }
            }
        } catch (MigrationRefusedException e) {
            throw new DatabaseBusyException("somebody has changed the schema: " + e.getMessage(), e);
        }
    }

    @Override
    public boolean hasSeen(Handle handle) throws SQLException {
        return version(handle) == lookedAt;
    }

    private static long version(Handle handle) throws SQLException {
        try (PreparedStatement statement = handle.prepare("PRAGMA schema_version");
                ResultSet row = statement.executeQuery()) {
            return row.next() ? row.getLong(1) : NONE;
        }
    }
}
