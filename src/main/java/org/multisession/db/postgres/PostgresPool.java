package org.multisession.db.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ConnectionPool;
import org.multisession.db.DatabaseException;
import org.multisession.db.PoolUse;
import org.multisession.db.Pools;
import org.multisession.db.Vendor;

/**
 * A database behind a pool of Tomcat's ({@code <Resource>}). Its settings are the team's: they are checked, all that
 * does not fit is refused at once, and nothing is left on a connection that goes back. Its driver may be another than
 * ours.
 */
public final class PostgresPool extends PostgresSource {

    /** What Tomcat has under a name; one kind of pool connects when it is first asked for. */
    @FunctionalInterface
    interface Lookup {
        Object find() throws NamingException;
    }

    private final String name;
    private final Lookup lookup;

    private volatile Postgres vendor = Postgres.VENDOR;

    PostgresPool(String name, Lookup lookup) {
        this.name = name;
        this.lookup = lookup;
    }

    /** The pool of that JNDI name, which the settings admit only below {@code java:comp/env/}: Tomcat's own configuration. */
    @SuppressWarnings("BanJNDI")
    public static PostgresPool named(String name) {
        return new PostgresPool(name, () -> new InitialContext().lookup(name));
    }

    private TomcatPool find() {
        Object found;
        try {
            found = lookup.find();
        } catch (NamingException e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof SQLException sql) {
                    throw failure(sql);
                }
            }
            throw new DatabaseException(
                    "Tomcat has no such pool. The context needs a <Resource name=\""
                            + name.replaceFirst("java:comp/env/", "")
                            + "\"> or a <ResourceLink>; docs/postgresql.md shows one",
                    e);
        }
        TomcatPool pool = found instanceof DataSource source ? TomcatPool.of(source) : null;
        if (pool == null) {
            throw new DatabaseException(
                    "this is a " + found.getClass().getName()
                            + ". It must be a pool of Tomcat's: a <Resource type=\"javax.sql.DataSource\">, with Tomcat's"
                            + " factory or with org.apache.tomcat.jdbc.pool.DataSourceFactory",
                    null);
        }
        return pool;
    }

    @Override
    public Vendor vendor() {
        return vendor;
    }

    /** The size is the pool's own. */
    @Override
    public Pools open(int size, Duration wait) {
        TomcatPool pool = find();
        try {
            refuse(PoolCheck.faultsOf(pool));
            try (Connection connection = pool.source().getConnection()) {
                vendor = Postgres.onSharedSessions(wait, MAX_STATEMENT, Postgres.canNoticeWhoIsGone(connection));
            }
        } catch (SQLException e) {
            throw failure(e);
        }
        return Pools.ofGiven(this, new Borrowing(pool, silence(wait)));
    }

    static DatabaseException failure(SQLException e) {
        return isWithoutDriver(e)
                ? new DatabaseException(
                        "it finds no driver for its url: use driverClassName=\"org.postgresql.Driver\" and a"
                                + " jdbc:postgresql: URL",
                        null)
                : Postgres.VENDOR.translated(reason(e));
    }

    private static boolean isWithoutDriver(SQLException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof ClassNotFoundException
                    || String.valueOf(cause.getMessage()).contains("No suitable driver")) {
                return true;
            }
        }
        return false;
    }

    private static void refuse(List<String> faults) {
        if (!faults.isEmpty()) {
            throw new DatabaseException(
                    "this pool does not fit:"
                            + IntStream.range(0, faults.size())
                                    .mapToObj(i -> "\n  " + (i + 1) + ". " + faults.get(i))
                                    .collect(Collectors.joining()),
                    null);
        }
    }

    /** A pool wraps what its driver says. */
    private static SQLException reason(SQLException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && sql.getSQLState() != null) {
                return sql;
            }
        }
        return failure;
    }

    /** The name that it has in Tomcat. */
    @Override
    public String toString() {
        return name;
    }

    /** Lends what Tomcat's pool lends. */
    private static final class Borrowing implements ConnectionPool {

        private final TomcatPool pool;
        private final int silence;

        private Borrowing(TomcatPool pool, Duration silence) {
            this.pool = pool;
            this.silence = (int) silence.toMillis();
        }

        @Override
        public Lease borrow(boolean isAwaited) throws SQLException {
            Connection connection;
            try {
                connection = pool.source().getConnection();
            } catch (SQLException e) {
                SQLException reason = reason(e);
                throw new SQLTransientConnectionException(
                        "the pool gave no connection", reason.getSQLState() == null ? null : reason);
            }
            TomcatLease lease = new TomcatLease(pool, connection);
            lease.silenceBefore = lease.expectAnswersWithin(isAwaited ? silence : (int) MAX_SILENCE.toMillis());
            return lease;
        }

        @Override
        public PoolUse use() {
            return pool.use();
        }

        /** Tomcat closes it. */
        @Override
        public void close() {}
    }

    /** Goes back as it came. */
    private static final class TomcatLease implements ConnectionPool.Lease {

        private final TomcatPool pool;
        private final Connection connection;
        private int silenceBefore = -1;
        private boolean isDiscarded;

        private TomcatLease(TomcatPool pool, Connection connection) {
            this.pool = pool;
            this.connection = connection;
        }

        @Override
        public Connection connection() {
            return connection;
        }

        @Override
        public @Nullable Connection lasting() {
            return null;
        }

        @Override
        public void discard() {
            isDiscarded = true;
            pool.discard(connection);
        }

        @Override
        public void close() throws SQLException {
            try {
                if (!isDiscarded) {
                    connection.setNetworkTimeout(Runnable::run, silenceBefore);
                }
            } finally {
                connection.close();
            }
        }
    }
}
