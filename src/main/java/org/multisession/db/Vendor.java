package org.multisession.db;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * What differs between kinds of databases, such as SQLite and PostgreSQL. Everything outside of their packages is the
 * same for all of them. Stateless.
 */
public interface Vendor {

    /** The name of the product, with its version. */
    String product();

    /**
     * Whether statements go to a server. One of them costs much there even if it finds nothing, and more with each table
     * that it names, so what is asked most is asked briefly.
     */
    default boolean isServer() {
        return false;
    }

    /** Whether a parameter that occurs several times in a statement is bound once, by its number. */
    default boolean numbersParameters() {
        return false;
    }

    /** Begins a transaction that may write. */
    void begin(Connection connection) throws SQLException;

    /** Commits, waiting for this long at most if a lock is in the way. */
    void commit(Connection connection, Duration wait) throws SQLException;

    void rollback(Connection connection) throws SQLException;

    /**
     * Keeps every other transaction that locks the same key, on any node, waiting until this one ends. Does nothing
     * where only one transaction can write at a time anyway.
     */
    default void lock(Connection connection, String key) throws SQLException {}

    /** The text of a moment, as this database takes it for a column of times. */
    default String text(Instant moment) {
        return SqlTime.format(moment);
    }

    FailureKind kindOf(SQLException failure);

    /** Whether rows that refer to a row are the reason why it could not be deleted. */
    boolean isReferredTo(SQLException failure);

    /** Describes for the operator what a failure means. */
    String describe(SQLException failure);

    /** The database's own message in a failure: names of tables, constraints and functions, and a trigger's message. */
    String reasonIn(SQLException failure);

    /** The real reason why a statement failed, if the first error is only a consequence. */
    SQLException reason(Connection connection, SQLException failure);

    /** Sets how long a connection waits for the locks of others. Only where {@link Pools} keep answers. */
    default void waitFor(Connection connection, Duration wait) throws SQLException {
        throw new UnsupportedOperationException(product());
    }

    /** Tells a connection what others commit, and is closed with it. Only where {@link Pools} keep answers. */
    default ChangeCounter changes(Connection connection) throws SQLException {
        throw new UnsupportedOperationException(product());
    }

    /**
     * The expressions that differ between databases, as {@link Vocabulary words} of statements:
     *
     * <ul>
     *   <li>{@code {schemaState}}: a query for one number, by which a {@link Guard} knows the schema again;
     *   <li>{@code {triggers}}: a table of the triggers that fire, with {@code name} and {@code on_table};
     *   <li>{@code {sessionColumns}}: the columns of {@code user_sessions}, with {@code name} and {@code required};
     *   <li>{@code {planIfAny}}: the plan of {@code users u}, NULL once the column is gone: the old app may drop or rename it
     *       at any time;
     *   <li>{@code {time}}: the type of the team's times;
     *   <li>{@code {typeof}}: the function that tells a text, {@code 'text'}, from a number or a blob;
     *   <li>{@code {longAgo}}: a time before every other;
     *   <li>{@code {binary}}: the collation that compares character by character;
     *   <li>{@code {forUpdate}}: the end of a query that locks the rows it finds, where a transaction has not locked all, to
     *       delete them;
     *   <li>{@code {forUpdateIfFree}}: the same, leaving out what others have locked instead of waiting for them;
     *   <li>{@code {forChange}}: the same to change a user's token, with no stronger lock than that takes: rows that refer to
     *       the user may be added meanwhile, where it is no key;
     *   <li>{@code {unlessLocked}}: one more condition of a change of {@code user_sessions}, which leaves out what others have
     *       locked instead of waiting for them;
     *   <li>{@code {hasFiveDigits}}: the condition behind a text that has so many at least;
     *   <li>{@code {markOfToken}}: what is noted of the legacy token of {@code users u};
     *   <li>{@code {isSeenAsWritten}}: the condition that {@code last_seen_at} of {@code user_sessions s} is a time as we
     *       write it, which is not later than another if its text is not;
     *   <li>{@code {tableOfUsers}}: a text that differs once our triggers on {@code users} were made anew;
     *   <li>{@code {copies}}: the tables beside {@code users} and {@code user_sessions}, with {@code name}, that have the
     *       columns of tokens of either;
     *   <li>{@code {tokenToRead}}: {@code auth_token} of {@code h}, whichever type of text its column has.
     * </ul>
     */
    Map<String, String> words();

    /** The exception for the caller of a failed statement. */
    default DatabaseException translated(SQLException e) {
        FailureKind kind = kindOf(e);
        if (kind == FailureKind.BUSY) {
            return new DatabaseBusyException("somebody else has locked the database", e);
        }
        if (kind == FailureKind.CONFLICT) {
            return new DatabaseBusyException("other transactions were in the way again and again", e);
        }
        if (kind == FailureKind.UNREACHABLE) {
            return new DatabaseBusyException(describe(e), kind, e);
        }
        if (e instanceof SQLTransientConnectionException) {
            return e.getCause() instanceof SQLException why
                    ? noConnection(why)
                    : new DatabaseBusyException(
                            "no connection to the database became free in time: this application uses all of them", e);
        }
        return kind.isOfTheStorage()
                ? new StorageException(describe(e), kind, e)
                : new DatabaseException(describe(e), kind, e);
    }

    private DatabaseException noConnection(SQLException why) {
        DatabaseException translated = translated(why);
        String message = "no connection to the database could be opened in time: " + translated.getMessage();
        return translated.kind().isOfTheStorage()
                ? new StorageException(message, translated.kind(), why)
                : new DatabaseBusyException(message, translated.kind(), why);
    }
}
