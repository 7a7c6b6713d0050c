package org.multisession.session;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;
import org.multisession.user.User;
import org.multisession.user.UserColumns;

/**
 * The {@code user_sessions} table and its shadow, {@code multisession_tokens}.
 *
 * <p>The shadow remembers every token that ever was a session, whose it was, and that it ended. It is kept by triggers,
 * so also while only the old app runs. A session counts only if both tables name the same user: a row id that SQLite
 * gave out a second time, or a row that was put back after its sign-out, opens nothing.
 *
 * <p>Both hold a session's token in the same form: itself, or its hash. Which of the two is the stage's matter for new
 * rows, and may be either for old ones, in every stage; so each statement takes both. Where both are known, the hash was
 * there first and it alone counts: the other form is a row that the old app, back again, has put in once more.
 */
public final class UserSessionDao {

    /**
     * What is believed: a row of {@code user_sessions} that says what was written down of it, and a row of {@code users}
     * with the number that was written down, or else the triggers that end the sessions of an id that is given out again.
     * So nothing opens that was changed while our triggers were gone, whoever asks, and before anything is repaired.
     */
    private static final String WITNESSED = """
            AND EXISTS (SELECT 1 FROM multisession_rows r
              WHERE r.id = s.id AND r.auth_token = t.auth_token AND r.created_at IS s.created_at)
            AND (EXISTS (SELECT 1 FROM multisession_accounts a WHERE a.user_id = u.id
                AND a.phone = substr(CAST(u.phone AS TEXT), 1, 100)
                AND a.phone GLOB '*[0-9]*[0-9]*[0-9]*[0-9]*[0-9]*')
              OR (SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = 'users'
                AND name IN ('multisession_user_inserted', 'multisession_user_id_changed')) = 2)
            """;

    /** Driven by our own table, whose collation is binary whatever the old app's table says. */
    private static final String FIND = """
            SELECT u.id, u.phone, %s, s.created_at, s.last_seen_at, t.recorded_at, t.auth_token
            FROM multisession_tokens t
            JOIN user_sessions s ON s.auth_token = t.auth_token AND s.user_id = t.user_id
            JOIN users u ON u.id = t.user_id
            WHERE t.auth_token IN (?, ?) AND t.ended_at IS NULL
              AND (t.auth_token = ? OR NOT EXISTS (SELECT 1 FROM multisession_tokens h WHERE h.auth_token = ?))
            """ + WITNESSED;

    private static final String OF_USER = """
            SELECT u.id, u.phone, %s, s.created_at, s.last_seen_at, t.recorded_at, t.auth_token
            FROM multisession_tokens t
            JOIN user_sessions s ON s.auth_token = t.auth_token AND s.user_id = t.user_id
            JOIN users u ON u.id = t.user_id
            WHERE t.user_id = ? AND t.ended_at IS NULL
              AND NOT EXISTS
                (SELECT 1 FROM multisession_tokens h WHERE h.auth_token = multisession_hash(t.auth_token))
            """ + WITNESSED;

    /** Of all rows, so that those which are no live session do not make a page longer to find. */
    private static final String AFTER = """
            SELECT u.id, u.phone, %s, s.created_at, s.last_seen_at, t.recorded_at, t.auth_token, s.id
            FROM (SELECT * FROM user_sessions WHERE id > ? ORDER BY id LIMIT ?) s
            LEFT JOIN multisession_tokens t
              ON t.auth_token = s.auth_token AND t.user_id = s.user_id AND t.ended_at IS NULL
            LEFT JOIN users u ON u.id = t.user_id
            ORDER BY s.id
            """;

    private static final String WAS_ISSUED = "SELECT 1 FROM multisession_tokens WHERE auth_token IN (?, ?)";

    private static final String HOW_ENDED = """
            SELECT t.end_reason, t.ended_at, d.ended_by, coalesce(d.shared, 0)
            FROM multisession_tokens t LEFT JOIN multisession_devices d ON d.token_hash = ?
            WHERE t.auth_token IN (?, ?) AND t.ended_at IS NOT NULL
              AND (t.auth_token = ? OR NOT EXISTS (SELECT 1 FROM multisession_tokens h WHERE h.auth_token = ?))
            """;

    private static final String RECORD =
            "INSERT INTO multisession_tokens (auth_token, user_id, recorded_at) VALUES (?, ?, ?)";

    private static final String RECORD_ENDED = """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            VALUES (?, ?, ?, ?, ?)
            """;

    private static final String INSERT =
            "INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES (?, ?, ?, ?)";

