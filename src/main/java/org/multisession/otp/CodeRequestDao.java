package org.multisession.otp;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;

/**
 * What the limits count: {@code multisession_code_requests} has those that a code was sent for, as many as the budgets
 * allow; {@code multisession_stranger_requests} the others, the latest {@value #MAX_STRANGERS} of them.
 *
 * <p>Every question is about a stretch of time and sees nothing outside it, so a time that lies ahead of now, which a
 * clock that was wrong has left, counts as none.
 */
public final class CodeRequestDao {

    /** So many take about ten megabytes. */
    static final int MAX_STRANGERS = 20_000;

    private static final String OF_NUMBER = """
            SELECT requested_at FROM
              (SELECT requested_at FROM multisession_code_requests
               WHERE number = ?1 AND requested_at > ?2 AND requested_at <= ?3
               UNION ALL SELECT requested_at FROM multisession_stranger_requests
               WHERE number = ?1 AND requested_at > ?2 AND requested_at <= ?3)
            ORDER BY requested_at DESC LIMIT 1 OFFSET ?4
            """;

    private static final String UNUSED_OF_NUMBER = """
            SELECT requested_at FROM
              (SELECT requested_at FROM multisession_code_requests
               WHERE number = ?1 AND requested_at > ?2 AND requested_at <= ?3 AND used = 0
               UNION ALL SELECT requested_at FROM multisession_stranger_requests
               WHERE number = ?1 AND requested_at > ?2 AND requested_at <= ?3)
            ORDER BY requested_at DESC LIMIT 1 OFFSET ?4
            """;

    private static final String UNUSED_OF_NUMBER_FROM_NETWORK = """
            SELECT requested_at FROM
              (SELECT requested_at FROM multisession_code_requests
               WHERE number = ?1 AND requested_at > ?2 AND requested_at <= ?3 AND used = 0 AND network = ?5
               UNION ALL SELECT requested_at FROM multisession_stranger_requests
               WHERE number = ?1 AND requested_at > ?2 AND requested_at <= ?3 AND network = ?5)
            ORDER BY requested_at DESC LIMIT 1 OFFSET ?4
            """;

    /** What those asked for who have used a code before is their own affair. */
    private static final String OF_NUMBER_BY_STRANGERS = """
            SELECT requested_at FROM
              (SELECT requested_at FROM multisession_code_requests r
               WHERE number = ?1 AND requested_at > ?2 AND requested_at <= ?3
                 AND NOT EXISTS (SELECT 1 FROM multisession_known_browsers k
                   WHERE k.number = r.number AND (k.browser_hash = r.challenge_hash OR k.network = r.network))
               UNION ALL SELECT requested_at FROM multisession_stranger_requests
               WHERE number = ?1 AND requested_at > ?2 AND requested_at <= ?3)
            ORDER BY requested_at DESC LIMIT 1 OFFSET ?4
            """;

    private static final String OF_NUMBER_BY_BROWSER = """
            SELECT requested_at FROM multisession_code_requests
            WHERE number = ?1 AND requested_at > ?2 AND requested_at <= ?3 AND challenge_hash = ?5
            ORDER BY requested_at DESC LIMIT 1 OFFSET ?4
            """;

    private static final String UNUSED_OF_NUMBER_BY_BROWSER = """
            SELECT requested_at FROM multisession_code_requests
            WHERE number = ?1 AND requested_at > ?2 AND requested_at <= ?3 AND used = 0 AND challenge_hash = ?5
            ORDER BY requested_at DESC LIMIT 1 OFFSET ?4
            """;

    private static final String OF_NUMBER_BY_NETWORK = """
            SELECT requested_at FROM multisession_code_requests
            WHERE number = ?1 AND requested_at > ?2 AND requested_at <= ?3 AND network = ?5
            ORDER BY requested_at DESC LIMIT 1 OFFSET ?4
            """;

    private static final String OF_NETWORK = """
            SELECT requested_at FROM
              (SELECT requested_at FROM multisession_code_requests
               WHERE network = ?1 AND requested_at > ?2 AND requested_at <= ?3
               UNION ALL SELECT requested_at FROM multisession_stranger_requests
               WHERE network = ?1 AND requested_at > ?2 AND requested_at <= ?3)
            ORDER BY requested_at DESC LIMIT 1 OFFSET ?4
            """;

    private static final String OF_PREFIX = """
            SELECT requested_at FROM multisession_code_requests
            WHERE prefix = ?1 AND sent = 1 AND requested_at > ?2 AND requested_at <= ?3
            ORDER BY requested_at DESC LIMIT 1 OFFSET ?4
            """;

