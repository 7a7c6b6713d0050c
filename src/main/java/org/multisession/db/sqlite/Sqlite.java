package org.multisession.db.sqlite;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;
import org.multisession.db.ChangeCounter;
import org.multisession.db.FailureKind;
import org.multisession.db.Vendor;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteJDBCLoader;

/** How a transaction begins on SQLite, and what its error codes mean. */
public final class Sqlite implements Vendor {

    static final Sqlite VENDOR = new Sqlite();

    /** The driver's own words for a kind of error; SQLite's follow in parentheses. */
    private static final Pattern DRIVERS_WORDS = Pattern.compile("^\\[(\\w+)\\] [^(]*\\((.*)\\)$", Pattern.DOTALL);

    private static final Map<String, String> WORDS = Map.ofEntries(
            Map.entry("schemaState", "SELECT schema_version FROM pragma_schema_version"),
            // Whoever rebuilds a table and puts our triggers back has taken them away for a while.
            Map.entry(
                    "triggers",
                    "(SELECT name, lower(tbl_name) AS on_table FROM sqlite_master WHERE type = 'trigger' AND rowid <"
                            + " (SELECT rowid FROM sqlite_master WHERE type = 'trigger' AND name = 'multisession_watched'))"),
            Map.entry(
                    "sessionColumns", "(SELECT name, \"notnull\" AS required FROM pragma_table_info('user_sessions'))"),
            Map.entry("time", "TEXT"),
            Map.entry("typeof", "typeof"),
            Map.entry("longAgo", "''"),
            Map.entry("binary", "COLLATE BINARY"),
            Map.entry("forUpdate", ""),
            Map.entry("forUpdateIfFree", ""),
            Map.entry("forChange", ""),
            Map.entry("unlessLocked", ""),
            Map.entry("hasFiveDigits", "GLOB '*[0-9]*[0-9]*[0-9]*[0-9]*[0-9]*'"),
            Map.entry(
                    "isSeenAsWritten",
                    "s.last_seen_at GLOB '"
                            + "dddd-dd-dd dd:dd:dd.dddddd".replace("d", "[0-9]")
                            // Of a day that the calendar does not have it makes another.
                            + "' AND datetime(s.last_seen_at) = substr(s.last_seen_at, 1, 19)"),
            Map.entry(
                    "markOfToken",
                    "length(CAST(u.auth_token AS TEXT)) || ':' || substr(CAST(u.auth_token AS TEXT), 1, 8)"
                            + " || substr(CAST(u.auth_token AS TEXT), max(1, length(CAST(u.auth_token AS TEXT)) / 2 - 3), 8)"
                            + " || substr(CAST(u.auth_token AS TEXT), -8)"),
            // A name that the inner table does not have is the outer one's.
            Map.entry(
                    "planIfAny",
                    "(SELECT (SELECT CAST(plan AS TEXT) FROM users p WHERE p.id = u.id) FROM (SELECT NULL AS plan) none)"),
            Map.entry("tokenToRead", "h.auth_token"),
            Map.entry(
                    "copies",
                    "(SELECT m.name FROM sqlite_master m WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL%'"
                            + " AND lower(m.name) NOT IN ('users', 'user_sessions')"
                            + " AND lower(m.name) NOT LIKE 'multisession\\_%' ESCAPE '\\'"
                            + " AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) c WHERE lower(c.name) = 'auth_token')"
                            + " AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) c"
                            + " WHERE lower(c.name) IN ('phone', 'user_id')))"),
            // The version of the schema goes on with each VACUUM as well; the migration notes when it makes triggers.
            Map.entry(
                    "tableOfUsers",
                    "coalesce((SELECT value FROM multisession_state WHERE name = 'users-watched'), '')"));

    private Sqlite() {}

    @Override
    public String product() {
        return "SQLite " + SQLiteJDBCLoader.getVersion();
    }

    @Override
    public ChangeCounter changes(Connection connection) throws SQLException {
        return new DataVersion(connection);
    }

    /** Each value that is bound is a call into SQLite. */
    @Override
    public boolean numbersParameters() {
        return true;
    }

    @Override
    public Map<String, String> words() {
        return WORDS;
    }

