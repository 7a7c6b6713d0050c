package org.multisession.db;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Runs SQL whose text is composed at run time, because it names objects that only a catalogue knows, and SQL that a
 * migration or a check runs once. Values are bound; what is put into the text must be a quoted name, or one of ours.
 * What is run again and again is an {@link Sql}.
 */
public final class ComposedSql {

    /** The outcome of one row. */
    @FunctionalInterface
    public interface Mapper<T> {
        T map(ResultSet row) throws SQLException;
    }

    private ComposedSql() {}

    /** Every row. */
    public static <T> List<T> all(Handle handle, String sql, Mapper<T> mapper, Object... values) throws SQLException {
        List<T> found = new ArrayList<>();
        try (PreparedStatement statement = handle.prepare(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(mapper.map(row));
                }
            }
        }
        return found;
    }

    /** The first column of every row. */
    public static List<String> texts(Handle handle, String sql, Object... values) throws SQLException {
        return all(handle, sql, row -> String.valueOf(row.getString(1)), values);
    }

    /** The number in the first row; 0 if there is none. */
    public static long number(Handle handle, String sql, Object... values) throws SQLException {
        return all(handle, sql, row -> row.getLong(1), values).stream()
                .findFirst()
                .orElse(0L);
    }

    /** Runs one statement; returns how many rows it has changed. */
    public static int update(Handle handle, String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = handle.prepare(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            return statement.executeUpdate();
        }
    }

    /** A name of the database as SQL takes it, whatever it is. */
    public static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /** Several names, for a list of columns. */
    public static String quoted(List<String> names) {
        return names.stream().map(ComposedSql::quoted).collect(Collectors.joining(", "));
    }

    /** Runs a statement without parameters; on PostgreSQL several as well, of which SQLite's driver would run the first. */
    public static void run(Handle handle, String sql) throws SQLException {
        try (Statement statement = handle.connection().createStatement()) {
            statement.execute(sql);
        }
    }
}
