package org.multisession.db.postgres;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.db.Pools;
import org.multisession.db.ReadOnly;
import org.multisession.db.Source;
import org.multisession.db.Vendor;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;

/** One database on a PostgreSQL server. Any number of nodes may use it at once. */
public final class PostgresServer implements Source, ReadOnly {

    /** The oldest version that is supported by its makers, and has what the statements need. */
    private static final int OLDEST = 14;

    /** A statement that runs longer than this is a mistake, and must not hold a connection for ever. */
    private static final Duration MAX_STATEMENT = Duration.ofSeconds(30);

    /** A table is not read into memory whole. */
    private static final int ROWS_AT_ONCE = 5_000;

    private final PGSimpleDataSource connections;

    private PostgresServer(PGSimpleDataSource connections) {
        this.connections = connections;
    }

    /**
     * The database of a JDBC URL.
     *
     * @param user null if the URL names it
     * @param password null if the URL holds it, or none is needed
     * @throws DatabaseException if the URL cannot be read
     */
    public static PostgresServer at(String url, @Nullable String user, @Nullable String password) {
        PGSimpleDataSource connections = new PGSimpleDataSource();
        try {
            connections.setURL(url);
            set(connections, PGProperty.CONNECT_TIMEOUT, "5");
            set(connections, PGProperty.SOCKET_TIMEOUT, "60");
            set(connections, PGProperty.TCP_KEEP_ALIVE, "true");
            set(connections, PGProperty.APPLICATION_NAME, "Multi-Session");
            // A text takes the type of what it is compared with or stored in, as on SQLite.
            connections.setProperty(PGProperty.STRING_TYPE, "unspecified");
        } catch (IllegalArgumentException | SQLException e) {
            throw new DatabaseException("this is no URL of a PostgreSQL database. Check multisession.db.url", null);
        }
        if (user != null) {
            connections.setUser(user);
        }
        if (password != null) {
            connections.setPassword(password);
        }
        return new PostgresServer(connections);
    }

    private static void set(PGSimpleDataSource connections, PGProperty property, String byDefault) throws SQLException {
        String given = connections.getProperty(property);
        if (given == null || given.equals(property.getDefaultValue())) {
            connections.setProperty(property, byDefault);
        }
    }

    @Override
    public Vendor vendor() {
        return Postgres.VENDOR;
    }

    /** One pool for readers and writers. */
    @Override
    public Pools open(int size, Duration wait) {
        Pools pools = Pools.ofEquals(
                this,
                connections,
                size,
                wait,
                // In the settings of a role or of the database, another program may have set these otherwise.
                "SET TIME ZONE 'UTC'; SET lock_timeout = " + wait.toMillis() + "; SET statement_timeout = "
                        + MAX_STATEMENT.toMillis()
                        + "; SET client_min_messages = warning; SET default_transaction_isolation = 'read committed'");
        try {
            requireVersion();
            return pools;
        } catch (RuntimeException e) {
            pools.close();
            throw e;
        }
    }

    /**
     * On a connection of its own, in one transaction that is REPEATABLE READ and READ ONLY. It locks nothing and may
     * take its time; meanwhile the server only keeps old versions of rows.
     */
    @Override
    public <T> T snapshot(Database.Work<? super Handle, T> work) {
        try (Connection connection = connections.getConnection()) {
            connection.unwrap(PGConnection.class).setDefaultFetchSize(ROWS_AT_ONCE);
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.execute(
                        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL TIME ZONE 'UTC';"
                                + " SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;"
                                + " SET LOCAL lock_timeout = '5s'");
            }
            requireVersion(connection);
            T result = work.run(Handle.on(connection, Postgres.VENDOR));
            connection.rollback();
            return result;
        } catch (SQLException e) {
            throw atThisPlace(Postgres.VENDOR.translated(e), e);
        }
    }

    private DatabaseException atThisPlace(DatabaseException failure, SQLException cause) {
        String message = this + ": " + failure.getMessage();
        return failure instanceof DatabaseBusyException
                ? new DatabaseBusyException(message, cause)
                : new DatabaseException(message, failure.kind(), cause);
    }

    private void requireVersion() {
        try (Connection connection = connections.getConnection()) {
            requireVersion(connection);
        } catch (SQLException e) {
            throw Postgres.VENDOR.translated(e);
        }
    }

    private static void requireVersion(Connection connection) throws SQLException {
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
            return row.getString(1) + ", at " + this;
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

    /** Hosts, ports and the name of the database; a URL may hold a password in its parameters. */
    @Override
    public String toString() {
        StringBuilder hosts = new StringBuilder();
        String[] names = connections.getServerNames();
        int[] ports = connections.getPortNumbers();
        for (int i = 0; i < names.length; i++) {
            hosts.append(i == 0 ? "" : ",").append(names[i]).append(ports[i] == 0 ? "" : ":" + ports[i]);
        }
        return "jdbc:postgresql://" + hosts + "/" + connections.getDatabaseName();
    }

    @Override
    public void close() {
        // The pools have closed the connections.
    }
}
