package org.multisession.otp;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;

/** The {@code multisession_known_browsers} table: who has used a code of a number before, and may be its owner. */
public final class KnownBrowserDao {

    /** How long it is remembered after the last use; the browser keeps its secret as long. */
    public static final Duration KEPT = Duration.ofDays(180);

    private static final int MAX_PER_NUMBER = 10;

    private static final String IS_KNOWN = """
            SELECT EXISTS (SELECT 1 FROM multisession_known_browsers
                WHERE number = ?1 AND browser_hash = ?2 AND used_at > ?4 AND used_at <= ?5),
              EXISTS (SELECT 1 FROM multisession_known_browsers
                WHERE number = ?1 AND network = ?3 AND used_at > ?4 AND used_at <= ?5)
            """;

    private static final String USED = """
            INSERT INTO multisession_known_browsers (number, browser_hash, network, used_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (number, browser_hash) DO UPDATE SET network = excluded.network, used_at = excluded.used_at
            """;

    /** What a clock that was ahead has left counts as the oldest. */
    private static final String DELETE_SURPLUS = """
            DELETE FROM multisession_known_browsers WHERE number = ?1 AND browser_hash NOT IN
              (SELECT browser_hash FROM multisession_known_browsers WHERE number = ?1
               ORDER BY used_at > ?2, used_at DESC LIMIT ?3)
            """;

    private static final String DELETE_OLD = """
            DELETE FROM multisession_known_browsers WHERE (number, browser_hash) IN
              (SELECT number, browser_hash FROM multisession_known_browsers WHERE used_at < ? ORDER BY used_at LIMIT ?)
            """;

    private static final String DELETE_AHEAD = """
            DELETE FROM multisession_known_browsers WHERE (number, browser_hash) IN
              (SELECT number, browser_hash FROM multisession_known_browsers WHERE used_at > ? LIMIT ?)
            """;

    /** Who asks, as far as limits care. */
    enum Asker {
        /** A browser that has used a code of this number. */
        KNOWN_BROWSER,
        /** Another one, where a browser of that kind was last seen. */
        KNOWN_NETWORK,
        STRANGER
    }

    Asker asker(Handle handle, String number, String browserHash, String network, Instant now) throws SQLException {
        try (PreparedStatement statement = handle.prepare(IS_KNOWN)) {
            statement.setString(1, number);
            statement.setString(2, browserHash);
            statement.setString(3, network);
            statement.setString(4, SqlTime.format(now.minus(KEPT)));
            statement.setString(5, SqlTime.format(SqlTime.latestOf(now)));
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1)
                        ? Asker.KNOWN_BROWSER
                        : row.getBoolean(2) ? Asker.KNOWN_NETWORK : Asker.STRANGER;
            }
        }
    }

    /** Remembers that this browser has used a code of this number. */
    void used(Transaction transaction, String number, String browserHash, String network, Instant now)
            throws SQLException {
        try (PreparedStatement statement = transaction.prepare(USED)) {
            statement.setString(1, number);
            statement.setString(2, browserHash);
            statement.setString(3, network);
            statement.setString(4, SqlTime.format(now));
            statement.executeUpdate();
        }
        try (PreparedStatement statement = transaction.prepare(DELETE_SURPLUS)) {
            statement.setString(1, number);
            statement.setString(2, SqlTime.format(SqlTime.latestOf(now)));
            statement.setInt(3, MAX_PER_NUMBER);
            statement.executeUpdate();
        }
    }

    /** Forgets some that were last used before this moment; returns how many. */
    public int deleteOld(Transaction transaction, Instant before, int most) throws SQLException {
        return delete(transaction, DELETE_OLD, before, most);
    }

    /** Forgets some of those that a clock which was ahead has left after this moment; they count as unknown anyway. */
    public int deleteAhead(Transaction transaction, Instant after, int most) throws SQLException {
        return delete(transaction, DELETE_AHEAD, after, most);
    }

    private static int delete(Transaction transaction, String sql, Instant moment, int most) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(sql)) {
            statement.setString(1, SqlTime.format(moment));
            statement.setInt(2, most);
            return statement.executeUpdate();
        }
    }
}
