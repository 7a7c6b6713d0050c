package org.multisession.session;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;

/**
 * The {@code multisession_devices} table: what a session is used by, and from where. A row of it opens nothing, and may
 * be there or not.
 */
public final class DeviceDao {

    private static final String FIND = "SELECT device, address, shared FROM multisession_devices WHERE token_hash = ?";

    /** A session that several old devices share is none of theirs alone, so only the address is kept up to date. */
    private static final String SEEN = """
            INSERT INTO multisession_devices (token_hash, device, address, shared) VALUES (?, ?, ?, 0)
            ON CONFLICT (token_hash) DO UPDATE
            SET device = CASE WHEN multisession_devices.shared = 0 THEN excluded.device END, address = excluded.address
            WHERE multisession_devices.address IS DISTINCT FROM excluded.address
              OR (multisession_devices.shared = 0 AND multisession_devices.device IS DISTINCT FROM excluded.device)
            """;

    private static final String SHARED = """
            INSERT INTO multisession_devices (token_hash, shared) VALUES (?, 1)
            ON CONFLICT (token_hash) DO UPDATE SET shared = 1, device = NULL
            """;

    private static final String ENDED_BY = """
            INSERT INTO multisession_devices (token_hash, shared, ended_by) VALUES (?, 0, ?)
            ON CONFLICT (token_hash) DO UPDATE SET ended_by = excluded.ended_by
            """;

    /**
     * What a session is used by.
     *
     * @param device what the client called itself when it was last seen; null if it was never told, or for many
     * @param shared whether it was a legacy token once, which several old devices may hold
     */
    public record Device(@Nullable String device, @Nullable String address, boolean shared) {

        static final Device UNKNOWN = new Device(null, null, false);
    }

    /** The device of each of these sessions. */
    public Map<StoredToken, Device> find(Handle handle, List<StoredToken> tokens) throws SQLException {
        Map<StoredToken, Device> devices = new HashMap<>();
        try (PreparedStatement statement = handle.prepare(FIND)) {
            for (StoredToken token : tokens) {
                statement.setString(1, token.hash());
                try (ResultSet row = statement.executeQuery()) {
                    devices.put(
                            token,
                            row.next()
                                    ? new Device(row.getString(1), row.getString(2), row.getBoolean(3))
                                    : Device.UNKNOWN);
                }
            }
        }
        return devices;
    }

    /** Notes what a session was used by just now. */
    public void seen(Transaction transaction, String tokenHash, Client client) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(SEEN)) {
            statement.setString(1, tokenHash);
            statement.setString(2, client.device().isEmpty() ? null : client.device());
            statement.setString(3, client.address());
            statement.executeUpdate();
        }
    }

    /** Notes that this session was a legacy token until now. */
    public void markShared(Transaction transaction, SessionToken token) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(SHARED)) {
            statement.setString(1, token.hash());
            statement.executeUpdate();
        }
    }

    /** Notes from which device a session was ended, for the person at the one that it was. */
    public void endedBy(Transaction transaction, String tokenHash, Client by) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(ENDED_BY)) {
            statement.setString(1, tokenHash);
            statement.setString(2, by.device().isEmpty() ? null : by.device());
            statement.executeUpdate();
        }
    }
}