    /**
     * Takes the write lock at once. A deferred transaction that reads first and writes later fails with BUSY_SNAPSHOT,
     * whatever the timeout. The driver's own transaction mode is not used: it begins the next transaction right after
     * a commit, and an idle pool would then hold the lock for ever.
     */
    @Override
    public void begin(Connection connection) throws SQLException {
        run(connection, "BEGIN IMMEDIATE");
    }

    @Override
    public void waitFor(Connection connection, Duration wait) throws SQLException {
        connection.unwrap(SQLiteConnection.class).setBusyTimeout(Math.toIntExact(wait.toMillis()));
    }

    /**
     * Readers of another process keep a commit beside a rollback journal waiting, and while it waits nobody else can begin
     * to read, until the transaction is rolled back.
     */
    @Override
    public void commit(Connection connection, Duration wait) throws SQLException {
        SQLiteConnection sqlite = connection.unwrap(SQLiteConnection.class);
        int usual = sqlite.getBusyTimeout();
        sqlite.setBusyTimeout(Math.min(usual, Math.toIntExact(wait.toMillis())));
        try {
            run(connection, "COMMIT");
        } finally {
            sqlite.setBusyTimeout(usual);
        }
    }

    @Override
    public void rollback(Connection connection) throws SQLException {
        run(connection, "ROLLBACK");
    }

    @Override
    public FailureKind kindOf(SQLException e) {
        // The driver throws none of these itself: it is a rule of ours.
        if (e instanceof SQLIntegrityConstraintViolationException) {
            return FailureKind.CONSTRAINT;
        }
        return switch (codeOf(e)) {
            case SQLITE_BUSY, SQLITE_LOCKED -> FailureKind.BUSY;
            case SQLITE_CONSTRAINT -> FailureKind.CONSTRAINT;
            case SQLITE_ERROR, SQLITE_MISMATCH, SQLITE_TOOBIG -> FailureKind.STATEMENT;
            case SQLITE_CANTOPEN, SQLITE_READONLY -> FailureKind.ACCESS;
            case SQLITE_FULL -> FailureKind.FULL;
            case SQLITE_IOERR -> FailureKind.DISK;
            case SQLITE_CORRUPT, SQLITE_NOTADB -> FailureKind.DAMAGE;
            default -> FailureKind.OTHER;
        };
    }

    /** By its words: where a foreign key says RESTRICT, the code is that of a trigger. */
    @Override
    public boolean isReferredTo(SQLException e) {
        return kindOf(e) == FailureKind.CONSTRAINT
                && String.valueOf(e.getMessage()).contains("FOREIGN KEY constraint failed");
    }

    private static SQLiteErrorCode codeOf(SQLException e) {
        return SQLiteErrorCode.getErrorCode(e.getErrorCode() & 0xff);
    }

    @Override
    public String reasonIn(SQLException e) {
        return DRIVERS_WORDS.matcher(String.valueOf(e.getMessage())).replaceFirst("$2 [$1]");
    }

    static boolean isCannotOpen(SQLException e) {
        return codeOf(e) == SQLiteErrorCode.SQLITE_CANTOPEN;
    }

    /**
     * Why a statement really failed. It is compiled against the schema as this connection saw it last, which may be older
     * than the table it asks for; where the database is locked or cannot be read just then, SQLite cannot look again, and
     * says that there is no such table.
     */
    @Override
    public SQLException reason(Connection connection, SQLException e) {
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

    /** Describes for the operator what an error means; the driver's own text if that is clear enough. */
    @Override
    public String describe(SQLException e) {
        return switch (codeOf(e)) {
            case SQLITE_NOTADB -> "the file is not a SQLite database, or it is encrypted. Check multisession.db.url";
            case SQLITE_READONLY ->
                "the database is read-only for the account that this program runs as, which must be allowed to write the"
                        + " file and its folder";
            case SQLITE_CANTOPEN ->
                "the database, or a file beside it, could not be opened; the account that this program runs as must be"
                        + " allowed to read and write the file and its folder, and to have more files open (ulimit -n)";
            case SQLITE_FULL -> "the disk of the database, or that of SQLite's temporary files, is full";
            case SQLITE_IOERR -> "the disk could not be read or written (" + e.getMessage() + ")";
            case SQLITE_CORRUPT -> "the database file is damaged (" + e.getMessage() + ")";
            default -> String.valueOf(e.getMessage());
        };
    }

    static void run(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
