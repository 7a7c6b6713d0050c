package org.multisession.db;

import java.sql.SQLException;

/** Tells one connection, which only reads, whether anybody has committed. */
@FunctionalInterface
public interface ChangeCounter {

    /** A number that is another than the last time if anything was committed since, by any other connection. */
    long read() throws SQLException;
}
