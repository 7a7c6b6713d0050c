package org.multisession.session;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;

/** The {@code multisession_legacy_uses} table: when each legacy token was last used here. */
public final class LegacyUseDao {

    private static final String USED = """
            INSERT INTO multisession_legacy_uses (token_hash, user_id, first_used_at, last_used_at, address)
            VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (token_hash) DO UPDATE
            SET user_id = excluded.user_id, last_used_at = excluded.last_used_at, address = excluded.address
            WHERE multisession_legacy_uses.last_used_at < excluded.last_used_at
              OR multisession_legacy_uses.last_used_at > ?
            """;

    private static final String FIND =
            "SELECT first_used_at, last_used_at, address FROM multisession_legacy_uses WHERE token_hash = ?";

    /** The first and the last use that we know of, and where the last one came from. */
    public record Use(
            @Nullable Instant first,
            @Nullable Instant last,
            @Nullable String address) {

        static final Use UNKNOWN = new Use(null, null, null);
    }

    /** How much later than this use the latest may have been noted, and be true. */
    private static final Duration LATE = Duration.ofHours(1);

    /** Notes a use; an earlier one than is known changes nothing, unless that lies so far ahead that it is none. */
    public void used(Transaction transaction, String tokenHash, long userId, String address, Instant at)
            throws SQLException {
        String time = SqlTime.format(at);
        try (PreparedStatement statement = transaction.prepare(USED)) {
            statement.setString(1, tokenHash);
            statement.setLong(2, userId);
            statement.setString(3, time);
            statement.setString(4, time);
            statement.setString(5, address);
            statement.setString(6, SqlTime.format(at.plus(LATE)));
            statement.executeUpdate();
        }
    }

    /** What is known of the uses of this token. */
    public Use find(Handle handle, SessionToken token) throws SQLException {
        try (PreparedStatement statement = handle.prepare(FIND)) {
            statement.setString(1, token.hash());
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? new Use(SqlTime.parse(row.getString(1)), SqlTime.parse(row.getString(2)), row.getString(3))
                        : Use.UNKNOWN;
            }
        }
    }
}
