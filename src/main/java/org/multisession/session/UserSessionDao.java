package org.multisession.session;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.Row;
import org.multisession.db.Sql;
import org.multisession.db.Transaction;
import org.multisession.token.SessionToken;
import org.multisession.token.StoredToken;
import org.multisession.token.TokenSql;
import org.multisession.user.User;

/**
 * The {@code user_sessions} table and its shadow, {@code multisession_tokens}.
 *
 * <p>The shadow remembers every token that ever was a session and could come back: whose it was, and whether it has
 * ended. Triggers maintain it, so it is kept while only the old app runs, too. A session counts only if both tables
 * name the same user. So a row id that SQLite has given out a second time, or a row that was put back after its
 * sign-out, opens nothing.
 *
 * <p>Both tables hold a token in the same form: plain, or hashed. The stage decides the form of new rows; older rows
 * may have either, in every stage, so each statement takes both. Where both forms are known, only the hash counts. It
 * was there first, and the plain one is a row that the old app, back again, has inserted once more.
 */
public final class UserSessionDao {

    /**
     * What is believed: a row of {@code user_sessions} that says what was written down of it, and a row of {@code users}
     * with the number that was written down, or else the triggers that end the sessions of an id that is given out again.
     * So nothing opens that was changed while our triggers were gone, whoever asks, and before anything is repaired.
     */
    static final String WITNESSED = """
            AND EXISTS (SELECT 1 FROM multisession_rows r
              WHERE r.id = s.id AND r.auth_token = t.auth_token AND r.created_at IS NOT DISTINCT FROM s.created_at)
            AND (EXISTS (SELECT 1 FROM multisession_accounts a WHERE a.user_id = u.id
                AND a.phone = substr(CAST(u.phone AS TEXT), 1, 100)
                AND a.phone {hasFiveDigits})
              OR (SELECT count(*) FROM {triggers} g WHERE g.on_table = 'users'
                AND g.name IN ('multisession_user_inserted', 'multisession_user_id_changed')) = 2)
            """;

    /**
     * When the user last proved on this device who they are, and whether another of their devices signed in later. One
     * that never signed in here, such as an old one with an adopted token, came before any that did.
     */
    private static final String SIGN_IN = """
            (SELECT i.proved_at FROM multisession_sign_ins i WHERE i.token_hash = :hash) AS proved_at,
            EXISTS (SELECT 1 FROM multisession_sign_ins l WHERE l.user_id = t.user_id AND l.token_hash <> :hash
              AND l.arrived_at >= coalesce(
                (SELECT i.arrived_at FROM multisession_sign_ins i WHERE i.token_hash = :hash), s.created_at, {longAgo})
            ) AS has_later_sign_ins
            """;

    /** The form of a token that counts: where its hash is known, that alone. */
    private static final String FORM_THAT_COUNTS = """
            CASE WHEN EXISTS (SELECT 1 FROM multisession_tokens h WHERE h.auth_token = :hash) THEN :hash ELSE :token END
            """;

    /** All of a session, with its sign-in. */
    static final String ALL_COLUMNS = """
            u.id, u.phone, {plan} AS plan, s.created_at, s.last_seen_at, t.recorded_at, t.auth_token,
            """ + SIGN_IN;

    /** The live session of a token. Starts from our own table, whose collation is binary whatever the old app's table says. */
    static final String OF_TOKEN = TokenSql.SESSIONS_NOT_ENDED + "AND t.auth_token = " + FORM_THAT_COUNTS + WITNESSED;

    private static final Sql FIND = Sql.of("find a session", "SELECT " + ALL_COLUMNS + OF_TOKEN);

