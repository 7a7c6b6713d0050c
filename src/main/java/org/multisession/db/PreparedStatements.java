package org.multisession.db;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The compiled statements of one connection. Compiling one takes several times as long as a look-up by index, so each
 * is kept until the connection is closed. Used by one thread at a time, like the connection.
 */
final class PreparedStatements {

    /** A compiled statement, with what is known about it. */
    static final class Prepared {

        final PreparedStatement statement;
        final Sql.Resolved sql;
        private final boolean kept;
        private boolean inUse;

        /** The names of its result columns; null until it has run once. */
        String @Nullable [] columns;

        private Prepared(PreparedStatement statement, Sql.Resolved sql, boolean kept) {
            this.statement = statement;
            this.sql = sql;
            this.kept = kept;
        }

        /** Call it when the work is done: it clears the bound values, which may be secrets. */
        void release() throws SQLException {
            if (kept) {
                inUse = false;
                statement.clearParameters();
            } else {
                statement.close();
            }
        }

        /** The same after a failure, without hiding that failure: some failures leave nothing to be released. */
        void releaseAfter(Throwable failure) {
            try {
                release();
            } catch (SQLException e) {
                failure.addSuppressed(e);
            }
        }
    }

    private final Connection connection;
    private final boolean lasts;
    private final Vendor vendor;
    private final Supplier<Vocabulary> vocabulary;
    private final Map<Sql, Prepared> kept = new HashMap<>();
    private final List<Prepared> used = new ArrayList<>();
    private long rowsChanged;

    PreparedStatements(Connection connection, Vendor vendor, Supplier<Vocabulary> vocabulary) {
        this(connection, true, vendor, vocabulary);
    }

    /** Of a connection that is borrowed from a pool that closes every statement when the connection comes back. */
    static PreparedStatements forOnce(Connection connection, Vendor vendor, Supplier<Vocabulary> vocabulary) {
        return new PreparedStatements(connection, false, vendor, vocabulary);
    }

    private PreparedStatements(Connection connection, boolean lasts, Vendor vendor, Supplier<Vocabulary> vocabulary) {
        this.connection = connection;
        this.lasts = lasts;
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
            used.add(known);
            return known;
        }
        Sql.Resolved resolved = sql.resolve(vocabulary.get(), vendor.numbersParameters());
        // If it is in use, because a callback for its rows runs it again, a temporary second one is compiled.
        boolean keep = lasts && sql.isKept() && known == null;
        Prepared prepared = new Prepared(connection.prepareStatement(resolved.text()), resolved, keep);
        if (keep) {
            prepared.inUse = true;
            used.add(prepared);
            kept.put(sql, prepared);
        }
        return prepared;
    }

    /** Releases every kept statement, including one whose work failed before it began. */
    void releaseAll() {
        for (Prepared prepared : used) {
            prepared.inUse = false;
        }
        used.clear();
    }

    /** Notes that an {@link Statement.Update} has changed so many rows, itself and not by a trigger. */
    void changed(int rows) {
        rowsChanged += rows;
    }

    /** How many rows all of them have changed themselves. */
    long rowsChanged() {
        return rowsChanged;
    }
}
