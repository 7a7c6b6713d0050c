package org.multisession.db.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Finds what in a pool that somebody else has set up would keep this application from working. Each fault names the
 * attribute of the {@code <Resource>} that mends it.
 */
final class PoolCheck {

    /** However many requests wait, each is answered within seconds. */
    private static final Duration MAX_WAIT = Duration.ofSeconds(5);

    private static final Pattern SEVERAL_HOSTS = Pattern.compile("jdbc:postgresql://[^/]*,.*");

    private static final Pattern PRIMARY_ONLY = Pattern.compile(".*[?&]targetServerType=primary(&.*)?");

    /** In seconds. The driver's own is ten, and none is for ever. */
    private static final Pattern CONNECT_TIMEOUT = Pattern.compile(".*[?&]connectTimeout=0*([1-5])(&.*)?");

    /** More than the driver runs of a statement before it prepares it on the server, unless it never does. */
    private static final int RUNS = 8;

    /** How often two connections are compared: a pooler lends them the same session sooner or later. */
    private static final int LOOKS = 20;

    private final TomcatPool pool;
    private final List<String> faults = new ArrayList<>();

    private PoolCheck(TomcatPool pool) {
        this.pool = pool;
    }

    /** All faults; none if it fits. */
    static List<String> faultsOf(TomcatPool pool) throws SQLException {
        PoolCheck check = new PoolCheck(pool);
        check.judgeSettings();
        try (Connection connection = pool.source().getConnection()) {
            check.judge(connection);
        } catch (SQLException e) {
            if (check.faults.isEmpty()) {
                throw e;
            }
            check.faults.add(PostgresPool.failure(e).getMessage());
        }
        if (check.faults.isEmpty() && check.losesPreparedStatements()) {
            check.faults.add(
                    "a pooler stands before the server, whose next transaction may be in a session that does not know"
                            + " what was prepared: add prepareThreshold=0 to its url");
        }
        return check.faults;
    }

    private void judgeSettings() {
        if (pool.size() == 1) {
            faults.add("it has one connection, and 2 are the least: raise " + pool.sizeName());
        }
        if (pool.patience().isNegative() || pool.patience().compareTo(MAX_WAIT) > 0) {
            faults.add("a request would wait for a free connection for "
                    + (pool.patience().isNegative() ? "ever" : pool.patience().toSeconds() + " seconds") + ": set "
                    + pool.patienceName() + "=\"2000\", and no more than " + MAX_WAIT.toMillis());
        }
        pool.testing(MAX_WAIT)
                .ifPresent(attribute ->
                        faults.add("after a restart of the server it would lend dead connections: set " + attribute));
        pool.takingBack()
                .ifPresent(attribute ->
                        faults.add("it takes connections back from work that takes long, such as a migration: remove "
                                + attribute));
        String url = String.valueOf(pool.url());
        if (url.startsWith("jdbc:postgresql:") && !CONNECT_TIMEOUT.matcher(url).matches()) {
            faults.add("a request would wait for a server that has vanished for longer than " + MAX_WAIT.toSeconds()
                    + " seconds: add connectTimeout=2 to its url");
        }
        if (SEVERAL_HOSTS.matcher(url).matches() && !PRIMARY_ONLY.matcher(url).matches()) {
            faults.add("of several hosts it might ask a standby, which does not know of the latest sign-outs: add"
                    + " targetServerType=primary to its url");
        }
    }

    private void judge(Connection connection) throws SQLException {
        String product = connection.getMetaData().getDatabaseProductName();
        if (!product.equals("PostgreSQL")) {
            faults.add(
                    0,
                    "its database is " + product
                            + ". A pool must be one of PostgreSQL; a SQLite file is named by its path in"
                            + " multisession.db.url");
            return;
        }
        PostgresSource.requireVersion(connection);
        if (!connection.getAutoCommit()) {
            faults.add("its connections begin in a transaction: remove defaultAutoCommit");
        }
        if (connection.isReadOnly()) {
            faults.add("its connections are read-only: remove defaultReadOnly");
        }
        if (connection.getTransactionIsolation() != Connection.TRANSACTION_READ_COMMITTED) {
            faults.add("its transactions are not READ COMMITTED: remove defaultTransactionIsolation");
        }
        int silence = connection.getNetworkTimeout();
        if (silence == 0 || silence > MAX_WAIT.toMillis()) {
            faults.add("a server that says nothing any more would hold a request "
                    + (silence == 0 ? "for ever" : "for " + silence / 1000 + " seconds")
                    + ": add socketTimeout=3 to its url, and no more than " + MAX_WAIT.toSeconds()
                    + ". Work that takes longer gets more time by itself");
        }
        if (number(connection, "SELECT pg_is_in_recovery()::INTEGER") == 1) {
            faults.add("its server is a standby: name the primary, or add targetServerType=primary to its url");
        }
        if (!takesTextsWithoutType(connection)) {
            faults.add("a text would not be taken for a time or a number: add stringtype=unspecified to its url");
        }
        if (!connection.getAutoCommit()) {
            connection.rollback();
        }
    }

    private static boolean takesTextsWithoutType(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT 1 WHERE 1 = ?")) {
            statement.setString(1, "1");
            return statement.executeQuery().next();
        } catch (SQLException e) {
            if (String.valueOf(e.getSQLState()).equals("42883")) {
                return false;
            }
            throw e;
        }
    }

    private boolean losesPreparedStatements() throws SQLException {
        try (Connection one = pool.source().getConnection();
                Connection other = pool.source().getConnection()) {
            return areLentOneSession(one, other) && preparesOnServer(one);
        }
    }

    /** Two connections of which neither is in a transaction have one session only where a pooler lends it to both. */
    private static boolean areLentOneSession(Connection one, Connection other) throws SQLException {
        for (int i = 0; i < LOOKS; i++) {
            if (number(one, "SELECT pg_backend_pid()") == number(other, "SELECT pg_backend_pid()")) {
                return true;
            }
        }
        return false;
    }

    /** By the driver's own names: a pooler that carries prepared statements gives them others. */
    private static boolean preparesOnServer(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        try {
            for (int i = 0; i < RUNS; i++) {
                try (PreparedStatement statement = connection.prepareStatement("SELECT 'prepared?'")) {
                    statement.executeQuery().next();
                }
            }
            List<String> names = new ArrayList<>();
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery("""
                            SELECT quote_ident(name) FROM pg_prepared_statements
                            WHERE statement = 'SELECT ''prepared?''' AND name LIKE 'S\\_%'
                            """)) {
                while (row.next()) {
                    names.add(row.getString(1));
                }
            }
            forget(names, connection);
            return !names.isEmpty();
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    /** Others get this session, and their driver calls its statements by the same names. */
    private static void forget(List<String> prepared, Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String name : prepared) {
                statement.execute("DEALLOCATE " + name);
            }
        }
    }

    private static int number(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getInt(1);
        }
    }
}