    /**
     * The same for a server, where to open a table takes a statement as long as to find a row in it. It asks every table
     * once, and those of triggers and of later sign-ins not at all; what it leaves open, {@link #FIND} decides. A row for
     * each form in which the token is known, ended or not; without a user where it opens nothing. It never takes the way by
     * the user, who may have thousands of sessions.
     */
    private static final Sql FIND_BRIEFLY = Sql.of("find a session briefly", """
            SELECT u.id, u.phone, {plan} AS plan, s.created_at, s.last_seen_at, t.recorded_at, t.auth_token, i.proved_at,
              a.phone AS known_phone
            FROM multisession_tokens t
            LEFT JOIN user_sessions s
              ON s.auth_token = t.auth_token AND s.user_id IS NOT DISTINCT FROM t.user_id AND t.ended_at IS NULL
            LEFT JOIN multisession_rows r
              ON r.id = s.id AND r.auth_token = t.auth_token AND r.created_at IS NOT DISTINCT FROM s.created_at
            LEFT JOIN users u ON u.id = t.user_id AND r.id IS NOT NULL
            LEFT JOIN multisession_accounts a ON a.user_id = u.id
            LEFT JOIN multisession_sign_ins i ON i.token_hash = :hash
            WHERE t.auth_token IN (:token, :hash) AND {isPrimary}
            """);

    /** As in {@code {hasFiveDigits}}. */
    private static final int DIGITS_OF_A_NUMBER = 5;

    private static final Sql OF_USER =
            Sql.of("sessions of a user", """
            SELECT u.id, u.phone, {plan} AS plan, s.created_at, s.last_seen_at, t.recorded_at, t.auth_token
            """ + TokenSql.LIVE_SESSIONS + "AND t.user_id = :user\n" + WITNESSED);

    /** Of all rows, so that those which are no live session do not make a page longer to find. */
    private static final Sql AFTER =
            Sql.of("next page of sessions", """
            SELECT u.id, u.phone, {plan} AS plan, s.user_id, s.created_at, s.last_seen_at, t.recorded_at, t.auth_token,
              s.id AS row_id
            FROM (SELECT * FROM user_sessions WHERE id > :last ORDER BY id LIMIT :rows) s
            LEFT JOIN multisession_tokens t ON t.auth_token = s.auth_token
            LEFT JOIN users u ON u.id = t.user_id AND t.user_id = s.user_id AND t.ended_at IS NULL
            """ + TokenSql.THE_HASH_ALONE_COUNTS + "ORDER BY s.id");

    private static final Sql LEFT_OVER = Sql.of("find a row that opens nothing", """
            SELECT s.user_id, s.created_at, s.last_seen_at, t.recorded_at, t.auth_token
            FROM multisession_tokens t JOIN user_sessions s ON t.auth_token = s.auth_token
            WHERE t.auth_token = :token AND s.auth_token = :token
            """);

    private static final Sql WAS_ISSUED = Sql.of(
            "was a token ever a session", "SELECT 1 FROM multisession_tokens WHERE auth_token IN (:token, :hash)");

    private static final Sql HOW_ENDED = Sql.of("how a session ended", """
            SELECT t.end_reason, t.ended_at, d.ended_by, coalesce(d.shared, 0) AS shared
            FROM multisession_tokens t LEFT JOIN multisession_devices d ON d.token_hash = :hash
            WHERE t.ended_at IS NOT NULL AND t.auth_token =
            """ + FORM_THAT_COUNTS);

    private static final Sql RECORD = Sql.of("remember a token as issued", """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at) VALUES (:token, :user, :now)
            ON CONFLICT (auth_token) DO NOTHING
            """);

    private static final Sql RECORD_ENDED = Sql.of("remember a token as ended", """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            VALUES (:token, :user, :now, :now, :reason)
            ON CONFLICT (auth_token) DO NOTHING
            """);

    private static final Sql INSERT = Sql.of("insert a session", """
            INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at)
            VALUES (:user, :token, :now, :now)
            """);

    /** Times that nobody knows are NULL; where the team's own table forbids that, they are the moment of the adoption. */
    private static final Sql ADOPT = Sql.of("adopt a legacy token", """
            INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at)
            SELECT :user, :token,
              CASE WHEN (SELECT c.required FROM {sessionColumns} c WHERE c.name = 'created_at')
                THEN CAST(:now AS {time}) END,
              CASE WHEN (SELECT c.required FROM {sessionColumns} c WHERE c.name = 'last_seen_at')
                THEN coalesce(CAST(:lastUsed AS {time}), CAST(:now AS {time})) ELSE CAST(:lastUsed AS {time}) END
            """);

