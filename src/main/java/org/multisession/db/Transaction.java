package org.multisession.db;

import java.sql.Connection;

/**
 * A handle inside a write transaction: all of it is kept, or nothing. A DAO method that writes asks for one of these,
 * so that nothing can be written outside a transaction by accident.
 */
public final class Transaction extends Handle {

    Transaction(Connection connection) {
        super(connection);
    }
}
