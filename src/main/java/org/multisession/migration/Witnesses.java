package org.multisession.migration;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Handle;
import org.multisession.token.TokenSql;

/**
 * Decides what may be believed after our triggers were gone for a while, and ends the rest. When a table is rebuilt,
 * nobody notes that a user's id went to somebody else, or that a session came and went.
 *
 * <p>The triggers write down each row as they last saw it ({@code multisession_accounts}, {@code multisession_rows}). A
 * row that still says the same is believed, so that a rebuild that changes nothing signs nobody out. One that says
 * something else could be another account, a session that was put back after its end, or a session's token in
 * {@code users.auth_token}. Nobody can tell, and so it is ended.
 */
final class Witnesses {

    /** The triggers that end the sessions of an id that is reused. */
    static final Set<String> ON_USERS = Set.of("multisession_user_inserted", "multisession_user_id_changed");

    /** The triggers that record what happens to a session. */
    static final Set<String> ON_SESSIONS = Set.of(
            "multisession_session_inserted", "multisession_session_deleted", "multisession_session_token_changed");

    /** What is written down of the legacy token of {@code users u}, as the triggers do it. */
    private static final String LEGACY_TOKEN = """
             length(CAST(u.auth_token AS TEXT)) || ':' || substr(CAST(u.auth_token AS TEXT), 1, 8)
              || substr(CAST(u.auth_token AS TEXT), max(1, length(CAST(u.auth_token AS TEXT)) / 2 - 3), 8)
              || substr(CAST(u.auth_token AS TEXT), -8)
            """;

    /**
     * Tokens whose session is not just as it was written down, for the same user: those that can have ended unseen, and
     * some more. Most others are told by one look each, and what is to be asked of a token in detail is asked of these.
     */
    static final String SUSPECTS = "temp.multisession_suspects";

    static final String IS_SUSPECT =
            "multisession_tokens.auth_token IN (SELECT suspect.auth_token FROM " + SUSPECTS + " suspect)";

    private static final String MAKE_SUSPECTS =
            "CREATE TEMP TABLE multisession_suspects (auth_token PRIMARY KEY) WITHOUT ROWID";

    private static final String FIND_SUSPECTS = "INSERT INTO " + SUSPECTS + """
             SELECT t.auth_token FROM multisession_tokens t
            WHERE t.ended_at IS NULL AND NOT EXISTS
              (SELECT 1 FROM user_sessions s JOIN multisession_rows r ON r.id = s.id
                WHERE s.auth_token = t.auth_token AND s.auth_token || '' = t.auth_token AND s.user_id = t.user_id
                  AND r.auth_token = t.auth_token AND r.created_at IS s.created_at)
            """;

    private static final String FORGET_SUSPECTS = "DROP TABLE temp.multisession_suspects";

    private static final String END_ALL =
            "UPDATE multisession_tokens SET ended_at = ?, end_reason = 'unwitnessed' WHERE ended_at IS NULL";

    /** Users with sessions whose row differs from what was recorded. */
    private static final String DOUBTED_USERS = """
            SELECT u.id, a.phone, substr(CAST(u.phone AS TEXT), 1, 100)
            FROM users u LEFT JOIN multisession_accounts a ON a.user_id = u.id
            WHERE {has sessions}
              AND NOT coalesce(a.phone = substr(CAST(u.phone AS TEXT), 1, 100)
                AND a.phone GLOB '*[0-9]*[0-9]*[0-9]*[0-9]*[0-9]*', 0)
            """;

    private static final String HAS_SESSIONS = """
            u.id IN (SELECT user_id FROM multisession_tokens WHERE ended_at IS NULL
              UNION SELECT user_id FROM user_sessions)
            """;

    /** By an index, for each user who is in doubt: where triggers have seen the sessions, all are known. */
    private static final String HAS_KNOWN_SESSIONS = """
            EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.user_id = u.id AND t.ended_at IS NULL)
            """;

    private static final String END_OF_USER = END_ALL + " AND user_id = ?";

    private static final String REFUSE_SESSIONS_OF_USER = """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            SELECT s.auth_token, s.user_id, ?1, ?1, 'unwitnessed' FROM user_sessions s
            WHERE s.user_id = ?2 AND s.auth_token IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = s.auth_token)
            """;

