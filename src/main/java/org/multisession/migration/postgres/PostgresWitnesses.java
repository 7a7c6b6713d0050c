package org.multisession.migration.postgres;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.multisession.token.TokenSql;

/**
 * The statements that bring our tables up to date after triggers of ours were gone for a while: what nobody can tell apart
 * any more is ended, and the rest is believed. In each, <code>{now}</code> stands for the time.
 */
final class PostgresWitnesses {

    /** Without these nobody ends the sessions of an id that is given out again. */
    private static final Set<String> ON_USERS =
            Set.of("multisession_user_inserted", "multisession_user_id_changed", "multisession_user_truncated");

    /** Without these nobody knows what became of a session. */
    private static final Set<String> ON_SESSIONS = Set.of(
            "multisession_session_inserted",
            "multisession_session_deleted",
            "multisession_session_token_changed",
            "multisession_session_truncated");

    /**
     * What is noted of the number of {@code users u} in {@code multisession_accounts a}. A rebuild may have written it in
     * another way; then its last nine digits are the same, or as many as there are, but seven at least.
     */
    private static final String SAME_NUMBER = """
            (a.phone = left(u.phone::TEXT, 100) AND a.phone ~ '[0-9].*[0-9].*[0-9].*[0-9].*[0-9]'
              OR EXISTS (SELECT 1 FROM regexp_replace(a.phone, '[^0-9]', '', 'g') AS noted,
                regexp_replace(left(u.phone::TEXT, 100), '[^0-9]', '', 'g') AS present,
                least(9, length(noted), length(present)) AS compared
                WHERE compared >= 7 AND right(noted, compared) = right(present, compared)))""";

    /** Whoever has this id may be somebody else since nobody watched the users. */
    private static final List<String> END_OF_DOUBTED_USERS =
            List.of("""
            UPDATE multisession_tokens t SET ended_at = {now}, end_reason = 'unwitnessed'
            WHERE ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM users u JOIN multisession_accounts a ON a.user_id = u.id
              WHERE u.id = t.user_id AND %s)
            """.formatted(SAME_NUMBER), """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            SELECT s.auth_token, s.user_id, {now}, {now}, 'unwitnessed' FROM user_sessions s
            WHERE s.auth_token IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users u
              JOIN multisession_accounts a ON a.user_id = u.id WHERE u.id = s.user_id AND %s)
            ON CONFLICT (auth_token) DO NOTHING
            """.formatted(SAME_NUMBER));

    /** Sessions may have been put back, and have come and gone, since nobody watched them. */
    private static final List<String> END_OF_DOUBTED_SESSIONS =
            List.of("""
            UPDATE multisession_tokens t SET ended_at = {now}, end_reason = 'unwitnessed'
            WHERE ended_at IS NULL AND EXISTS (SELECT 1 FROM user_sessions s WHERE s.auth_token = t.auth_token)
              AND NOT EXISTS (SELECT 1 FROM multisession_rows r JOIN user_sessions s
                ON s.auth_token = r.auth_token AND s.created_at IS NOT DISTINCT FROM r.created_at
                WHERE r.auth_token = t.auth_token)
            """, """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            SELECT s.auth_token, s.user_id, {now}, {now}, 'unwitnessed'
            FROM user_sessions s JOIN multisession_accounts a ON a.user_id = s.user_id
            WHERE a.unwatched AND s.auth_token IS NOT NULL ON CONFLICT (auth_token) DO NOTHING
            """, """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            SELECT u.auth_token, min(u.id), {now}, {now}, 'unwitnessed'
            FROM users u LEFT JOIN multisession_accounts a ON a.user_id = u.id
            WHERE u.auth_token <> '' AND a.token_tail IS DISTINCT FROM multisession_mark(u.auth_token::TEXT)
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t
                WHERE t.auth_token IN (u.auth_token, multisession_hash(u.auth_token)))
              AND NOT EXISTS (SELECT 1 FROM user_sessions s WHERE s.auth_token = u.auth_token)
              AND NOT %s
            GROUP BY u.auth_token ON CONFLICT (auth_token) DO NOTHING
            """.formatted(TokenSql.isHash("u.auth_token")));

    /** Notes that do not say what is there. */
    private static final List<String> FORGET = List.of("""
            DELETE FROM multisession_rows r WHERE NOT EXISTS (SELECT 1 FROM user_sessions s WHERE s.id = r.id
              AND s.auth_token = r.auth_token AND s.created_at IS NOT DISTINCT FROM r.created_at)
            """, """
            DELETE FROM multisession_accounts a WHERE unwatched OR NOT EXISTS (SELECT 1 FROM users u WHERE u.id = a.user_id
              AND left(u.phone::TEXT, 100) IS NOT DISTINCT FROM a.phone
              AND multisession_mark(u.auth_token::TEXT) IS NOT DISTINCT FROM a.token_tail)
            """, """
            DELETE FROM multisession_phones p WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = p.user_id
              AND left(u.phone::TEXT, 100) IS NOT DISTINCT FROM p.phone)
            """);

    /**
     * What began while nobody watched and is not in doubt is believed. Noted before the triggers are there again: a user
     * who comes in behind them would end it.
     */
    private static final String BELIEVE_THE_REST = """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at)
            SELECT auth_token, user_id, {now} FROM user_sessions WHERE auth_token IS NOT NULL
            ON CONFLICT (auth_token) DO NOTHING
            """;

    private PostgresWitnesses() {}

    /** Ends what cannot be told apart since these triggers are gone. */
    static List<String> endDoubted(List<SchemaScript> gone) {
        List<String> names = gone.stream().map(SchemaScript::name).toList();
        List<String> statements = new ArrayList<>();
        if (names.stream().anyMatch(ON_USERS::contains)) {
            statements.addAll(END_OF_DOUBTED_USERS);
        }
        if (names.stream().anyMatch(ON_SESSIONS::contains)) {
            statements.addAll(END_OF_DOUBTED_SESSIONS);
        }
        return statements;
    }

    /** The same, and notes the rest as it is now. The triggers must be made anew before anybody else changes a row. */
    static List<String> repair(List<SchemaScript> gone) {
        List<String> statements = new ArrayList<>(endDoubted(gone));
        statements.addAll(FORGET);
        statements.add(BELIEVE_THE_REST);
        return statements;
    }
}
