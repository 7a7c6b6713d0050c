package org.multisession.copy;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Transaction;

/** A SQLite database in the transaction that everything is carried in. */
final class SqliteTarget implements Target {

    private static final String COPIED = "temp.multisession_copied";
    private static final String GONE = "temp.multisession_gone";

    private final Transaction transaction;

    SqliteTarget(Transaction transaction) {
        this.transaction = transaction;
    }

    @Override
    public RowStream rows(TablePlan plan, Faults faults) throws SQLException {
        return new SqliteRows(transaction, plan, faults);
    }

    @Override
    public boolean isEmpty(TablePlan plan) throws SQLException {
        try (PreparedStatement statement =
                        transaction.prepare("SELECT 1 FROM " + plan.quotedName() + plan.where() + " LIMIT 1");
                ResultSet row = statement.executeQuery()) {
            return !row.next();
        }
    }

    @Override
    public void clear(TablePlan plan) throws SQLException {
        run("DELETE FROM " + plan.quotedName() + plan.where());
    }

    @Override
    public Writer load(TablePlan plan) throws SQLException {
        return new Inserted(plan.quotedName(), plan.columnList(), plan.columns());
    }

    @Override
    public Changes change(TablePlan plan) throws SQLException {
        run("DROP TABLE IF EXISTS " + COPIED);
        run("DROP TABLE IF EXISTS " + GONE);
        run("CREATE TEMP TABLE multisession_copied AS SELECT " + plan.columnList() + " FROM " + plan.quotedName()
                + " LIMIT 0");
        run("CREATE TEMP TABLE multisession_gone AS SELECT " + plan.keyList() + " FROM " + plan.quotedName()
                + " LIMIT 0");
        List<TablePlan.Column> keyColumns =
                plan.key().stream().map(i -> plan.columns().get(i)).toList();
        Inserted copied = new Inserted(COPIED, plan.columnList(), plan.columns());
        Inserted gone = new Inserted(GONE, plan.keyList(), keyColumns);
        return new Changes() {
            @Override
            public void remove(@Nullable String[] row) throws SQLException {
                gone.add(plan.key().stream().map(i -> row[i]).toArray(String[]::new));
            }

            @Override
            public void add(@Nullable String[] row) throws SQLException {
                copied.add(row);
            }

            @Override
            public void apply() throws SQLException {
                copied.close();
                gone.close();
                run("DELETE FROM " + plan.quotedName() + " WHERE (" + plan.keyList() + ") IN (SELECT " + plan.keyList()
                        + " FROM " + GONE + ")");
                run("INSERT INTO " + plan.quotedName() + " (" + plan.columnList() + ") SELECT " + plan.columnList()
                        + " FROM " + COPIED);
                run("DROP TABLE " + COPIED);
                run("DROP TABLE " + GONE);
            }
        };
    }

    private void run(String sql) throws SQLException {
        try (Statement statement = transaction.connection().createStatement()) {
            statement.executeUpdate(sql);
        }
    }

    private final class Inserted implements Writer {

        private static final int AT_ONCE = 500;

        private final List<TablePlan.Column> columns;
        private final PreparedStatement insert;
        private int waiting;

        Inserted(String table, String columnList, List<TablePlan.Column> columns) throws SQLException {
            this.columns = columns;
            String values = columns.stream().map(column -> "?").collect(Collectors.joining(", "));
            insert = transaction.prepare("INSERT INTO " + table + " (" + columnList + ") VALUES (" + values + ")");
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
