package org.multisession.copy;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Handle;

/** Reads a table of PostgreSQL, within a transaction, which shows it as it was when the reading began. */
final class PostgresRows implements RowStream {

    private static final int AT_ONCE = 2000;

    private final TablePlan plan;
    private final Faults faults;
    private final PreparedStatement statement;
    private final ResultSet rows;
    private long position;

    PostgresRows(Handle handle, TablePlan plan, Faults faults) throws SQLException {
        this.plan = plan;
        this.faults = faults;
        String columns = plan.columns().stream()
                .map(column -> column.type().postgresExpression(ComposedSql.quoted(column.name())))
                .collect(Collectors.joining(", "));
        statement = handle.prepare("SELECT " + columns + " FROM " + plan.quotedName() + " t" + plan.where()
                + (plan.hasKey() ? plan.order("::TEXT COLLATE \"C\"") : ""));
        statement.setFetchSize(AT_ONCE);
        rows = statement.executeQuery();
    }

    @Override
    public @Nullable String @Nullable [] next() throws SQLException {
        while (rows.next()) {
            position++;
            @Nullable String[] row = new String[plan.columns().size()];
            boolean fits = true;
            for (int i = 0; i < row.length; i++) {
                TablePlan.Column column = plan.columns().get(i);
                try {
                    row[i] = column.type().ofPostgresText(rows.getString(i + 1));
                } catch (UnfitValueException e) {
                    fits = false;
                    faults.add(
                            new RowFault(plan.name(), plan.label(row, position), column.name(), e.why(), e.remedy()));
                }
            }
            if (fits) {
                return row;
            }
        }
        return null;
    }

    @Override
    public void close() throws SQLException {
        statement.close();
    }
}
