package org.multisession.user;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Failures;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.multisession.token.TokenHash;

/**
 * The {@code users} table. It is the team's, not ours: the two writing methods here are the only ones there are, the
 * mirror at sign-in and the new user of an open registration.
 */
public final class UserDao {

    /** So many users of one number are told apart; whoever meets more knows enough. */
    static final int MAX_OF_ONE_NUMBER = 10;

    /**
     * Whom the old app would let in by this token, as long as it never was a session: one that was and is one no longer
     * must not come back through this door. Two rows mean that the token is nobody's. That it never was one is known only
     * where our triggers on {@code user_sessions} are there, or were when the token was set.
     */
    private static final String FIND_BY_LEGACY_TOKEN = """
            SELECT u.id, u.phone, %s, u.auth_token,
              EXISTS (SELECT 1 FROM multisession_accounts a
                WHERE a.user_id = u.id AND a.token_tail = substr(CAST(u.auth_token AS TEXT), -8))
              OR (SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = 'user_sessions'
                AND name IN ('multisession_session_inserted', 'multisession_session_deleted',
                  'multisession_session_token_changed')) = 3
            FROM users u
            WHERE u.auth_token = ?
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token IN (?, ?))
            LIMIT 2
            """;

    private static final String FIND_BY_ID = "SELECT u.id, u.phone, %s FROM users u WHERE u.id = ?";

    private static final String FIND_BY_NUMBER = """
            SELECT u.id, u.phone, %s
            FROM multisession_phones p JOIN users u ON u.id = p.user_id
            WHERE p.number = ?
            """;

    private static final String LEGACY_TOKEN = "SELECT auth_token FROM users WHERE id = ?";

    private static final String COUNT_WITH_TOKEN = "SELECT count(*) FROM users WHERE auth_token = ?";

    private static final String MIRROR = "UPDATE users SET auth_token = ? WHERE id = ?";

    private final UserColumns columns;
    private final PhoneNumbers phoneNumbers;
    private final PhoneDao phones = new PhoneDao();
    private final String findByLegacyToken;
    private final String findById;
    private final String findByNumber;

    /** For a table with these columns beside the ones that we need. */
    public UserDao(UserColumns columns, PhoneNumbers phoneNumbers) {
        this.columns = columns;
        this.phoneNumbers = phoneNumbers;
        this.findByLegacyToken = FIND_BY_LEGACY_TOKEN.formatted(columns.planOf("u"));
        this.findById = FIND_BY_ID.formatted(columns.planOf("u"));
        this.findByNumber = FIND_BY_NUMBER.formatted(columns.planOf("u"));
    }

    /** The one user whose legacy token this is; null if it is nobody's, two users', or ever was a session's. */
    public @Nullable User findByLegacyToken(Handle handle, String token) throws SQLException {
        try (PreparedStatement statement = handle.prepare(findByLegacyToken)) {
            statement.setString(1, token);
            statement.setString(2, token);
            statement.setString(3, TokenHash.of(token));
            try (ResultSet rows = statement.executeQuery()) {
                if (!rows.next()) {
                    return null;
                }
                // A column with a case-blind collation finds more than it was asked for.
                User user = token.equals(rows.getString(4)) && rows.getBoolean(5) ? user(rows) : null;
                return rows.next() ? null : user;
            }
        }
    }

