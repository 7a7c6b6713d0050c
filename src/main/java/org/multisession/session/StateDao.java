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

/** The {@code multisession_state} table: what all nodes on one database know in common. */
public final class StateDao {

    /** The stage that the latest deploy had, for programs that read this database without our settings. */
    static final String STAGE = "stage";

    /** When any node was last alive. */
    static final String ALIVE = "alive";

    /** When a node was last stopped in order. */
    static final String LEFT = "left";

    /** Since when we have been there to see what is used. */
    static final String WATCHING = "watching";

    /** When this application came back after it had been away, so that no clock ran. */
    static final String RESUMED = "resumed";

    /** Since when the clock has been in doubt; empty if it is not. */
    static final String DOUBTED = "clock-doubted";

    /** Which node sweeps. */
    static final String SWEEPER = "sweeper";

    private static final String GET = "SELECT value FROM multisession_state WHERE name = ?";

    private static final String PUT = """
            INSERT INTO multisession_state (name, value, changed_at) VALUES (?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at
            """;

    private static final String TAKE = """
            INSERT INTO multisession_state (name, value, changed_at) VALUES (?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at
            WHERE multisession_state.value = excluded.value
              OR multisession_state.changed_at < ? OR multisession_state.changed_at > ?
            """;

    @Nullable
    String get(Handle handle, String name) throws SQLException {
        try (PreparedStatement statement = handle.prepare(GET)) {
            statement.setString(1, name);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? row.getString(1) : null;
            }
        }
    }

    void put(Transaction transaction, String name, String value, Instant now) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(PUT)) {
            statement.setString(1, name);
            statement.setString(2, value);
            statement.setString(3, SqlTime.format(now));
            statement.executeUpdate();
        }
    }

    /**
     * Puts the value in if it is in there already, or if nobody has renewed another within this time; a renewal that lies
     * ahead of now counts as none.
     */
    boolean take(Transaction transaction, String name, String value, Duration lapse, Instant now) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(TAKE)) {
            statement.setString(1, name);
            statement.setString(2, value);
            statement.setString(3, SqlTime.format(now));
            statement.setString(4, SqlTime.format(now.minus(lapse)));
            statement.setString(5, SqlTime.format(SqlTime.latestOf(now)));
            return statement.executeUpdate() == 1;
        }
    }
}
