package org.multisession.copy;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;

/**
 * How one table is carried.
 *
 * @param name the same in both databases
 * @param key the positions of the columns that tell its rows apart and that both databases sort by; none if there are
 *     no such columns
 * @param unique the positions of columns that must not have the same values in two rows, and whose values SQLite may
 *     tell apart where PostgreSQL does not
 * @param which the condition for the rows that are carried; empty for all of them
 */
record TablePlan(String name, List<Column> columns, List<Integer> key, List<List<Integer>> unique, String which) {

    /**
     * A column.
     *
     * @param isIndexed whether PostgreSQL has an index of it, which limits how long a text may be
     */
    record Column(String name, ValueType type, boolean isIndexed) {}

    boolean hasKey() {
        return !key.isEmpty();
    }

    String quotedName() {
        return ComposedSql.quoted(name);
    }

    /** Its columns, for a list of them. */
    String columnList() {
        return ComposedSql.quoted(columns.stream().map(Column::name).toList());
    }

    /** The columns of its key, for a list of them. */
    String keyList() {
        return ComposedSql.quoted(key.stream().map(i -> columns.get(i).name()).toList());
    }

    String where() {
        return which.isEmpty() ? "" : " WHERE " + which;
    }

    /**
     * Of the table {@code t}, because a result may have columns of the same names.
     *
     * @param byteByByte what has a database compare a text so
     */
    String order(String byteByByte) {
        return key.stream()
                .map(i -> "t." + ComposedSql.quoted(columns.get(i).name())
                        + (columns.get(i).type().kind() == ValueType.Kind.TEXT ? byteByByte : ""))
                .collect(Collectors.joining(", ", " ORDER BY ", ""));
    }

    /** The order of two rows by their keys. */
    int compare(@Nullable String[] one, @Nullable String[] other) {
        for (int i : key) {
            String left = one[i];
            String right = other[i];
            if (left == null || right == null) {
                throw new IllegalStateException("a key of " + name + " is NULL");
            }
            int order = columns.get(i).type().compare(left, right);
            if (order != 0) {
                return order;
            }
        }
        return 0;
    }

    /** Which row it is, without telling a secret: keys may be tokens. */
    String label(@Nullable String[] row, long position) {
        if (hasKey() && key.stream().allMatch(i -> columns.get(i).type().kind() == ValueType.Kind.WHOLE)) {
            return key.stream().map(i -> columns.get(i).name() + " " + row[i]).collect(Collectors.joining(", "));
        }
        return "row " + position + (hasKey() ? " by its key" : "");
    }
}
