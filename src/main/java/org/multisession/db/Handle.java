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

    Handle(Connection connection) {
        this.connection = connection;
    }

    /** A statement of this connection; the caller closes it. */
    public final PreparedStatement prepare(String sql) throws SQLException {
        return connection.prepareStatement(sql);
    }

    final Connection connection() {
        return connection;
    }
}
