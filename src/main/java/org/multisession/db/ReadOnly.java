package org.multisession.db;

/** A database that is opened only for reading, as it is at one moment, beside whoever writes to it. */
public interface ReadOnly extends AutoCloseable {

    /**
     * Runs work that sees the database as it was at one moment. It may have to run again.
     *
     * @throws DatabaseException if the database cannot be read
     */
    <T> T snapshot(Database.Work<? super Handle, T> work);

    /** Where it is, for messages. Holds no secret. */
    @Override
    String toString();

    @Override
    void close();
}
