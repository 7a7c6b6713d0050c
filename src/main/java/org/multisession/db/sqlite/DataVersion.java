package org.multisession.db.sqlite;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.multisession.db.ChangeCounter;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.core.CoreStatement;
import org.sqlite.core.DB;

/**
 * {@code PRAGMA data_version}, asked before every use of what is kept. The driver's {@code executeQuery} would take three
 * times as long: it asks for the names of the columns each time. And {@code total_changes()}.
 */
final class DataVersion implements ChangeCounter {

    /** Both stay open as long as their connection. */
    private final PreparedStatement statement;

    private final PreparedStatement changed;

    DataVersion(Connection connection) throws SQLException {
        statement = connection.prepareStatement("PRAGMA data_version");
        changed = connection.prepareStatement("SELECT total_changes()");
    }

    @Override
    public long read() throws SQLException {
        long version = ((CoreStatement) statement).pointer.safeRunLong(DataVersion::step);
        return version >= 0 ? version : slowly();
    }

    /** Negative if it fails. */
    private static long step(DB database, long pointer) throws SQLException {
        try {
            return database.step(pointer) == SQLiteErrorCode.SQLITE_ROW.code ? database.column_long(pointer, 0) : -1;
        } finally {
            // Until then the connection would see the database as it is now.
            database.reset(pointer);
        }
    }

    /** Fails as any other statement does, or succeeds after all. */
    private long slowly() throws SQLException {
        return number(statement);
    }

    @Override
    public long rowsChanged() throws SQLException {
        return number(changed);
    }

    private static long number(PreparedStatement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }
}
