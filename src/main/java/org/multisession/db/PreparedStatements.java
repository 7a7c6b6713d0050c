package org.multisession.db;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The compiled statements of one connection. Compiling costs several times what a look-up by an index does, so each is
 * kept for as long as the connection is, and closed with it. Used by one thread at a time, as the connection is.
 */
final class PreparedStatements {

    /** A compiled statement, with what is known of it. */
    static final class Prepared {

        final PreparedStatement statement;
        final Sql.Resolved sql;
        private final boolean kept;
        private boolean inUse;

        /** The names of its result's columns; null until it has run once. */
        String @Nullable [] columns;

        private Prepared(PreparedStatement statement, Sql.Resolved sql, boolean kept) {
            this.statement = statement;
            this.sql = sql;
            this.kept = kept;
        }

        /** To be called when its work is done: forgets the values, which may be secrets. */
        void release() throws SQLException {
            if (kept) {
                inUse = false;
                statement.clearParameters();
            } else {
                statement.close();
            }
        }

        /** The same after a failure, which stays the one that is told: some failures leave nothing to be released. */
        void releaseAfter(Throwable failure) {
            try {
                release();
            } catch (SQLException e) {
                failure.addSuppressed(e);
            }
        }
    }

    private final Connection connection;
    private final Vendor vendor;
    private final Supplier<Vocabulary> vocabulary;
    private final Map<Sql, Prepared> kept = new HashMap<>();

    PreparedStatements(Connection connection, Vendor vendor, Supplier<Vocabulary> vocabulary) {
        this.connection = connection;
        this.vendor = vendor;
        this.vocabulary = vocabulary;
    }

    Vendor vendor() {
        return vendor;
    }

    Prepared prepare(Sql sql) throws SQLException {
        Prepared known = kept.get(sql);
        if (known != null && !known.inUse) {
            known.inUse = true;
            return known;
        }
        Sql.Resolved resolved = sql.resolve(vocabulary.get());
        // One that is in use, because a callback for its rows runs it once more, gets a second one for the moment.
        boolean keep = sql.isKept() && known == null;
        Prepared prepared = new Prepared(connection.prepareStatement(resolved.text()), resolved, keep);
        if (keep) {
            prepared.inUse = true;
            kept.put(sql, prepared);
        }
        return prepared;
    }

    /** Makes every kept statement free again, also one whose work ended in an exception before it began. */
    void releaseAll() {
        kept.values().forEach(prepared -> prepared.inUse = false);
    }
}