    /** As the migration does it for all of them. */
    private static final Sql RECORD_UNSEEN = Sql.of("record a session that was there before", """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at)
            SELECT s.auth_token, s.user_id, :now FROM user_sessions s
            WHERE s.auth_token = :token
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = s.auth_token)
            """);

    /**
     * The row first and what we know of it second, as the trigger does behind the old app's DELETE: who locked them the
     * other way round would be in a deadlock with it, and the old app might be the one that fails.
     */
    private static final Sql LOCK =
            Sql.of("lock a session", "SELECT 1 FROM user_sessions WHERE auth_token IN (:token, :hash) {forUpdate}");

    private static final Sql LOCK_IF_FREE = Sql.of(
            "lock a session if it is free",
            "SELECT 1 FROM user_sessions WHERE auth_token IN (:token, :hash) {forUpdateIfFree}");

    private static final Sql MARK_ENDED = Sql.of("mark a session as ended", """
            UPDATE multisession_tokens SET ended_at = :now, end_reason = :reason
            WHERE auth_token IN (:token, :hash) AND ended_at IS NULL
            """);

    private static final Sql MARK_ENDED_IF_FREE = Sql.of("mark a session as ended if nobody else is about to", """
            UPDATE multisession_tokens SET ended_at = :now, end_reason = :reason
            WHERE auth_token IN (SELECT t.auth_token FROM multisession_tokens t
              WHERE t.auth_token IN (:token, :hash) AND t.ended_at IS NULL {forUpdateIfFree})
            """);

    /** Nobody needs to know any more which device used a session that is over. */
    private static final Sql FORGET_DEVICE = Sql.of("forget the device of a session", """
            UPDATE multisession_devices SET device = NULL, address = NULL WHERE token_hash = :hash
            """);

    private static final Sql DELETE =
            Sql.of("delete a session", "DELETE FROM user_sessions WHERE auth_token IN (:token, :hash)");

    private static final Sql RECORD_TAKEN = Sql.of("remember the token that a row gets as ended", """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            SELECT :nobodys, s.user_id, :now, :now, :reason FROM user_sessions s WHERE s.auth_token = :token
            """);

    private static final Sql TAKE_TOKEN = Sql.of("take the token from the row of a session", """
            UPDATE user_sessions SET auth_token = :nobodys WHERE auth_token = :token
            """);

    private static final Sql START_CLOCK = Sql.of("start the clock of a session anew", """
            UPDATE multisession_tokens SET recorded_at = :now WHERE auth_token = :token AND ended_at IS NULL
            """);

    /**
     * A conditional update: only a row that still holds what was read, never one that is gone, and never backwards in
     * time.
     */
    private static final Sql TOUCH = Sql.of("write when a session was last seen", """
            UPDATE user_sessions SET last_seen_at = :seen
            WHERE auth_token IN (:token, :hash) AND last_seen_at IS NOT DISTINCT FROM :before {unlessLocked}
            """);

    /**
     * How a token ended.
     *
     * @param by what the device called itself from which it was ended, if told
     * @param shared whether several devices may have held it
     */
    public record Ending(
            @Nullable EndReason reason,
            @Nullable Instant at,
            @Nullable String by,
            boolean shared) {}

    private final Stage stage;

    /** New rows hold what this stage has them hold. The database must have learned the words of {@code UserColumns}. */
    public UserSessionDao(Stage stage) {
        this.stage = stage;
    }

    /** The live session of this token, expired or not; null if there is none. */
    public @Nullable UserSession find(Handle handle, SessionToken token) {
        return find(handle, token.value(), token.hash());
    }

    /** The same for a token as some row has it. */
    public @Nullable UserSession find(Handle handle, StoredToken token) {
        return find(handle, token.text(), token.hash());
    }

