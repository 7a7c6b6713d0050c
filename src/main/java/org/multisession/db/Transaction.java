package org.multisession.db;

import java.sql.Connection;

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
}
