package org.multisession.db.postgres;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.db.Source;

/** One database on a PostgreSQL server, however its connections are made. Any number of nodes may use it at once. */
public abstract sealed class PostgresSource implements Source permits PostgresServer, PostgresPool {

    /** The oldest version that is supported by its makers, and has what the statements need. */
    private static final int OLDEST = 14;

    /** A statement that runs longer than this is a mistake, and must not hold a connection for ever. */
    static final Duration MAX_STATEMENT = Duration.ofSeconds(30);

    /**
     * So long the server keeps the locks of a node that stands still, or has vanished from the network, between two
     * statements of a transaction. None of ours thinks for so long.
     */
    static final Duration MAX_PAUSE = Duration.ofSeconds(5);

    /** How long the network may be silent while no client waits: no statement takes longer. */
    static final Duration MAX_SILENCE = Duration.ofSeconds(60);

    /**
     * How long the network may be silent while a client waits: a bit longer than the wait for a lock, so that a lock is told
     * from a silent server.
     */
    static Duration silence(Duration wait) {
        return wait.plusSeconds(1);
    }

    static void requireVersion(Connection connection) throws SQLException {
        int version = connection.getMetaData().getDatabaseMajorVersion();
        if (version < OLDEST) {
            throw new DatabaseException(
                    "this is PostgreSQL " + version + "; version " + OLDEST + " or newer is needed", null);
        }
    }

    @Override
    public Optional<String> obstacle() {
        return Optional.empty();
    }

    @Override
    public String describe(Handle handle) throws SQLException {
        try (Statement statement = handle.connection().createStatement();
                ResultSet row = statement.executeQuery(
                        "SELECT 'PostgreSQL ' || current_setting('server_version') || ', database ' || current_database()"
                                + " || ', schema ' || coalesce(current_schema(), 'none')")) {
            row.next();
            return row.getString(1) + ", at " + this + ", JDBC driver "
                    + handle.connection().getMetaData().getDriverVersion();
        }
    }

    @Override
    public Optional<String> warning(Handle handle) {
        return Optional.empty();
    }

    /** A server that takes the place of another one is the same database: each connection asks it anew. */
    @Override
    public boolean isInPlace() {
        return true;
    }

    @Override
    public void observe() {
        // Nothing lies beside it.
    }

    @Override
    public Source successor(String owner) {
        throw new DatabaseException("a PostgreSQL database is not replaced by another one while it is open", null);
    }

    @Override
    public int foreignUsers() {
        return 0;
    }

    @Override
    public Optional<Path> file() {
        return Optional.empty();
    }

    @Override
    public void close() {
        // The pools have closed the connections.
    }
}
