package org.multisession.faults;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.multisession.testing.PostgresApp;

/**
 * Cuts all connections to a database by {@code pg_terminate_backend} just before a statement reaches the server: the
 * driver logs each one in the thread and at the moment in which it is about to be sent.
 */
final class CutConnections {

    /** Held here, because the log manager forgets a logger that nobody holds. */
    private static final Logger DRIVER = Logger.getLogger("org.postgresql.core.v3.QueryExecutorImpl");

    /** What came of it: whether there was such a statement, and what the work threw. */
    record Outcome(boolean reached, @Nullable RuntimeException thrown) {}

    private CutConnections() {}

    /** Runs the work, and cuts off everybody but the old app before its n-th statement. Other threads are left alone. */
    static Outcome during(int nth, PostgresApp old, Runnable work) {
        Thread own = Thread.currentThread();
        AtomicInteger statements = new AtomicInteger();
        AtomicBoolean isCutting = new AtomicBoolean();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                String message = Objects.requireNonNullElse(entry.getMessage(), "");
                boolean isStatement = message.contains("FE=> Execute") || message.contains("FE=> SimpleQuery");
                if (isStatement
                        && Thread.currentThread() == own
                        && !isCutting.get()
                        && statements.incrementAndGet() == nth) {
                    isCutting.set(true);
                    old.cutOthers();
                    isCutting.set(false);
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Level level = DRIVER.getLevel();
        boolean toParents = DRIVER.getUseParentHandlers();
        DRIVER.setUseParentHandlers(false);
        DRIVER.setLevel(Level.ALL);
        DRIVER.addHandler(handler);
        RuntimeException thrown = null;
        try {
            work.run();
        } catch (RuntimeException e) {
            thrown = e;
        } finally {
            DRIVER.removeHandler(handler);
            DRIVER.setLevel(level);
            DRIVER.setUseParentHandlers(toParents);
        }
        return new Outcome(statements.get() >= nth, thrown);
    }
}
