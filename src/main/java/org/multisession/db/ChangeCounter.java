package org.multisession.db;

import java.sql.SQLException;

/** Tells whether another connection has committed, and how many rows this one has changed. */
public interface ChangeCounter {

    /** A number that is another than the last time if anything was committed since, by any other connection. */
    long read() throws SQLException;

    /** How many rows this connection has changed since it was opened, those of triggers and foreign keys among them. */
    long rowsChanged() throws SQLException;
}
