package org.multisession.db;

import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One row of a result, valid only inside the callback that gets it. Columns are read by the names that the statement
 * gives them, in lower case.
 */
public final class Row {

    private final Sql sql;
    private final Vendor vendor;
    private final ResultSet result;
    private final String[] columns;

    Row(Sql sql, Vendor vendor, ResultSet result, String[] columns) {
        this.sql = sql;
        this.vendor = vendor;
        this.result = result;
        this.columns = columns;
    }

    /** The names of a result's columns, in order. */
    static String[] columnsOf(ResultSet result) throws SQLException {
        ResultSetMetaData metadata = result.getMetaData();
        String[] columns = new String[metadata.getColumnCount()];
        for (int i = 0; i < columns.length; i++) {
            columns[i] = metadata.getColumnLabel(i + 1).toLowerCase(Locale.ROOT);
        }
        return columns;
    }

    /** The column as text; null where it is NULL. */
    public @Nullable String text(String column) {
        return get(column, result::getString);
    }

    /** The column as text, where it is never NULL. */
    public String requiredText(String column) {
        return Objects.requireNonNull(text(column), column);
    }

    /** The column as a whole number; 0 where it is NULL. */
    public long number(String column) {
        return get(column, result::getLong);
    }

    /** The column as a whole number; null where it is NULL. */
    public @Nullable Long optionalNumber(String column) {
        return isNull(column) ? null : number(column);
    }

    /** The column as a truth value; false where it is NULL. */
    public boolean flag(String column) {
        return value(column) instanceof Boolean flag ? flag : number(column) != 0;
    }

    /** The column as a moment; null if it is NULL or does not hold one. */
    public @Nullable Instant instant(String column) {
        return SqlTime.parse(text(column));
    }

    /** Whether the column is NULL. */
    public boolean isNull(String column) {
        return value(column) == null;
    }

    /** Whether the column holds text, and not a number or bytes that somebody has written there. */
    public boolean isText(String column) {
        return value(column) instanceof String;
    }

    /** The column in the driver's type; null if it is NULL. */
    public @Nullable Object value(String column) {
        return get(column, result::getObject);
    }

    @FunctionalInterface
    private interface Getter<T extends @Nullable Object> {
        T at(int position) throws SQLException;
    }

    private <T extends @Nullable Object> T get(String column, Getter<T> getter) {
        // For a handful of names, a linear search is faster than a map.
        for (int i = 0; i < columns.length; i++) {
            if (columns[i].equals(column)) {
                try {
                    return getter.at(i + 1);
                } catch (SQLException e) {
                    throw new StatementException(sql, e, vendor);
                }
            }
        }
        throw new IllegalArgumentException("\"" + sql + "\" has no column " + column);
    }
}
