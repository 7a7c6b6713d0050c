package org.multisession.copy;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Transaction;
import org.multisession.db.postgres.BulkLoad;

/** A PostgreSQL database, into which rows are carried by COPY. */
final class PostgresTarget extends Target {

    PostgresTarget(Transaction transaction) {
        super(transaction, "pg_temp", " OVERRIDING SYSTEM VALUE");
    }

    @Override
    RowStream rows(TablePlan plan, Faults faults) throws SQLException {
        return new PostgresRows(transaction, plan, faults);
    }

    @Override
    Writer writer(String table, String columnList, List<TablePlan.Column> columns) {
        return new Copied(table, columnList, columns);
    }

    @Override
    void analyze(String table) throws SQLException {
        ComposedSql.run(transaction, "ANALYZE " + table);
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
