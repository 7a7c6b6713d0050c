package org.multisession.session;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.multisession.db.DatabaseException;
import org.multisession.db.FailureKind;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.db.Transaction;
import org.multisession.token.StoredToken;

/** The statements that replace a token in its rows with its hash. */
public final class TokenHashingDao {

    /**
     * Two ranges of the index around the hashes (a semicolon follows the colon): one probe each when all is done.
     * Nobody could present a blob as a token.
     */
    private static final Sql PLAIN = Sql.of("tokens in plain", """
            SELECT auth_token FROM multisession_tokens WHERE auth_token {binary} < 'sha256:' AND {typeof}(auth_token) = 'text'
            UNION ALL
            SELECT auth_token FROM multisession_tokens WHERE auth_token {binary} >= 'sha256;' AND {typeof}(auth_token) = 'text'
            LIMIT :most
            """);

    /** Does nothing if the hash exists already: then the old app has inserted the token again, which opens nothing. */
    private static final Sql RECORD_HASH = Sql.of("record the hash of a token", """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            SELECT :hash, user_id, recorded_at, ended_at, end_reason FROM multisession_tokens WHERE auth_token = :token
            ON CONFLICT (auth_token) DO NOTHING
            """);

    private static final Sql USER =
            Sql.of("user of a token in plain", "SELECT user_id FROM multisession_tokens WHERE auth_token = :token");

    private static final Sql FORGET_TOKEN =
            Sql.of("forget a token in plain", "DELETE FROM multisession_tokens WHERE auth_token = :token");

    private static final Sql HASH_SESSION = Sql.of(
            "put a hash in the place of a session's token",
            "UPDATE user_sessions SET auth_token = :hash WHERE auth_token = :token");

    private static final Sql SESSION_IN_PLAIN =
            Sql.of("session in plain", "SELECT count(*) AS n FROM user_sessions WHERE auth_token = :token");

    private static final Sql DELETE_SESSION =
            Sql.of("delete a session that was put in once more", "DELETE FROM user_sessions WHERE auth_token = :token");

    /** Up to so many tokens in plain other than these, of sessions that live or have ended. */
    List<StoredToken> plain(Handle handle, int most, Set<StoredToken> others) {
        return handle
                .query(PLAIN)
                .bind("most", most + others.size())
                .list(row -> new StoredToken(row.requiredText("auth_token")))
                .stream()
                .filter(token -> !others.contains(token))
                .limit(most)
                .toList();
    }

    /** The users of some of these tokens, up to so many. */
    Set<Long> users(Handle handle, Set<StoredToken> tokens, int most) {
        Set<Long> users = new TreeSet<>();
        for (StoredToken token : tokens) {
            if (users.size() < most) {
                users.addAll(handle.query(USER).bind("token", token.text()).list(row -> row.number("user_id")));
            }
        }
        return users;
    }

    /**
     * Puts the hash in the token's place. Our own table first: the trigger on {@code user_sessions} then finds no token
     * to end and the hash recorded already. Does nothing if somebody else has done so meanwhile.
     *
     * @throws DatabaseException if a trigger of the team's leaves the session as it is, without an error: beside the hash it
     *     would open nothing
     */
    void hash(Transaction transaction, StoredToken token) {
        boolean isNew = transaction
                        .update(RECORD_HASH)
                        .bind("hash", token.hash())
                        .bind("token", token.text())
                        .run()
                == 1;
        if (transaction.update(FORGET_TOKEN).bind("token", token.text()).run() == 0) {
            return;
        }
        if (isNew) {
            transaction
                    .update(HASH_SESSION)
                    .bind("hash", token.hash())
                    .bind("token", token.text())
                    .run();
            requireThatItIsGone(transaction, token);
        } else {
            transaction.update(DELETE_SESSION).bind("token", token.text()).run();
        }
    }

    private static void requireThatItIsGone(Transaction transaction, StoredToken token) {
        if (transaction.query(SESSION_IN_PLAIN).bind("token", token.text()).one(row -> row.number("n")) > 0) {
            throw new DatabaseException(
                    "something in the database, such as a trigger, leaves the token of a session as it is",
                    FailureKind.CONSTRAINT,
                    null);
        }
    }
}
