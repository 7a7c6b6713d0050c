package org.multisession.db.sqlite;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.multisession.db.ComposedSql;
import org.multisession.db.Handle;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;

/**
 * Copies a whole database page by page, with SQLite's online backup. It reads no row and evaluates no expression, so it
 * also copies what VACUUM INTO cannot: indexes, columns and constraints that call a function of the app.
 */
public final class PageCopy {

    /** A row of zeros of this size is written without being built in memory. */
    private static final long MAX_ZEROS = 256L << 20;

    private PageCopy() {}

    /**
     * Fills an empty file with a database of this size. {@link #quicklyInto} then writes over pages that are there already, in
     * two thirds of the time, and for this nobody has to wait.
     *
     * @param page the size of the original's pages
     */
    public static void makeRoom(Path target, long bytes, long page) throws SQLException {
        try (Connection connection = openQuickly(target)) {
            Sqlite.run(connection, "PRAGMA page_size=" + page);
            Sqlite.run(connection, "CREATE TABLE room (zeros BLOB)");
            for (long rest = bytes; rest > 0; rest -= MAX_ZEROS) {
                Sqlite.run(connection, "INSERT INTO room VALUES (zeroblob(" + Math.min(rest, MAX_ZEROS) + "))");
            }
        }
    }

    /**
     * Copies the database as this connection sees it into a file, which may exist if it is empty.
     *
     * @param handle in a transaction that has already read, so that the copy shows that moment
     */
    public static void into(Handle handle, Path target) throws SQLException {
        SQLiteConnection connection = handle.connection().unwrap(SQLiteConnection.class);
        // All pages in one step: between two steps others could write, and the copy would start over.
        requireDone(connection.getDatabase().backup("main", target.toString(), null, 0, 0, -1));
    }

    /**
     * The same for a database on which SQLite's own locks are respected, in half the time if it has a rollback journal,
     * beside which others have to wait for it: the target is written to the disk by the system at leisure, and a caller
     * who needs it there has to make sure of that afterwards. What the target holds before is lost.
     */
    public static void quicklyInto(Handle handle, Path target) throws SQLException {
        if (ComposedSql.texts(handle, "PRAGMA journal_mode").contains("wal")) {
            // Nobody waits; and here SQLite would keep open for long what it reads the file by a second time.
            into(handle, target);
            return;
        }
        String source = ComposedSql.texts(handle, "SELECT file FROM pragma_database_list WHERE name = 'main'")
                .get(0);
        try (Connection connection = openQuickly(target)) {
            // The lock that the handle's transaction holds is this whole process's: nobody can write in between.
            requireDone(
                    connection.unwrap(SQLiteConnection.class).getDatabase().restore("main", source, null, 0, 0, -1));
        }
    }

    private static Connection openQuickly(Path target) throws SQLException {
        Connection connection = DriverManager.getConnection(url(target));
        try {
            Sqlite.run(connection, "PRAGMA synchronous=OFF");
            Sqlite.run(connection, "PRAGMA journal_mode=OFF");
            return connection;
        } catch (SQLException | RuntimeException | Error e) {
            connection.close();
            throw e;
        }
    }

    /** As a URI, in which a question mark in the name is escaped: what follows one is taken for parameters. */
    private static String url(Path file) {
        return "jdbc:sqlite:file:" + file.toUri().getRawPath();
    }

    private static void requireDone(int code) throws SQLException {
        if (code != SQLiteErrorCode.SQLITE_OK.code) {
            SQLiteErrorCode error = SQLiteErrorCode.getErrorCode(code);
            throw new SQLException("[" + error.name() + "] " + error.message, null, code);
        }
    }
}
