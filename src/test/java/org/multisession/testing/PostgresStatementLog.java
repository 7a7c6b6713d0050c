package org.multisession.testing;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
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
        Level level = DRIVER.getLevel();
        boolean toParents = DRIVER.getUseParentHandlers();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                String message = Objects.requireNonNullElse(entry.getMessage(), "");
                boolean isStatement = message.contains("FE=> Execute") || message.contains("FE=> SimpleQuery");
                if (isStatement && Thread.currentThread() == own && isTelling.compareAndSet(false, true)) {
                    before.run();
                    isTelling.set(false);
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        DRIVER.setUseParentHandlers(false);
        DRIVER.setLevel(Level.ALL);
        DRIVER.addHandler(handler);
        try {
            work.run();
        } finally {
            DRIVER.removeHandler(handler);
            DRIVER.setLevel(level);
            DRIVER.setUseParentHandlers(toParents);
        }
    }
}
