package org.multisession.migration;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;

/**
 * Work on every row of a table that can be done at once, or a range of an indexed column at a time. What is done already
 * is left alone, so that a pass can begin anew at any time.
 *
 * @param name by which {@link MoveMark} remembers it
 * @param words what is being done, for who watches
 * @param table whose rows are gone through, with the name by which the statements call it
 * @param key the column by which, in the same words; rows without a value are left out
 * @param occasion a question that gives a row where the statements have something to do in a range; null if they are
 *     always run. It reads each row once, however many statements there are.
 * @param statements what is done to a range; {@code {range}} stands for the condition on the column, {@code ?1} for the
 *     time
 */
record Pass(
        String name,
        String words,
        String table,
        String key,
        @Nullable String occasion,
        List<String> statements) {

    private static final String RANGE = "{range}";

    /** One whose statements are always run. */
    Pass(String name, String words, String table, String key, List<String> statements) {
        this(name, words, table, key, null, statements);
    }

    /** Where a range ends, and how many rows it has. */
    record Range(@Nullable Bound after, Bound to, long rows) {}

    /**
     * A value of the column as it lies in the database. Text stays bytes: what is no UTF-8 would come back from Java as
     * another text, and the same range for ever.
     */
    record Bound(Object value, boolean isText) {

        /** Its form in a statement. */
        String parameter(int number) {
            return isText ? "CAST(?" + number + " AS TEXT)" : "?" + number;
        }
    }

    /** The next rows, up to so many and all that are equal to the last; null if there are no more. */
    @Nullable
    Range next(Handle handle, @Nullable Bound after, int rows) throws SQLException {
        String sql = "SELECT CASE typeof(last) WHEN 'text' THEN CAST(last AS BLOB) ELSE last END, n,"
                + " typeof(last) = 'text' FROM (SELECT max(k) AS last, count(*) AS n FROM (SELECT " + key
                + " AS k FROM "
                + table + " WHERE " + (after == null ? key + " IS NOT NULL" : key + " > " + after.parameter(2))
                + " ORDER BY " + key + " LIMIT ?1))";
        try (PreparedStatement statement = handle.prepare(sql)) {
            statement.setInt(1, rows);
            if (after != null) {
                statement.setObject(2, after.value());
            }
            try (ResultSet row = statement.executeQuery()) {
                Object to = row.next() ? row.getObject(1) : null;
                return to == null ? null : new Range(after, new Bound(to, row.getBoolean(3)), row.getLong(2));
            }
        }
    }

    /** Does everything at once; returns how many rows each statement changed. */
    int[] all(Handle handle, String now, Consumer<String> beforeStatement) throws SQLException {
        return run(handle, null, now, beforeStatement);
    }

    /** Does one range; returns how many rows each statement changed. */
    int[] range(Handle handle, Range range, String now, Consumer<String> beforeStatement) throws SQLException {
        return run(handle, range, now, beforeStatement);
    }

    private int[] run(Handle handle, @Nullable Range range, String now, Consumer<String> beforeStatement)
            throws SQLException {
        int[] changed = new int[statements.size()];
        if (occasion != null && !hasRow(handle, occasion, range, now)) {
            return changed;
        }
        for (int i = 0; i < changed.length; i++) {
            String sql = statements.get(i).replace(RANGE, condition(range));
            beforeStatement.accept(sql);
            try (PreparedStatement statement = handle.prepare(sql)) {
                bind(statement, sql, range, now);
                changed[i] = statement.executeUpdate();
            }
        }
        return changed;
    }

    private boolean hasRow(Handle handle, String question, @Nullable Range range, String now) throws SQLException {
        String sql = question.replace(RANGE, condition(range));
        try (PreparedStatement statement = handle.prepare(sql)) {
            bind(statement, sql, range, now);
            try (ResultSet row = statement.executeQuery()) {
                return row.next();
            }
        }
    }

    /** Asks a question of one range: a statement with a condition like those of the pass that gives one row of numbers. */
    long[] ask(Handle handle, String question, int numbers, Range range) throws SQLException {
        String sql = question.replace(RANGE, condition(range));
        long[] answers = new long[numbers];
        try (PreparedStatement statement = handle.prepare(sql)) {
            bind(statement, sql, range, "");
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                for (int i = 0; i < numbers; i++) {
                    answers[i] = row.getLong(i + 1);
                }
            }
        }
        return answers;
    }

    private static void bind(PreparedStatement statement, String sql, @Nullable Range range, String now)
            throws SQLException {
        if (sql.contains("?1")) {
            statement.setString(1, now);
        }
        if (range != null) {
            statement.setObject(2, range.to().value());
            if (range.after() != null) {
                statement.setObject(3, range.after().value());
            }
        }
    }

    private String condition(@Nullable Range range) {
        if (range == null) {
            return key + " IS NOT NULL";
        }
        String end = key + " <= " + range.to().parameter(2);
        return range.after() == null ? end : key + " > " + range.after().parameter(3) + " AND " + end;
    }
}
