package org.multisession.testing;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Source;
import org.multisession.db.SqlTime;

/**
 * The old app on a database of any kind, played by the SQL statements that it sends. A contract knows no more of a
 * database than this, and speaks SQL that every kind of database understands.
 */
public interface OldApp extends AutoCloseable {

    /** Takes the database, for our app to be deployed on it. */
    Source claim();

    /** What another process is told of this database, for {@link NamedDatabase}: its URL, or its path. */
    String name();

    /** What the database itself finds wrong with it; empty if nothing. */
    List<String> damages();

    /** The options by which a command is told of this database. */
    List<String> options();

    /** One more connection of the old app to the same database. */
    OldApp another();

    /** Begins a transaction on this connection that nobody can write beside. */
    void lock();

    /** Runs any statement, or a script of several without values. */
    int run(String sql, @Nullable Object... values);

    /** The first column of every row, as text. */
    List<@Nullable String> all(String sql, @Nullable Object... values);

    /** A new user, whose id the database gives out. */
    long addUser(String phone, @Nullable String token);

    /** A new user who gets an id that another one had. */
    default void addUserAs(long id, String phone, @Nullable String token) {
        run("INSERT INTO users (id, phone, auth_token) VALUES (?, ?, ?)", id, phone, token);
    }

    /** Takes one of our triggers away. */
    default void dropTrigger(String name, String table) {
        run("DROP TRIGGER " + name + " ON " + table);
    }

    /** The whole database as text: its schema and every row of every table, in a fixed order. */
    String dump();

    /** Every row of one table as text, in a fixed order. */
    String rows(String table);

    /** How many bytes the database takes. */
    long size();

    /** The one value that there is; "null" as text where it is NULL. */
    default String one(String sql, @Nullable Object... values) {
        List<@Nullable String> found = all(sql, values);
        if (found.size() != 1) {
            throw new AssertionError(sql + " has " + found.size() + " rows");
        }
        return String.valueOf(found.get(0));
    }

    /** The one time that a query finds, however this database writes it. */
    default Instant time(String sql, @Nullable Object... values) {
        return Objects.requireNonNull(SqlTime.parse(one(sql, values)));
    }

    /** The old app in its single form: one token per user, the last sign-in wins. */
    default void signInSingle(long userId, String token) {
        run("UPDATE users SET auth_token = ? WHERE id = ?", token, userId);
    }

    /** The old app in its multi form. */
    default void signInMulti(long userId, String token, Instant now) {
        String time = SqlTime.format(now);
        run(
                "INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES (?, ?, ?, ?)",
                userId,
                token,
                time,
                time);
        run("UPDATE users SET auth_token = ? WHERE id = ?", token, userId);
    }

    /** The old app's sign-out in its multi form: this statement, nothing else. */
    default void signOut(String token) {
        run("DELETE FROM user_sessions WHERE auth_token = ?", token);
    }

    /** The old app's note that a session was used. */
    default void seen(String token, Instant now) {
        run("UPDATE user_sessions SET last_seen_at = ? WHERE auth_token = ?", SqlTime.format(now), token);
    }

    default void deleteUser(long userId) {
        run("DELETE FROM users WHERE id = ?", userId);
    }

    /** The value of {@code users.auth_token}; "null" as text where it is NULL. */
    default String legacyTokenOf(long userId) {
        return one("SELECT auth_token FROM users WHERE id = ?", userId);
    }

    @Override
    void close();
}
