package org.multisession.session;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.db.Transaction;
import org.multisession.token.SessionToken;

/** The {@code multisession_legacy_uses} table: when each legacy token was last used here. */
public final class LegacyUseDao {

    /** A token that has become a session meanwhile, or has ended, is a legacy token no more. */
    private static final Sql USED = Sql.of("note a use of a legacy token", """
            INSERT INTO multisession_legacy_uses (token_hash, user_id, first_used_at, last_used_at, address)
            SELECT :hash, :user, :at, :at, :address
            WHERE NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token IN (:token, :hash))
            ON CONFLICT (token_hash) DO UPDATE
            SET user_id = excluded.user_id, last_used_at = excluded.last_used_at, address = excluded.address,
              first_used_at = CASE WHEN multisession_legacy_uses.first_used_at > :absurd
                THEN excluded.first_used_at ELSE multisession_legacy_uses.first_used_at END
            WHERE multisession_legacy_uses.last_used_at < excluded.last_used_at
              OR multisession_legacy_uses.last_used_at > :absurd
            """);

    private static final Sql FIND = Sql.of("the last use of a legacy token", """
            SELECT last_used_at, address FROM multisession_legacy_uses WHERE token_hash = :hash
            """);

    private static final Sql DELETE_OLD = Sql.of("delete old uses of legacy tokens", """
            DELETE FROM multisession_legacy_uses WHERE token_hash IN
              (SELECT token_hash FROM multisession_legacy_uses
                WHERE last_used_at < :before OR last_used_at > :ahead LIMIT :most)
            """);

    /** The last known use, and where it came from. */
    public record Use(@Nullable Instant last, @Nullable String address) {

        static final Use UNKNOWN = new Use(null, null);
    }

    /** How much later than this use the latest may have been noted, and be true. */
    private static final Duration LATE = Duration.ofHours(1);

    /** Notes a use; an earlier one than is known changes nothing, unless that lies so far ahead that it is none. */
    public void used(Transaction transaction, SessionToken token, long userId, String address, Instant at) {
        transaction
                .update(USED)
                .bind("token", token.value())
                .bind("hash", token.hash())
                .bind("user", userId)
                .bind("at", at)
                .bind("address", address)
                .bind("absurd", at.plus(LATE))
                .run();
    }

    /**
     * Removes some of the uses from before a moment, and of those that a clock which was ahead has dated behind another;
     * returns how many.
     */
    public int deleteOld(Transaction transaction, Instant before, Instant ahead, int most) {
        return transaction
                .update(DELETE_OLD)
                .bind("before", before)
                .bind("ahead", ahead)
                .bind("most", most)
                .run();
    }

    /** What is known of the last use of this token. */
    public Use find(Handle handle, SessionToken token) {
        return handle.query(FIND)
                .bind("hash", token.hash())
                .optional(row -> new Use(row.instant("last_used_at"), row.text("address")))
                .orElse(Use.UNKNOWN);
    }
}
