package org.multisession.db.postgres;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import org.postgresql.PGConnection;

/** PostgreSQL's fastest way in: {@code COPY … FROM STDIN}. */
public final class BulkLoad {

    private BulkLoad() {}

    /**
     * Runs a COPY statement on rows in its text format.
     *
     * @param length how many of the bytes count
     */
    public static void run(Connection connection, String copy, byte[] rows, int length) throws SQLException {
        try {
            connection.unwrap(PGConnection.class).getCopyAPI().copyIn(copy, new ByteArrayInputStream(rows, 0, length));
        } catch (IOException e) {
            throw new SQLException("the rows could not be sent", "08006", e);
        }
    }
}
