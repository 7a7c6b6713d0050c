package org.multisession.db.sqlite;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteOpenMode;

/** What is peculiar to SQLite: how a transaction begins, what its error codes mean, which pragmas a connection needs. */
public final class Sqlite {

    private Sqlite() {}

    /**
     * Takes the write lock at once. A deferred transaction that reads first and writes later fails with BUSY_SNAPSHOT,
     * whatever the timeout. The driver's own transaction mode is not used: it begins the next transaction right after
     * a commit, and an idle pool would then hold the lock for ever.
     */
    public static void begin(Connection connection) throws SQLException {
        run(connection, "BEGIN IMMEDIATE");
    }

    /**
     * Commits, trying again while a reader of another process holds a rollback-journal database: the transaction is
     * still whole then, and a later COMMIT goes through.
     */
    public static void commit(Connection connection, Duration retry) throws SQLException {
        long deadline = System.nanoTime() + retry.toNanos();
        while (true) {
            try {
                run(connection, "COMMIT");
                return;
            } catch (SQLException e) {
                // Each try has itself waited for the busy timeout, so this loop does not spin.
                if (!isBusy(e) || System.nanoTime() - deadline > 0) {
                    throw e;
                }
            }
        }
    }

    public static void rollback(Connection connection) throws SQLException {
        run(connection, "ROLLBACK");
    }

    public static boolean isBusy(SQLException e) {
        int code = e.getErrorCode() & 0xff;
        return code == SQLiteErrorCode.SQLITE_BUSY.code || code == SQLiteErrorCode.SQLITE_LOCKED.code;
    }

    public static boolean isConstraint(SQLException e) {
        return (e.getErrorCode() & 0xff) == SQLiteErrorCode.SQLITE_CONSTRAINT.code;
    }

    /** Whether it is the schema or a row that a statement does not agree with, and no state of the disk or of a lock. */
    public static boolean isOfTheStatement(SQLException e) {
        int code = e.getErrorCode() & 0xff;
        return isConstraint(e)
                || code == SQLiteErrorCode.SQLITE_ERROR.code
                || code == SQLiteErrorCode.SQLITE_MISMATCH.code
                || code == SQLiteErrorCode.SQLITE_TOOBIG.code;
    }

    /** Whether the rights on the file, its folder or what lies beside it may be the reason. */
    public static boolean isAboutAccess(SQLException e) {
        return isCannotOpen(e) || (e.getErrorCode() & 0xff) == SQLiteErrorCode.SQLITE_READONLY.code;
    }

    static boolean isCannotOpen(SQLException e) {
        return (e.getErrorCode() & 0xff) == SQLiteErrorCode.SQLITE_CANTOPEN.code;
    }

    /**
     * Why a statement really failed. It is compiled against the schema as this connection saw it last, which may be older
     * than the table it asks for; where the database is locked or cannot be read just then, SQLite cannot look again, and
     * says that there is no such table.
     */
    public static SQLException reason(Connection connection, SQLException e) {
        if (e.getErrorCode() != SQLiteErrorCode.SQLITE_ERROR.code) {
            return e;
        }
        try {
            run(connection, "PRAGMA schema_version");
            return e;
        } catch (SQLException unreadable) {
            return unreadable;
        }
    }

    /** What an error means to the operator, in words; the driver's own text where it says enough. */
    public static String describe(SQLException e) {
        return switch (SQLiteErrorCode.getErrorCode(e.getErrorCode() & 0xff)) {
            case SQLITE_NOTADB -> "the file is not a SQLite database, or it is encrypted. Check multisession.db.url";
            case SQLITE_READONLY ->
                "the database is read-only for the account that this program runs as, which must be allowed to write the"
                        + " file and its folder";
            case SQLITE_CANTOPEN ->
                "the database, or a file beside it, could not be opened; the account that this program runs as must be"
                        + " allowed to read and write the file and its folder";
            case SQLITE_FULL -> "the disk is full";
            case SQLITE_IOERR -> "the disk could not be read or written (" + e.getMessage() + ")";
            case SQLITE_CORRUPT -> "the database file is damaged (" + e.getMessage() + ")";
            default -> String.valueOf(e.getMessage());
        };
    }

    public static void run(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /**
     * Opens connections on one existing file and makes sure of each that it has the pragmas that the promises rest on;
     * they belong to a connection, not to the file.
     */
    static final class Source extends SQLiteDataSource {

        private final SqliteFile file;
        private final int busyTimeoutMillis;
        private final boolean readOnly;

        Source(SqliteFile file, Duration busyTimeout, boolean readOnly) {
            this(file, busyTimeout, readOnly, new SQLiteConfig());
        }

        private Source(SqliteFile file, Duration busyTimeout, boolean readOnly, SQLiteConfig config) {
            super(config);
            this.file = file;
            this.busyTimeoutMillis = Math.toIntExact(busyTimeout.toMillis());
            this.readOnly = readOnly;
            config.resetOpenMode(SQLiteOpenMode.CREATE);
            config.setBusyTimeout(busyTimeoutMillis);
            setUrl("jdbc:sqlite:" + file.path());
        }

        @Override
        public Connection getConnection() throws SQLException {
            Connection connection = file.descriptors().opening(super::getConnection);
            try {
                // Before the first statement: with a file that was put in the place of ours, SQLite would take up the
                // log that ours has left, and damage it. Until then it has read nothing.
                if (!file.isInPlace()) {
                    throw new SQLException(file.path() + " was replaced while it was open");
                }
                run(connection, "PRAGMA foreign_keys=ON");
                run(connection, "PRAGMA synchronous=FULL");
                TokenHashFunction.addTo(connection);
                if (readOnly) {
                    run(connection, "PRAGMA query_only=ON");
                } else {
                    // What is deleted here are tokens, codes and numbers; they must not stay behind in free space.
                    run(connection, "PRAGMA secure_delete=ON");
                }
                require(connection, "foreign_keys", 1);
                require(connection, "busy_timeout", busyTimeoutMillis);
                require(connection, "synchronous", 2);
                require(connection, "query_only", readOnly ? 1 : 0);
                return connection;
            } catch (SQLException | RuntimeException e) {
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
}
