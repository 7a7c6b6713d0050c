package org.multisession.copy;

import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Transaction;
import org.multisession.db.postgres.BulkLoad;

/** A PostgreSQL database in the transaction that everything is carried in. */
final class PostgresTarget implements Target {

    private static final String COPIED = "pg_temp.multisession_copied";
    private static final String GONE = "pg_temp.multisession_gone";

    private final Transaction transaction;

    PostgresTarget(Transaction transaction) {
        this.transaction = transaction;
    }

    @Override
    public RowStream rows(TablePlan plan, Faults faults) throws SQLException {
        return new PostgresRows(transaction, plan, faults);
    }

    @Override
    public boolean isEmpty(TablePlan plan) throws SQLException {
        return isEmpty("SELECT 1 FROM " + plan.quotedName() + plan.where() + " LIMIT 1");
    }

    private boolean isEmpty(String sql) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(sql);
                ResultSet row = statement.executeQuery()) {
            return !row.next();
        }
    }

    @Override
    public void clear(TablePlan plan) throws SQLException {
        run("DELETE FROM " + plan.quotedName() + plan.where());
    }

    @Override
    public Writer load(TablePlan plan) {
        return new Copied(plan.quotedName(), plan.columnList(), plan.columns());
    }

    @Override
    public Changes change(TablePlan plan) throws SQLException {
        List<TablePlan.Column> keyColumns =
                plan.key().stream().map(i -> plan.columns().get(i)).toList();
        run("CREATE TEMP TABLE multisession_copied ON COMMIT DROP AS SELECT " + plan.columnList() + " FROM "
                + plan.quotedName() + " LIMIT 0");
        run("CREATE TEMP TABLE multisession_gone ON COMMIT DROP AS SELECT " + plan.keyList() + " FROM "
                + plan.quotedName() + " LIMIT 0");
        Copied copied = new Copied(COPIED, plan.columnList(), plan.columns());
        Copied gone = new Copied(GONE, plan.keyList(), keyColumns);
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
                run("ANALYZE " + GONE);
                run("DELETE FROM " + plan.quotedName() + " WHERE (" + plan.keyList() + ") IN (SELECT " + plan.keyList()
                        + " FROM " + GONE + ")");
                run("INSERT INTO " + plan.quotedName() + " (" + plan.columnList() + ") OVERRIDING SYSTEM VALUE SELECT "
                        + plan.columnList() + " FROM " + COPIED);
                run("DROP TABLE " + COPIED);
                run("DROP TABLE " + GONE);
            }
        };
    }

    private void run(String sql) throws SQLException {
        try (Statement statement = transaction.connection().createStatement()) {
            statement.execute(sql);
        }
    }

    /** Rows in the text format of COPY, sent some thousands at a time. */
    private final class Copied implements Writer {

        private static final int AT_ONCE = 1 << 20;

        private final String copy;
        private final List<TablePlan.Column> columns;
        private final StringBuilder rows = new StringBuilder();

        Copied(String table, String columnList, List<TablePlan.Column> columns) {
            this.copy = "COPY " + table + " (" + columnList + ") FROM STDIN";
            this.columns = columns;
        }

        @Override
        public void add(@Nullable String[] row) throws SQLException {
            for (int i = 0; i < row.length; i++) {
                if (i > 0) {
                    rows.append('\t');
                }
                String value = row[i];
                if (value == null) {
                    rows.append("\\N");
                } else {
                    escape(columns.get(i).type().toPostgres(value));
                }
            }
            rows.append('\n');
            if (rows.length() >= AT_ONCE) {
                close();
            }
        }

        private void escape(String value) {
            for (int i = 0; i < value.length(); i++) {
                char c = value.charAt(i);
                switch (c) {
                    case '\\' -> rows.append("\\\\");
                    case '\n' -> rows.append("\\n");
                    case '\r' -> rows.append("\\r");
                    case '\t' -> rows.append("\\t");
                    default -> rows.append(c);
                }
            }
        }

        @Override
        public void close() throws SQLException {
            if (rows.length() > 0) {
                byte[] bytes = rows.toString().getBytes(StandardCharsets.UTF_8);
                rows.setLength(0);
                BulkLoad.run(transaction.connection(), copy, bytes, bytes.length);
            }
        }
    }
}
