package org.multisession.migration;

import java.sql.SQLException;
import java.util.List;
import org.multisession.db.ComposedSql;
import org.multisession.db.Transaction;

/**
 * Makes it impossible that work writes into {@code users}. Triggers that only this connection has, and only while the
 * work runs, fail every statement that would, including one in a trigger of the team's that our work fires.
 */
final class UsersFence {

    private static final List<String> ACTS = List.of("INSERT", "UPDATE", "DELETE");

    /** Work inside the fence. */
    @FunctionalInterface
    interface Work<T> {
        T run() throws SQLException;
    }

    private UsersFence() {}

    /** Runs work that must not write a row of {@code users}; if it throws, the transaction must be rolled back. */
    static <T> T around(Transaction transaction, Work<T> work) throws SQLException {
        for (String act : ACTS) {
            ComposedSql.update(
                    transaction,
                    "CREATE TEMP TRIGGER " + name(act) + " BEFORE " + act
                            + " ON main.users BEGIN SELECT RAISE(ABORT, 'the migration must not write users'); END");
        }
        T result = work.run();
        for (String act : ACTS) {
            ComposedSql.update(transaction, "DROP TRIGGER temp." + name(act));
        }
        return result;
    }

    private static String name(String act) {
        return "multisession_no_" + act;
    }
}
