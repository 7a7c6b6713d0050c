package org.multisession.user;

import java.sql.SQLException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.Row;
import org.multisession.db.Sql;
import org.multisession.db.Statement;
import org.multisession.db.Transaction;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.multisession.token.SessionToken;

/**
 * The {@code users} table. It is the team's, not ours: the two writing methods here are the only ones there are, the
 * mirror at sign-in and the new user of an open registration. The database must have learned the words of {@link
 * UserColumns}.
 */
public final class UserDao {

    /** How many users of one number are loaded; more would tell nothing new. */
    static final int MAX_OF_ONE_NUMBER = 10;

    /**
     * Whom the old app would let in by this token, as long as it never was a session: one that was and is one no longer
     * must not come back through this door. Two rows mean that the token is nobody's, and a column with a case-blind
     * collation finds more than it was asked for. That it never was a session is known only where our triggers on {@code
     * user_sessions} are there, or were when the token was set.
     */
    public static final String OF_LEGACY_TOKEN = """
            FROM users u
            WHERE u.auth_token = :token
              AND CAST(u.auth_token AS TEXT) {binary} = :token
              AND (SELECT count(*) FROM (SELECT 1 FROM users o WHERE o.auth_token = :token LIMIT 2) o) = 1
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = :token)
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = :hash)
              AND (EXISTS (SELECT 1 FROM multisession_accounts a
                  WHERE a.user_id = u.id
                    AND a.token_tail = {markOfToken})
                OR (SELECT count(*) FROM {triggers} g WHERE g.on_table = 'user_sessions'
                  AND g.name IN ('multisession_session_inserted', 'multisession_session_deleted',
                    'multisession_session_token_changed')) = 3)
            """;

    private static final Sql FIND_BY_LEGACY_TOKEN =
            Sql.of("find a user by a legacy token", "SELECT u.id, u.phone, {plan} AS plan " + OF_LEGACY_TOKEN);

    /** The same for a server, without the table of triggers: what it leaves open, the other decides. */
    private static final Sql FIND_BRIEFLY_BY_LEGACY_TOKEN = Sql.of("find a user briefly by a legacy token", """
            SELECT u.id, u.phone, {plan} AS plan, u.auth_token, a.token_tail = {markOfToken} AS witnessed
            FROM users u LEFT JOIN multisession_accounts a ON a.user_id = u.id
            WHERE u.auth_token = :token
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token IN (:token, :hash))
            LIMIT 2
            """);

    private static final Sql WITH_LEGACY_TOKEN = Sql.of("next page of users with a legacy token", """
            SELECT id FROM users WHERE id > :last AND auth_token IS NOT NULL ORDER BY id LIMIT :rows
            """);

    private static final Sql FIND_BY_ID =
            Sql.of("find a user", "SELECT u.id, u.phone, {plan} AS plan FROM users u WHERE u.id = :id");

    private static final Sql FIND_BY_NUMBER = Sql.of("find users by a number", """
            SELECT u.id, u.phone, {plan} AS plan
            FROM multisession_phones p JOIN users u ON u.id = p.user_id
            WHERE p.number {binary} = :number
            """);

    private static final Sql LEGACY_TOKEN =
            Sql.of("read a user's legacy token", "SELECT auth_token FROM users WHERE id = :id");

    private static final Sql LEGACY_TOKEN_TO_CHANGE =
            Sql.of("read and lock a user's legacy token", "SELECT auth_token FROM users WHERE id = :id {forChange}");

    private static final Sql COUNT_WITH_TOKEN = Sql.of(
            "count the users of a legacy token", "SELECT count(*) AS users FROM users WHERE auth_token = :token");

    private static final Sql MIRROR =
            Sql.of("mirror a token into users", "UPDATE users SET auth_token = :token WHERE id = :id");

    private static final Sql INSERT = Sql.of("add a user", "INSERT INTO users (phone) VALUES (:phone) RETURNING id");

    private static final Sql INSERT_WITH_TIME =
            Sql.of("add a user", "INSERT INTO users (phone, created_at) VALUES (:phone, :now) RETURNING id");

    private final UserColumns columns;
    private final PhoneNumbers phoneNumbers;
    private final PhoneDao phones = new PhoneDao();

    /** For a table with these columns beside the ones that we need. */
    public UserDao(UserColumns columns, PhoneNumbers phoneNumbers) {
        this.columns = columns;
        this.phoneNumbers = phoneNumbers;
    }

    /** The one user with this legacy token; null if no user has it, two users do, or it ever was a session's. */
    public @Nullable User findByLegacyToken(Handle handle, SessionToken token) {
        if (handle.vendor().isServer()) {
            List<Holder> found = handle.query(FIND_BRIEFLY_BY_LEGACY_TOKEN)
                    .bind("token", token.value())
                    .bind("hash", token.hash())
                    .list(row -> new Holder(user(row), row.text("auth_token"), row.flag("witnessed")));
            if (found.size() != 1) {
                return null;
            }
            Holder holder = found.get(0);
            if (holder.isWitnessed()) {
                return token.value().equals(holder.token()) ? holder.user() : null;
            }
        }
        return handle.query(FIND_BY_LEGACY_TOKEN)
                .bind("token", token.value())
                .bind("hash", token.hash())
                .optional(UserDao::user)
                .orElse(null);
    }

