package org.multisession.db;

/**
 * The path of the database does not lead any more to the file that is open: another was put in its place, or none. What
 * was asked has not been done, or not in the database that counts now. Later calls may go through, when the new file has
 * been looked at.
 */
public final class DatabaseReplacedException extends DatabaseException {

    DatabaseReplacedException(String message) {
        super(message, null);
    }
}
