package org.multisession.migration;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.stream.Collectors;
import org.multisession.db.Handle;

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

    private static final String SESSIONS = """
            SELECT quote(s.auth_token) || '>' || s.user_id
            FROM user_sessions s JOIN users u ON u.id = s.user_id
            WHERE typeof(s.auth_token) = 'text' AND s.auth_token <> ''
            """;

    private static final String NOT_KNOWN_AS_ENDED = """
            AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = s.auth_token
              AND (t.ended_at IS NOT NULL OR t.user_id IS NOT s.user_id))
            """;

    /** The condition of {@code UserSessionDao}'s look-up, for all sessions at once. */
    private static final String KNOWN_AS_LIVE = """
            AND EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = s.auth_token
              AND t.user_id = s.user_id AND t.ended_at IS NULL)
            """;

    /** What opens what by the rules that held until now, whichever of the tables exist. */
    static Snapshot before(Handle handle, Catalogue catalogue) throws SQLException {
        boolean hasSessions = catalogue.has("user_sessions");
        boolean hasTokens = catalogue.has("multisession_tokens");
        return take(
                handle,
                LEGACY + (hasSessions ? NOT_A_SESSION : "") + (hasTokens ? NEVER_ISSUED : ""),
                hasSessions ? SESSIONS + (hasTokens ? NOT_KNOWN_AS_ENDED : "") : "SELECT 1 WHERE 0");
    }

    /** What opens what by our rules, now that all tables are there. */
    static Snapshot after(Handle handle) throws SQLException {
        return take(handle, LEGACY + NEVER_ISSUED, SESSIONS + KNOWN_AS_LIVE);
    }

    /** Refuses where a token opens something else than it did before. */
    void requireOpeningsOf(Snapshot before) {
        if (!openings.equals(before.openings())) {
            throw new MigrationRefusedException("the migration would have changed who is signed in (sessions "
                    + before.sessionCount() + " before, " + sessionCount + " after; legacy tokens "
                    + before.legacyCount() + " before, " + legacyCount + " after); it was rolled back");
        }
    }

    private static Snapshot take(Handle handle, String legacy, String sessions) throws SQLException {
        String row = Catalogue.columns(handle, "users").values().stream()
                .map(column -> "quote(u.\"" + column.name().replace("\"", "\"\"") + "\")")
                .collect(Collectors.joining(" || ',' || "));
        MessageDigest users = sha256();
        long userCount = digest(handle, "SELECT " + row + " FROM users u ORDER BY u.id", users);
        MessageDigest openings = sha256();
        long sessionCount = digest(handle, sessions + " ORDER BY 1", openings);
        openings.update((byte) 0);
        long legacyCount = digest(handle, legacy + " ORDER BY u.id", openings);
        return new Snapshot(userCount, hex(users), sessionCount, legacyCount, hex(openings));
    }

    private static long digest(Handle handle, String sql, MessageDigest digest) throws SQLException {
        long rows = 0;
        try (PreparedStatement statement = handle.prepare(sql);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                digest.update(row.getString(1).getBytes(StandardCharsets.UTF_8));
                digest.update((byte) '\n');
                rows++;
            }
        }
        return rows;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }
}
