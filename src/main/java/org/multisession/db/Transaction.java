package org.multisession.db;

import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * A handle inside a write transaction: all of it is kept, or nothing. A DAO method that writes asks for one of these,
 * so that nothing can be written outside a transaction by accident.
 */
public final class Transaction extends Handle {

    Transaction(Connection connection, PreparedStatements statements) {
        super(connection, statements);
    }

    /** A statement that changes something; bind its parameters and run it. */
    public Statement.Update update(Sql sql) {
        return new Statement.Update(sql, statements());
    }

    /**
     * Runs work inside this transaction and takes back what it did, whether it went well or not.
     *
     * @throws TransactionLostException if a trigger or a constraint of the table has rolled the whole transaction back:
     *     nothing may be written after that
     */
    public <T> T undone(Database.Work<? super Transaction, T> work) throws SQLException {
        run("SAVEPOINT undone");
        T result;
        try {
            result = work.run(this);
        } catch (SQLException e) {
            takeBack(e);
            throw e;
        } catch (RuntimeException e) {
            takeBack(e.getCause() instanceof SQLException cause ? cause : null);
            throw e;
        }
        takeBack(null);
        return result;
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
