package org.multisession.migration;

import java.sql.SQLException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.multisession.db.Handle;
import org.multisession.token.TokenSql;

/** Writes down what was there before our triggers: which sessions there are, and what the rows of {@code users} say. */
final class Backfill {

    /**
     * What to record of a session that no trigger has seen and whose user is newer than the triggers. Usually there is no
     * such user yet, and then the first condition, which is asked once, spares a look at each session.
     */
    private static final String REFUSE_SESSIONS_OF_NEWER_USERS = """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            SELECT s.auth_token, s.user_id, ?1, ?1, 'user-replaced'
            FROM user_sessions s
            WHERE EXISTS (SELECT 1 FROM multisession_accounts) AND {range} AND s.auth_token IS NOT NULL
              AND EXISTS (SELECT 1 FROM multisession_accounts a WHERE a.user_id = s.user_id)
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = s.auth_token)
            ORDER BY s.auth_token
            """;

    private static final String RECORD_SESSIONS = """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at)
            SELECT s.auth_token, s.user_id, ?1 FROM user_sessions s
            WHERE {range} AND s.auth_token IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = s.auth_token)
            ORDER BY s.auth_token
            """;

    private static final String END_DELETED = """
            UPDATE multisession_tokens SET ended_at = ?1, end_reason = 'row-deleted'
            WHERE {range} AND ended_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM user_sessions s WHERE s.auth_token = multisession_tokens.auth_token)
            """;

    /** A token that is moved back later must open nothing. A case-insensitive column finds more than the token. */
    private static final String END_MOVED = """
            UPDATE multisession_tokens SET ended_at = ?1, end_reason = 'row-changed'
            WHERE {range} AND ended_at IS NULL
              AND EXISTS (SELECT 1 FROM user_sessions s WHERE s.auth_token = multisession_tokens.auth_token
                AND s.auth_token || '' = multisession_tokens.auth_token AND s.user_id IS NOT multisession_tokens.user_id)
            """;

    private static final String END_ORPHANS = """
            UPDATE multisession_tokens SET ended_at = ?1, end_reason = 'user-replaced'
            WHERE {range} AND ended_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = multisession_tokens.user_id)
            """;

    /** The same for all at once, by indexes alone. */
    private static final String END_ALL_ORPHANS = """
            UPDATE multisession_tokens SET ended_at = ?1, end_reason = 'user-replaced'
            WHERE ended_at IS NULL AND user_id IN
              (SELECT t.user_id FROM multisession_tokens t WHERE t.ended_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = t.user_id))
            """;

    /**
     * A row for any token of the range that one of these has something to do with. A token is unique among sessions: where
     * one is just as it was recorded, no other of the same token is there.
     */
    private static final String ANY_ENDED = """
            SELECT 1 FROM multisession_tokens
            WHERE {range} AND +ended_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM user_sessions s JOIN users u ON u.id = s.user_id
                WHERE s.auth_token = multisession_tokens.auth_token
                  AND s.auth_token || '' = multisession_tokens.auth_token AND s.user_id = multisession_tokens.user_id)
            LIMIT 1
            """;

    /** Not what looks like a hash: written down as ended, it would end the token that it is of. */
    private static final String REFUSE_SHARED = """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            SELECT auth_token, NULL, ?1, ?1, 'ambiguous' FROM users
            WHERE {range} AND auth_token <> '' AND NOT {is hash}
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = users.auth_token)
            GROUP BY auth_token HAVING count(*) > 1
            """.replace("{is hash}", TokenSql.isHash("users.auth_token"));

    /** Does what the triggers do; of a number that has only digits nothing need be taken out. */
    private static final String NOTE_PHONES = """
            INSERT INTO multisession_phones (user_id, phone, tail)
            SELECT id, phone,
              CASE WHEN substr(phone, -2) = '.0' OR ltrim(digits, '0123456789') <> '' THEN ''
              ELSE substr(digits, -6) END
            FROM (SELECT id, phone, CASE WHEN ltrim(phone, '+0123456789') = '' THEN replace(phone, '+', '') ELSE
              replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
              trim(phone,
              char(9, 10, 13, 32, 8203, 8206, 8207, 8234, 8235, 8236, 8237, 8238, 8294, 8295, 8296, 8297, 65279)),
              ' ', ''), '-', ''), '(', ''), ')', ''), '+', ''), '.', ''), '/', ''),
              char(160), ''), char(8239), ''), char(8208), ''), char(8209), ''), char(8211), '') END AS digits
              FROM (SELECT u.id AS id, substr(CAST(u.phone AS TEXT), 1, 100) AS phone FROM users u
                WHERE {range} AND typeof(u.id) = 'integer'
                  AND NOT EXISTS (SELECT 1 FROM multisession_phones p WHERE p.user_id = u.id)))
            ORDER BY id
            """;

    private static final Pass RECORD =
            new Pass("record", "recording sessions", "user_sessions s", "s.auth_token", List.of(RECORD_SESSIONS));

    /** Each end says whose it is by its place in the list. */
    static final Pass END = new Pass(
            "end",
            "looking for ended sessions",
            "multisession_tokens",
            "multisession_tokens.auth_token",
            ANY_ENDED,
            List.of(END_DELETED, END_MOVED, END_ORPHANS));

    private static final Pass SHARED =
            new Pass("shared", "looking for shared tokens", "users", "users.auth_token", List.of(REFUSE_SHARED));

    /** What nobody has seen end, where {@link Witnesses#SUSPECTS} says whom to look at. */
    private static final Pass END_SUSPECTS = new Pass(
            "",
            "",
            END.table(),
            END.key(),
            List.of(
                    END_DELETED.replace("{range}", Witnesses.IS_SUSPECT),
                    END_MOVED.replace("{range}", Witnesses.IS_SUSPECT),
                    END_ALL_ORPHANS));

