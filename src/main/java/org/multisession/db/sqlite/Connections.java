package org.multisession.db.sqlite;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteOpenMode;

/**
 * Opens connections to one existing file and makes sure that each has the pragmas that the promises rest on; they
 * belong to a connection, not to the file.
 */
final class Connections extends SQLiteDataSource {

    /**
     * A sign-in changes some twenty pages, most of them anywhere in the file. Readers gain nothing: a commit of any other
     * connection empties their caches.
     */
    private static final int WRITERS_CACHE_KIB = 16_000;

    private final SqliteFile file;
    private final int busyTimeoutMillis;
    private final boolean readOnly;

    Connections(SqliteFile file, Duration busyTimeout, boolean readOnly) {
        this(file, busyTimeout, readOnly, new SQLiteConfig());
    }

    private Connections(SqliteFile file, Duration busyTimeout, boolean readOnly, SQLiteConfig config) {
        super(config);
        this.file = file;
        this.busyTimeoutMillis = Math.toIntExact(busyTimeout.toMillis());
        this.readOnly = readOnly;
        config.resetOpenMode(SQLiteOpenMode.CREATE);
        config.setBusyTimeout(busyTimeoutMillis);
        // Nobody asks for the id of a new row, and the driver would ask for it after each statement that writes.
        config.setGetGeneratedKeys(false);
        setUrl("jdbc:sqlite:" + file.path());
    }

    @Override
    public Connection getConnection() throws SQLException {
        Connection connection = file.descriptors().opening(super::getConnection);
        try {
            // Before the first statement: if another file is in the place of ours, SQLite would apply the log of our
            // file to it and damage it. Until then it has read nothing.
            if (!file.isInPlace()) {
                throw new SQLException(file.path() + " was replaced while it was open");
            }
            Sqlite.run(connection, "PRAGMA foreign_keys=ON");
            Sqlite.run(connection, "PRAGMA synchronous=FULL");
            TokenHashFunction.addTo(connection);
            if (readOnly) {
                Sqlite.run(connection, "PRAGMA query_only=ON");
            } else {
                // Deleted rows hold tokens, codes and numbers, which must not remain in free space.
                Sqlite.run(connection, "PRAGMA secure_delete=ON");
                Sqlite.run(connection, "PRAGMA cache_size=-" + WRITERS_CACHE_KIB);
            }
            require(connection, "foreign_keys", 1);
            require(connection, "busy_timeout", busyTimeoutMillis);
            require(connection, "synchronous", 2);
            require(connection, "query_only", readOnly ? 1 : 0);
            return connection;
        } catch (SQLException | RuntimeException | Error e) {
            connection.close();
            throw e;
        }
    }

    private static void require(Connection connection, String pragma, int wanted) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("PRAGMA " + pragma)) {
            int found = row.next() ? row.getInt(1) : -1;
            if (found != wanted) {
                throw new SQLException("PRAGMA " + pragma + " is " + found + ", not " + wanted);
            }
        }
    }
}
