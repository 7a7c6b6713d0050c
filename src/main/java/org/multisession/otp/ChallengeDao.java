package org.multisession.otp;

import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.Row;
import org.multisession.db.Sql;
import org.multisession.db.Transaction;

/**
 * Challenges that a code was sent for, {@code multisession_challenges}, as many as the budgets allow; and the others,
 * {@code multisession_stranger_challenges}, of which the latest {@value #MAX_STRANGERS} are kept. Nobody who holds one can
 * tell which it is.
 */
public final class ChallengeDao {

    static final int MAX_STRANGERS = 20_000;

    private static final Sql FIND = Sql.of("find a challenge", """
            SELECT number, code_mac, code_expires_at, previous_mac, previous_expires_at, attempts, sent_at,
              0 AS is_strangers
            FROM multisession_challenges WHERE challenge_hash = :hash
            UNION ALL
            SELECT number, code_mac, code_expires_at, previous_mac, previous_expires_at, attempts, sent_at, 1
            FROM multisession_stranger_challenges WHERE challenge_hash = :hash
            """);

    private static final Sql FORGET_STRANGERS = Sql.of("forget the oldest of strangers' challenges", """
            DELETE FROM multisession_stranger_challenges
            WHERE id <= (SELECT max(id) FROM multisession_stranger_challenges) - :most
            """);

    /** What is done in both tables, the one or the other. */
    private record Both(Sql ours, Sql strangers) {

        static Both of(String name, String sql) {
            return new Both(
                    Sql.of(name, sql.formatted("multisession_challenges")),
                    Sql.of(name + " of a stranger", sql.formatted("multisession_stranger_challenges")));
        }

        Sql of(boolean isStrangers) {
            return isStrangers ? strangers : ours;
        }
    }

    private static final Both INSERT = Both.of("keep a challenge", """
            INSERT INTO %s (challenge_hash, number, code_mac, code_expires_at, attempts, sent_at)
            VALUES (:hash, :number, :mac, :expires, :attempts, :now)
            """);

    private static final Both RESEND = Both.of("keep a further code of a challenge", """
            UPDATE %s
            SET previous_mac = code_mac, previous_expires_at = code_expires_at,
                code_mac = :mac, code_expires_at = :expires, sent_at = :now
            WHERE challenge_hash = :hash
            """);

    private static final Both TAKE_ATTEMPT = Both.of("count an attempt at a challenge", """
            UPDATE %s SET attempts = attempts + 1 WHERE challenge_hash = :hash AND attempts < :most
            """);

    private static final Both DELETE = Both.of("use up a challenge", "DELETE FROM %s WHERE challenge_hash = :hash");

    private static final Both DELETE_EXPIRED = Both.of("delete expired challenges", """
            DELETE FROM %1$s WHERE challenge_hash IN
              (SELECT challenge_hash FROM %1$s WHERE code_expires_at < :moment LIMIT :most)
            """);

    private static final Both DELETE_AHEAD = Both.of("delete challenges that lie ahead", """
            DELETE FROM %1$s WHERE challenge_hash IN
              (SELECT challenge_hash FROM %1$s WHERE sent_at > :moment LIMIT :most)
            """);

    private final int mostStrangers;

    public ChallengeDao() {
        this(MAX_STRANGERS);
    }

    /** Keeps this many of strangers' rows. */
    public ChallengeDao(int mostStrangers) {
        this.mostStrangers = mostStrangers;
    }

    @Nullable
    Challenge find(Handle handle, String hash) {
        return handle.query(FIND)
                .bind("hash", hash)
                .optional(row -> new Challenge(
                        hash,
                        row.requiredText("number"),
                        row.requiredText("code_mac"),
                        time(row, "code_expires_at"),
                        row.text("previous_mac"),
                        row.instant("previous_expires_at"),
                        (int) row.number("attempts"),
                        time(row, "sent_at"),
                        row.flag("is_strangers")))
                .orElse(null);
    }

    private static Instant time(Row row, String column) {
        return Objects.requireNonNull(row.instant(column), column);
    }

    /** Keeps a new challenge, with this many attempts made already. */
    void insert(
            Transaction transaction,
            String hash,
            boolean isStrangers,
            String number,
            String mac,
            Instant expires,
            int attempts,
            Instant now) {
        transaction
                .update(INSERT.of(isStrangers))
                .bind("hash", hash)
                .bind("number", number)
                .bind("mac", mac)
                .bind("expires", expires)
                .bind("attempts", attempts)
                .bind("now", now)
                .run();
        if (isStrangers) {
            transaction.update(FORGET_STRANGERS).bind("most", mostStrangers).run();
        }
    }

    /** A new code beside the last one; the count of attempts stays. */
    void resend(Transaction transaction, Challenge challenge, String mac, Instant expires, Instant now) {
        transaction
                .update(RESEND.of(challenge.isStrangers()))
                .bind("mac", mac)
                .bind("expires", expires)
                .bind("now", now)
                .bind("hash", challenge.hash())
                .run();
    }

    /** Counts one attempt, before the code is compared; returns false if all are used up. */
    boolean takeAttempt(Transaction transaction, Challenge challenge, int most) {
        return transaction
                        .update(TAKE_ATTEMPT.of(challenge.isStrangers()))
                        .bind("hash", challenge.hash())
                        .bind("most", most)
                        .run()
                == 1;
    }

    /** Uses up the challenge; returns true for exactly one of many simultaneous callers. */
    boolean delete(Transaction transaction, Challenge challenge) {
        return transaction
                        .update(DELETE.of(challenge.isStrangers()))
                        .bind("hash", challenge.hash())
                        .run()
                == 1;
    }

    /** Removes some of the challenges that ran out before this moment; returns how many. */
    public int deleteExpired(Transaction transaction, Instant before, int most) {
        return delete(transaction, DELETE_EXPIRED, before, most);
    }

    /** Removes some of those that a clock which was ahead has left after this moment; none of their codes is good. */
    public int deleteAhead(Transaction transaction, Instant after, int most) {
        return delete(transaction, DELETE_AHEAD, after, most);
    }

    private static int delete(Transaction transaction, Both sql, Instant moment, int most) {
        int deleted = delete(transaction, sql.ours(), moment, most);
        return deleted + delete(transaction, sql.strangers(), moment, most - deleted);
    }

    private static int delete(Transaction transaction, Sql sql, Instant moment, int most) {
        return transaction.update(sql).bind("moment", moment).bind("most", most).run();
    }
}
