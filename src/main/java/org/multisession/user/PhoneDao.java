package org.multisession.user;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;
import org.multisession.phone.PhoneNumber;

/**
 * The {@code multisession_phones} table: what stands in {@code users.phone}, and the number that this means, by which a
 * row is found. Triggers note the text, {@link PhoneReading} adds the number. A row is unread in between.
 */
final class PhoneDao {

    /**
     * More unread rows than these, and a look-up would take long. The old app would have to write them within seconds; the
     * rows of a first deploy are many, but their last digits differ.
     */
    private static final int MAX_UNREAD = 5000;

    /** Sorts behind every character that a text has. */
    private static final String LAST_CHARACTER = "\uDBFF\uDFFF";

    private static final String UNREAD_LIKE = """
            SELECT user_id, phone FROM multisession_phones
            WHERE read_by IS NULL AND tail IN (?, ?, ?, ?, '') LIMIT ?
            """;

    /** First those that no digits find. */
    private static final String UNREAD =
            "SELECT user_id, phone FROM multisession_phones WHERE read_by IS NULL ORDER BY tail LIMIT ?";

    private static final String UNREAD_TEXT =
            "SELECT phone FROM multisession_phones WHERE user_id = ? AND read_by IS NULL";

    private static final String KEEP = "UPDATE multisession_phones SET number = ?, read_by = ? WHERE user_id = ?";

    /** A row that an INSERT OR REPLACE has replaced went without its trigger. */
    private static final String FORGET_REPLACED = """
            DELETE FROM multisession_phones WHERE number = ?
              AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = multisession_phones.user_id)
            """;

    private static final String TEXT_LIKE =
            "SELECT 1 FROM multisession_phones WHERE number >= ? AND number < ? LIMIT 1";

    private static final String TRIGGERS = """
            SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = 'users' AND name IN
            ('multisession_phone_inserted', 'multisession_phone_changed', 'multisession_phone_moved')
            """;

    private static final int TRIGGER_COUNT = 3;

    private static final String READ_BY = "SELECT value FROM multisession_state WHERE name = 'phones-read-by'";

    private static final String SET_READ_BY = """
            INSERT INTO multisession_state (name, value, changed_at) VALUES ('phones-read-by', ?, ?)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at
            """;

    private static final String FORGET_READINGS = """
            UPDATE multisession_phones SET read_by = NULL, number = NULL
            WHERE user_id IN (SELECT user_id FROM multisession_phones WHERE user_id > ? ORDER BY user_id LIMIT ?)
              AND read_by IS NOT NULL
            """;

    private static final String LAST_OF_PAGE = """
            SELECT max(user_id) FROM
              (SELECT user_id FROM multisession_phones WHERE user_id > ? ORDER BY user_id LIMIT ?)
            """;

    /** What stands in a row. */
    record Phone(long userId, @Nullable String text) {}

    /**
     * Unread rows that may have this number.
     *
     * @throws DatabaseBusyException if there are too many to look at
     */
    List<Phone> unreadLike(Handle handle, PhoneNumber number) throws SQLException {
        try (PreparedStatement statement = handle.prepare(UNREAD_LIKE)) {
            Iterator<String> tails = number.tails().iterator();
            String tail = "";
            for (int position = 1; position <= 4; position++) {
                tail = tails.hasNext() ? tails.next() : tail;
                statement.setString(position, tail);
            }
            statement.setInt(5, MAX_UNREAD + 1);
            List<Phone> unread = phones(statement);
            if (unread.size() > MAX_UNREAD) {
                throw new DatabaseBusyException("many telephone numbers in users are new and still being read", null);
            }
            return unread;
        }
    }

    /** Some of the rows that no number is known of yet. */
    List<Phone> unread(Handle handle, int most) throws SQLException {
        try (PreparedStatement statement = handle.prepare(UNREAD)) {
            statement.setInt(1, most);
            return phones(statement);
        }
    }

    private static List<Phone> phones(PreparedStatement statement) throws SQLException {
        List<Phone> phones = new ArrayList<>();
        try (ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                phones.add(new Phone(row.getLong(1), row.getString(2)));
            }
        }
        return phones;
    }

    /** Keeps the number that a text was read as, unless another text stands there by now. */
    void keep(Transaction transaction, Phone read, @Nullable String key, String rules) throws SQLException {
        // Compared in Java: a text that is no UTF-8 comes back from the database other than it lies there.
        if (!isUnread(transaction, read)) {
            return;
        }
        try (PreparedStatement statement = transaction.prepare(KEEP)) {
            statement.setString(1, key);
            statement.setString(2, rules);
            statement.setLong(3, read.userId());
            statement.executeUpdate();
        }
        try (PreparedStatement statement = transaction.prepare(FORGET_REPLACED)) {
            statement.setString(1, key);
            statement.executeUpdate();
        }
    }

    private static boolean isUnread(Transaction transaction, Phone read) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(UNREAD_TEXT)) {
            statement.setLong(1, read.userId());
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && Objects.equals(row.getString(1), read.text());
            }
        }
    }

    /** Whether a row has a text that means no number and looks like this one. */
    boolean hasTextLike(Handle handle, PhoneNumber text) throws SQLException {
        try (PreparedStatement statement = handle.prepare(TEXT_LIKE)) {
            statement.setString(1, text.shape());
            statement.setString(2, text.shape() + LAST_CHARACTER);
            try (ResultSet row = statement.executeQuery()) {
                return row.next();
            }
        }
    }

    /**
     * Makes sure that no row of {@code users} has come in unnoticed.
     *
     * @throws DatabaseBusyException if one might have
     */
    void requireTriggers(Handle handle) throws SQLException {
        try (PreparedStatement statement = handle.prepare(TRIGGERS);
                ResultSet row = statement.executeQuery()) {
            if (!row.next() || row.getInt(1) < TRIGGER_COUNT) {
                throw new DatabaseBusyException("the table users was rebuilt and is not repaired yet", null);
            }
        }
    }

    /** By which rules the rows were read; null if none was. */
    @Nullable
    String readBy(Handle handle) throws SQLException {
        try (PreparedStatement statement = handle.prepare(READ_BY);
                ResultSet row = statement.executeQuery()) {
            return row.next() ? row.getString(1) : null;
        }
    }

    void setReadBy(Transaction transaction, String rules, Instant now) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(SET_READ_BY)) {
            statement.setString(1, rules);
            statement.setString(2, SqlTime.format(now));
            statement.executeUpdate();
        }
    }

    /** Makes some rows unread again, from behind this user on; returns the last of them, null behind the last of all. */
    @Nullable
    Long forgetReadings(Transaction transaction, long after, int most) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(FORGET_READINGS)) {
            statement.setLong(1, after);
            statement.setInt(2, most);
            statement.executeUpdate();
        }
        try (PreparedStatement statement = transaction.prepare(LAST_OF_PAGE)) {
            statement.setLong(1, after);
            statement.setInt(2, most);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                long last = row.getLong(1);
                return row.wasNull() ? null : last;
            }
        }
    }
}
