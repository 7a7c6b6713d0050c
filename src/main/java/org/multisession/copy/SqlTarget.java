package org.multisession.copy;

import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Transaction;

/** A database in the transaction that everything is carried in; the two kinds differ in how rows get in. */
abstract class SqlTarget implements Target {

    final Transaction transaction;
    private final String temporary;
    private final String insert;

    /**
     * @param temporary the schema of temporary tables
     * @param insert what stands between the columns and the rows of an INSERT
     */
    SqlTarget(Transaction transaction, String temporary, String insert) {
        this.transaction = transaction;
        this.temporary = temporary;
        this.insert = insert;
    }

    /** Puts rows into these columns of a table. */
    abstract Writer writer(String table, String columnList, List<TablePlan.Column> columns) throws SQLException;

    /** Has a temporary table that is filled now found fast. */
    void analyze(String table) throws SQLException {
        // Where a plan does not depend on it there is nothing to do.
    }

    @Override
    public boolean isEmpty(TablePlan plan) throws SQLException {
        return ComposedSql.texts(transaction, "SELECT 1 FROM " + plan.quotedName() + plan.where() + " LIMIT 1")
                .isEmpty();
    }

    @Override
    public void clear(TablePlan plan) throws SQLException {
        run("DELETE FROM " + plan.quotedName() + plan.where());
    }

    @Override
    public Writer load(TablePlan plan) throws SQLException {
        return writer(plan.quotedName(), plan.columnList(), plan.columns());
    }

    @Override
    public Changes change(TablePlan plan) throws SQLException {
        String table = plan.quotedName();
        String columns = plan.columnList();
        String key = plan.keyList();
        String copied = noted("multisession_copied", columns, table);
        String gone = noted("multisession_gone", key, table);
        Writer toCopied = writer(copied, columns, plan.columns());
        Writer toGone = writer(
                gone, key, plan.key().stream().map(i -> plan.columns().get(i)).toList());
        return new Changes() {
            @Override
            public void remove(@Nullable String[] row) throws SQLException {
                toGone.add(plan.key().stream().map(i -> row[i]).toArray(String[]::new));
            }

            @Override
            public void add(@Nullable String[] row) throws SQLException {
                toCopied.add(row);
            }

            @Override
            public void apply() throws SQLException {
                toCopied.close();
                toGone.close();
                analyze(gone);
                run("DELETE FROM " + table + " WHERE (" + key + ") IN (SELECT " + key + " FROM " + gone + ")");
                run("INSERT INTO " + table + " (" + columns + ")" + insert + " SELECT " + columns + " FROM " + copied);
                run("DROP TABLE " + copied);
                run("DROP TABLE " + gone);
            }
        };
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
