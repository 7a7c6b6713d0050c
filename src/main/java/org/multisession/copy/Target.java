package org.multisession.copy;

import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Transaction;

/** The database that rows are carried to, in a single transaction; the two kinds differ in how rows get in. */
abstract class Target {

    /** Takes rows until it is closed. */
    interface Writer extends AutoCloseable {

        void add(@Nullable String[] row) throws SQLException;

        @Override
        void close() throws SQLException;
    }

    final Transaction transaction;
    private final String temporary;
    private final String insert;

    /**
     * @param temporary the schema of temporary tables
     * @param insert what stands between the columns and the rows of an INSERT
     */
    Target(Transaction transaction, String temporary, String insert) {
        this.transaction = transaction;
        this.temporary = temporary;
        this.insert = insert;
    }

    /** The rows of a table as they are now. */
    abstract RowStream rows(TablePlan plan, Faults faults) throws SQLException;

    /** Puts rows into these columns of a table. */
    abstract Writer writer(String table, String columnList, List<TablePlan.Column> columns) throws SQLException;

    /** Has a temporary table that is filled now found fast. */
    void analyze(String table) throws SQLException {
        // Where a plan does not depend on it there is nothing to do.
    }

    boolean isEmpty(TablePlan plan) throws SQLException {
        return ComposedSql.texts(transaction, "SELECT 1 FROM " + plan.quotedName() + plan.where() + " LIMIT 1")
                .isEmpty();
    }

    void clear(TablePlan plan) throws SQLException {
        run("DELETE FROM " + plan.quotedName() + plan.where());
    }

    /** Puts rows into a table that nothing reads meanwhile. */
    Writer load(TablePlan plan) throws SQLException {
        return writer(plan.quotedName(), plan.columnList(), plan.columns());
    }

    /** Begins to note the differences of a table, whose rows are read meanwhile. */
    Changes change(TablePlan plan) throws SQLException {
        return new Changes(plan);
    }

    /** Takes differences until they are applied: what is to go goes first, so that no order breaks a constraint. */
    final class Changes {

        private final TablePlan plan;
        private final String copied;
        private final String gone;
        private final Writer toCopied;
        private final Writer toGone;

        private Changes(TablePlan plan) throws SQLException {
            this.plan = plan;
            copied = noted("multisession_copied", plan.columnList(), plan.quotedName());
            gone = noted("multisession_gone", plan.keyList(), plan.quotedName());
            toCopied = writer(copied, plan.columnList(), plan.columns());
            toGone = writer(
                    gone,
                    plan.keyList(),
                    plan.key().stream().map(i -> plan.columns().get(i)).toList());
        }

        void remove(@Nullable String[] row) throws SQLException {
            toGone.add(plan.key().stream().map(i -> row[i]).toArray(String[]::new));
        }

        void add(@Nullable String[] row) throws SQLException {
            toCopied.add(row);
        }

        void apply() throws SQLException {
            String table = plan.quotedName();
            String columns = plan.columnList();
            String key = plan.keyList();
            toCopied.close();
            toGone.close();
            analyze(gone);
            run("DELETE FROM " + table + " WHERE (" + key + ") IN (SELECT " + key + " FROM " + gone + ")");
            run("INSERT INTO " + table + " (" + columns + ")" + insert + " SELECT " + columns + " FROM " + copied);
            run("DROP TABLE " + copied);
            run("DROP TABLE " + gone);
        }
    }

    /** An empty temporary table with these columns of a table. */
    private String noted(String name, String columns, String table) throws SQLException {
        String noted = temporary + "." + name;
        run("DROP TABLE IF EXISTS " + noted);
        run("CREATE TEMP TABLE " + name + " AS SELECT " + columns + " FROM " + table + " LIMIT 0");
        return noted;
    }

    private void run(String sql) throws SQLException {
        ComposedSql.run(transaction, sql);
    }
}
