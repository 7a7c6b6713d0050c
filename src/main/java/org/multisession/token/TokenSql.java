package org.multisession.token;

/**
 * The rules about tokens in SQL, each written once, for whoever counts or reads many at a time. {@code session.UserSessionDao}
 * says what they mean; docs/siblings.md has them for other programs.
 */
public final class TokenSql {

    /** The rows of all sessions that have not ended: {@code t} of our memory, {@code s} of the session, {@code u} of the user. */
    public static final String SESSIONS_NOT_ENDED = """
            FROM multisession_tokens t
            JOIN user_sessions s ON s.auth_token = t.auth_token AND s.user_id = t.user_id
            JOIN users u ON u.id = t.user_id
            WHERE t.ended_at IS NULL
            """;

    /** Where the hash of {@code t} is known as well, the row in plain is one that the old app has put in once more. */
    public static final String THE_HASH_ALONE_COUNTS = "AND " + isUnknownAsAHash("t.auth_token") + "\n";

    /** All live sessions, run out or not. */
    public static final String LIVE_SESSIONS = SESSIONS_NOT_ENDED + THE_HASH_ALONE_COUNTS;

    private TokenSql() {}

    /** Whether our memory does not know the token of this column by its hash. */
    public static String isUnknownAsAHash(String column) {
        return "NOT EXISTS (SELECT 1 FROM multisession_tokens h WHERE h.auth_token = multisession_hash(%s))"
                .formatted(column);
    }

    /** Whether this column, as text, has the shape of a hash, as {@link TokenHash#isOne} tells it; case counts. */
    public static String isHash(String column) {
        return "(length(%1$s) = 50 AND substr(%1$s, 1, 7) = 'sha256:' AND ltrim(substr(%1$s, 8), '%2$s') = '')"
                .formatted(column, "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");
    }
}
