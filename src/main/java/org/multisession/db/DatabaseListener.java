package org.multisession.db;

import java.time.Duration;

/**
 * Is told how long work on the database waits, and when it fails, in order to count it. Safe for use by many threads.
 */
public interface DatabaseListener {

    /** Hears nothing. */
    DatabaseListener NONE = new DatabaseListener() {};

    /** A transaction has waited so long for the writing connection, which others of this application had. */
    default void waitedForWriter(Duration wait) {}

    /** A transaction has waited so long for the database's write lock, which other programs may have had. */
    default void waitedForLock(Duration wait) {}

    /** Work was given up because the database was busy. */
    default void gaveUp() {}

    /** Work failed because of what the database is kept on. */
    default void failed(StorageException failure) {}

    /** A transaction that may have written is on disk. */
    default void committed() {}
}
