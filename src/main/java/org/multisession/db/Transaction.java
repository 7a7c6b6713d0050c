package org.multisession.db;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A handle inside a write transaction: all of it is kept, or nothing. DAO methods that write take one, so that nothing
 * can be written outside a transaction by accident.
 */
public final class Transaction extends Handle {

    private static final Sql LOCK = Sql.once("lock a key", "");
    private static final Sql SAVEPOINT = Sql.once("set a savepoint", "");

    private final List<Runnable> afterCommit = new ArrayList<>();

    Transaction(Connection connection, PreparedStatements statements) {
        super(connection, statements);
    }

    /** Has this run once the transaction is committed; it must not fail. What is rolled back is never told of. */
    public void afterCommit(Runnable task) {
        afterCommit.add(task);
    }

    /** How many tasks wait for the commit, for {@link #forgetSince}. */
    int tasks() {
        return afterCommit.size();
    }

    /** Forgets the tasks of work that was rolled back to a savepoint. */
    void forgetSince(int tasks) {
        afterCommit.subList(tasks, afterCommit.size()).clear();
    }

    void committed() {
        afterCommit.forEach(Runnable::run);
    }

    /** A statement that changes something: bind its parameters, then run it. */
    public Statement.Update update(Sql sql) {
        return new Statement.Update(sql, statements());
    }

    /**
     * Runs work inside this transaction and rolls it back, whether it succeeds or not.
     *
     * @throws TransactionLostException if a trigger or a constraint of the table has rolled the whole transaction back:
     *     nothing may be written after that
     */
    public <T> T undone(Database.Work<? super Transaction, T> work) throws SQLException {
        run("SAVEPOINT undone");
        int tasks = tasks();
        T result;
        try {
            result = work.run(this);
        } catch (SQLException e) {
            forgetSince(tasks);
            takeBack(e);
            throw e;
        } catch (RuntimeException e) {
            forgetSince(tasks);
            takeBack(e.getCause() instanceof SQLException cause ? cause : null);
            throw e;
        }
        forgetSince(tasks);
        takeBack(null);
        return result;
    }

    /**
     * Deletes rows, unless others refer to one of them and would be left behind; then all stay, and it returns false. Where
     * a failure would end the transaction, there is a savepoint around it.
     */
    public boolean deletesUnlessReferredTo(Statement.Update delete) {
        boolean isGuarded = vendor().isServer();
        if (isGuarded) {
            savepoint("SAVEPOINT referred_to");
        }
        try {
            delete.run();
        } catch (StatementException e) {
            if (!vendor().isReferredTo(e.failure())) {
                throw e;
            }
            if (isGuarded) {
                savepoint("ROLLBACK TO referred_to");
            }
            return false;
        }
        if (isGuarded) {
            savepoint("RELEASE referred_to");
        }
        return true;
    }

    private void savepoint(String sql) {
        try {
            run(sql);
        } catch (SQLException e) {
            throw new StatementException(SAVEPOINT, e, vendor());
        }
    }

    /**
     * Keeps every other transaction that locks the same key, on any node, waiting until this one ends: for what is read
     * first and written then. Lock before the reading.
     */
    public void lock(String key) {
        try {
            vendor().lock(connection(), key);
        } catch (SQLException e) {
            throw new StatementException(LOCK, e, vendor());
        }
    }

    private void run(String sql) throws SQLException {
        try (java.sql.Statement statement = connection().createStatement()) {
            statement.execute(sql);
        }
    }

    private void takeBack(@Nullable SQLException failure) throws SQLException {
        try {
            run("ROLLBACK TO undone");
            run("RELEASE undone");
        } catch (SQLException e) {
            throw new TransactionLostException(failure == null ? e : failure);
        }
    }
}