    private static @Nullable UserSession find(Handle handle, String text, String hash) {
        return handle.vendor().isServer() ? findBriefly(handle, text, hash).session() : findInFull(handle, text, hash);
    }

    /**
     * What a server tells of a token.
     *
     * @param session the live session, expired or not; null if there is none
     * @param isKnown whether the token is a session or ever was one
     */
    record Looked(@Nullable UserSession session, boolean isKnown) {}

    Looked findBriefly(Handle handle, SessionToken token) {
        return findBriefly(handle, token.value(), token.hash());
    }

    private static Looked findBriefly(Handle handle, String text, String hash) {
        List<Brief> known = handle.query(FIND_BRIEFLY)
                .bind("token", text)
                .bind("hash", hash)
                .list(UserSessionDao::brief);
        if (known.isEmpty()) {
            return new Looked(null, false);
        }
        Brief first = known.get(0);
        boolean tellsAll = known.size() == 1 && (first.session() == null || first.isWitnessed());
        return new Looked(tellsAll ? first.session() : findInFull(handle, text, hash), true);
    }

    private static @Nullable UserSession findInFull(Handle handle, String text, String hash) {
        return handle.query(FIND)
                .bind("token", text)
                .bind("hash", hash)
                .optional(UserSessionDao::withSignIn)
                .orElse(null);
    }

    /** Of a row with {@link #ALL_COLUMNS}. */
    static UserSession withSignIn(Row row) {
        return session(row, row.text("proved_at"), row.flag("has_later_sign_ins"));
    }

    /**
     * What is known of a token in one of its forms.
     *
     * @param session null if it opens nothing
     * @param isWitnessed whether the number tells that the user is the one whom it was issued to
     */
    private record Brief(@Nullable UserSession session, boolean isWitnessed) {}

    private static Brief brief(Row row) {
        // Whether there are later sign-ins is left to who asks for them.
        return row.isNull("id")
                ? new Brief(null, false)
                : new Brief(session(row, row.text("proved_at"), true), hasKnownNumber(row));
    }

    /** Whether what was written down of a number is the whole of what the row says, and is a number. */
    private static boolean hasKnownNumber(Row row) {
        String known = row.text("known_phone");
        return known != null
                && known.equals(row.text("phone"))
                && known.chars().filter(c -> c >= '0' && c <= '9').count() >= DIGITS_OF_A_NUMBER;
    }

    /**
     * Some of all sessions.
     *
     * @param live those of them that have not ended, run out or not
     * @param leftOver rows that open nothing: their user is gone, or their token has ended although they are still there
     * @param last the row id behind which the next page begins; null after the last page
     */
    public record Page(
            List<UserSession> live,
            List<UserSession> leftOver,
            @Nullable Long last) {}

    /** The rows of so many ids behind this one; from the beginning for null. */
    public Page after(Handle handle, @Nullable Long last, int rows) {
        List<UserSession> live = new ArrayList<>();
        List<UserSession> leftOver = new ArrayList<>();
        List<Long> ids = new ArrayList<>(rows);
        handle.query(AFTER)
                .bind("last", last == null ? Long.MIN_VALUE : last)
                .bind("rows", rows)
                .forEach(row -> {
                    ids.add(row.number("row_id"));
                    if (!row.isNull("id")) {
                        live.add(session(row));
                    } else if (row.isText("auth_token")) {
                        leftOver.add(leftOver(row));
                    }
                });
        return new Page(live, leftOver, ids.size() < rows ? null : ids.get(ids.size() - 1));
    }

    /** The row with this token of which {@link #find} has told that it opens nothing; null if there is none. */
    public @Nullable UserSession leftOver(Handle handle, StoredToken token) {
        return handle.query(LEFT_OVER)
                .bind("token", token.text())
                .optional(UserSessionDao::leftOver)
                .orElse(null);
    }

    private static UserSession leftOver(Row row) {
        return session(row, new User(row.number("user_id"), null, null), null, false);
    }

