package org.multisession.copy;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.multisession.db.ComposedSql;
import org.multisession.db.Transaction;

/** Makes the team's tables in SQLite as PostgreSQL's catalogue describes them, and sets triggers aside for a while. */
final class SqliteSchema {

    private static final Pattern TEXT = Pattern.compile("('(?:[^']|'')*')(?:::[a-z ]+)?", Pattern.DOTALL);
    private static final Pattern NUMBER = Pattern.compile("'?(-?\\d+(?:\\.\\d+)?)'?(?:::[a-z ]+)?");

    private final List<String> notes;

    SqliteSchema(List<String> notes) {
        this.notes = notes;
    }

    void make(Transaction transaction, Collection<TableShape> missing) throws SQLException {
        for (TableShape table : missing) {
            ComposedSql.run(transaction, table(table));
            for (String index : table.indexStatements()) {
                ComposedSql.run(transaction, index);
            }
        }
    }

    private String table(TableShape table) {
        List<String> parts = new ArrayList<>();
        for (TableShape.Column column : table.columns()) {
            ValueType type = column.type();
            if (type == null) {
                throw new CopyRefusedException("the column " + table.name() + "." + column.name() + " is of the type "
                        + column.typeName() + ", which cannot be carried");
            }
            parts.add(
                    ComposedSql.quoted(column.name()) + " " + type.sqliteName() + (column.notNull() ? " NOT NULL" : "")
                            + byDefault(table, column, type)
                                    .map(value -> " DEFAULT " + value)
                                    .orElse(""));
        }
        parts.addAll(table.keyClauses());
        for (TableShape.ForeignKey key : table.foreignKeys()) {
            parts.add("FOREIGN KEY (" + ComposedSql.quoted(key.columns()) + ") REFERENCES "
                    + ComposedSql.quoted(key.target())
                    + " (" + ComposedSql.quoted(key.targetColumns()) + ") ON UPDATE " + key.onUpdate() + " ON DELETE "
                    + key.onDelete());
        }
        return "CREATE TABLE " + ComposedSql.quoted(table.name()) + " (" + String.join(", ", parts) + ")";
    }

    private Optional<String> byDefault(TableShape table, TableShape.Column column, ValueType type) {
        String expression = column.byDefault();
        if (expression == null || column.isNumbered()) {
            return Optional.empty();
        }
        String upper = expression.toUpperCase(Locale.ROOT);
        if (type.kind() == ValueType.Kind.TIME && (upper.contains("CURRENT_TIMESTAMP") || upper.contains("NOW()"))) {
            return Optional.of("CURRENT_TIMESTAMP");
        }
        Matcher number = NUMBER.matcher(expression);
        if (number.matches() && type.kind() != ValueType.Kind.TEXT) {
            return Optional.of(number.group(1));
        }
        Matcher text = TEXT.matcher(expression);
        if (text.matches()) {
            return Optional.of(text.group(1));
        }
        if (expression.equals("true") || expression.equals("false")) {
            return Optional.of(expression.equals("true") ? "1" : "0");
        }
        notes.add("the default of " + table.name() + "." + column.name() + " is not carried");
        return Optional.empty();
    }

    /** Takes every trigger of these tables away; returns the statements that make them again, in the same order. */
    static List<String> suspend(Transaction transaction, List<TablePlan> plans) throws SQLException {
        List<String> tables =
                plans.stream().map(plan -> plan.name().toLowerCase(Locale.ROOT)).toList();
        List<String[]> triggers = ComposedSql.all(
                transaction,
                "SELECT name, sql, lower(tbl_name) FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid",
                row -> new String[] {row.getString(1), row.getString(2), row.getString(3)});
        List<String> restore = new ArrayList<>();
        for (String[] trigger : triggers) {
            if (tables.contains(trigger[2])) {
                ComposedSql.run(transaction, "DROP TRIGGER " + ComposedSql.quoted(trigger[0]));
                restore.add(Objects.requireNonNull(trigger[1]));
            }
        }
        return restore;
    }
}
