package org.multisession.migration;

import java.sql.SQLException;
import org.multisession.db.Handle;

/** Estimates from its rows how much a migration enlarges a database. */
final class Growth {

    /** Measured with tokens of 43 characters and numbers of 12, and rounded up. */
    private static final long PER_USER = 350;

    private static final long PER_SESSION = 450;

    /** The schema, and the journal of one step or a write-ahead log. */
    private static final long AT_LEAST = 16 * Bytes.MEBIBYTE;

    private static final long MAX_OF_A_STEP = 200 * Bytes.MEBIBYTE;

    private Growth() {}

    /** In bytes; of a database that was migrated before only what any change needs. */
    static long of(Handle handle, Inspection found) throws SQLException {
        if (found.isNew() || !found.catalogue().isWithoutOurMemory()) {
            return AT_LEAST;
        }
        long added = PER_USER * Snapshot.rows(handle, "users")
                + (found.catalogue().has("user_sessions") ? PER_SESSION * Snapshot.rows(handle, "user_sessions") : 0);
        return AT_LEAST + added + Math.min(added, MAX_OF_A_STEP);
    }
}
