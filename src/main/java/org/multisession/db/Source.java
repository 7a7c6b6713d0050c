package org.multisession.db;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/** The place that one database is opened from. Whoever has one has it until {@link #close}. */
public interface Source extends AutoCloseable {

    Vendor vendor();

    /**
     * Opens the connections.
     *
     * @param readers how many callers may read at once
     * @param wait how long to wait for somebody else's lock, and for a free connection
     * @throws DatabaseException if that fails; nothing is left open then
     */
    Pools open(int readers, Duration wait);

    /** What keeps this account from using the database, in words. */
    Optional<String> obstacle();

    /** The kind of database, where it is and how it works, for the log of a deploy. Holds no secret. */
    String describe(Handle handle) throws SQLException;

    /** What works now and will not for somebody else, in words. */
    Optional<String> warning(Handle handle) throws SQLException;

    /** Whether what is open is still what the settings name. Cheap: it is asked before every answer. */
    boolean isInPlace();

    /** Looks at what belongs to the open database; to be called now and then. */
    void observe();

    /**
     * Takes what is in the place of this one now, while this one is still open.
     *
     * @param owner how to call the owner in a message to the next one who tries
     * @throws DatabaseException if there is nothing, or nothing that could be opened without damage
     */
    Source successor(String owner);

    /** How many others in this JVM have the database open in a way that could damage it. */
    int foreignUsers();

    /** The file that holds all of it, where it is one that this program may copy. */
    Optional<Path> file();

    /** Where it is, for messages. Holds no secret. */
    @Override
    String toString();

    @Override
    void close();
}