    /** Times that nobody knows are NULL; where the team's own table forbids that, they are the moment of the adoption. */
    private static final String ADOPT = """
            INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at)
            SELECT ?1, ?2,
              CASE WHEN (SELECT "notnull" FROM pragma_table_info('user_sessions') WHERE name = 'created_at') THEN ?3 END,
              CASE WHEN (SELECT "notnull" FROM pragma_table_info('user_sessions') WHERE name = 'last_seen_at')
                THEN coalesce(?4, ?3) ELSE ?4 END
            """;

    private static final String MARK_ENDED = """
            UPDATE multisession_tokens SET ended_at = ?, end_reason = ?
            WHERE auth_token IN (?, ?) AND ended_at IS NULL
            """;

    /** Of what is over, nobody needs to know any more what it was used by. */
    private static final String FORGET_DEVICE =
            "UPDATE multisession_devices SET device = NULL, address = NULL WHERE token_hash = ?";

    private static final String DELETE = "DELETE FROM user_sessions WHERE auth_token IN (?, ?)";

    private static final String START_CLOCK =
            "UPDATE multisession_tokens SET recorded_at = ? WHERE auth_token = ? AND ended_at IS NULL";

    /** Only a row that still says what was read: never one that is gone, and never backwards in time. */
    private static final String TOUCH = """
            UPDATE user_sessions SET last_seen_at = ?
            WHERE auth_token IN (?, ?) AND last_seen_at IS NOT DISTINCT FROM ?
            """;

    /**
     * How a token came to open nothing.
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
    private final String find;
    private final String ofUser;
    private final String after;

    /** For a users table with these columns; new rows hold what this stage has them hold. */
    public UserSessionDao(UserColumns columns, Stage stage) {
        this.stage = stage;
        this.find = FIND.formatted(columns.planOf("u"));
        this.ofUser = OF_USER.formatted(columns.planOf("u"));
        this.after = AFTER.formatted(columns.planOf("u"));
    }

    /** The live session of this token, run out or not; null if there is none. */
    public @Nullable UserSession find(Handle handle, SessionToken token) throws SQLException {
        return find(handle, token.value(), token.hash());
    }

    /** The same for a token as some row has it. */
    public @Nullable UserSession find(Handle handle, StoredToken token) throws SQLException {
        return find(handle, token.text(), token.hash());
    }

