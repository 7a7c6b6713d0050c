package org.multisession.db;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/**
 * One borrowed connection, for reading. Handed to a callback by {@link Database#read} and of no use after it; the
 * callers above the DAOs pass it on and never see JDBC.
 */
public sealed class Handle permits Transaction {

    private final Connection connection;
    private final PreparedStatements statements;
    private String latest = "";

    Handle(Connection connection, PreparedStatements statements) {
        this.connection = connection;
        this.statements = statements;
    }

    /** A handle on a connection that no pool has, whose statements hold no words but the vendor's. */
    public static Handle on(Connection connection, Vendor vendor) {
        Vocabulary words = Vocabulary.of(vendor);
        return new Handle(connection, new PreparedStatements(connection, vendor, () -> words));
    }

    /** The kind of database that this is. */
    public final Vendor vendor() {
        return statements.vendor();
    }

    /** A statement that reads; bind its parameters and ask for its rows. */
    public final Statement.Query query(Sql sql) {
        return new Statement.Query(sql, statements);
    }

    /** A statement of this connection; the caller closes it. */
    public final PreparedStatement prepare(String sql) throws SQLException {
        latest = sql;
        return connection.prepareStatement(sql);
    }

    /** The text of the statement that was prepared last: after a failure, the one that has failed. */
    public final String latestStatement() {
        return latest;
    }

    public final Connection connection() {
        return connection;
    }

    final PreparedStatements statements() {
        return statements;
    }
}
