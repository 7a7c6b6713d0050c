package org.multisession.copy;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Transaction;

/** A SQLite database, into which rows are carried by batches of INSERT. */
final class SqliteTarget extends Target {

    SqliteTarget(Transaction transaction) {
        super(transaction, "temp", "");
    }

    @Override
    RowStream rows(TablePlan plan, Faults faults) throws SQLException {
        return new SqliteRows(transaction, plan, faults);
    }

    @Override
    Writer writer(String table, String columnList, List<TablePlan.Column> columns) throws SQLException {
        return new Inserted(table, columnList, columns);
    }

    private final class Inserted implements Writer {

        private static final int AT_ONCE = 500;

        private final List<TablePlan.Column> columns;
        private final PreparedStatement insert;
        private int waiting;

        Inserted(String table, String columnList, List<TablePlan.Column> columns) throws SQLException {
            this.columns = columns;
            insert = transaction.prepare("INSERT INTO " + table + " (" + columnList + ") VALUES (?"
                    + ", ?".repeat(columns.size() - 1) + ")");
        }

        @Override
        public void add(@Nullable String[] row) throws SQLException {
            for (int i = 0; i < row.length; i++) {
                String value = row[i];
                insert.setObject(
                        i + 1, value == null ? null : columns.get(i).type().toSqlite(value));
            }
            insert.addBatch();
            if (++waiting == AT_ONCE) {
                insert.executeBatch();
                waiting = 0;
            }
        }

        @Override
        public void close() throws SQLException {
            try {
                insert.executeBatch();
            } finally {
                insert.close();
            }
        }
    }
}