    private static final String OF_ALL = """
            SELECT requested_at FROM multisession_code_requests
            WHERE sent = 1 AND requested_at > ?2 AND requested_at <= ?3
            ORDER BY requested_at DESC LIMIT 1 OFFSET ?4
            """;

    private static final String SENT_AND_USED = """
            SELECT count(*), coalesce(sum(used), 0) FROM multisession_code_requests
            WHERE sent = 1 AND requested_at > ? AND requested_at <= ?
            """;

    private static final String INSERT = """
            INSERT INTO multisession_code_requests
              (requested_at, number, prefix, network, challenge_hash, sent, used)
            VALUES (?, ?, ?, ?, ?, 1, 0)
            """;

    private static final String INSERT_STRANGER =
            "INSERT INTO multisession_stranger_requests (requested_at, number, network) VALUES (?, ?, ?)";

    private static final String FORGET_STRANGERS = """
            DELETE FROM multisession_stranger_requests
            WHERE id <= (SELECT max(id) FROM multisession_stranger_requests) - ?
            """;

    /** Rows leave at the low end, so that the ids tell how many there are. What lies ahead was not the oldest. */
    private static final String HORIZON = """
            SELECT requested_at FROM multisession_stranger_requests
            WHERE requested_at <= ?1
              AND (SELECT max(id) FROM multisession_stranger_requests)
                - (SELECT min(id) FROM multisession_stranger_requests) + 1 >= ?2
            ORDER BY id LIMIT 1
            """;

    private static final String USED = """
            UPDATE multisession_code_requests SET used = 1
            WHERE number = ? AND challenge_hash = ? AND requested_at > ? AND requested_at <= ?
            """;

    private static final String DELETE_OLD = """
            DELETE FROM multisession_code_requests WHERE id IN
              (SELECT id FROM multisession_code_requests WHERE requested_at < ? ORDER BY id LIMIT ?)
            """;

    private static final String DELETE_OLD_STRANGERS = """
            DELETE FROM multisession_stranger_requests WHERE id IN
              (SELECT id FROM multisession_stranger_requests WHERE requested_at < ? ORDER BY id LIMIT ?)
            """;

    private static final String DELETE_AHEAD = """
            DELETE FROM multisession_code_requests WHERE id IN
              (SELECT id FROM multisession_code_requests WHERE requested_at > ? LIMIT ?)
            """;

    private static final String DELETE_STRANGERS_AHEAD = """
            DELETE FROM multisession_stranger_requests WHERE id IN
              (SELECT id FROM multisession_stranger_requests WHERE requested_at > ? LIMIT ?)
            """;

    /** The time that a question is about: after one moment, up to another. */
    record Stretch(Instant after, Instant until) {}

    /** Codes sent in some time, and how many of them were used. */
    record Use(int sent, int used) {}

    private final int mostStrangers;

    public CodeRequestDao() {
        this(MAX_STRANGERS);
    }

    /** One that keeps so many of what strangers did. */
    public CodeRequestDao(int mostStrangers) {
        this.mostStrangers = mostStrangers;
    }

    /** When the n-th latest code for this number was asked for; null if there were not so many. So are the others. */
    @Nullable
    Instant ofNumber(Handle handle, String number, Stretch in, int n) throws SQLException {
        return nth(handle, OF_NUMBER, number, in, n, null);
    }

    /** The latest that was not used. */
    @Nullable
    Instant unusedOfNumber(Handle handle, String number, Stretch in) throws SQLException {
        return nth(handle, UNUSED_OF_NUMBER, number, in, 1, null);
    }

    @Nullable
    Instant unusedOfNumberFrom(Handle handle, String number, String network, Stretch in, int n) throws SQLException {
        return nth(handle, UNUSED_OF_NUMBER_FROM_NETWORK, number, in, n, network);
    }

    @Nullable
    Instant ofNumberByStrangers(Handle handle, String number, Stretch in) throws SQLException {
        return nth(handle, OF_NUMBER_BY_STRANGERS, number, in, 1, null);
    }

    @Nullable
    Instant ofNumberByBrowser(Handle handle, String number, String browserHash, Stretch in, int n) throws SQLException {
        return nth(handle, OF_NUMBER_BY_BROWSER, number, in, n, browserHash);
    }

    @Nullable
    Instant unusedOfNumberByBrowser(Handle handle, String number, String browserHash, Stretch in) throws SQLException {
        return nth(handle, UNUSED_OF_NUMBER_BY_BROWSER, number, in, 1, browserHash);
    }

