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
 * times as long: it asks for the names of the columns each time.
 */
final class DataVersion implements ChangeCounter {

    /** Stays open as long as its connection. */
    private final PreparedStatement statement;

    DataVersion(Connection connection) throws SQLException {
        statement = connection.prepareStatement("PRAGMA data_version");
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
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }
}
