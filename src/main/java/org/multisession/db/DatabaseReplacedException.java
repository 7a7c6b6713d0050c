package org.multisession.db;

/**
 * The path of the database no longer leads to the open file: another one is in its place, or none. The work was not
 * done, or not in the database that counts now. Later calls may succeed once the new file has been checked.
 */
public final class DatabaseReplacedException extends DatabaseException {

    DatabaseReplacedException(String message) {
        super(message, null);
    }
}