    /**
     * Every user with this number, in whatever shape the row has it, up to {@link #MAX_OF_ONE_NUMBER}; more than one
     * means that nobody can be told. The same is asked whether there is one or not.
     *
     * @throws org.multisession.db.DatabaseBusyException if so many rows are still to be read that it would take long
     */
    public List<User> findByPhone(Handle handle, PhoneNumber number) throws SQLException {
        NavigableMap<Long, User> found = new TreeMap<>();
        try (PreparedStatement statement = handle.prepare(findByNumber)) {
            statement.setString(1, number.key());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next() && found.size() < MAX_OF_ONE_NUMBER) {
                    keepIfOf(number, user(row), found);
                }
            }
        }
        for (PhoneDao.Phone unread : phones.unreadLike(handle, number)) {
            if (found.size() < MAX_OF_ONE_NUMBER && means(unread.text(), number)) {
                User user = findById(handle, unread.userId());
                if (user != null) {
                    keepIfOf(number, user, found);
                }
            }
        }
        return List.copyOf(found.values());
    }

    /** Asked again of what the row itself says: what we have noted may be older. */
    private void keepIfOf(PhoneNumber number, User user, Map<Long, User> found) {
        if (means(user.phone(), number)) {
            found.put(user.id(), user);
        }
    }

    private boolean means(@Nullable String stored, PhoneNumber number) {
        PhoneNumber read = phoneNumbers.read(stored);
        return read != null && read.key().equals(number.key());
    }

    private @Nullable User findById(Handle handle, long id) throws SQLException {
        try (PreparedStatement statement = handle.prepare(findById)) {
            statement.setLong(1, id);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? user(row) : null;
            }
        }
    }

    /**
     * Whether a text that means no number may stand in a row: whether any row has a text like it, of the same length and
     * with the same beginning. So who tries one such text after another does not learn which of them are somebody's.
     */
    public boolean hasTextLike(Handle handle, PhoneNumber text) throws SQLException {
        return phones.hasTextLike(handle, text) || !findByPhone(handle, text).isEmpty();
    }

    /** The token that the user's old devices share, or null where there is none that a cookie could carry. */
    public @Nullable String legacyToken(Handle handle, long userId) throws SQLException {
        try (PreparedStatement statement = handle.prepare(LEGACY_TOKEN)) {
            statement.setLong(1, userId);
            try (ResultSet row = statement.executeQuery()) {
                // A number stands there where the column has such a type; a blob equals no text, so it lets nobody in.
                if (!row.next() || row.getObject(1) instanceof byte[]) {
                    return null;
                }
                String token = row.getString(1);
                return token == null || token.isEmpty() ? null : token;
            }
        }
    }

    /** Whether this token stands in more than one row of {@code users}. */
    public boolean isShared(Transaction transaction, String token) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(COUNT_WITH_TOKEN)) {
            statement.setString(1, token);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getInt(1) > 1;
            }
        }
    }

    /** Sets {@code users.auth_token}, so that the old app accepts the new session; false if the user is gone. */
    public boolean mirror(Transaction transaction, long userId, String token) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(MIRROR)) {
            statement.setString(1, token);
            statement.setLong(2, userId);
            return statement.executeUpdate() == 1;
        }
    }

    /**
     * Adds a user with this number and nothing else; what the table gives by default, it gives.
     *
     * @throws org.multisession.db.DatabaseBusyException if a row with this number might be there and not be found, since
     *     somebody has rebuilt the table and it is not repaired yet
     */
    public User insert(Transaction transaction, PhoneNumber number, Instant now) throws SQLException {
        phones.requireTriggers(transaction);
        String sql = columns.hasCreatedAt()
                ? "INSERT INTO users (phone, created_at) VALUES (?, ?) RETURNING id"
                : "INSERT INTO users (phone) VALUES (?) RETURNING id";
        long id;
        try (PreparedStatement statement = transaction.prepare(sql)) {
            statement.setString(1, number.text());
            if (columns.hasCreatedAt()) {
                statement.setString(2, SqlTime.format(now));
            }
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                id = row.getLong(1);
            }
        }
        User user = findById(transaction, id);
        if (user == null) {
            // A primary key that is not the row id may be NULL in SQLite.
            throw Failures.missingConstraint("the table users gives its new row no id");
        }
        return user;
    }

    private static User user(ResultSet row) throws SQLException {
        return new User(row.getLong(1), row.getString(2), row.getString(3));
    }
}
