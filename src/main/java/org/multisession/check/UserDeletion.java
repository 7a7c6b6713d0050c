package org.multisession.check;

import java.sql.SQLException;
import java.util.List;
import org.multisession.db.ComposedSql;
import org.multisession.db.Transaction;

/**
 * Plays how an app that enforces foreign keys deletes a user who has a session, and rolls back each step. Our
 * connections enforce them, so nothing has to be switched on.
 */
final class UserDeletion {

    private static final String NEWEST = "SELECT id FROM users ORDER BY id DESC LIMIT 10";
    private static final String SIGN_OUT = "DELETE FROM user_sessions WHERE user_id = ?";
    private static final String SIGN_IN =
            "INSERT INTO user_sessions (user_id, auth_token) VALUES (?, 'multisession-check-of-a-deletion')";
    private static final String DELETE = "DELETE FROM users WHERE id = ?";

    private UserDeletion() {}

    /** Whether a user who can be deleted without a session cannot be deleted with one. */
    static boolean isPreventedBySessions(Transaction transaction) throws SQLException {
        for (long id : newest(transaction)) {
            if (works(transaction, id, SIGN_OUT, DELETE)) {
                return works(transaction, id, SIGN_IN) && !works(transaction, id, SIGN_IN, DELETE);
            }
        }
        return false;
    }

    private static List<Long> newest(Transaction transaction) throws SQLException {
        return ComposedSql.all(transaction, NEWEST, row -> row.getLong(1));
    }

    private static boolean works(Transaction transaction, long userId, String... acts) throws SQLException {
        try {
            return transaction.undone(tried -> {
                for (String act : acts) {
                    ComposedSql.update(tried, act, userId);
                }
                return true;
            });
        } catch (org.multisession.db.TransactionLostException e) {
            throw e;
        } catch (SQLException e) {
            return false;
        }
    }
}
