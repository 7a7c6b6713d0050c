package org.multisession.auth;

import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.token.TokenSql;

/** Counts sessions and users, a page of rows at a time: no look at the database takes long. */
final class CensusDao {

    private static final Sql HAS_HASHES = Sql.of("whether any session is known by its hash", """
            SELECT 1 FROM multisession_tokens
            WHERE auth_token {binary} > 'sha256:' AND auth_token {binary} < 'sha256;' LIMIT 1
            """);

    /** Where no hash is known, none need be reckoned and looked for, a million times over. */
    private static final String NO_HASH = "";

    private static final Sql SESSIONS = sessions(NO_HASH);
    private static final Sql SESSIONS_WITH_HASHES = sessions(TokenSql.THE_HASH_ALONE_COUNTS);
    private static final Sql USERS = users(NO_HASH, "= u.auth_token");
    private static final Sql USERS_WITH_HASHES =
            users(TokenSql.THE_HASH_ALONE_COUNTS, "IN (u.auth_token, multisession_hash(u.auth_token))");

    private static Sql sessions(String theHashAloneCounts) {
        return Sql.of("count a page of sessions", """
                SELECT count(*) AS seen, max(s.id) AS last, count(u.id) AS first, 0 AS second
                FROM (SELECT id, user_id, auth_token FROM user_sessions WHERE id > :last ORDER BY id LIMIT :rows) s
                LEFT JOIN multisession_tokens t
                  ON t.auth_token = s.auth_token AND t.user_id = s.user_id AND t.ended_at IS NULL
                """ + theHashAloneCounts + """
                -- The old app deletes users and leaves their sessions.
                LEFT JOIN users u ON u.id = t.user_id
                """);
    }

    /** A legacy token of two users opens nothing, and one that ever was a session is none any more. */
    private static Sql users(String theHashAloneCounts, String isTheToken) {
        return Sql.of("count a page of users", """
                SELECT count(*) AS seen, max(u.id) AS last,
                  count(CASE WHEN EXISTS (SELECT 1 FROM user_sessions s
                    JOIN multisession_tokens t ON t.auth_token = s.auth_token AND t.user_id = s.user_id
                    WHERE s.user_id = u.id AND t.ended_at IS NULL %s) THEN 1 END) AS first,
                  count(CASE WHEN {typeof}(u.auth_token) = 'text' AND u.auth_token <> ''
                    AND NOT %s
                    AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token %s)
                    AND NOT EXISTS (SELECT 1 FROM users o WHERE o.auth_token = u.auth_token AND o.id <> u.id)
                    THEN 1 END) AS second
                FROM (SELECT id, auth_token FROM users WHERE id > :last ORDER BY id LIMIT :rows) u
                """.formatted(
                        theHashAloneCounts, TokenSql.isHash("u.auth_token"), isTheToken));
    }

    /**
     * A page of rows.
     *
     * @param seen how many rows there were; fewer than asked for at the end
     * @param last the id behind which the next page begins
     * @param first of sessions those that live, of users those with a live session
     * @param second of users those with a legacy token that opens their account
     */
    record Page(int seen, long last, int first, int second) {}

    Page sessions(Handle handle, long last, int rows, boolean hasHashes) {
        return page(handle, hasHashes ? SESSIONS_WITH_HASHES : SESSIONS, last, rows);
    }

    Page users(Handle handle, long last, int rows, boolean hasHashes) {
        return page(handle, hasHashes ? USERS_WITH_HASHES : USERS, last, rows);
    }

    /** Whether any session is known by its hash; looks at every row where the database has no index for that. */
    boolean hasHashes(Handle handle) {
        return handle.query(HAS_HASHES).exists();
    }

    private static Page page(Handle handle, Sql sql, long last, int rows) {
        return handle.query(sql)
                .bind("last", last)
                .bind("rows", rows)
                .optional(row -> new Page(
                        (int) row.number("seen"),
                        row.isNull("last") ? last : row.number("last"),
                        (int) row.number("first"),
                        (int) row.number("second")))
                .orElseThrow();
    }
}
