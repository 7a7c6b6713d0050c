package org.multisession.auth;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;
import org.multisession.session.Client;

/** The {@code auth_events} table: the audit trail. Never holds a token, a code or a phone number. */
public final class AuthEventDao {

    private static final String INSERT = """
            INSERT INTO auth_events (occurred_at, kind, outcome, user_id, address, device)
            VALUES (?, ?, ?, ?, ?, ?)
            """;

    private static final String DELETE_OLD = """
            DELETE FROM auth_events WHERE id IN
              (SELECT id FROM auth_events WHERE occurred_at < ? ORDER BY occurred_at LIMIT ?)
            """;

    /** Records one event; user and client are null where nobody can be named. */
    void record(
            Transaction transaction,
            AuthEvent event,
            String outcome,
            @Nullable Long userId,
            @Nullable Client client,
            Instant now)
            throws SQLException {
        try (PreparedStatement statement = transaction.prepare(INSERT)) {
            statement.setString(1, SqlTime.format(now));
            statement.setString(2, event.stored());
            statement.setString(3, outcome);
            if (userId == null) {
                statement.setNull(4, Types.INTEGER);
            } else {
                statement.setLong(4, userId);
            }
            statement.setString(5, client == null ? null : client.address());
            statement.setString(6, client == null ? null : client.device());
            statement.executeUpdate();
        }
    }

    /** Removes some of the events from before this moment; returns how many. */
    public int deleteOld(Transaction transaction, Instant before, int most) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(DELETE_OLD)) {
            statement.setString(1, SqlTime.format(before));
            statement.setInt(2, most);
            return statement.executeUpdate();
        }
    }
}
