package org.multisession.session;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;
import org.multisession.token.TokenHash;

/** The statements by which a token's rows come to hold its hash. */
public final class TokenHashingDao {

    /**
     * By two ranges of the index around the hashes (a colon is followed by a semicolon): one probe each where all is done.
     * A blob is no token that anybody could present.
     */
    private static final String PLAIN = """
            SELECT auth_token FROM multisession_tokens WHERE auth_token < 'sha256:' AND typeof(auth_token) = 'text'
            UNION ALL
            SELECT auth_token FROM multisession_tokens WHERE auth_token >= 'sha256;' AND typeof(auth_token) = 'text'
            LIMIT ?
            """;

    /** Nothing if the hash is there already: the old app has put the token in once more then, which opens nothing. */
    private static final String RECORD_HASH = """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            SELECT ?, user_id, recorded_at, ended_at, end_reason FROM multisession_tokens WHERE auth_token = ?
            ON CONFLICT (auth_token) DO NOTHING
            """;

    private static final String FORGET_TOKEN = "DELETE FROM multisession_tokens WHERE auth_token = ?";

    private static final String HASH_SESSION = "UPDATE user_sessions SET auth_token = ? WHERE auth_token = ?";

    private static final String DELETE_SESSION = "DELETE FROM user_sessions WHERE auth_token = ?";

    /** Up to so many tokens in plain, of sessions that live or have ended. */
    List<String> plain(Handle handle, int most) throws SQLException {
        List<String> tokens = new ArrayList<>();
        try (PreparedStatement statement = handle.prepare(PLAIN)) {
            statement.setInt(1, most);
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
     * to end and the hash recorded already. Does nothing if somebody else has done so meanwhile.
     */
    void hash(Transaction transaction, String token) throws SQLException {
        String hash = TokenHash.of(token);
        boolean isNew = execute(transaction, RECORD_HASH, hash, token) == 1;
        if (execute(transaction, FORGET_TOKEN, token) == 0) {
            return;
        }
        if (isNew) {
            execute(transaction, HASH_SESSION, hash, token);
        } else {
            execute(transaction, DELETE_SESSION, token);
        }
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
