package org.multisession.db;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/** Where one database is opened from. It stays claimed until {@link #close}. */
public interface Source extends AutoCloseable {

    Vendor vendor();

    /**
     * Opens the connections.
     *
     * @param readers how many callers may read at once
     * @param wait how long to wait for a lock, and for a free connection
     * @throws DatabaseException if that fails; nothing is left open then
     */
    Pools open(int readers, Duration wait);

    /** A description of what keeps this account from using the database. */
    Optional<String> obstacle();

    /** The kind of database, where it is and how it works, for the log of a deploy. Holds no secret. */
    String describe(Handle handle) throws SQLException;

    /** A description of what works now but will not for another account. */
    Optional<String> warning(Handle handle) throws SQLException;

    /**
     * Whether the open database is still the one that the settings name. Cheap, because it is asked before every
     * answer.
     */
    boolean isInPlace();

    /** Records what belongs to the open database. Call it now and then. */
    void observe();

    /**
     * Claims what is now in the place of this one, while this one is still open.
     *
     * @param owner the name of the owner, for a message to the next one who tries
     * @throws DatabaseException if there is nothing, or if opening it would damage it
     */
    Source successor(String owner);

    /**
     * Whether somebody has removed what belongs to the open database from beside it, so that the latest commits are in no
     * file that has a name. Reads what this process has open.
     */
    default boolean hasLostLog() {
        return false;
    }

    /** Writes the latest commits into the database, where they would be lost otherwise and that does no harm. */
    default void save(Handle handle) throws SQLException {}

    /** How many others in this JVM have the database open in a way that could damage it. */
    int foreignUsers();

    /** The file that holds all of it, if this program may copy it. */
    Optional<Path> file();

    /** Where it is, for messages. Holds no secret. */
    @Override
    String toString();

    @Override
    void close();
}
