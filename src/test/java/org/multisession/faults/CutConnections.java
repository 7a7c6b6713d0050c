package org.multisession.faults;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.PostgresStatementLog;

/** Cuts all connections to a database by {@code pg_terminate_backend} just before a statement reaches the server. */
final class CutConnections {

    /** What came of it: whether there was such a statement, and what the work threw. */
    record Outcome(boolean reached, @Nullable RuntimeException thrown) {}

    private CutConnections() {}

    /** Runs the work, and cuts off everybody but the old app before its n-th statement. Other threads are left alone. */
    static Outcome during(int nth, PostgresApp old, Runnable work) {
        AtomicInteger statements = new AtomicInteger();
        RuntimeException thrown = null;
        try {
            PostgresStatementLog.watch(
                    () -> {
                        if (statements.incrementAndGet() == nth) {
                            old.cutOthers();
                        }
                    },
                    work);
        } catch (RuntimeException e) {
            thrown = e;
        }
        return new Outcome(statements.get() >= nth, thrown);
    }
}
