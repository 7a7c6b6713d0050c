package org.multisession.db;

import java.time.Duration;

/** Is told what work on the database waits for, for whoever counts it. Safe for use by many threads. */
public interface DatabaseListener {

    /** Hears nothing. */
    DatabaseListener NONE = new DatabaseListener() {
        @Override
        public void waitedForWriter(Duration wait) {}

        @Override
        public void waitedForLock(Duration wait) {}

        @Override
        public void gaveUp() {}

        @Override
        public void failed(StorageException failure) {}

        @Override
        public void committed() {}
    };

    /** A transaction has waited so long for the writing connection, which others of this application had. */
    void waitedForWriter(Duration wait);

    /** A transaction has waited so long for the database's write lock, which other programs may have had. */
    void waitedForLock(Duration wait);

    /** Work was given up because the database was busy. */
    void gaveUp();

    /** Work failed because of what the database is kept on. */
    void failed(StorageException failure);

    /** A transaction that may have written is on disk. */
    void committed();
}
