package org.multisession.testing;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Logger;

/** The statements that reach a PostgreSQL server, at the moment in which they do: its driver logs each one. */
public final class PostgresStatementLog {

    /** Held here, because the log manager forgets a logger that nobody holds. */
    private static final Logger DRIVER = Logger.getLogger("org.postgresql.core.v3.QueryExecutorImpl");

    private PostgresStatementLog() {}

    /**
     * Tells of every statement of this thread just before it is sent. Of others nothing is told: a pool opens connections
     * whenever it likes. Nor of those that the one who is told sends himself.
     */
    public static void watch(Runnable before, Runnable work) {
        Thread own = Thread.currentThread();
        AtomicBoolean isTelling = new AtomicBoolean();
        DriverLog.watch(
                DRIVER,
                line -> {
                    boolean isStatement = line.contains("FE=> Execute") || line.contains("FE=> SimpleQuery");
                    if (isStatement && Thread.currentThread() == own && isTelling.compareAndSet(false, true)) {
                        before.run();
                        isTelling.set(false);
                    }
                },
                work);
    }
}