    /** How this token ended; null if it has not, or never was one. */
    public @Nullable Ending howEnded(Handle handle, SessionToken token) {
        return handle.query(HOW_ENDED)
                .bind("token", token.value())
                .bind("hash", token.hash())
                .optional(row -> new Ending(
                        EndReason.of(row.text("end_reason")),
                        row.instant("ended_at"),
                        row.text("ended_by"),
                        row.flag("shared")))
                .orElse(null);
    }

    /** All sessions of a user that have not ended, in no particular order. */
    public List<UserSession> ofUser(Handle handle, long userId) {
        List<UserSession> sessions = new ArrayList<>();
        handle.query(OF_USER).bind("user", userId).forEach(row -> {
            // A blob or an empty text that somebody put there is no token that a device could present.
            if (row.value("auth_token") instanceof String token && !token.isEmpty()) {
                sessions.add(session(row));
            }
        });
        return sessions;
    }

    /** Whether this token is a session, or ever was one. */
    public boolean wasIssued(Handle handle, SessionToken token) {
        return handle.query(WAS_ISSUED)
                .bind("token", token.value())
                .bind("hash", token.hash())
                .exists();
    }

    /** Makes this token, which never was a session, a session of the user. */
    public void insert(Transaction transaction, long userId, SessionToken token, Instant now) {
        boolean unused = record(transaction, userId, token, now);
        transaction
                .update(INSERT)
                .bind("user", userId)
                .bind("token", stored(token))
                .bind("now", now)
                .run();
    }

    /**
     * Makes a legacy token a session of the user. Nobody knows when it was issued, or perhaps when it was last used.
     *
     * @param lastUsed null if unknown
     * @return false if another transaction has just made it one, or ended it
     */
    public boolean adopt(
            Transaction transaction, long userId, SessionToken token, @Nullable Instant lastUsed, Instant now) {
        if (!record(transaction, userId, token, now)) {
            return false;
        }
        transaction
                .update(ADOPT)
                .bind("user", userId)
                .bind("token", stored(token))
                .bind("lastUsed", lastUsed)
                .bind("now", now)
                .run();
        return true;
    }

    /** Remembers that this token is a session, if it is one that was there before our triggers. */
    public void recordUnseen(Transaction transaction, SessionToken token, Instant now) {
        transaction
                .update(RECORD_UNSEEN)
                .bind("token", stored(token))
                .bind("now", now)
                .run();
    }

    /** Before the row itself, with our own time; the trigger that does it for the old app then finds it done. */
    private boolean record(Transaction transaction, long userId, SessionToken token, Instant now) {
        return transaction
                        .update(RECORD)
                        .bind("token", stored(token))
                        .bind("user", userId)
                        .bind("now", now)
                        .run()
                == 1;
    }

    /**
     * Remembers that this token, which never was a session, must never open an account again; false if another transaction
     * has just made it one, or done the same.
     */
    public boolean refuseForEver(
            Transaction transaction, long userId, SessionToken token, EndReason reason, Instant now) {
        return transaction
                        .update(RECORD_ENDED)
                        .bind("token", stored(token))
                        .bind("user", userId)
                        .bind("now", now)
                        .bind("reason", reason.stored())
                        .run()
                == 1;
    }

    /** Whether {@link #end} would wait for somebody who is just changing the session's row. */
    public boolean isHeld(Transaction transaction, StoredToken token) {
        return transaction.vendor().isServer()
                && !transaction
                        .query(LOCK_IF_FREE)
                        .bind("token", token.text())
                        .bind("hash", token.hash())
                        .exists();
    }

    /**
     * Ends a session whose row {@link #isHeld}, and waits for nobody: it opens nothing any more, and its row is left to
     * {@link #end} and {@link #takeRow}. Returns false where whoever holds the row is just changing whose session it is.
     */
    public boolean endBesideHolder(Transaction transaction, StoredToken token, EndReason reason, Instant now) {
        boolean ended = transaction
                        .update(MARK_ENDED_IF_FREE)
                        .bind("now", now)
                        .bind("reason", reason.stored())
                        .bind("token", token.text())
                        .bind("hash", token.hash())
                        .run()
                > 0;
        if (ended) {
            transaction.update(FORGET_DEVICE).bind("hash", token.hash()).run();
        }
        return ended;
    }

