package org.multisession.session;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.multisession.db.Handle;
import org.multisession.db.TokenHash;
import org.multisession.db.Transaction;

/** The statements by which a token's rows come to hold its hash. */
public final class TokenHashingDao {

    private static final String AFTER =
            "SELECT auth_token FROM multisession_tokens WHERE auth_token > ? ORDER BY auth_token LIMIT ?";

    /** Nothing if the hash is there already: the old app has put the token in once more then, which opens nothing. */
    private static final String RECORD_HASH = """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            SELECT ?, user_id, recorded_at, ended_at, end_reason FROM multisession_tokens WHERE auth_token = ?
            ON CONFLICT (auth_token) DO NOTHING
            """;

    private static final String FORGET_TOKEN = "DELETE FROM multisession_tokens WHERE auth_token = ?";

    private static final String HASH_SESSION = "UPDATE user_sessions SET auth_token = ? WHERE auth_token = ?";

    private static final String DELETE_SESSION = "DELETE FROM user_sessions WHERE auth_token = ?";

    /** Up to so many tokens and hashes, of sessions that live or have ended, of those that lie behind this one. */
    List<String> after(Handle handle, String last, int most) throws SQLException {
        List<String> tokens = new ArrayList<>();
        try (PreparedStatement statement = handle.prepare(AFTER)) {
            statement.setString(1, last);
            statement.setInt(2, most);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    tokens.add(row.getString(1));
                }
            }
        }
        return tokens;
    }

    /**
     * Puts the hash in the token's place. Our own table first: the trigger on {@code user_sessions} then finds no token
     * to end and the hash recorded already.
     *
     * @return false if somebody else has done so meanwhile
     */
    boolean hash(Transaction transaction, String token) throws SQLException {
        String hash = TokenHash.of(token);
        boolean isNew = execute(transaction, RECORD_HASH, hash, token) == 1;
        if (execute(transaction, FORGET_TOKEN, token) == 0) {
            return false;
        }
        if (isNew) {
            execute(transaction, HASH_SESSION, hash, token);
        } else {
            execute(transaction, DELETE_SESSION, token);
        }
        return true;
    }

    private static int execute(Transaction transaction, String sql, String... values) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setString(i + 1, values[i]);
            }
            return statement.executeUpdate();
        }
    }
}
