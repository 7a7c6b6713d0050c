package org.multisession.db.sqlite;

import java.nio.file.Path;
import java.sql.SQLException;
import org.multisession.db.Handle;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;

/**
 * Copies a whole database page by page, with SQLite's online backup. It reads no row and evaluates no expression, so it
 * also copies what VACUUM INTO cannot: indexes, columns and constraints that call a function of the app.
 */
public final class PageCopy {

    private PageCopy() {}

    /**
     * Copies the database as this connection sees it into a file, which may exist if it is empty.
     *
     * @param handle in a transaction that has already read, so that the copy shows that moment
     */
    public static void into(Handle handle, Path target) throws SQLException {
        SQLiteConnection connection = handle.connection().unwrap(SQLiteConnection.class);
        // All pages in one step: between two steps others could write, and the copy would start over.
        int code = connection.getDatabase().backup("main", target.toString(), null, 0, 0, -1);
        if (code != SQLiteErrorCode.SQLITE_OK.code) {
            SQLiteErrorCode error = SQLiteErrorCode.getErrorCode(code);
            throw new SQLException("[" + error.name() + "] " + error.message, null, code);
        }
    }
}
