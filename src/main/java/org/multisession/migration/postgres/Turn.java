package org.multisession.migration.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;
import org.multisession.db.postgres.TimeLimits;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to migrate, which one node has at a time. It is a locked row, so it ends with the connection that holds it;
 * and that ends once nothing was heard of the node for a while, be it frozen or cut off.
 *
 * <p>Such a node may go on later. So whoever has the turn puts a number of its own into a second row, and each of its
 * transactions locks that row and asks for the number: the next one waits for those that are under way before it takes the
 * number out, and those that come after find it gone.
 */
final class Turn implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Turn.class);

    /** Nobody collects garbage for so long, and nobody who waits for a deploy goes away. */
    static final Duration PATIENCE = Duration.ofSeconds(30);

    /**
     * A row that nothing else locks. Nobody waits for it in a statement: whoever does has a view of the database open, for
     * which the node that migrates would wait in turn when it makes an index concurrently.
     */
    private static final String TAKE = "SELECT 1 FROM multisession_locks WHERE slot = -1 FOR UPDATE SKIP LOCKED";

    private static final String RENUMBER =
            "DELETE FROM multisession_locks WHERE slot < -1;" + " INSERT INTO multisession_locks (slot) VALUES (%d)";

    private static final String IS_OURS = "SELECT 1 FROM multisession_locks WHERE slot = ? FOR KEY SHARE";

    /** A SELECT would keep its view of the database, for which an index that is made concurrently waits. */
    private static final String WORD = "SHOW lock_timeout";

    private static final String FORGET = "DELETE FROM multisession_locks WHERE slot = ?";

    private final Transaction holder;
    private final Database database;
    private final int number = ThreadLocalRandom.current().nextInt(Integer.MIN_VALUE, -1);
    private final ScheduledExecutorService heart;

    // Guarded by this.
    private boolean isLost;
    private @Nullable Connection atWork;

    private Turn(Transaction holder, Database database, Duration patience) throws SQLException {
        this.holder = holder;
        this.database = database;
        TimeLimits.liftWhileHeard(holder, patience);
        heart = Executors.newSingleThreadScheduledExecutor(beat -> {
            Thread thread = new Thread(beat, "multi-session-migration-turn");
            thread.setDaemon(true);
            return thread;
        });
        long interval = patience.dividedBy(6).toMillis();
        var unused = heart.scheduleWithFixedDelay(this::beat, interval, interval, TimeUnit.MILLISECONDS);
    }

    /**
     * Takes it, for as long as this transaction lasts; null if another node has it.
     *
     * @param holder does nothing else meanwhile
     * @param database gives the connections for the work
     * @param patience after how long a node that says nothing has lost it
     */
    static @Nullable Turn take(Transaction holder, Database database, Duration patience) throws SQLException {
        if (ComposedSql.number(holder, TAKE) == 0) {
            return null;
        }
        Turn turn = new Turn(holder, database, patience);
        try {
            database.execute(transaction -> ComposedSql.run(transaction, RENUMBER.formatted(turn.number)));
            return turn;
        } catch (RuntimeException | Error e) {
            turn.close();
            throw e;
        }
    }

    /** Says on the holder's connection that this node lives. */
    private void beat() {
        try (Statement statement = holder.connection().createStatement()) {
            statement.execute(WORD);
        } catch (SQLException e) {
            lose(e);
        }
    }

    /** What is under way may wait for an answer that never comes: only on this connection silence is noticed. */
    private synchronized void lose(SQLException reason) {
        if (!isLost) {
            isLost = true;
            log.warn(
                    "Migration: another node may go on with it, because the connection is lost that keeps this one's"
                            + " turn: {}",
                    holder.vendor().describe(reason));
        }
        if (atWork != null) {
            try {
                atWork.abort(Runnable::run);
            } catch (SQLException e) {
                log.debug("It was closed already: {}", e.getMessage());
            }
        }
    }

    /** Runs it as a transaction, of which nothing is kept if this node has lost its turn. */
    void execute(Database.Act<Transaction> act) {
        database.execute(transaction -> during(transaction, act));
    }

    /** The same with locks that are waited for as {@link ShortLock} does. */
    void patiently(Database.Act<Transaction> act) {
        ShortLock.patiently(database, transaction -> during(transaction, act));
    }

    /** For what can be in no transaction. Whether this node still has its turn is asked just before. */
    void outsideTransaction(Database.Act<Handle> act) {
        execute(transaction -> {});
        boolean unused = database.outsideTransaction(handle -> {
            watched(handle, act);
            return true;
        });
    }

    private void during(Transaction transaction, Database.Act<Transaction> act) throws SQLException {
        watched(transaction, any -> {
            if (ComposedSql.number(transaction, IS_OURS, number) == 0) {
                throw lost();
            }
            act.run(transaction);
        });
    }

    private void watched(Handle handle, Database.Act<Handle> act) throws SQLException {
        begin(handle.connection());
        try {
            act.run(handle);
        } finally {
            end();
        }
    }

    private synchronized void begin(Connection connection) {
        requireNotLost();
        atWork = connection;
    }

    /** The pool does not tell of a closed connection why it is, and that all can be tried again. */
    private synchronized void requireNotLost() {
        if (isLost) {
            throw lost();
        }
    }

    private synchronized void end() {
        atWork = null;
    }

    private static DatabaseBusyException lost() {
        return new DatabaseBusyException(
                "this node stood still, or was cut off, and another one may have gone on with the migration", null);
    }

    /** Takes back what says whose turn it is. */
    void end(Transaction transaction) throws SQLException {
        close();
        requireNotLost();
        int unused = ComposedSql.update(transaction, FORGET, number);
    }

    /** Lets go of the connection, so that its transaction can end. */
    @Override
    public void close() {
        heart.shutdown();
        try {
            boolean unused = heart.awaitTermination(1, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
