package org.multisession.migration;

import java.security.MessageDigest;
import java.sql.SQLException;
import java.util.HexFormat;
import org.multisession.db.ComposedSql;
import org.multisession.db.Handle;
import org.multisession.token.TokenSql;

/**
 * What must be the same before and after a migration, as digests: every row of {@code users}, and which token opens
 * which account.
 *
 * @param users SHA-256 over all columns of all rows
 * @param openings SHA-256 over every pair of usable token and user
 */
record Snapshot(long userCount, String users, long sessionCount, long legacyCount, String openings) {

    /** In the old app, a token that two users share opens whichever comes first; such a token is nobody's here. */
    private static final String LEGACY = """
            SELECT quote(u.auth_token) || '>' || u.id
            FROM users u
            WHERE typeof(u.auth_token) <> 'blob' AND u.auth_token <> ''
              AND u.auth_token NOT IN
                (SELECT auth_token FROM users WHERE auth_token IS NOT NULL GROUP BY auth_token HAVING count(*) > 1)
            """;

    /** As a list, which SQLite sorts once: the table may have no index yet. */
    private static final String NOT_A_SESSION =
            "AND u.auth_token NOT IN (SELECT auth_token FROM user_sessions WHERE auth_token IS NOT NULL)\n";

    private static final String NEVER_ISSUED =
            "AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = u.auth_token)\n";

    /** By their range in the index; a colon is followed by a semicolon. Where there are none, nothing has to be hashed. */
    private static final String HASHES =
            "SELECT auth_token FROM %s WHERE auth_token >= 'sha256:' AND auth_token < 'sha256;'";

    /** An uninstall forgets what was issued, and may leave sessions of which only the hash is there. */
    private static final String NOT_A_HASHED_SESSION =
            "AND multisession_hash(u.auth_token) NOT IN (" + HASHES.formatted("user_sessions") + ")\n";

    /** In the old app a session counts without our memory, which may not have heard of it. */
    private static final String SESSIONS = """
            SELECT quote(s.auth_token) || '>' || s.user_id
            FROM user_sessions s JOIN users u ON u.id = s.user_id
            WHERE typeof(s.auth_token) = 'text' AND s.auth_token <> ''
            """;

    private static final String NOT_KNOWN_AS_ENDED = """
            AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = s.auth_token
              AND (t.ended_at IS NOT NULL OR t.user_id IS NOT s.user_id))
            """;

    /** By the rule of requests. */
    private static final String LIVE_SESSIONS = "SELECT quote(s.auth_token) || '>' || s.user_id\n"
            + TokenSql.SESSIONS_NOT_ENDED
            + "AND typeof(s.auth_token) = 'text' AND s.auth_token <> ''\n";

    /** What opens what by the rules that held until now, whichever of the tables exist. */
    static Snapshot before(Handle handle, Catalogue catalogue, Progress progress) throws SQLException {
        boolean hasSessions = catalogue.has("user_sessions");
        boolean hasTokens = catalogue.has("multisession_tokens");
        boolean hasHashes = hasTokens && hasHashes(handle);
        boolean hasHashedSessions = hasSessions && hasHashes(handle, "user_sessions");
        return take(
                handle,
                progress,
                hasSessions ? rows(handle, "user_sessions") : 0,
                LEGACY
                        + (hasSessions ? NOT_A_SESSION : "")
                        + (hasHashedSessions ? NOT_A_HASHED_SESSION : "")
                        + (hasTokens ? NEVER_ISSUED : "")
                        + (hasHashes ? unknownAsAHash("u") : ""),
                hasSessions
                        ? SESSIONS + (hasTokens ? NOT_KNOWN_AS_ENDED : "") + (hasHashes ? unknownAsAHash("s") : "")
                        : "SELECT 1 WHERE 0");
    }

    /** What opens what by our rules, now that all tables are there. */
    static Snapshot after(Handle handle, Progress progress) throws SQLException {
        boolean hasHashes = hasHashes(handle);
        return take(
                handle,
                progress,
                rows(handle, "user_sessions"),
                LEGACY + NEVER_ISSUED + (hasHashes ? unknownAsAHash("u") : ""),
                LIVE_SESSIONS + (hasHashes ? TokenSql.THE_HASH_ALONE_COUNTS : ""));
    }

    /** Refuses where a token opens something else than it did before. */
    void requireOpeningsOf(Snapshot before) {
        if (!openings.equals(before.openings())) {
            throw new MigrationRefusedException("the migration would have changed who is signed in (sessions "
                    + before.sessionCount() + " before, " + sessionCount + " after; legacy tokens "
                    + before.legacyCount() + " before, " + legacyCount + " after); it was rolled back");
        }
    }

    /** Whether of any token that was issued only the hash is there. */
    static boolean hasHashes(Handle handle) throws SQLException {
        return hasHashes(handle, "multisession_tokens");
    }

    private static boolean hasHashes(Handle handle, String table) throws SQLException {
        return ComposedSql.number(handle, "SELECT EXISTS (" + HASHES.formatted(table) + ")") > 0;
    }

    private static String unknownAsAHash(String alias) {
        return "AND " + TokenSql.isUnknownAsAHash(alias + ".auth_token") + "\n";
    }

    /** @param atMost how many sessions there can be; how many count shows only as they are read */
    private static Snapshot take(Handle handle, Progress progress, long atMost, String legacy, String sessions)
            throws SQLException {
        long userCount = rows(handle, "users");
        String users = users(handle, userCount, progress);
        MessageDigest openings = TableDigest.sha256();
        long sessionCount = TableDigest.add(
                handle, sessions + " ORDER BY 1", openings, new Step(progress, "reading sessions", atMost));
        openings.update((byte) 0);
        long legacyCount = TableDigest.add(
                handle, legacy + " ORDER BY u.id", openings, new Step(progress, "reading legacy tokens", userCount));
        return new Snapshot(userCount, users, sessionCount, legacyCount, hex(openings));
    }

    /** SHA-256 over all columns of all rows of {@code users}. */
    static String users(Handle handle, long count, Progress progress) throws SQLException {
        MessageDigest users = TableDigest.sha256();
        TableDigest.add(
                handle,
                "SELECT "
                        + TableDigest.row(Catalogue.columns(handle, "users").values().stream()
                                .map(Catalogue.Column::name)
                                .toList())
                        + " FROM users u ORDER BY u.id",
                users,
                new Step(progress, "reading users", count));
        return hex(users);
    }

    /** How many rows a table has. Without an index: one of the team's may be in an order that only the app knows. */
    static long rows(Handle handle, String table) throws SQLException {
        return ComposedSql.number(handle, "SELECT count(*) FROM " + ComposedSql.quoted(table) + " NOT INDEXED");
    }

    /** Whether a table has more rows than so many. */
    static boolean hasMoreRows(Handle handle, String table, int rows) throws SQLException {
        return ComposedSql.number(
                        handle, "SELECT 1 FROM " + ComposedSql.quoted(table) + " NOT INDEXED LIMIT 1 OFFSET " + rows)
                > 0;
    }

    private static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }
}
