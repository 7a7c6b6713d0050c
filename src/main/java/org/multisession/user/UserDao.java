package org.multisession.user;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.db.TokenHash;
import org.multisession.db.Transaction;

/**
 * The {@code users} table. It is the team's, not ours: the two writing methods here are the only ones there are, the
 * mirror at sign-in and the new user of an open registration.
 */
public final class UserDao {

    /**
     * Whom the old app would let in by this token, as long as it never was a session: one that was and is one no longer
     * must not come back through this door. Two rows mean that the token is nobody's.
     */
    private static final String FIND_BY_LEGACY_TOKEN = """
            SELECT u.id, u.phone, %s, u.auth_token
            FROM users u
            WHERE u.auth_token = ?
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token IN (?, ?))
            LIMIT 2
            """;

    /** The last digits of a number, whatever stands between them; an index has the very same expression. */
    public static final String PHONE_TAIL = """
            substr(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
            replace(replace(replace(replace(replace(replace(replace(replace(replace(CAST(phone AS TEXT),
            ' ', ''), '-', ''), '(', ''), ')', ''), '.', ''), '/', ''), '+', ''), char(160), ''), char(9), ''),
            char(10), ''), char(13), ''), char(8201), ''), char(8206), ''), char(8209), ''), char(8211), ''), char(8234), ''),
            char(8236), ''), char(8239), ''), char(8722), ''), -7)""";

    private static final String FIND_BY_PHONE_TAIL = """
            SELECT u.id, u.phone, %s
            FROM users u
            WHERE %s IN (?, ?, ?, ?)
            ORDER BY u.id
            """;

    private static final String LEGACY_TOKEN = "SELECT auth_token FROM users WHERE id = ?";

    private static final String COUNT_WITH_TOKEN = "SELECT count(*) FROM users WHERE auth_token = ?";

    private static final String MIRROR = "UPDATE users SET auth_token = ? WHERE id = ?";

    private final UserColumns columns;
    private final PhoneNumbers phoneNumbers;
    private final String findByLegacyToken;
    private final String findByPhoneTail;

    /** For a table with these columns beside the ones that we need. */
    public UserDao(UserColumns columns, PhoneNumbers phoneNumbers) {
        this.columns = columns;
        this.phoneNumbers = phoneNumbers;
        this.findByLegacyToken = FIND_BY_LEGACY_TOKEN.formatted(columns.planOf("u"));
        this.findByPhoneTail = FIND_BY_PHONE_TAIL.formatted(columns.planOf("u"), PHONE_TAIL);
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
                User user = token.equals(rows.getString(4)) ? user(rows) : null;
                return rows.next() ? null : user;
            }
        }
    }

    /** Every user with this number, in whatever shape the row has it; more than one means that nobody can be told. */
    public List<User> findByPhone(Handle handle, PhoneNumber number) throws SQLException {
        List<User> found = new ArrayList<>();
        try (PreparedStatement statement = handle.prepare(findByPhoneTail)) {
            Set<String> tails = number.tails();
            String last = "";
            int position = 1;
            for (String tail : tails) {
                statement.setString(position++, tail);
                last = tail;
            }
            while (position <= 4) {
                statement.setString(position++, last);
            }
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    User candidate = user(rows);
                    PhoneNumber stored = phoneNumbers.parse(candidate.phone());
                    if (stored != null && stored.e164().equals(number.e164())) {
                        found.add(candidate);
                    }
                }
            }
        }
        return found;
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

    /** Adds a user with this number and nothing else; what the table gives by default, it gives. */
    public User insert(Transaction transaction, PhoneNumber number, Instant now) throws SQLException {
        String sql = columns.hasCreatedAt()
                ? "INSERT INTO users (phone, created_at) VALUES (?, ?) RETURNING id"
                : "INSERT INTO users (phone) VALUES (?) RETURNING id";
        long id;
        try (PreparedStatement statement = transaction.prepare(sql)) {
            statement.setString(1, number.e164());
            if (columns.hasCreatedAt()) {
                statement.setString(2, SqlTime.format(now));
            }
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                id = row.getLong(1);
            }
        }
        String read = "SELECT u.id, u.phone, " + columns.planOf("u") + " FROM users u WHERE u.id = ?";
        try (PreparedStatement statement = transaction.prepare(read)) {
            statement.setLong(1, id);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return user(row);
            }
        }
    }

    private static User user(ResultSet row) throws SQLException {
        return new User(row.getLong(1), row.getString(2), row.getString(3));
    }
}