    private @Nullable UserSession find(Handle handle, String text, String hash) throws SQLException {
        try (PreparedStatement statement = handle.prepare(find)) {
            statement.setString(1, text);
            statement.setString(2, hash);
            statement.setString(3, hash);
            statement.setString(4, hash);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? session(row) : null;
            }
        }
    }

    /**
     * Some of all sessions.
     *
     * @param live those of them that have not ended, run out or not
     * @param last the row id behind which the next page begins; null after the last page
     */
    public record Page(List<UserSession> live, @Nullable Long last) {}

    /** The rows of so many ids behind this one; from the beginning for null. */
    public Page after(Handle handle, @Nullable Long last, int rows) throws SQLException {
        List<UserSession> live = new ArrayList<>();
        int read = 0;
        long id = 0;
        try (PreparedStatement statement = handle.prepare(after)) {
            statement.setLong(1, last == null ? Long.MIN_VALUE : last);
            statement.setInt(2, rows);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    read++;
                    id = row.getLong(8);
                    if (row.getObject(1) != null) {
                        live.add(session(row));
                    }
                }
            }
        }
        return new Page(live, read < rows ? null : id);
    }

    /** How this token ended; null if it has not, or never was one. */
    public @Nullable Ending howEnded(Handle handle, SessionToken token) throws SQLException {
        try (PreparedStatement statement = handle.prepare(HOW_ENDED)) {
            statement.setString(1, token.hash());
            statement.setString(2, token.value());
            statement.setString(3, token.hash());
            statement.setString(4, token.hash());
            statement.setString(5, token.hash());
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? new Ending(
                                EndReason.of(row.getString(1)),
                                SqlTime.parse(row.getString(2)),
                                row.getString(3),
                                row.getBoolean(4))
                        : null;
            }
        }
    }

    /** All sessions of a user that have not ended, in no order. */
    public List<UserSession> ofUser(Handle handle, long userId) throws SQLException {
        List<UserSession> sessions = new ArrayList<>();
        try (PreparedStatement statement = handle.prepare(ofUser)) {
            statement.setLong(1, userId);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    // A blob or an empty text that somebody put there is no token that a device could present.
                    if (row.getObject(7) instanceof String token && !token.isEmpty()) {
                        sessions.add(session(row));
                    }
                }
            }
        }
        return sessions;
    }

    /** Whether this token is a session, or ever was one. */
    public boolean wasIssued(Handle handle, SessionToken token) throws SQLException {
        try (PreparedStatement statement = handle.prepare(WAS_ISSUED)) {
            statement.setString(1, token.value());
            statement.setString(2, token.hash());
            try (ResultSet row = statement.executeQuery()) {
                return row.next();
            }
        }
    }

    /** Makes this token, which never was one, a session of the user. */
    public void insert(Transaction transaction, long userId, SessionToken token, Instant now) throws SQLException {
        String stored = stored(token);
        String time = SqlTime.format(now);
        record(transaction, userId, stored, now);
        try (PreparedStatement statement = transaction.prepare(INSERT)) {
            statement.setLong(1, userId);
            statement.setString(2, stored);
            statement.setString(3, time);
            statement.setString(4, time);
            statement.executeUpdate();
        }
    }

    /**
     * Makes a legacy token a session of the user. When it was issued, nobody knows; when it was last used, perhaps.
     *
     * @param lastUsed null if unknown
     */
    public void adopt(Transaction transaction, long userId, SessionToken token, @Nullable Instant lastUsed, Instant now)
            throws SQLException {
        String stored = stored(token);
        record(transaction, userId, stored, now);
        try (PreparedStatement statement = transaction.prepare(ADOPT)) {
            statement.setLong(1, userId);
            statement.setString(2, stored);
            statement.setString(3, SqlTime.format(now));
            statement.setString(4, lastUsed == null ? null : SqlTime.format(lastUsed));
            statement.executeUpdate();
        }
    }

    /** Before the row itself, with our own time; the trigger that does it for the old app then finds it done. */
    private static void record(Transaction transaction, long userId, String stored, Instant now) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(RECORD)) {
            statement.setString(1, stored);
            statement.setLong(2, userId);
            statement.setString(3, SqlTime.format(now));
            statement.executeUpdate();
        }
    }

    /** Remembers that this token, which never was a session, must never open an account again. */
    public void refuseForEver(Transaction transaction, long userId, SessionToken token, EndReason reason, Instant now)
            throws SQLException {
        String time = SqlTime.format(now);
        try (PreparedStatement statement = transaction.prepare(RECORD_ENDED)) {
            statement.setString(1, stored(token));
            statement.setLong(2, userId);
            statement.setString(3, time);
            statement.setString(4, time);
            statement.setString(5, reason.stored());
            statement.executeUpdate();
        }
    }

    /** Ends a session for ever; true if it was one until now. */
    public boolean end(Transaction transaction, StoredToken token, EndReason reason, Instant now) throws SQLException {
        boolean ended;
        try (PreparedStatement statement = transaction.prepare(MARK_ENDED)) {
            statement.setString(1, SqlTime.format(now));
            statement.setString(2, reason.stored());
            statement.setString(3, token.text());
            statement.setString(4, token.hash());
            ended = statement.executeUpdate() > 0;
        }
        try (PreparedStatement statement = transaction.prepare(DELETE)) {
            statement.setString(1, token.text());
            statement.setString(2, token.hash());
            statement.executeUpdate();
        }
        try (PreparedStatement statement = transaction.prepare(FORGET_DEVICE)) {
            statement.setString(1, token.hash());
            statement.executeUpdate();
        }
        return ended;
    }

    /** Has our tables know this session from now on: what they said was written by a clock that was ahead. */
    public void startClock(Transaction transaction, StoredToken token, Instant now) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(START_CLOCK)) {
            statement.setString(1, SqlTime.format(now));
            statement.setString(2, token.text());
            statement.executeUpdate();
        }
    }

    /** Writes when a session was last seen; false if its row is gone or was written by somebody else meanwhile. */
    public boolean touch(Transaction transaction, StoredToken token, @Nullable String storedBefore, Instant seen)
            throws SQLException {
        try (PreparedStatement statement = transaction.prepare(TOUCH)) {
            statement.setString(1, SqlTime.format(seen));
            statement.setString(2, token.text());
            statement.setString(3, token.hash());
            statement.setString(4, storedBefore);
            return statement.executeUpdate() == 1;
        }
    }

    private String stored(SessionToken token) {
        return stage.storesPlainTokens() ? token.value() : token.hash();
    }

    private static UserSession session(ResultSet row) throws SQLException {
        User user = new User(row.getLong(1), row.getString(2), row.getString(3));
        Instant recordedAt = Objects.requireNonNullElse(SqlTime.parse(row.getString(6)), Instant.EPOCH);
        StoredToken token = new StoredToken(row.getString(7));
        return new UserSession(user, token, row.getString(4), row.getString(5), recordedAt);
    }
}
