package org.multisession.user;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.Handle;
import org.multisession.db.Row;
import org.multisession.db.Sql;
import org.multisession.db.Transaction;
import org.multisession.phone.PhoneNumber;

/**
 * The {@code multisession_phones} table: what stands in {@code users.phone}, and the number that this means, by which a
 * row is found. Triggers note the text, {@link PhoneReading} adds the number. A row is unread in between; one without a
 * text has nothing to be read.
 */
final class PhoneDao {

    /** Sorts behind every character that a text has. */
    private static final String LAST_CHARACTER = "\uDBFF\uDFFF";

    private static final Sql UNREAD_LIKE = Sql.of("unread rows that may have a number", """
            SELECT user_id, phone FROM multisession_phones
            WHERE read_by IS NULL AND tail IN (:tail1, :tail2, :tail3, :tail4, '')
            """);

    /** First those that no digits find: until they are read, every look-up walks along them. */
    private static final Sql UNREAD = Sql.of("rows whose number is to be read", """
            SELECT user_id, phone FROM multisession_phones WHERE read_by IS NULL AND tail >= '' ORDER BY tail LIMIT :most
            """);

    private static final Sql UNREAD_TEXT = Sql.of(
            "the text of an unread row",
            "SELECT phone FROM multisession_phones WHERE user_id = :user AND read_by IS NULL");

    private static final Sql KEEP = Sql.of(
            "keep the number of a row",
            "UPDATE multisession_phones SET number = :number, read_by = :rules WHERE user_id = :user");

    /** A row that an INSERT OR REPLACE has replaced went without its trigger. */
    private static final Sql FORGET_REPLACED = Sql.of("forget the numbers of replaced rows", """
            DELETE FROM multisession_phones WHERE number {binary} = :number
              AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = multisession_phones.user_id)
            """);

    private static final Sql TEXT_LIKE = Sql.of(
            "is there a text of this shape",
            "SELECT 1 FROM multisession_phones WHERE number {binary} >= :shape AND number {binary} < :end LIMIT 1");

    private static final Sql TRIGGERS = Sql.of("count the triggers that note numbers", """
            SELECT count(*) AS triggers FROM {triggers} g WHERE g.on_table = 'users' AND g.name IN
            ('multisession_phone_inserted', 'multisession_phone_changed', 'multisession_phone_moved')
            """);

    private static final int TRIGGER_COUNT = 3;

    private static final Sql READ_BY = Sql.of(
            "by which rules numbers were read", "SELECT value FROM multisession_state WHERE name = 'phones-read-by'");

    private static final Sql SET_READ_BY = Sql.of("remember by which rules numbers are read", """
            INSERT INTO multisession_state (name, value, changed_at) VALUES ('phones-read-by', :rules, :now)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at
            """);

    /** What they were read as stays, and is mostly right: who is found by it need not be looked for. */
    private static final Sql FORGET_READINGS = Sql.of("have numbers read anew", """
            UPDATE multisession_phones SET read_by = NULL
            WHERE user_id IN (SELECT user_id FROM multisession_phones WHERE user_id > :after ORDER BY user_id LIMIT :most)
              AND read_by IS NOT NULL
            """);

    private static final Sql HAS_READINGS = Sql.of(
            "is there a number that was read", "SELECT 1 FROM multisession_phones WHERE read_by IS NOT NULL LIMIT 1");

    private static final Sql LAST_OF_PAGE = Sql.of("the last of a page of numbers", """
            SELECT max(user_id) AS last FROM
              (SELECT user_id FROM multisession_phones WHERE user_id > :after ORDER BY user_id LIMIT :most) p
            """);

    /** What stands in a row. */
    record Phone(long userId, @Nullable String text) {}

    /**
     * Whose unread rows have this number.
     *
     * @param means whether a text means the number; there may be very many whose last digits do not tell
     * @param most of how many users it is enough to know
     */
    List<Long> unreadOf(Handle handle, PhoneNumber number, Predicate<@Nullable String> means, int most) {
        Iterator<String> tails = number.tails().iterator();
        List<String> four = new ArrayList<>();
        while (four.size() < 4) {
            four.add(tails.hasNext() ? tails.next() : four.get(0));
        }
        List<Long> users = new ArrayList<>();
        handle.query(UNREAD_LIKE)
                .bind("tail1", four.get(0))
                .bind("tail2", four.get(1))
                .bind("tail3", four.get(2))
                .bind("tail4", four.get(3))
                .forEach(row -> {
                    if (users.size() < most && means.test(row.text("phone"))) {
                        users.add(row.number("user_id"));
                    }
                });
        return users;
    }

    /** Some of the rows that no number is known of yet. */
    List<Phone> unread(Handle handle, int most) {
        return handle.query(UNREAD).bind("most", most).list(PhoneDao::phone);
    }

    private static Phone phone(Row row) {
        return new Phone(row.number("user_id"), row.text("phone"));
    }

    /** Keeps the number that a text was read as, unless another text stands there by now. */
    void keep(Transaction transaction, Phone read, @Nullable String key, String rules) {
        // Compared in Java: a text that is no UTF-8 comes back from the database other than it lies there.
        if (!isUnread(transaction, read)) {
            return;
        }
        transaction
                .update(KEEP)
                .bind("number", key)
                .bind("rules", rules)
                .bind("user", read.userId())
                .run();
        transaction.update(FORGET_REPLACED).bind("number", key).run();
    }

    private static boolean isUnread(Transaction transaction, Phone read) {
        return transaction
                .query(UNREAD_TEXT)
                .bind("user", read.userId())
                .list(row -> Objects.equals(row.text("phone"), read.text()))
                .contains(true);
    }

    /** Whether a row has a text that means no number and looks like this one. */
    boolean hasTextLike(Handle handle, PhoneNumber text) {
        return handle.query(TEXT_LIKE)
                .bind("shape", text.shape())
                .bind("end", text.shape() + LAST_CHARACTER)
                .exists();
    }

    /**
     * Makes sure that no row of {@code users} has come in unnoticed.
     *
     * @throws DatabaseBusyException if one might have
     */
    void requireTriggers(Handle handle) {
        if (handle.query(TRIGGERS).one(row -> row.number("triggers")) < TRIGGER_COUNT) {
            throw new DatabaseBusyException("the table users was rebuilt and is not repaired yet", null);
        }
    }

    /** By which rules the rows were read; null if none was. */
    @Nullable
    String readBy(Handle handle) {
        return handle.query(READ_BY).optional(row -> row.text("value")).orElse(null);
    }

    void setReadBy(Transaction transaction, String rules, Instant now) {
        transaction.update(SET_READ_BY).bind("rules", rules).bind("now", now).run();
    }

    /** Whether any row was read. */
    boolean hasReadings(Handle handle) {
        return !handle.query(HAS_READINGS).list(row -> true).isEmpty();
    }

    /** Makes some rows unread again, from behind this user on; returns the last of them, null behind the last of all. */
    @Nullable
    Long forgetReadings(Transaction transaction, long after, int most) {
        transaction
                .update(FORGET_READINGS)
                .bind("after", after)
                .bind("most", most)
                .run();
        return transaction
                .query(LAST_OF_PAGE)
                .bind("after", after)
                .bind("most", most)
                .optional(row -> row.optionalNumber("last"))
                .orElse(null);
    }
}
