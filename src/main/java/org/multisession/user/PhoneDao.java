package org.multisession.user;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.Handle;
import org.multisession.db.Row;
import org.multisession.db.Sql;
import org.multisession.db.Statement;
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

    /** What other rules have made of these may be another number. They are few, and looked for rarely: no index. */
    private static final Sql READ_BEFORE_LIKE = Sql.of("rows read by other rules that may have a number", """
            SELECT user_id, phone FROM multisession_phones
            WHERE user_id > :after AND read_by IS NOT NULL AND tail IN (:tail1, :tail2, :tail3, :tail4, '')
            """);

    private static final Sql READ_BEFORE = Sql.of("rows to be read anew", """
            SELECT user_id, phone, number FROM multisession_phones
            WHERE user_id > :after AND read_by IS NOT NULL ORDER BY user_id LIMIT :most
            """);

    private static final Sql TEXT =
            Sql.of("the text of a row", "SELECT phone FROM multisession_phones WHERE user_id = :user");

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

    private static final Sql READ_SO_FAR = Sql.of(
            "by which rules numbers are read, and how far",
            "SELECT value FROM multisession_state WHERE name = 'phones-read-by'");

    private static final Sql SET_READ_SO_FAR = Sql.of("remember by which rules numbers are read, and how far", """
            INSERT INTO multisession_state (name, value, changed_at) VALUES ('phones-read-by', :far, :now)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at
            """);

    private static final Sql HAS_READINGS = Sql.of(
            "is there a number that was read", "SELECT 1 FROM multisession_phones WHERE read_by IS NOT NULL LIMIT 1");

    /** What stands in a row. */
    record Phone(long userId, @Nullable String text) {}

    /** The same, with the number that was made of it; null if none was. */
    record Reading(Phone phone, @Nullable String number) {}

    /**
     * Whose rows have this number and are not read by these rules yet.
     *
     * @param means whether a text means the number; there may be very many whose last digits do not tell
     * @param most of how many users it is enough to know
     */
    List<Long> unreadOf(Handle handle, PhoneNumber number, String rules, Predicate<@Nullable String> means, int most) {
        List<Long> users = new ArrayList<>();
        Consumer<Row> keep = row -> {
            if (users.size() < most && means.test(row.text("phone"))) {
                users.add(row.number("user_id"));
            }
        };
        bindTails(handle.query(UNREAD_LIKE), number).forEach(keep);
        Long after = firstReadBefore(handle, rules);
        if (after != null) {
            bindTails(handle.query(READ_BEFORE_LIKE), number)
                    .bind("after", after)
                    .forEach(keep);
        }
        return users;
    }

    /** Behind which user there are rows that other rules have read; null if there are none. */
    private @Nullable Long firstReadBefore(Handle handle, String rules) {
        ReadSoFar far = readSoFar(handle);
        return far == null || !far.rules().equals(rules) ? Long.valueOf(Long.MIN_VALUE) : far.upTo();
    }

    private static Statement.Query bindTails(Statement.Query query, PhoneNumber number) {
        Iterator<String> tails = number.tails().iterator();
        List<String> four = new ArrayList<>();
        while (four.size() < 4) {
            four.add(tails.hasNext() ? tails.next() : four.get(0));
        }
        return query.bind("tail1", four.get(0))
                .bind("tail2", four.get(1))
                .bind("tail3", four.get(2))
                .bind("tail4", four.get(3));
    }

    /** Some of the rows that no number is known of yet. */
    List<Phone> unread(Handle handle, int most) {
        return handle.query(UNREAD).bind("most", most).list(PhoneDao::phone);
    }

    /** Some of the rows that were read, from behind this user on. */
    List<Reading> readBefore(Handle handle, long after, int most) {
        return handle.query(READ_BEFORE)
                .bind("after", after)
                .bind("most", most)
                .list(row -> new Reading(phone(row), row.text("number")));
    }

    private static Phone phone(Row row) {
        return new Phone(row.number("user_id"), row.text("phone"));
    }

    /** Keeps the number that a text was read as, unless another text stands there by now. */
    void keep(Transaction transaction, Phone read, @Nullable String key, String rules) {
        // Compared in Java: a text that is no UTF-8 comes back from the database other than it lies there.
        if (!isStillThere(transaction, read)) {
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

    private static boolean isStillThere(Transaction transaction, Phone read) {
        return transaction
                .query(TEXT)
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

    /** By which rules numbers are read, and how far; null if none was. */
    @Nullable
    ReadSoFar readSoFar(Handle handle) {
        return handle.query(READ_SO_FAR)
                .optional(row -> ReadSoFar.of(row.requiredText("value")))
                .orElse(null);
    }

    void setReadSoFar(Transaction transaction, ReadSoFar far, Instant now) {
        transaction
                .update(SET_READ_SO_FAR)
                .bind("far", far.stored())
                .bind("now", now)
                .run();
    }

    /** Whether any row was read. */
    boolean hasReadings(Handle handle) {
        return !handle.query(HAS_READINGS).list(row -> true).isEmpty();
    }
}
