package org.multisession.db;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Knows how long answers stay true: a connection of its own that the database tells of every commit but its own ({@link
 * ChangeCounter}). Whatever anybody else commits, begins a new state.
 *
 * <p>It makes those commits itself that change no answer, or only some that are known, such as when sessions were last
 * seen; otherwise these alone, every few seconds, would drop all that is kept. That nothing else was changed is not
 * believed but counted: the rows that the connection has changed, those of triggers and foreign keys among them, must be
 * as many as its statements have changed themselves.
 *
 * <p>Nobody waits here, neither for a commit nor for somebody else's lock: meanwhile nothing is kept. Safe for use by many
 * threads.
 */
final class AnswerKeeper implements AutoCloseable {

    /** What is asked and written by; opened when it is needed first, and anew after a failure. */
    private record Line(Connection connection, ChangeCounter changes, PreparedStatements statements) {}

    private final Vendor vendor;
    private final DataSource source;
    private final Duration wait;

    private @Nullable Line line;
    private AnswerCache.State state = new AnswerCache.State();
    private long seen;
    private boolean isCommitting;
    private boolean isClosed;

    /**
     * @param source of connections that do not wait for a lock, not even while one is opened
     * @param wait how long a commit waits for readers that are in its way
     */
    AnswerKeeper(Vendor vendor, DataSource source, Duration wait) {
        this.vendor = vendor;
        this.source = source;
        this.wait = wait;
    }

    /** The state of the database as of now; null where that cannot be told. */
    synchronized AnswerCache.@Nullable State state(Supplier<Vocabulary> vocabulary) throws SQLException {
        if (isCommitting || isClosed) {
            return null;
        }
        try {
            long now = line(vocabulary).changes().read();
            if (now != seen) {
                seen = now;
                state = new AnswerCache.State();
            }
            return state;
        } catch (SQLException e) {
            if (vendor.kindOf(e) == FailureKind.BUSY) {
                // It may be as it was; who asks next will know.
                return null;
            }
            startAnew();
            throw e;
        } catch (RuntimeException e) {
            startAnew();
            throw e;
        }
    }

    /**
     * Runs a transaction that changes no answers but those which are forgotten once it is committed.
     *
     * @param work returns false if it must not be done in this way; then it is rolled back
     * @param forget is called with the state that goes on
     * @return whether it was done; if not, nothing was changed, because somebody else has the lock, or at the wish of the
     *     work
     */
    boolean write(
            Supplier<Vocabulary> vocabulary,
            Database.Work<? super Transaction, Boolean> work,
            Consumer<AnswerCache.State> forget)
            throws SQLException {
        Line open;
        synchronized (this) {
            if (isClosed) {
                return false;
            }
            try {
                open = line(vocabulary);
            } catch (SQLException e) {
                if (vendor.kindOf(e) == FailureKind.BUSY) {
                    return false;
                }
                throw e;
            }
            isCommitting = true;
        }
        boolean isAsExpected = false;
        try {
            if (!isBegun(open.connection())) {
                isAsExpected = true;
                return false;
            }
            vendor.waitFor(open.connection(), wait);
            Transaction transaction = new Transaction(open.connection(), open.statements());
            long before = open.changes().rowsChanged() - open.statements().rowsChanged();
            boolean isDone = work.run(transaction);
            if (!isDone) {
                vendor.rollback(open.connection());
                vendor.waitFor(open.connection(), Duration.ZERO);
                isAsExpected = true;
                return false;
            }
            boolean isAllKnown =
                    open.changes().rowsChanged() - open.statements().rowsChanged() == before;
            vendor.commit(open.connection(), wait);
            transaction.committed();
            vendor.waitFor(open.connection(), Duration.ZERO);
            synchronized (this) {
                if (isAllKnown) {
                    forget.accept(state);
                } else {
                    state = new AnswerCache.State();
                }
            }
            isAsExpected = true;
            return true;
        } finally {
            open.statements().releaseAll();
            synchronized (this) {
                isCommitting = false;
                if (!isAsExpected) {
                    // Whether it was committed, and what else has changed, is not known; closing rolls it back.
                    startAnew();
                }
                if (isClosed) {
                    hangUp();
                }
            }
        }
    }

    private boolean isBegun(Connection connection) throws SQLException {
        try {
            vendor.begin(connection);
            return true;
        } catch (SQLException e) {
            if (vendor.kindOf(e) == FailureKind.BUSY) {
                return false;
            }
            throw e;
        }
    }

    private Line line(Supplier<Vocabulary> vocabulary) throws SQLException {
        Line open = line;
        if (open == null) {
            open = dial(vocabulary);
            line = open;
        }
        return open;
    }

    private Line dial(Supplier<Vocabulary> vocabulary) throws SQLException {
        Connection connection = source.getConnection();
        try {
            return new Line(
                    connection, vendor.changes(connection), new PreparedStatements(connection, vendor, vocabulary));
        } catch (SQLException | RuntimeException | Error e) {
            connection.close();
            throw e;
        }
    }

    /** Another connection counts otherwise, so nothing that is kept goes over to it. */
    private void startAnew() {
        state = new AnswerCache.State();
        hangUp();
    }

    private void hangUp() {
        Line open = line;
        line = null;
        if (open != null) {
            try {
                open.connection().close();
            } catch (SQLException e) {
                // It is not used again in any case.
                return;
            }
        }
    }

    @Override
    public synchronized void close() {
        isClosed = true;
        if (!isCommitting) {
            hangUp();
        }
    }
}