    /** A row that is gone has ended. A row that only got another row id is the same session. */
    private static final String END_DOUBTED_SESSIONS = END_ALL + " AND " + IS_SUSPECT + """
             AND EXISTS (SELECT 1 FROM user_sessions s WHERE s.auth_token = multisession_tokens.auth_token)
              AND NOT EXISTS (SELECT 1 FROM multisession_rows r JOIN user_sessions s
                ON s.auth_token = r.auth_token AND s.created_at IS r.created_at
                WHERE r.auth_token = multisession_tokens.auth_token)
            """;

    /** The session may belong to the former owner of an id that was reused meanwhile. */
    private static final String REFUSE_SESSIONS_OF_NEW_USERS = """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            SELECT s.auth_token, s.user_id, ?1, ?1, 'unwitnessed'
            FROM user_sessions s
            WHERE s.user_id IN (SELECT a.user_id FROM multisession_accounts a WHERE a.unwatched)
              AND s.auth_token IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = s.auth_token)
            """;

    /**
     * It may be the token of a session that came and went unseen. Earlier versions wrote down its last eight characters;
     * that counts once, until all is written down anew. What looks like a hash opens nothing as it is; written down as
     * ended, it would end the token that it is of.
     */
    private static final String REFUSE_DOUBTED_LEGACY_TOKENS =
            """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            SELECT u.auth_token, min(u.id), ?1, ?1, 'unwitnessed'
            FROM users u LEFT JOIN multisession_accounts a ON a.user_id = u.id
            WHERE typeof(u.auth_token) <> 'blob' AND u.auth_token <> ''
              AND coalesce(a.token_tail NOT IN (""" + LEGACY_TOKEN + """
              , substr(CAST(u.auth_token AS TEXT), -8)), 1)
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t
                WHERE t.auth_token IN (u.auth_token, multisession_hash(u.auth_token)))
              AND NOT EXISTS (SELECT 1 FROM user_sessions s WHERE s.auth_token = u.auth_token)
            """ + "AND NOT " + TokenSql.isHash("u.auth_token") + """

            GROUP BY u.auth_token
            """;

    private static final String TRAIL = """
            INSERT INTO auth_events (occurred_at, kind, outcome, user_id)
            SELECT ended_at, 'session-ended', end_reason, user_id FROM multisession_tokens
            WHERE ended_at = ? AND end_reason = 'unwitnessed'
            """;

    private static final String FORGET_ROWS = """
            DELETE FROM multisession_rows
            WHERE NOT EXISTS (SELECT 1 FROM user_sessions s WHERE s.id = multisession_rows.id
              AND s.auth_token IS multisession_rows.auth_token AND s.created_at IS multisession_rows.created_at)
            """;

    static final String REMEMBER_ROWS = """
            INSERT INTO multisession_rows (id, auth_token, created_at)
            SELECT s.id, s.auth_token, s.created_at FROM user_sessions s
            WHERE {range} AND s.auth_token IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM multisession_rows r WHERE r.id = s.id)
            """;

    private static final String SAYS_SOMETHING_ELSE = """
             NOT EXISTS (SELECT 1 FROM users u WHERE u.id = multisession_accounts.user_id
              AND substr(CAST(u.phone AS TEXT), 1, 100) IS multisession_accounts.phone
              AND multisession_accounts.token_tail IS\s""" + LEGACY_TOKEN + """
              )
              OR unwatched
            """;

    private static final String FORGET_ACCOUNTS = "DELETE FROM multisession_accounts WHERE " + SAYS_SOMETHING_ELSE;

    /** The same for a range of users, whose rows are written down anew at once. */
    static final String FORGET_ACCOUNTS_IN_RANGE =
            "DELETE FROM multisession_accounts WHERE user_id IN (SELECT u.id FROM users u WHERE {range}) AND ("
                    + SAYS_SOMETHING_ELSE + ")";

    static final String REMEMBER_ACCOUNTS = """
            INSERT INTO multisession_accounts (user_id, phone, token_tail, unwatched)
            SELECT u.id, substr(CAST(u.phone AS TEXT), 1, 100),\s""" + LEGACY_TOKEN + """
              , 0
            FROM users u
            WHERE {range} AND typeof(u.id) = 'integer'
              AND NOT EXISTS (SELECT 1 FROM multisession_accounts a WHERE a.user_id = u.id)
            """;

    private static final int DIGITS_COMPARED = 9;
    private static final int DIGITS_NEEDED = 7;

