package org.multisession.db.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.db.Pools;
import org.multisession.db.ReadOnly;
import org.multisession.db.Vendor;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;

/** A database that is named by its URL, with connections of our own. */
public final class PostgresServer extends PostgresSource implements ReadOnly {

    /** A table is not read into memory whole. */
    private static final int ROWS_AT_ONCE = 5_000;

    /** For each host of a URL. */
    private static final String CONNECT_SECONDS = "2";

    /** Limits what each host of a URL may take until it lets somebody in, and not all of them together. */
    private static final class EachHost extends PGSimpleDataSource {

        private static final long serialVersionUID = 1L;

        private int silence = (int) MAX_SILENCE.toSeconds();

        /** Once it has let us in, a statement may take longer. */
        @Override
        public Connection getConnection(@Nullable String user, @Nullable String password) throws SQLException {
            Connection connection = super.getConnection(user, password);
            connection.setNetworkTimeout(Runnable::run, silence * 1000);
            return connection;
        }

        /** A pool would have the second host wait for its turn until the time is over, each time anew. */
        @Override
        public void setLoginTimeout(int seconds) {}

        private void limit() throws SQLException {
            silence = getSocketTimeout() > 0 ? getSocketTimeout() : silence;
            setProperty(PGProperty.SOCKET_TIMEOUT, CONNECT_SECONDS);
        }
    }

    private final EachHost connections;

    private volatile Postgres vendor = Postgres.VENDOR;

    private volatile boolean canNoticeWhoIsGone;

    private PostgresServer(EachHost connections) {
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
        EachHost connections = new EachHost();
        try {
            connections.setURL(url);
            set(connections, PGProperty.CONNECT_TIMEOUT, CONNECT_SECONDS);
            connections.limit();
            // A standby shows what may not be true any more, and takes no sign-out. Whatever a service file says.
            connections.setProperty(PGProperty.TARGET_SERVER_TYPE, "primary");
            // Which host is the primary may have changed a moment ago.
            set(connections, PGProperty.HOST_RECHECK_SECONDS, "1");
            set(connections, PGProperty.TCP_KEEP_ALIVE, "true");
            // Spares two statements at the beginning of each connection, which a pooler would pass on to others.
            set(connections, PGProperty.ASSUME_MIN_SERVER_VERSION, "9.0");
            set(connections, PGProperty.APPLICATION_NAME, "Multi-Session");
            // A text takes the type of what it is compared with or stored in, as on SQLite.
            connections.setProperty(PGProperty.STRING_TYPE, "unspecified");
            // The details of an error quote values.
            connections.setProperty(PGProperty.LOG_SERVER_ERROR_DETAIL, "false");
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
        return vendor;
    }

    /** One pool for readers and writers. */
    @Override
    public Pools open(int size, Duration wait) {
        String prelude = "";
        if (isBehindPooler()) {
            vendor = Postgres.onSharedSessions(wait, MAX_STATEMENT, canNoticeWhoIsGone);
        } else {
            vendor = Postgres.VENDOR;
            // In the settings of a role or of the database, another program may have set these otherwise.
            prelude = "SET TIME ZONE 'UTC'; SET lock_timeout = " + wait.toMillis() + "; SET statement_timeout = "
                    + MAX_STATEMENT.toMillis() + "; SET idle_in_transaction_session_timeout = "
                    + MAX_PAUSE.toMillis()
                    + "; SET client_min_messages = warning; SET default_transaction_isolation = 'read committed'; "
                    + Postgres.KEEP_WHAT_IS_COMMITTED + "; " + Postgres.LET_ALL_LAST
                    + (canNoticeWhoIsGone ? "; SET " + Postgres.NOTICE_WHO_IS_GONE : "");
        }
        return Pools.ofEquals(this, connections, size, wait, silence(wait), prelude);
    }

    /**
     * Whether something between here and the server lends out its own connections: it tells another number of the session
     * than the server itself. Then nothing is prepared on the server, unless the URL says so: the next transaction may be
     * in another session, which does not know what this one has prepared, or knows another statement of that name.
     */
    private boolean isBehindPooler() {
        try (Connection connection = connections.getConnection();
                Statement statement = connection.createStatement()) {
            requireVersion(connection);
            canNoticeWhoIsGone = Postgres.canNoticeWhoIsGone(connection);
            try (ResultSet row = statement.executeQuery("SELECT pg_backend_pid()")) {
                row.next();
                boolean isBehind =
                        row.getInt(1) != connection.unwrap(PGConnection.class).getBackendPID();
                if (isBehind && connections.getPrepareThreshold() == byDefault(PGProperty.PREPARE_THRESHOLD)) {
                    connections.setPrepareThreshold(0);
                }
                return isBehind;
            }
        } catch (SQLException e) {
            throw Postgres.VENDOR.translated(e);
        }
    }

    @Override
    public String describe(Handle handle) throws SQLException {
        return super.describe(handle) + (vendor.sharesSessions() ? ", through a pooler" : "");
    }

    private static int byDefault(PGProperty property) {
        return Integer.parseInt(String.valueOf(property.getDefaultValue()));
    }

    /**
     * On a connection of its own, in one transaction that is REPEATABLE READ and READ ONLY. It locks nothing and may
     * take its time; meanwhile the server only keeps old versions of rows.
     */
    @Override
    public <T> T snapshot(Database.Work<? super Handle, T> work) {
        try {
            isBehindPooler();
        } catch (DatabaseException e) {
            throw atThisPlace(e);
        }
        try (Connection connection = connections.getConnection()) {
            connection.unwrap(PGConnection.class).setDefaultFetchSize(ROWS_AT_ONCE);
            connection.setAutoCommit(false);
            connection.setNetworkTimeout(Runnable::run, 0);
            try (Statement statement = connection.createStatement()) {
                statement.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; " + Postgres.LET_THIS_LAST
                        + "; SET LOCAL TIME ZONE 'UTC';"
                        + " SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;"
                        + " SET LOCAL lock_timeout = '5s'");
            }
            T result = work.run(Handle.on(connection, Postgres.VENDOR));
            connection.rollback();
            return result;
        } catch (SQLException e) {
            throw atThisPlace(Postgres.VENDOR.translated(e));
        }
    }

    private DatabaseException atThisPlace(DatabaseException failure) {
        String message = this + ": " + failure.getMessage();
        return failure instanceof DatabaseBusyException
                ? new DatabaseBusyException(message, failure.getCause())
                : new DatabaseException(message, failure.kind(), failure.getCause());
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
}
