package org.multisession.migration.postgres;

import java.time.Duration;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.Transaction;

/** Makes changes of the team's tables that wait for their locks only for a moment, again and again. */
final class ShortLock {

    /** Whoever waits for a lock on a table keeps everybody behind waiting as well, so it is not for long. */
    private static final Duration WAIT = Duration.ofMillis(500);

    /** A node that stands still while it holds one keeps everybody waiting too. */
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private static final int TRIES = 60;

    private ShortLock() {}

    /**
     * Runs it in a transaction of its own, as often as somebody holds a lock for too long; others pass in between.
     *
     * @throws DatabaseBusyException if somebody never lets go
     */
    static void patiently(Database database, Database.Act<Transaction> act) {
        for (int tries = 1; ; tries++) {
            try {
                database.execute(transaction -> {
                    ComposedSql.run(
                            transaction,
                            "SET LOCAL lock_timeout = " + WAIT.toMillis()
                                    + "; SET LOCAL idle_in_transaction_session_timeout = " + PAUSE.toMillis());
                    act.run(transaction);
                });
                return;
            } catch (DatabaseBusyException e) {
                if (tries == TRIES) {
                    throw e;
                }
            }
        }
    }
}
