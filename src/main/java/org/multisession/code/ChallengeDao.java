package org.multisession.code;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;

/** The {@code multisession_challenges} table. */
public final class ChallengeDao {

    private static final String FIND = """
            SELECT number, code_mac, code_expires_at, previous_mac, previous_expires_at, attempts, sent_at
            FROM multisession_challenges WHERE challenge_hash = ?
            """;

    private static final String INSERT = """
            INSERT INTO multisession_challenges (challenge_hash, number, code_mac, code_expires_at, attempts, sent_at)
            VALUES (?, ?, ?, ?, 0, ?)
            """;

    private static final String RESEND = """
            UPDATE multisession_challenges
            SET previous_mac = code_mac, previous_expires_at = code_expires_at,
                code_mac = ?, code_expires_at = ?, sent_at = ?
            WHERE challenge_hash = ?
            """;

    private static final String TAKE_ATTEMPT =
            "UPDATE multisession_challenges SET attempts = attempts + 1 WHERE challenge_hash = ? AND attempts < ?";

    private static final String DELETE = "DELETE FROM multisession_challenges WHERE challenge_hash = ?";

    private static final String DELETE_EXPIRED = """
            DELETE FROM multisession_challenges WHERE challenge_hash IN
              (SELECT challenge_hash FROM multisession_challenges WHERE code_expires_at < ? LIMIT ?)
            """;

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
                                time(row.getString(7)))
                        : null;
            }
        }
    }

    void insert(Transaction transaction, String hash, String number, String mac, Instant expires, Instant now)
            throws SQLException {
        try (PreparedStatement statement = transaction.prepare(INSERT)) {
            statement.setString(1, hash);
            statement.setString(2, number);
            statement.setString(3, mac);
            statement.setString(4, SqlTime.format(expires));
            statement.setString(5, SqlTime.format(now));
            statement.executeUpdate();
        }
    }

    /** A new code beside the last one; the count of attempts stays. */
    void resend(Transaction transaction, String hash, String mac, Instant expires, Instant now) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(RESEND)) {
            statement.setString(1, mac);
            statement.setString(2, SqlTime.format(expires));
            statement.setString(3, SqlTime.format(now));
            statement.setString(4, hash);
            statement.executeUpdate();
        }
    }

    /** Counts one attempt, before the code is looked at; false if all are used up. */
    boolean takeAttempt(Transaction transaction, String hash, int most) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(TAKE_ATTEMPT)) {
            statement.setString(1, hash);
            statement.setInt(2, most);
            return statement.executeUpdate() == 1;
        }
    }

    /** Uses the challenge up for good; true for exactly one of many that try at once. */
    boolean delete(Transaction transaction, String hash) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(DELETE)) {
            statement.setString(1, hash);
            return statement.executeUpdate() == 1;
        }
    }

    /** Removes some of the challenges that ran out before this moment; returns how many. */
    public int deleteExpired(Transaction transaction, Instant before, int most) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(DELETE_EXPIRED)) {
            statement.setString(1, SqlTime.format(before));
            statement.setInt(2, most);
            return statement.executeUpdate();
        }
    }

    private static Instant time(String stored) {
        return Objects.requireNonNull(SqlTime.parse(stored));
    }
}
