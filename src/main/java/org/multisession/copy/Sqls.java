package org.multisession.copy;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.multisession.db.Handle;

/** Small questions to a database that are made while the program runs, because they name the team's tables. */
final class Sqls {

    /** What becomes of one row. */
    @FunctionalInterface
    interface Mapper<T> {
        T map(ResultSet row) throws SQLException;
    }

    private Sqls() {}

    static <T> List<T> all(Handle handle, String sql, Mapper<T> mapper, Object... values) throws SQLException {
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

    static List<String> texts(Handle handle, String sql, Object... values) throws SQLException {
        return all(handle, sql, row -> String.valueOf(row.getString(1)), values);
    }

    static long number(Handle handle, String sql, Object... values) throws SQLException {
        return all(handle, sql, row -> row.getLong(1), values).stream()
                .findFirst()
                .orElse(0L);
    }

    static void run(Handle handle, String sql) throws SQLException {
        try (Statement statement = handle.connection().createStatement()) {
            statement.execute(sql);
        }
    }

    static String quoted(List<String> names) {
        return names.stream().map(TablePlan::quoted).collect(Collectors.joining(", "));
    }
}