    /** @param token as the row has it */
    private record Holder(User user, @Nullable String token, boolean isWitnessed) {}

    /**
     * Every user with this number, in whatever shape the row has it, up to {@link #MAX_OF_ONE_NUMBER}; more than one
     * means that nobody can be told. The same is asked whether there is one or not.
     */
    public List<User> findByPhone(Handle handle, PhoneNumber number) {
        NavigableMap<Long, User> found = new TreeMap<>();
        handle.query(FIND_BY_NUMBER).bind("number", number.key()).forEach(row -> {
            if (found.size() < MAX_OF_ONE_NUMBER) {
                keepIfOf(number, user(row), found);
            }
        });
        for (long id : phones.unreadOf(
                handle, number, phoneNumbers.rules(), text -> phoneNumbers.means(text, number), MAX_OF_ONE_NUMBER)) {
            User user = find(handle, id);
            if (user != null && found.size() < MAX_OF_ONE_NUMBER) {
                keepIfOf(number, user, found);
            }
        }
        return List.copyOf(found.values());
    }

    /** Asked again of what the row itself says: what we have noted may be older. */
    private void keepIfOf(PhoneNumber number, User user, Map<Long, User> found) {
        if (phoneNumbers.means(user.phone(), number)) {
            found.put(user.id(), user);
        }
    }

    /** The ids of so many users with a legacy token behind this one, in order. */
    public List<Long> withLegacyToken(Handle handle, long last, int rows) {
        return handle.query(WITH_LEGACY_TOKEN)
                .bind("last", last)
                .bind("rows", rows)
                .list(row -> row.number("id"));
    }

    /** The user with this id; null if there is none. */
    public @Nullable User find(Handle handle, long id) {
        return handle.query(FIND_BY_ID).bind("id", id).optional(UserDao::user).orElse(null);
    }

    /**
     * Whether a text that means no number may stand in a row: whether any row has a text like it, of the same length and
     * with the same beginning. So who tries one such text after another does not learn which of them are somebody's.
     */
    public boolean hasTextLike(Handle handle, PhoneNumber text) {
        return phones.hasTextLike(handle, text) || !findByPhone(handle, text).isEmpty();
    }

    /** The token that the user's old devices share; null if there is none that a cookie could carry. */
    public @Nullable SessionToken legacyToken(Handle handle, long userId) {
        return legacyToken(handle.query(LEGACY_TOKEN), userId);
    }

    /** The same, which nobody else changes before this transaction ends. */
    public @Nullable SessionToken legacyTokenToChange(Transaction transaction, long userId) {
        return legacyToken(transaction.query(LEGACY_TOKEN_TO_CHANGE), userId);
    }

    private static @Nullable SessionToken legacyToken(Statement.Query query, long userId) {
        // It may be a number if the column has such a type; a blob equals no text, so it lets nobody in.
        String token = query.bind("id", userId)
                .optional(row -> row.value("auth_token") instanceof byte[] ? null : row.text("auth_token"))
                .orElse("");
        return token.isEmpty() ? null : new SessionToken(token);
    }

    /** Whether more than one row of {@code users} has this token. */
    public boolean isShared(Transaction transaction, SessionToken token) {
        return transaction.query(COUNT_WITH_TOKEN).bind("token", token.value()).one(row -> row.number("users")) > 1;
    }

    /** Sets {@code users.auth_token}, so that the old app accepts the new session; false if the user is gone. */
    public boolean mirror(Transaction transaction, long userId, SessionToken token) {
        return transaction
                        .update(MIRROR)
                        .bind("token", token.value())
                        .bind("id", userId)
                        .run()
                == 1;
    }

    /**
     * Adds a user with this number and nothing else; what the table gives by default, it gives.
     *
     * @throws org.multisession.db.DatabaseBusyException if a row with this number might be there and not be found, since
     *     somebody has rebuilt the table and it is not repaired yet
     */
    public User insert(Transaction transaction, PhoneNumber number, Instant now) throws SQLException {
        phones.requireTriggers(transaction);
        long id = (columns.hasCreatedAt()
                        ? transaction.query(INSERT_WITH_TIME).bind("now", now)
                        : transaction.query(INSERT))
                .bind("phone", number.text())
                .one(row -> row.number("id"));
        User user = find(transaction, id);
        if (user == null) {
            // A primary key that is not the row id may be NULL in SQLite.
            throw new SQLIntegrityConstraintViolationException("the table users gives its new row no id");
        }
        return user;
    }

    /** Of a row with the columns {@code id}, {@code phone} and {@code plan}. */
    public static User user(Row row) {
        return new User(row.number("id"), row.text("phone"), row.text("plan"));
    }
}
