package org.multisession.session;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.db.Transaction;
import org.multisession.token.StoredToken;

/**
 * The {@code multisession_sign_ins} table: when the browser of a session became one of its user's devices, and when the
 * user last proved on it who they are. It has a row for each session that began with a sign-in here, and goes with the
 * session. What it says counts only for a session that lives.
 */
public final class SignInDao {

    private static final Sql BEGIN = Sql.of("note a sign-in", """
            INSERT INTO multisession_sign_ins (token_hash, user_id, arrived_at, proved_at)
            VALUES (:hash, :user, :arrived, :now)
            """);

    private static final Sql END =
            Sql.of("forget a sign-in", "DELETE FROM multisession_sign_ins WHERE token_hash = :hash");

    private static final Sql ARRIVED = Sql.of(
            "when a device signed in first", "SELECT arrived_at FROM multisession_sign_ins WHERE token_hash = :hash");

    private static final Sql LATER = Sql.of("later sign-ins of a user", """
            SELECT token_hash, arrived_at FROM multisession_sign_ins
            WHERE user_id = :user AND token_hash <> :own AND arrived_at >= :window
              AND arrived_at >= coalesce(
                (SELECT i.arrived_at FROM multisession_sign_ins i WHERE i.token_hash = :own), :created, :window)
            ORDER BY arrived_at DESC LIMIT :most
            """);

    private static final Sql PAGE = Sql.of("next page of sign-ins", """
            SELECT token_hash, user_id FROM multisession_sign_ins WHERE token_hash > :last ORDER BY token_hash LIMIT :rows
            """);

    private static final Sql LIVE = Sql.of(
            "tokens of a user that have not ended",
            "SELECT auth_token FROM multisession_tokens WHERE user_id = :user AND ended_at IS NULL");

    /**
     * A device that became one of the user's.
     *
     * @param tokenHash of its session
     */
    public record Arrival(String tokenHash, Instant at) {}

    /**
     * Some of all rows.
     *
     * @param ended the hashes of those whose session has ended
     * @param last the hash behind which the next page begins; null after the last page
     */
    public record Page(List<String> ended, @Nullable String last) {}

    /**
     * Notes that a session begins with a proof.
     *
     * @param arrived since when its browser has been one of the user's devices
     */
    public void begin(Transaction transaction, String tokenHash, long userId, Instant arrived, Instant now) {
        transaction
                .update(BEGIN)
                .bind("hash", tokenHash)
                .bind("user", userId)
                .bind("arrived", arrived)
                .bind("now", now)
                .run();
    }

    /** Removes what is known of a session that is over. */
    public void end(Transaction transaction, String tokenHash) {
        transaction.update(END).bind("hash", tokenHash).run();
    }

    /** Since when the browser of this session has been one of the user's devices; null if it never signed in here. */
    public @Nullable Instant arrivedAt(Handle handle, String tokenHash) {
        return handle.query(ARRIVED)
                .bind("hash", tokenHash)
                .optional(row -> row.instant("arrived_at"))
                .orElse(null);
    }

    /**
     * The other devices of a user that signed in after one of them, the latest first; some may have ended.
     *
     * @param ownHash of the token of that one
     * @param created when its session began, if it never signed in here and somebody knows
     * @param window none that signed in before this moment
     */
    public List<Arrival> later(
            Handle handle, long userId, String ownHash, @Nullable Instant created, Instant window, int most) {
        List<Arrival> arrivals = new ArrayList<>();
        handle.query(LATER)
                .bind("user", userId)
                .bind("own", ownHash)
                .bind("created", created)
                .bind("window", window)
                .bind("most", most)
                .forEach(row -> {
                    Instant at = row.instant("arrived_at");
                    if (at != null) {
                        arrivals.add(new Arrival(row.requiredText("token_hash"), at));
                    }
                });
        return arrivals;
    }

    /** The rows behind this hash, at most so many; from the beginning for an empty text. */
    public Page after(Handle handle, String last, int rows) {
        Map<String, Long> users = new LinkedHashMap<>();
        handle.query(PAGE)
                .bind("last", last)
                .bind("rows", rows)
                .forEach(row -> users.put(row.requiredText("token_hash"), row.number("user_id")));
        List<String> ended = new ArrayList<>(users.keySet());
        String next = ended.size() < rows ? null : ended.get(ended.size() - 1);
        Set<String> live = new HashSet<>();
        for (long user : Set.copyOf(users.values())) {
            handle.query(LIVE).bind("user", user).forEach(row -> {
                if (row.value("auth_token") instanceof String token) {
                    live.add(new StoredToken(token).hash());
                }
            });
        }
        ended.removeAll(live);
        return new Page(ended, next);
    }
}
