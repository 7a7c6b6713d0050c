package org.multisession.db;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Knows whether kept answers are still true. It has a connection of its own, which the database tells of every commit that
 * another connection makes ({@link ChangeCounter}). Each such commit begins a new state.
 *
 * <p>Commits that change no answer, or only known ones, it makes itself: when sessions were last seen is written every few
 * seconds, and would otherwise drop everything that is kept. That nothing else was changed is not assumed but counted: the
 * connection must have changed exactly as many rows, including those of triggers and foreign keys, as its statements
 * report.
 *
 * <p>Nobody waits here, neither for a commit nor for another program's lock; while one lasts, nothing is kept. Safe for use
 * by many threads.
 */
final class AnswerKeeper implements AutoCloseable {

    /** The connection, with what belongs to it. */
    private record Link(Connection connection, ChangeCounter changes, PreparedStatements statements) {}

    private final Vendor vendor;
    private final DataSource source;
    private final Duration wait;

    // All guarded by this.

    /** Opened when it is first needed, and again after a failure. */
    private @Nullable Link link;

    private AnswerCache.State state = new AnswerCache.State();

    /** What the counter of changes said when this state began. */
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
            long now = link(vocabulary).changes().read();
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
        Link open = linkToWrite(vocabulary);
        if (open == null) {
            return false;
        }
        boolean isStateKnown = false;
        try {
            boolean isDone = isBegun(open.connection()) && run(open, work, forget);
            isStateKnown = true;
            return isDone;
        } finally {
            open.statements().releaseAll();
            endWrite(isStateKnown);
        }
    }

    /** Null if nothing can be written now. Until {@link #endWrite}, nothing is kept. */
    private synchronized @Nullable Link linkToWrite(Supplier<Vocabulary> vocabulary) throws SQLException {
        if (isClosed) {
            return null;
        }
        try {
            Link open = link(vocabulary);
            isCommitting = true;
            return open;
        } catch (SQLException e) {
            if (vendor.kindOf(e) == FailureKind.BUSY) {
                return null;
            }
            throw e;
        }
    }

    private boolean run(Link open, Database.Work<? super Transaction, Boolean> work, Consumer<AnswerCache.State> forget)
            throws SQLException {
        Connection connection = open.connection();
        vendor.waitFor(connection, wait);
        Transaction transaction = new Transaction(connection, open.statements());
        long before = rowsChangedByOthers(open);
        boolean isDone = work.run(transaction);
        if (isDone) {
            boolean isAllKnown = rowsChangedByOthers(open) == before;
            vendor.commit(connection, wait);
            transaction.committed();
            vendor.waitFor(connection, Duration.ZERO);
            committed(isAllKnown, forget);
        } else {
            vendor.rollback(connection);
            vendor.waitFor(connection, Duration.ZERO);
        }
        return isDone;
    }

    /** Rows that were changed on this connection by triggers and foreign keys, and not by the statements themselves. */
    private static long rowsChangedByOthers(Link open) throws SQLException {
        return open.changes().rowsChanged() - open.statements().rowsChanged();
    }

    private synchronized void committed(boolean isAllKnown, Consumer<AnswerCache.State> forget) {
        if (isAllKnown) {
            forget.accept(state);
        } else {
            state = new AnswerCache.State();
        }
    }

    private synchronized void endWrite(boolean isStateKnown) {
        isCommitting = false;
        if (!isStateKnown) {
            // Whether it was committed, and what else has changed, is not known; closing rolls it back.
            startAnew();
        }
        if (isClosed) {
            disconnect();
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

    private Link link(Supplier<Vocabulary> vocabulary) throws SQLException {
        Link open = link;
        if (open == null) {
            open = connect(vocabulary);
            link = open;
        }
        return open;
    }

    private Link connect(Supplier<Vocabulary> vocabulary) throws SQLException {
        Connection connection = source.getConnection();
        try {
            return new Link(
                    connection, vendor.changes(connection), new PreparedStatements(connection, vendor, vocabulary));
        } catch (SQLException | RuntimeException | Error e) {
            connection.close();
            throw e;
        }
    }

    /** Another connection counts differently, so nothing that is kept carries over to it. */
    private void startAnew() {
        state = new AnswerCache.State();
        disconnect();
    }

    private void disconnect() {
        Link open = link;
        link = null;
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
            disconnect();
        }
    }
}