    private final Handle handle;
    private final Catalogue found;
    private final String now;
    private final Consumer<String> beforeStatement;
    private boolean hasSuspects;

    /**
     * @param found the catalogue before anything is made
     * @param now the time that is written down, as text
     */
    Witnesses(Handle handle, Catalogue found, String now, Consumer<String> beforeStatement) {
        this.handle = handle;
        this.found = found;
        this.now = now;
        this.beforeStatement = beforeStatement;
    }

    /**
     * Ends what cannot be told, before anything else is done; returns how many tokens that were.
     *
     * <p>Where triggers are gone and nothing was written down yet, by an earlier version, nothing can be told at all.
     */
    int endWhatCannotBeTold() throws SQLException {
        if (found.isWithoutOurMemory() || !found.has("user_sessions")) {
            return 0;
        }
        boolean usersWereWatched = found.hasTriggers("users", ON_USERS);
        boolean sessionsWereWatched = found.hasTriggers("user_sessions", ON_SESSIONS);
        int ended = 0;
        if (!found.has("multisession_accounts") || !found.has("multisession_rows")) {
            ended = usersWereWatched && sessionsWereWatched ? 0 : execute(END_ALL, now);
        } else {
            if (!usersWereWatched) {
                ended += endOfDoubtedUsers(sessionsWereWatched ? HAS_KNOWN_SESSIONS : HAS_SESSIONS);
            }
            if (!sessionsWereWatched) {
                execute(MAKE_SUSPECTS);
                execute(FIND_SUSPECTS);
                hasSuspects = true;
                ended += execute(END_DOUBTED_SESSIONS, now);
                ended += execute(REFUSE_SESSIONS_OF_NEW_USERS, now);
                ended += execute(REFUSE_DOUBTED_LEGACY_TOKENS, now);
            }
        }
        if (ended > 0 && found.has("auth_events")) {
            execute(TRAIL, now);
        }
        return ended;
    }

    /** Whether {@link #SUSPECTS} are known, until all is written down. */
    boolean hasSuspects() {
        return hasSuspects;
    }

    private int endOfDoubtedUsers(String hasSessions) throws SQLException {
        List<String> doubted = new ArrayList<>();
        try (PreparedStatement statement = handle.prepare(DOUBTED_USERS.replace("{has sessions}", hasSessions));
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                if (!isSameNumber(row.getString(2), row.getString(3))) {
                    doubted.add(row.getString(1));
                }
            }
        }
        int ended = 0;
        for (String user : doubted) {
            ended += execute(END_OF_USER, now, user);
            ended += execute(REFUSE_SESSIONS_OF_USER, now, user);
        }
        return ended;
    }

    /** A rebuild may have written the number differently, and a text that is no number identifies nobody. */
    static boolean isSameNumber(@Nullable String before, @Nullable String now) {
        String one = digits(before);
        String other = digits(now);
        int compared = Math.min(DIGITS_COMPARED, Math.min(one.length(), other.length()));
        return compared >= DIGITS_NEEDED
                && one.substring(one.length() - compared).equals(other.substring(other.length() - compared));
    }

    private static String digits(@Nullable String text) {
        StringBuilder digits = new StringBuilder();
        (text == null ? "" : text)
                .codePoints()
                .map(point -> Character.digit(point, 10))
                .forEach(digit -> {
                    if (digit >= 0) {
                        digits.append(digit);
                    }
                });
        return digits.toString();
    }

    /** Records the current sessions, once everything in doubt has ended. */
    void writeDownSessions() throws SQLException {
        execute(FORGET_ROWS);
        Backfill.ROWS.all(handle, now, beforeStatement);
        forgetSuspects();
    }

    /** To be called once nobody asks for {@link #SUSPECTS} any more. */
    void forgetSuspects() throws SQLException {
        if (hasSuspects) {
            execute(FORGET_SUSPECTS);
            hasSuspects = false;
        }
    }

    /** Records the current users likewise. */
    void writeDownUsers() throws SQLException {
        execute(FORGET_ACCOUNTS);
        Backfill.ACCOUNTS.all(handle, now, beforeStatement);
    }

    private int execute(String sql, String... values) throws SQLException {
        beforeStatement.accept(sql);
        return ComposedSql.update(handle, sql, (Object[]) values);
    }
}
