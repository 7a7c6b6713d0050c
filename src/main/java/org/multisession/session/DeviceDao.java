package org.multisession.session;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.db.Transaction;
import org.multisession.token.SessionToken;
import org.multisession.token.StoredToken;

/**
 * The {@code multisession_devices} table: the user agent and address of a session's last use. A row opens nothing, and
 * may be missing.
 */
public final class DeviceDao {

    private static final Sql FIND = Sql.of(
            "the device of a session",
            "SELECT device, address, shared FROM multisession_devices WHERE token_hash = :hash");

    /** A session that several old devices share belongs to none of them alone, so only the address is updated. */
    private static final Sql SEEN = Sql.of("note the device of a session", """
            INSERT INTO multisession_devices (token_hash, device, address, shared) VALUES (:hash, :device, :address, 0)
            ON CONFLICT (token_hash) DO UPDATE
            SET device = CASE WHEN multisession_devices.shared = 0 THEN excluded.device END, address = excluded.address
            WHERE multisession_devices.address IS DISTINCT FROM excluded.address
              OR (multisession_devices.shared = 0 AND multisession_devices.device IS DISTINCT FROM excluded.device)
            """);

    private static final Sql SHARED = Sql.of("mark a session as shared", """
            INSERT INTO multisession_devices (token_hash, shared) VALUES (:hash, 1)
            ON CONFLICT (token_hash) DO UPDATE SET shared = 1, device = NULL
            """);

    private static final Sql ENDED_BY = Sql.of("note from where a session was ended", """
            INSERT INTO multisession_devices (token_hash, shared, ended_by) VALUES (:hash, 0, :by)
            ON CONFLICT (token_hash) DO UPDATE SET ended_by = excluded.ended_by
            """);

    private static final Sql ENDED_PAGE = Sql.of("next page of ended tokens", """
            SELECT auth_token, ended_at FROM multisession_tokens WHERE auth_token > :last ORDER BY auth_token LIMIT :rows
            """);

    private static final Sql HAS_ROW = Sql.of("whether anything is known of a device", """
            SELECT device IS NOT NULL OR address IS NOT NULL AS is_in_use FROM multisession_devices
            WHERE token_hash = :hash
            """);

    private static final Sql FORGET =
            Sql.of("forget all of a device", "DELETE FROM multisession_devices WHERE token_hash = :hash");

    /**
     * Some of all tokens.
     *
     * @param due the hashes of those of whose device nothing needs to be known any more
     * @param last the token behind which the next page begins; null after the last page
     */
    public record EndedPage(List<String> due, @Nullable StoredToken last) {}

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
    public Map<StoredToken, Device> find(Handle handle, List<StoredToken> tokens) {
        Map<StoredToken, Device> devices = new HashMap<>();
        for (StoredToken token : tokens) {
            devices.put(
                    token,
                    handle.query(FIND)
                            .bind("hash", token.hash())
                            .optional(row -> new Device(row.text("device"), row.text("address"), row.flag("shared")))
                            .orElse(Device.UNKNOWN));
        }
        return devices;
    }

    /** Records which device has just used a session. */
    public void seen(Transaction transaction, String tokenHash, Client client) {
        transaction
                .update(SEEN)
                .bind("hash", tokenHash)
                .bind("device", named(client))
                .bind("address", client.address())
                .run();
    }

    /** Records that this session was a legacy token until now. */
    public void markShared(Transaction transaction, SessionToken token) {
        transaction.update(SHARED).bind("hash", token.hash()).run();
    }

    /** Records which device ended a session, for the person at the device that was signed out. */
    public void endedBy(Transaction transaction, String tokenHash, Client by) {
        transaction
                .update(ENDED_BY)
                .bind("hash", tokenHash)
                .bind("by", named(by))
                .run();
    }

    /**
     * Looks among so many tokens behind one, from the beginning for null, for devices whose session ended before a moment,
     * and for those that somebody else has ended, whose device is still known.
     */
    public EndedPage ended(Handle handle, @Nullable StoredToken last, Instant before, int rows) {
        List<String> due = new ArrayList<>();
        List<Object> seen = new ArrayList<>();
        handle.query(ENDED_PAGE)
                .bind("last", last == null ? "" : last.text())
                .bind("rows", rows)
                .forEach(row -> {
                    Object token = row.value("auth_token");
                    seen.add(token);
                    Instant ended = row.instant("ended_at");
                    if (ended != null && token instanceof String text) {
                        String hash = new StoredToken(text).hash();
                        handle.query(HAS_ROW)
                                .bind("hash", hash)
                                .optional(device -> device.flag("is_in_use"))
                                .filter(isInUse -> isInUse || ended.isBefore(before))
                                .ifPresent(unused -> due.add(hash));
                    }
                });
        // Behind all texts are blobs, which are no tokens of anybody.
        boolean isLast = seen.size() < rows || !(seen.get(seen.size() - 1) instanceof String);
        return new EndedPage(due, isLast ? null : new StoredToken((String) seen.get(seen.size() - 1)));
    }

    /** Removes all that is known of a device whose session has ended. */
    public void forget(Transaction transaction, String tokenHash) {
        transaction.update(FORGET).bind("hash", tokenHash).run();
    }

    private static @Nullable String named(Client client) {
        return client.userAgent().isEmpty() ? null : client.userAgent();
    }
}