    private static final Pass END_ORPHANS_ONLY = new Pass("", "", END.table(), END.key(), List.of(END_ALL_ORPHANS));

    private static final Pass PHONES =
            new Pass("phones", "noting telephone numbers", "users u", "u.id", List.of(NOTE_PHONES));

    /** One of the team's triggers may have changed a number without ours noticing. */
    private static final String FORGET_PHONES_IN_RANGE = """
            DELETE FROM multisession_phones WHERE user_id IN (SELECT u.id FROM users u WHERE {range})
              AND NOT EXISTS (SELECT 1 FROM users o WHERE o.id = multisession_phones.user_id
                AND substr(CAST(o.phone AS TEXT), 1, 100) IS multisession_phones.phone)
            """;

    private static final Pass RENEW_PHONES = new Pass(
            PHONES.name(), PHONES.words(), PHONES.table(), PHONES.key(), List.of(FORGET_PHONES_IN_RANGE, NOTE_PHONES));

    static final Pass ROWS =
            new Pass("rows", "noting sessions", "user_sessions s", "s.id", List.of(Witnesses.REMEMBER_ROWS));

    static final Pass ACCOUNTS =
            new Pass("accounts", "noting users", "users u", "u.id", List.of(Witnesses.REMEMBER_ACCOUNTS));

    /** An earlier version may have recorded them differently. */
    private static final Pass RENEW_ACCOUNTS = new Pass(
            ACCOUNTS.name(),
            ACCOUNTS.words(),
            ACCOUNTS.table(),
            ACCOUNTS.key(),
            List.of(Witnesses.FORGET_ACCOUNTS_IN_RANGE, Witnesses.REMEMBER_ACCOUNTS));

    /** An earlier version may have missed that they were deleted. */
    private static final Pass FORGET_GONE_ACCOUNTS = forgetGone("multisession_accounts");

    private static final Pass FORGET_GONE_PHONES = forgetGone("multisession_phones");

    private static Pass forgetGone(String table) {
        return new Pass(
                "gone-" + table.substring(SchemaObject.OUR_PREFIX.length()),
                "forgetting users that are gone",
                table,
                table + ".user_id",
                List.of("DELETE FROM " + table + " WHERE {range} AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = "
                        + table + ".user_id)"));
    }

    /** The triggers that note the texts of telephone numbers. */
    static final Set<String> ON_PHONES = Set.of(
            "multisession_phone_inserted",
            "multisession_phone_changed",
            "multisession_phone_moved",
            "multisession_phone_deleted");

    /**
     * In this order: whom the first move finds among the accounts while it records sessions, a trigger has put there. Those
     * of users who are gone are recorded as if they were there, so that a trigger ends them if somebody else gets the id,
     * and {@link #END} does if nobody has. In the order of their tokens sessions are recorded many times faster, since each
     * goes to the end of our table.
     */
    private static final Pass RECORD_FIRST = new Pass(
            "record",
            RECORD.words(),
            RECORD.table(),
            RECORD.key(),
            List.of(REFUSE_SESSIONS_OF_NEWER_USERS, RECORD_SESSIONS));

    private Backfill() {}

    /** What that did, in rows. */
    record Reconciled(int recorded, int deleted, int orphaned) {}

    /**
     * Our memory of issued tokens follows the sessions by triggers. Where those have only just been made, it is
     * brought up to what is there now, at once.
     *
     * @param hasSuspects whether only some tokens can have ended unseen, and are known
     */
    static Reconciled reconcile(Handle handle, boolean hasSuspects, String now, Consumer<String> beforeStatement)
            throws SQLException {
        int recorded = RECORD.all(handle, now, beforeStatement)[0];
        int[] ended = (hasSuspects ? END_SUSPECTS : END).all(handle, now, beforeStatement);
        SHARED.all(handle, now, beforeStatement);
        return new Reconciled(recorded, ended[0], ended[2]);
    }

    /** The same where our triggers have seen what became of the sessions, and only users may have gone unseen. */
    static Reconciled reconcileUsers(Handle handle, String now, Consumer<String> beforeStatement) throws SQLException {
        int orphaned = END_ORPHANS_ONLY.all(handle, now, beforeStatement)[0];
        SHARED.all(handle, now, beforeStatement);
        return new Reconciled(0, 0, orphaned);
    }

    /** Notes the telephone numbers that are not noted yet, at once. */
    static void notePhones(Handle handle, Consumer<String> beforeStatement) throws SQLException {
        PHONES.all(handle, "", beforeStatement);
    }

    /** All that the first move has to do, in order, before it looks whether {@link #END} has anything to do. */
    static List<Pass> first() {
        return List.of(RECORD_FIRST, ROWS, RENEW_ACCOUNTS, RENEW_PHONES, SHARED);
    }

    /** All that an upgrade may have to do, in order, where nothing happened unseen. */
    static List<Pass> upgrade() {
        return List.of(ROWS, FORGET_GONE_ACCOUNTS, RENEW_ACCOUNTS, FORGET_GONE_PHONES, RENEW_PHONES, SHARED);
    }

    /**
     * The names of what an upgrade has to do.
     *
     * @param made names of the objects that have only just been made
     */
    static Set<String> neededAfter(Set<String> made) {
        Set<String> names = new LinkedHashSet<>();
        if (made.contains("multisession_rows")) {
            names.add(ROWS.name());
        }
        names.add(FORGET_GONE_ACCOUNTS.name());
        names.add(RENEW_ACCOUNTS.name());
        names.add(FORGET_GONE_PHONES.name());
        if (made.contains("multisession_phones")) {
            names.add(PHONES.name());
        }
        names.add(SHARED.name());
        return names;
    }
}
