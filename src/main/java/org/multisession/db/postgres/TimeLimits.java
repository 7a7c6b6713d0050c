package org.multisession.db.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;

/**
 * Lifts the time limits, those of the server and that of the network, from work on a table of any size. A pause between two
 * statements has nothing to do with that size, and keeps its limit.
 */
public final class TimeLimits {

    /** The server asks the network instead, now and then, whether this node is still there. */
    private static final String WITHOUT_LIMITS = Postgres.LET_THIS_LAST + "; SET LOCAL statement_timeout = 0;"
            + " SET LOCAL tcp_keepalives_idle = 30;"
            + " SET LOCAL tcp_keepalives_interval = 10; SET LOCAL tcp_keepalives_count = 3";

    private TimeLimits() {}

    /** Until the transaction ends. */
    public static void lift(Handle transaction) throws SQLException {
        lift(transaction.connection());
    }

    /**
     * Until the transaction ends, as long as something is said on its connection more often than once in half of this time:
     * without that, the server ends it.
     */
    public static void liftWhileHeard(Handle transaction, Duration patience) throws SQLException {
        lift(transaction);
        ComposedSql.run(transaction, "SET LOCAL idle_in_transaction_session_timeout = " + patience.toMillis());
        transaction.connection().setNetworkTimeout(Runnable::run, (int)
                patience.dividedBy(3).toMillis());
    }

    /** Until the transaction ends, those of the server alone, but that of a pause too: a file is at work in between. */
    public static void liftBesideFile(Handle transaction) throws SQLException {
        ComposedSql.run(transaction, WITHOUT_LIMITS + "; SET LOCAL idle_in_transaction_session_timeout = 0");
    }

    static void lift(Connection transaction) throws SQLException {
        try (java.sql.Statement statement = transaction.createStatement()) {
            statement.execute(WITHOUT_LIMITS);
        }
        transaction.setNetworkTimeout(Runnable::run, 0);
    }

    /**
     * For work that may wait for locks for as long as it takes and can be in no transaction, such as an index that is made
     * CONCURRENTLY.
     *
     * @throws DatabaseException if others use the session and its settings would end the work half-way
     */
    public static void liftFor(Handle handle, Database.Act<Handle> work) throws SQLException {
        handle.connection().setNetworkTimeout(Runnable::run, 0);
        if (handle.vendor() instanceof Postgres postgres && postgres.sharesSessions()) {
            requireNone(handle);
            work.run(handle);
            return;
        }
        String before = ComposedSql.texts(
                        handle,
                        "SELECT format('SET lock_timeout = %L; SET statement_timeout = %L',"
                                + " current_setting('lock_timeout'), current_setting('statement_timeout'))")
                .get(0);
        ComposedSql.run(handle, "SET lock_timeout = 0; SET statement_timeout = 0");
        try {
            work.run(handle);
        } catch (SQLException | RuntimeException e) {
            try {
                ComposedSql.run(handle, before);
            } catch (SQLException gone) {
                // With the connection. Of a closed one the pool does not tell why it is.
                e.addSuppressed(gone);
            }
            throw e;
        }
        ComposedSql.run(handle, before);
    }

    /** What is set for a session that others use would stay there for them. */
    private static void requireNone(Handle handle) throws SQLException {
        String set = String.join(
                " and ",
                ComposedSql.texts(
                        handle,
                        "SELECT name FROM pg_settings WHERE name IN ('lock_timeout', 'statement_timeout', 'transaction_timeout')"
                                + " AND setting <> '0' ORDER BY 1"));
        if (!set.isEmpty()) {
            throw new DatabaseException(
                    "an index cannot be made in time: the account or the pool sets " + set
                            + ". Migrate once with an account that has none, or by a direct jdbc:postgresql: URL",
                    null);
        }
    }
}