    @Nullable
    Instant ofNumberByNetwork(Handle handle, String number, String network, Stretch in, int n) throws SQLException {
        return nth(handle, OF_NUMBER_BY_NETWORK, number, in, n, network);
    }

    @Nullable
    Instant ofNetwork(Handle handle, String network, Stretch in, int n) throws SQLException {
        return nth(handle, OF_NETWORK, network, in, n, null);
    }

    @Nullable
    Instant ofPrefix(Handle handle, String prefix, Stretch in, int n) throws SQLException {
        return nth(handle, OF_PREFIX, prefix, in, n, null);
    }

    @Nullable
    Instant ofAll(Handle handle, Stretch in, int n) throws SQLException {
        return nth(handle, OF_ALL, null, in, n, null);
    }

    Use use(Handle handle, Stretch in) throws SQLException {
        try (PreparedStatement statement = handle.prepare(SENT_AND_USED)) {
            statement.setString(1, SqlTime.format(in.after()));
            statement.setString(2, SqlTime.format(in.until()));
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return new Use(row.getInt(1), row.getInt(2));
            }
        }
    }

    /** Counts a request that a code is sent for. */
    void insert(
            Transaction transaction, String number, String prefix, String network, String challengeHash, Instant now)
            throws SQLException {
        try (PreparedStatement statement = transaction.prepare(INSERT)) {
            statement.setString(1, SqlTime.format(now));
            statement.setString(2, number);
            statement.setString(3, prefix);
            statement.setString(4, network);
            statement.setString(5, challengeHash);
            statement.executeUpdate();
        }
    }

    /** Counts a request that nothing is sent for, and forgets the oldest of these if there are too many. */
    void insertStranger(Transaction transaction, String number, String network, Instant now) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(INSERT_STRANGER)) {
            statement.setString(1, SqlTime.format(now));
            statement.setString(2, number);
            statement.setString(3, network);
            statement.executeUpdate();
        }
        try (PreparedStatement statement = transaction.prepare(FORGET_STRANGERS)) {
            statement.setInt(1, mostStrangers);
            statement.executeUpdate();
        }
    }

    /** From when on all requests of strangers are still known; null if none was forgotten for want of room. */
    @Nullable
    Instant horizon(Handle handle, Instant now) throws SQLException {
        try (PreparedStatement statement = handle.prepare(HORIZON)) {
            statement.setString(1, SqlTime.format(SqlTime.latestOf(now)));
            statement.setInt(2, mostStrangers);
            return time(statement);
        }
    }

    /**
     * Notes that the codes which were sent in this time have done their work. A known browser keeps its secret, so that
     * its earlier requests bear the same hash; those are other codes, and may be lost ones.
     */
    void markUsed(Transaction transaction, String number, String challengeHash, Stretch in) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(USED)) {
            statement.setString(1, number);
            statement.setString(2, challengeHash);
            statement.setString(3, SqlTime.format(in.after()));
            statement.setString(4, SqlTime.format(in.until()));
            statement.executeUpdate();
        }
    }

    /** Removes some of the requests from before this moment; returns how many. */
    public int deleteOld(Transaction transaction, Instant before, int most) throws SQLException {
        int deleted = delete(transaction, DELETE_OLD, before, most);
        return deleted + delete(transaction, DELETE_OLD_STRANGERS, before, most - deleted);
    }

    /** Removes some of those that a clock which was ahead has left after this moment; no limit counts them. */
    public int deleteAhead(Transaction transaction, Instant after, int most) throws SQLException {
        int deleted = delete(transaction, DELETE_AHEAD, after, most);
        return deleted + delete(transaction, DELETE_STRANGERS_AHEAD, after, most - deleted);
    }

    private static int delete(Transaction transaction, String sql, Instant moment, int most) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(sql)) {
            statement.setString(1, SqlTime.format(moment));
            statement.setInt(2, most);
            return statement.executeUpdate();
        }
    }

    private static @Nullable Instant nth(
            Handle handle, String sql, @Nullable String of, Stretch in, int n, @Nullable String by)
            throws SQLException {
        try (PreparedStatement statement = handle.prepare(sql)) {
            statement.setString(1, of);
            statement.setString(2, SqlTime.format(in.after()));
            statement.setString(3, SqlTime.format(in.until()));
            statement.setInt(4, n - 1);
            if (by != null) {
                statement.setString(5, by);
            }
            return time(statement);
        }
    }

    private static @Nullable Instant time(PreparedStatement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            return row.next() ? SqlTime.parse(row.getString(1)) : null;
        }
    }
}
