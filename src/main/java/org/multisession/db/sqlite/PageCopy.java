package org.multisession.db.sqlite;

import java.nio.file.Path;
import java.sql.SQLException;
import org.multisession.db.Handle;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;

/**
 * Copies a whole database page by page, by SQLite's online backup. No row is read and no expression evaluated, so it
 * also copies what VACUUM INTO cannot: indexes, columns and constraints that call a function which only the app has.
 */
public final class PageCopy {

    private PageCopy() {}

    /**
     * Copies the database as this connection sees it into a file, which may be there and be empty.
     *
     * @param handle in a transaction that has read already, so that the copy is of that moment
     */
    public static void into(Handle handle, Path target) throws SQLException {
        SQLiteConnection connection = handle.connection().unwrap(SQLiteConnection.class);
        // All pages in one step: between two, others could write, and the copy would begin anew.
        int code = connection.getDatabase().backup("main", target.toString(), null, 0, 0, -1);
        if (code != SQLiteErrorCode.SQLITE_OK.code) {
            SQLiteErrorCode error = SQLiteErrorCode.getErrorCode(code);
            throw new SQLException("[" + error.name() + "] " + error.message, null, code);
        }
    }
}
