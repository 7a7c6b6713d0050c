package org.multisession.db;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/**
 * A borrowed connection, for reading. {@link Database#read} passes it to a callback, and it is invalid afterwards.
 * Callers above the DAOs pass it on and never see JDBC.
 */
public sealed class Handle permits Transaction {

    private static final Sql SCHEMA_STATE = Sql.of("state of the schema", "SELECT ({schemaState}) AS state");

    private final Connection connection;
    private final PreparedStatements statements;
    private String latest = "";

    Handle(Connection connection, PreparedStatements statements) {
        this.connection = connection;
        this.statements = statements;
    }

    /** A handle on a connection outside any pool; its statements contain no words but the vendor's. */
    public static Handle on(Connection connection, Vendor vendor) {
        Vocabulary words = Vocabulary.of(vendor);
        return new Handle(connection, new PreparedStatements(connection, vendor, () -> words));
    }

    /** The kind of this database. */
    public final Vendor vendor() {
        return statements.vendor();
    }

    /** The number by which a {@link Guard} knows the schema again. */
    public final long schemaState() {
        return query(SCHEMA_STATE).one(row -> row.number("state"));
    }

    /** A statement that reads: bind its parameters, then ask for its rows. */
    public final Statement.Query query(Sql sql) {
        return new Statement.Query(sql, statements);
    }

    /** A JDBC statement of this connection; the caller closes it. */
    public final PreparedStatement prepare(String sql) throws SQLException {
        latest = sql;
        return connection.prepareStatement(sql);
    }

    /** The text of the statement prepared last, which after a failure is the one that failed. */
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
