package org.multisession.code;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;

/** The {@code multisession_code_requests} table: what the limits count. */
public final class CodeRequestDao {

    private static final String OF_NUMBER =
            "SELECT requested_at FROM multisession_code_requests WHERE number = ? ORDER BY requested_at DESC LIMIT 1 OFFSET ?";

    private static final String OF_NUMBER_AND_NETWORK = """
            SELECT requested_at FROM multisession_code_requests
            WHERE number = ? AND network = ? AND used = 0 ORDER BY requested_at DESC LIMIT 1
            """;

    private static final String OF_NETWORK =
            "SELECT requested_at FROM multisession_code_requests WHERE network = ? ORDER BY requested_at DESC LIMIT 1 OFFSET ?";

    private static final String OF_PREFIX = """
            SELECT requested_at FROM multisession_code_requests
            WHERE prefix = ? AND sent = 1 ORDER BY requested_at DESC LIMIT 1 OFFSET ?
            """;

    private static final String OF_ALL =
            "SELECT requested_at FROM multisession_code_requests WHERE sent = 1 ORDER BY requested_at DESC LIMIT 1 OFFSET ?";

    private static final String SENT_AND_USED = """
            SELECT count(*), coalesce(sum(used), 0) FROM multisession_code_requests
            WHERE sent = 1 AND requested_at > ?
            """;

    private static final String INSERT = """
            INSERT INTO multisession_code_requests
              (requested_at, number, prefix, network, challenge_hash, sent, used)
            VALUES (?, ?, ?, ?, ?, ?, 0)
            """;

    private static final String USED =
            "UPDATE multisession_code_requests SET used = 1 WHERE number = ? AND challenge_hash = ?";

    private static final String DELETE_OLD = """
            DELETE FROM multisession_code_requests WHERE id IN
              (SELECT id FROM multisession_code_requests WHERE requested_at < ? ORDER BY id LIMIT ?)
            """;

    /** Codes sent in some time, and how many of them were used. */
    record Use(int sent, int used) {}

    /** When the n-th latest code for this number was asked for; null if there were not so many. */
    @Nullable
    Instant nthOfNumber(Handle handle, String number, int n) throws SQLException {
        return time(handle, OF_NUMBER, number, n);
    }

    /** When this network last asked for a code for this number that it did not use. */
    @Nullable
    Instant latestUnusedOfNumberFrom(Handle handle, String number, String network) throws SQLException {
        try (PreparedStatement statement = handle.prepare(OF_NUMBER_AND_NETWORK)) {
            statement.setString(1, number);
            statement.setString(2, network);
            return time(statement);
        }
    }

    @Nullable
    Instant nthOfNetwork(Handle handle, String network, int n) throws SQLException {
        return time(handle, OF_NETWORK, network, n);
    }

    @Nullable
    Instant nthOfPrefix(Handle handle, String prefix, int n) throws SQLException {
        return time(handle, OF_PREFIX, prefix, n);
    }

    @Nullable
    Instant nthOfAll(Handle handle, int n) throws SQLException {
        try (PreparedStatement statement = handle.prepare(OF_ALL)) {
            statement.setInt(1, n - 1);
            return time(statement);
        }
    }

    Use since(Handle handle, Instant since) throws SQLException {
        try (PreparedStatement statement = handle.prepare(SENT_AND_USED)) {
            statement.setString(1, SqlTime.format(since));
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return new Use(row.getInt(1), row.getInt(2));
            }
        }
    }

    void insert(
            Transaction transaction,
            String number,
            String prefix,
            String network,
            String challengeHash,
            boolean sent,
            Instant now)
            throws SQLException {
        try (PreparedStatement statement = transaction.prepare(INSERT)) {
            statement.setString(1, SqlTime.format(now));
            statement.setString(2, number);
            statement.setString(3, prefix);
            statement.setString(4, network);
            statement.setString(5, challengeHash);
            statement.setInt(6, sent ? 1 : 0);
            statement.executeUpdate();
        }
    }

    void markUsed(Transaction transaction, String number, String challengeHash) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(USED)) {
            statement.setString(1, number);
            statement.setString(2, challengeHash);
            statement.executeUpdate();
        }
    }

    /** Removes some of the requests from before this moment; returns how many. */
    public int deleteOld(Transaction transaction, Instant before, int most) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(DELETE_OLD)) {
            statement.setString(1, SqlTime.format(before));
            statement.setInt(2, most);
            return statement.executeUpdate();
        }
    }

    private static @Nullable Instant time(Handle handle, String sql, String value, int n) throws SQLException {
        try (PreparedStatement statement = handle.prepare(sql)) {
            statement.setString(1, value);
            statement.setInt(2, n - 1);
            return time(statement);
        }
    }

    private static @Nullable Instant time(PreparedStatement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            return row.next() ? SqlTime.parse(row.getString(1)) : null;
        }
    }
}
