package org.multisession.copy;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;

/** Reads a table of SQLite. Rows that do not fit are told of and left out. */
final class SqliteRows implements RowStream {

    /** What a driver puts in the place of bytes that are no UTF-8. */
    private static final char REPLACEMENT = '\ufffd';

    /** A third of a page, less what belongs to the row. */
    private static final int MAX_INDEXED_BYTES = 2600;

    private final TablePlan plan;
    private final List<Set<List<String>>> seen;
    private final Faults faults;
    private final PreparedStatement statement;
    private final ResultSet rows;
    private long position;
    private @Nullable String @Nullable [] before;

    SqliteRows(Handle handle, TablePlan plan, Faults faults) throws SQLException {
        this.plan = plan;
        this.faults = faults;
        seen = plan.unique().stream()
                .<Set<List<String>>>map(positions -> new HashSet<>())
                .toList();
        statement = handle.prepare("SELECT " + plan.columnList() + " FROM " + plan.quotedName() + " t" + plan.where()
                + (plan.hasKey() ? plan.order(" COLLATE BINARY") : ""));
        rows = statement.executeQuery();
    }

    @Override
    public @Nullable String @Nullable [] next() throws SQLException {
        while (rows.next()) {
            position++;
            @Nullable String[] row = new String[plan.columns().size()];
            if (fill(row) && isKey(row) && isUnique(row)) {
                before = row;
                return row;
            }
        }
        return null;
    }

    private boolean fill(@Nullable String[] row) throws SQLException {
        boolean fits = true;
        List<TablePlan.Column> columns = plan.columns();
        for (int i = 0; i < row.length; i++) {
            try {
                row[i] = value(i, columns.get(i));
            } catch (UnfitValueException e) {
                fits = false;
                faults.add(new RowFault(plan.name(), label(row), columns.get(i).name(), e.why(), e.remedy()));
            }
        }
        return fits;
    }

    private @Nullable String value(int i, TablePlan.Column column) throws SQLException, UnfitValueException {
        Object value = rows.getObject(i + 1);
        if (column.isIndexed()
                && value instanceof String text
                && text.length() > MAX_INDEXED_BYTES / 4
                && text.getBytes(StandardCharsets.UTF_8).length > MAX_INDEXED_BYTES) {
            throw new UnfitValueException(
                    "is longer than the " + MAX_INDEXED_BYTES + " bytes that an index of PostgreSQL holds",
                    "shorten it, or put NULL there");
        }
        if (value instanceof String text && text.indexOf(REPLACEMENT) >= 0) {
            requireUtf8(rows.getBytes(i + 1));
        }
        return column.type().ofSqliteValue(value);
    }

    private static void requireUtf8(byte[] bytes) throws UnfitValueException {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
        } catch (CharacterCodingException e) {
            throw new UnfitValueException(
                    "is text with bytes that are no UTF-8", "write the text anew, or put NULL there");
        }
    }

    private boolean isKey(@Nullable String[] row) {
        if (plan.key().stream().anyMatch(i -> row[i] == null)) {
            faults.add(new RowFault(
                    plan.name(), label(row), "", "has NULL in its primary key", "give it a key, or delete the row"));
            return false;
        }
        @Nullable String[] last = before;
        if (last == null || !plan.hasKey()) {
            return true;
        }
        int order = plan.compare(last, row);
        if (order == 0) {
            faults.add(new RowFault(
                    plan.name(),
                    label(row),
                    "",
                    "has the same key as another row once both are read the same way",
                    "delete one of the two"));
            return false;
        }
        if (order > 0) {
            throw new IllegalStateException("SQLite does not return the rows of " + plan.name() + " in order");
        }
        return true;
    }

    private boolean isUnique(@Nullable String[] row) {
        boolean isUnique = true;
        for (int i = 0; i < seen.size(); i++) {
            List<Integer> positions = plan.unique().get(i);
            boolean isNull = positions.stream().anyMatch(at -> row[at] == null);
            List<String> values =
                    positions.stream().map(at -> String.valueOf(row[at])).toList();
            if (!isNull && !seen.get(i).add(values)) {
                isUnique = false;
                faults.add(new RowFault(
                        plan.name(),
                        label(row),
                        plan.columns().get(positions.get(0)).name(),
                        "is the same as in another row once both are read the same way, and must not be",
                        "change one of the two, or delete a row"));
            }
        }
        return isUnique;
    }

    private String label(@Nullable String[] row) {
        return plan.label(row, position);
    }

    @Override
    public void close() throws SQLException {
        statement.close();
    }
}
