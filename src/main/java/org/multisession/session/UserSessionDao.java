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
 */
public final class UserSessionDao {

    /** Driven by our own table, whose collation is binary whatever the old app's table says. */
    private static final String FIND = """
            SELECT u.id, u.phone, %s, s.created_at, s.last_seen_at, t.recorded_at
            FROM multisession_tokens t
            JOIN user_sessions s ON s.auth_token = t.auth_token AND s.user_id = t.user_id
            JOIN users u ON u.id = t.user_id
            WHERE t.auth_token = ? AND t.ended_at IS NULL
            """;

    private static final String OF_USER = """
            SELECT u.id, u.phone, %s, s.created_at, s.last_seen_at, t.recorded_at, t.auth_token
            FROM multisession_tokens t
            JOIN user_sessions s ON s.auth_token = t.auth_token AND s.user_id = t.user_id
            JOIN users u ON u.id = t.user_id
            WHERE t.user_id = ? AND t.ended_at IS NULL
            """;

    private static final String WAS_ISSUED = "SELECT 1 FROM multisession_tokens WHERE auth_token = ?";

    private static final String RECORD =
            "INSERT INTO multisession_tokens (auth_token, user_id, recorded_at) VALUES (?, ?, ?)";

    private static final String RECORD_ENDED = """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            VALUES (?, ?, ?, ?, ?)
            """;

    private static final String INSERT =
            "INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES (?, ?, ?, ?)";

    private static final String MARK_ENDED = """
            UPDATE multisession_tokens SET ended_at = ?, end_reason = ?
            WHERE auth_token = ? AND ended_at IS NULL
            """;

    private static final String DELETE = "DELETE FROM user_sessions WHERE auth_token = ?";

    /** Only a row that still says what was read: never one that is gone, and never backwards in time. */
    private static final String TOUCH = """
            UPDATE user_sessions SET last_seen_at = ?
            WHERE auth_token = ? AND last_seen_at IS NOT DISTINCT FROM ?
            """;

    private final String find;
    private final String ofUser;

    public UserSessionDao(UserColumns columns) {
        this.find = FIND.formatted(columns.planOf("u"));
        this.ofUser = OF_USER.formatted(columns.planOf("u"));
    }

    /** The live session of this token, run out or not; null if there is none. */
    public @Nullable UserSession find(Handle handle, SessionToken token) throws SQLException {
        try (PreparedStatement statement = handle.prepare(find)) {
            statement.setString(1, token.value());
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? session(row, token) : null;
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
                        sessions.add(session(row, new SessionToken(token)));
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
            try (ResultSet row = statement.executeQuery()) {
                return row.next();
            }
        }
    }

    /** Makes this token, which never was one, a session of the user. */
    public void insert(Transaction transaction, long userId, SessionToken token, Instant now) throws SQLException {
        String time = SqlTime.format(now);
        // Recorded first, with our own time; the trigger that does it for the old app then finds it done.
        try (PreparedStatement statement = transaction.prepare(RECORD)) {
            statement.setString(1, token.value());
            statement.setLong(2, userId);
            statement.setString(3, time);
            statement.executeUpdate();
        }
        try (PreparedStatement statement = transaction.prepare(INSERT)) {
            statement.setLong(1, userId);
            statement.setString(2, token.value());
            statement.setString(3, time);
            statement.setString(4, time);
            statement.executeUpdate();
        }
    }

    /** Remembers that this token, which never was a session, must never open an account again. */
    public void refuseForEver(Transaction transaction, long userId, SessionToken token, EndReason reason, Instant now)
            throws SQLException {
        String time = SqlTime.format(now);
        try (PreparedStatement statement = transaction.prepare(RECORD_ENDED)) {
            statement.setString(1, token.value());
            statement.setLong(2, userId);
            statement.setString(3, time);
            statement.setString(4, time);
            statement.setString(5, reason.stored());
            statement.executeUpdate();
        }
    }

    /** Ends a session for ever; true if it was one until now. */
    public boolean end(Transaction transaction, SessionToken token, EndReason reason, Instant now) throws SQLException {
        boolean ended;
        try (PreparedStatement statement = transaction.prepare(MARK_ENDED)) {
            statement.setString(1, SqlTime.format(now));
            statement.setString(2, reason.stored());
            statement.setString(3, token.value());
            ended = statement.executeUpdate() == 1;
        }
        try (PreparedStatement statement = transaction.prepare(DELETE)) {
            statement.setString(1, token.value());
            statement.executeUpdate();
        }
        return ended;
    }

    /** Writes when a session was last seen; false if its row is gone or was written by somebody else meanwhile. */
    public boolean touch(Transaction transaction, SessionToken token, @Nullable String storedBefore, Instant seen)
            throws SQLException {
        try (PreparedStatement statement = transaction.prepare(TOUCH)) {
            statement.setString(1, SqlTime.format(seen));
            statement.setString(2, token.value());
            statement.setString(3, storedBefore);
            return statement.executeUpdate() == 1;
        }
    }

    private static UserSession session(ResultSet row, SessionToken token) throws SQLException {
        User user = new User(row.getLong(1), row.getString(2), row.getString(3));
        Instant recordedAt = Objects.requireNonNullElse(SqlTime.parse(row.getString(6)), Instant.EPOCH);
        return new UserSession(user, token, row.getString(4), row.getString(5), recordedAt);
    }
}
