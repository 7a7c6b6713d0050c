package org.multisession.db;

import java.sql.SQLException;
import java.util.regex.Pattern;
import org.multisession.db.sqlite.Sqlite;
import org.sqlite.SQLiteErrorCode;

/** What a failed statement means, for those who go on after it. */
public final class Failures {

    /** The driver's own words for a kind of error, of which SQLite's follow in brackets. */
    private static final Pattern DRIVERS_WORDS = Pattern.compile("^\\[(\\w+)\\] [^(]*\\((.*)\\)$", Pattern.DOTALL);

    private Failures() {}

    /** Whether it is the schema or a row that a statement does not agree with, and no state of the disk or of a lock. */
    public static boolean isOfTheStatement(SQLException e) {
        return Sqlite.isOfTheStatement(e);
    }

    /** A failure that a constraint should have made, and none is there to make it. */
    public static SQLException missingConstraint(String message) {
        return new SQLException(message, null, SQLiteErrorCode.SQLITE_CONSTRAINT.code);
    }

    /** What a failure says that failed: the name of its statement, where it has one. */
    public static String statement(DatabaseException e) {
        return e instanceof StatementException failed ? failed.statement() : String.valueOf(e.getMessage());
    }

    /** Whether SQLite has found the file itself damaged. */
    public static boolean isDamage(DatabaseException e) {
        return e.getCause() instanceof SQLException cause && isDamage(cause);
    }

    /** The same of what the driver throws. */
    public static boolean isDamage(SQLException e) {
        return (e.getErrorCode() & 0xff) == SQLiteErrorCode.SQLITE_CORRUPT.code;
    }

    /** What SQLite says of it: names of tables, constraints and functions, and the text of a trigger's RAISE. */
    public static String reason(SQLException e) {
        return DRIVERS_WORDS.matcher(String.valueOf(e.getMessage())).replaceFirst("$2 [$1]");
    }
}