    /**
     * Ends a session for good; returns true if it was one until now.
     *
     * <p>Where rows of the team's refer to it, its row stays for them, with a token that nobody has: so it has ended for
     * the old app as well, and they belong to no other session that gets its id.
     *
     * @param nobodys a new token each time
     */
    public boolean end(
            Transaction transaction, StoredToken token, EndReason reason, Instant now, Supplier<SessionToken> nobodys) {
        boolean unused = transaction
                .query(LOCK)
                .bind("token", token.text())
                .bind("hash", token.hash())
                .exists();
        boolean ended = transaction
                        .update(MARK_ENDED)
                        .bind("now", now)
                        .bind("reason", reason.stored())
                        .bind("token", token.text())
                        .bind("hash", token.hash())
                        .run()
                > 0;
        boolean isDeleted = transaction.deletesUnlessReferredTo(
                transaction.update(DELETE).bind("token", token.text()).bind("hash", token.hash()));
        if (ended && !isDeleted) {
            takeRow(transaction, token, reason, now, nobodys);
        }
        transaction.update(FORGET_DEVICE).bind("hash", token.hash()).run();
        return ended;
    }

    /** Leaves the row of a session that has ended, if it is still there, to the rows of the team's that refer to it. */
    public void takeRow(
            Transaction transaction, StoredToken token, EndReason reason, Instant now, Supplier<SessionToken> nobodys) {
        takeToken(transaction, token.text(), reason, now, nobodys.get());
        takeToken(transaction, token.hash(), reason, now, nobodys.get());
    }

    /** The hash of a token that nobody has opens nothing here, and in the old app for nobody. */
    private static void takeToken(
            Transaction transaction, String token, EndReason reason, Instant now, SessionToken nobodys) {
        transaction
                .update(RECORD_TAKEN)
                .bind("nobodys", nobodys.hash())
                .bind("token", token)
                .bind("now", now)
                .bind("reason", reason.stored())
                .run();
        transaction
                .update(TAKE_TOKEN)
                .bind("nobodys", nobodys.hash())
                .bind("token", token)
                .run();
    }

    /** Makes our tables know this session as of now: their former time came from a clock that was ahead. */
    public void startClock(Transaction transaction, StoredToken token, Instant now) {
        transaction
                .update(START_CLOCK)
                .bind("now", now)
                .bind("token", token.text())
                .run();
    }

    /** Writes when a session was last seen; false if its row is gone or was written by somebody else meanwhile. */
    public boolean touch(Transaction transaction, StoredToken token, @Nullable String storedBefore, Instant seen) {
        return transaction
                        .update(TOUCH)
                        .bind("seen", seen)
                        .bind("token", token.text())
                        .bind("hash", token.hash())
                        .bind("before", storedBefore)
                        .run()
                == 1;
    }

    private String stored(SessionToken token) {
        return stage.storesPlainTokens() ? token.value() : token.hash();
    }

    /** The session of a row with these columns, without its sign-in. */
    static UserSession session(Row row) {
        return session(row, null, false);
    }

    private static UserSession session(Row row, @Nullable String provedAt, boolean mayHaveLaterSignIns) {
        return session(
                row, new User(row.number("id"), row.text("phone"), row.text("plan")), provedAt, mayHaveLaterSignIns);
    }

    private static UserSession session(Row row, User user, @Nullable String provedAt, boolean mayHaveLaterSignIns) {
        Instant recordedAt = Objects.requireNonNullElse(row.instant("recorded_at"), Instant.EPOCH);
        StoredToken token = new StoredToken(row.requiredText("auth_token"));
        return new UserSession(
                user,
                token,
                row.text("created_at"),
                row.text("last_seen_at"),
                recordedAt,
                provedAt,
                mayHaveLaterSignIns);
    }
}
