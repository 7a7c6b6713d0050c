package org.multisession.faults;

import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.multisession.testing.StatementLog;
import org.sqlite.SQLiteErrorCode;

/**
 * Lets a statement fail that is about to reach SQLite, with an error that cannot be had for real at a statement of one's
 * choice. Thrown from the driver's own log, which is written in the thread and at the moment of the statement.
 */
final class FailingStatements {

    /** How long it goes on. */
    enum Lasting {
        /** One statement fails, and what follows (the rollback) works. */
        ONCE,
        /** The rollback fails too, and everything else until the work is given up. */
        TO_THE_END
    }

    /** What came of it: whether there was such a statement, and what the work threw. */
    record Outcome(boolean reached, @Nullable RuntimeException thrown) {}

    /**
     * By it the pool sees whether a connection that has rested for half a second is alive. Where it is not, the pool takes
     * another one.
     */
    private static final String LOOK_OF_THE_POOL = "select 1";

    private FailingStatements() {}

    /** Runs the work with its n-th statement failing. Other threads are left alone. */
    static Outcome during(int nth, SQLiteErrorCode code, Lasting lasting, Runnable work) {
        Thread own = Thread.currentThread();
        AtomicInteger statements = new AtomicInteger();
        RuntimeException thrown = null;
        try {
            StatementLog.watch(
                    statement -> {
                        if (Thread.currentThread() != own || statement.equals(LOOK_OF_THE_POOL)) {
                            return;
                        }
                        int number = statements.incrementAndGet();
                        if (number == nth || (number > nth && lasting == Lasting.TO_THE_END)) {
                            FailingStatements.<RuntimeException>fail(
                                    new SQLException("[" + code.name() + "] " + code.message, null, code.code));
                        }
                    },
                    work);
        } catch (RuntimeException e) {
            thrown = e;
        }
        return new Outcome(statements.get() >= nth, thrown);
    }

    /** The driver declares the exception in the method that writes that line; a log does not. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <E extends Exception> void fail(SQLException failure) throws E {
        throw (E) failure;
    }
}
