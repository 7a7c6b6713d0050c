package org.multisession.otp;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;

/**
 * Challenges that a code was sent for, {@code multisession_challenges}, as many as the budgets allow; and the others,
 * {@code multisession_stranger_challenges}, of which the latest {@value #MAX_STRANGERS} are kept. Nobody who holds one can
 * tell which it is.
 */
public final class ChallengeDao {

    static final int MAX_STRANGERS = 20_000;

    private static final String FIND = """
            SELECT number, code_mac, code_expires_at, previous_mac, previous_expires_at, attempts, sent_at, 0
            FROM multisession_challenges WHERE challenge_hash = ?1
            UNION ALL
            SELECT number, code_mac, code_expires_at, previous_mac, previous_expires_at, attempts, sent_at, 1
            FROM multisession_stranger_challenges WHERE challenge_hash = ?1
            """;

    private static final String INSERT = """
            INSERT INTO multisession_challenges (challenge_hash, number, code_mac, code_expires_at, attempts, sent_at)
            VALUES (?, ?, ?, ?, ?, ?)
            """;

    private static final String INSERT_STRANGER = """
            INSERT INTO multisession_stranger_challenges
              (challenge_hash, number, code_mac, code_expires_at, attempts, sent_at)
            VALUES (?, ?, ?, ?, ?, ?)
            """;

    private static final String FORGET_STRANGERS = """
            DELETE FROM multisession_stranger_challenges
            WHERE id <= (SELECT max(id) FROM multisession_stranger_challenges) - ?
            """;

    private static final String RESEND = """
            UPDATE %s
            SET previous_mac = code_mac, previous_expires_at = code_expires_at,
                code_mac = ?, code_expires_at = ?, sent_at = ?
            WHERE challenge_hash = ?
            """;

    private static final String TAKE_ATTEMPT =
            "UPDATE %s SET attempts = attempts + 1 WHERE challenge_hash = ? AND attempts < ?";

    private static final String DELETE = "DELETE FROM %s WHERE challenge_hash = ?";

    private static final String DELETE_EXPIRED = """
            DELETE FROM %1$s WHERE challenge_hash IN
              (SELECT challenge_hash FROM %1$s WHERE code_expires_at < ? LIMIT ?)
            """;

    private static final String DELETE_AHEAD = """
            DELETE FROM %1$s WHERE challenge_hash IN (SELECT challenge_hash FROM %1$s WHERE sent_at > ? LIMIT ?)
            """;

    /** One statement for each of the two tables. */
    private record Both(String ours, String strangers) {

        static Both of(String sql) {
            return new Both(
                    sql.formatted("multisession_challenges"), sql.formatted("multisession_stranger_challenges"));
        }

        String of(Challenge challenge) {
            return challenge.isStrangers() ? strangers : ours;
        }
    }

    private static final Both RESENDS = Both.of(RESEND);
    private static final Both TAKES = Both.of(TAKE_ATTEMPT);
    private static final Both DELETES = Both.of(DELETE);
    private static final Both EXPIRIES = Both.of(DELETE_EXPIRED);
    private static final Both AHEADS = Both.of(DELETE_AHEAD);

    private final int mostStrangers;

    public ChallengeDao() {
        this(MAX_STRANGERS);
    }

    /** One that keeps so many of what strangers did. */
    public ChallengeDao(int mostStrangers) {
        this.mostStrangers = mostStrangers;
    }

    @Nullable
    Challenge find(Handle handle, String hash) throws SQLException {
        try (PreparedStatement statement = handle.prepare(FIND)) {
            statement.setString(1, hash);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? new Challenge(
                                hash,
                                row.getString(1),
                                row.getString(2),
                                time(row.getString(3)),
                                row.getString(4),
                                SqlTime.parse(row.getString(5)),
                                row.getInt(6),
                                time(row.getString(7)),
                                row.getBoolean(8))
                        : null;
            }
        }
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
            Instant now)
            throws SQLException {
        try (PreparedStatement statement = transaction.prepare(isStrangers ? INSERT_STRANGER : INSERT)) {
            statement.setString(1, hash);
            statement.setString(2, number);
            statement.setString(3, mac);
            statement.setString(4, SqlTime.format(expires));
            statement.setInt(5, attempts);
            statement.setString(6, SqlTime.format(now));
            statement.executeUpdate();
        }
        if (isStrangers) {
            try (PreparedStatement statement = transaction.prepare(FORGET_STRANGERS)) {
                statement.setInt(1, mostStrangers);
                statement.executeUpdate();
            }
        }
    }

    /** A new code beside the last one; the count of attempts stays. */
    void resend(Transaction transaction, Challenge challenge, String mac, Instant expires, Instant now)
            throws SQLException {
        try (PreparedStatement statement = transaction.prepare(RESENDS.of(challenge))) {
            statement.setString(1, mac);
            statement.setString(2, SqlTime.format(expires));
            statement.setString(3, SqlTime.format(now));
            statement.setString(4, challenge.hash());
            statement.executeUpdate();
        }
    }

    /** Counts one attempt, before the code is looked at; false if all are used up. */
    boolean takeAttempt(Transaction transaction, Challenge challenge, int most) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(TAKES.of(challenge))) {
            statement.setString(1, challenge.hash());
            statement.setInt(2, most);
            return statement.executeUpdate() == 1;
        }
    }

    /** Uses the challenge up for good; true for exactly one of many that try at once. */
    boolean delete(Transaction transaction, Challenge challenge) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(DELETES.of(challenge))) {
            statement.setString(1, challenge.hash());
            return statement.executeUpdate() == 1;
        }
    }

    /** Removes some of the challenges that ran out before this moment; returns how many. */
    public int deleteExpired(Transaction transaction, Instant before, int most) throws SQLException {
        return delete(transaction, EXPIRIES, before, most);
    }

    /** Removes some of those that a clock which was ahead has left after this moment; none of their codes is good. */
    public int deleteAhead(Transaction transaction, Instant after, int most) throws SQLException {
        return delete(transaction, AHEADS, after, most);
    }

    private static int delete(Transaction transaction, Both sql, Instant moment, int most) throws SQLException {
        int deleted = 0;
        for (String one : new String[] {sql.ours(), sql.strangers()}) {
            try (PreparedStatement statement = transaction.prepare(one)) {
                statement.setString(1, SqlTime.format(moment));
                statement.setInt(2, most - deleted);
                deleted += statement.executeUpdate();
            }
        }
        return deleted;
    }

    private static Instant time(String stored) {
        return Objects.requireNonNull(SqlTime.parse(stored));
    }
}
