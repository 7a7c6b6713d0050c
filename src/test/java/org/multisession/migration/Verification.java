package org.multisession.migration;

import org.multisession.db.Database;

/** What the verification of a migration sees, for tests of other packages. */
public final class Verification {

    private Verification() {}

    /** How many sessions are live for it. */
    public static long sessions(Database database) {
        return database.<Long>read(
                handle -> Snapshot.after(handle, Progress.NONE).sessionCount());
    }
}
