package org.multisession.copy;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Handle;

/** The tables of a SQLite database, and what else its catalogue holds. */
final class SqliteCatalogue {

    /** PostgreSQL is asked for these by their names in lower case. */
    private static final Set<String> KNOWN = Set.of("users", "user_sessions");

    private static final String TABLES = """
            SELECT l.name, l.type, m.sql FROM pragma_table_list l
            JOIN sqlite_master m ON m.type = 'table' AND m.name = l.name
            WHERE l.schema = 'main' AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY l.name
            """;

    private static final String COLUMNS = """
            SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid
            """;

    /** The row id under another name has no index of its own. */
    private static final String HAS_KEY_INDEX = "SELECT count(*) FROM pragma_index_list(?) WHERE origin = 'pk'";

    private static final String INDEXES =
            "SELECT name, \"unique\", origin, partial FROM pragma_index_list(?) WHERE origin <> 'pk' ORDER BY name";
    private static final String INDEX_COLUMNS = "SELECT name FROM pragma_index_info(?) ORDER BY seqno";
    private static final String FOREIGN_KEYS = """
            SELECT id, "table", "from", "to", on_update, on_delete FROM pragma_foreign_key_list(?) ORDER BY id, seq
            """;

    private final Map<String, TableShape> tables = new TreeMap<>();
    private final List<String> notes = new ArrayList<>();

    private SqliteCatalogue() {}

    static SqliteCatalogue read(Handle handle) throws SQLException {
        SqliteCatalogue catalogue = new SqliteCatalogue();
        List<String[]> found = ComposedSql.all(
                handle, TABLES, row -> new String[] {row.getString(1), row.getString(2), row.getString(3)});
        for (String[] table : found) {
            if (table[1].equals("table")) {
                TableShape shape = catalogue.shape(handle, table[0]);
                catalogue.tables.put(shape.name(), shape);
            } else if (table[1].equals("virtual")) {
                catalogue.notes.add("the virtual table " + table[0] + " is not carried");
            }
        }
        ComposedSql.texts(handle, "SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name")
                .forEach(view -> catalogue.notes.add("the view " + view + " is not carried"));
        ComposedSql.texts(
                        handle,
                        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name NOT LIKE 'multisession\\_%'"
                                + " ESCAPE '\\' ORDER BY name")
                .forEach(trigger -> catalogue.notes.add("the trigger " + trigger + " is not carried"));
        return catalogue;
    }

    /** By their names, which for {@code users} and {@code user_sessions} are in lower case. */
    Map<String, TableShape> tables() {
        return tables;
    }

    /** What has no counterpart in PostgreSQL. */
    List<String> notes() {
        return notes;
    }

    private TableShape shape(Handle handle, String table) throws SQLException {
        boolean hasKeyIndex = ComposedSql.number(handle, HAS_KEY_INDEX, table) > 0;
        boolean isKnown = KNOWN.contains(table.toLowerCase(Locale.ROOT));
        List<TableShape.Column> columns = new ArrayList<>();
        Map<Integer, String> key = new TreeMap<>();
        ComposedSql.all(
                handle,
                COLUMNS,
                row -> {
                    String name = isKnown ? row.getString(1).toLowerCase(Locale.ROOT) : row.getString(1);
                    String declared = row.getString(2);
                    int keyPosition = row.getInt(5);
                    if (row.getInt(6) != 0) {
                        notes.add("the computed column " + table + "." + name + " is not carried");
                        return name;
                    }
                    if (keyPosition > 0) {
                        key.put(keyPosition, name);
                    }
                    boolean isRowId = keyPosition == 1 && !hasKeyIndex && declared.equalsIgnoreCase("INTEGER");
                    columns.add(new TableShape.Column(
                            name,
                            ValueType.ofSqlite(declared),
                            declared,
                            row.getBoolean(3),
                            row.getString(4),
                            isRowId));
                    return name;
                },
                table);
        return new TableShape(
                isKnown ? table.toLowerCase(Locale.ROOT) : table,
                columns,
                List.copyOf(key.values()),
                indexes(handle, table),
                foreignKeys(handle, table));
    }

    private List<TableShape.Index> indexes(Handle handle, String table) throws SQLException {
        List<TableShape.Index> indexes = new ArrayList<>();
        List<TableShape.Index> found = ComposedSql.all(
                handle,
                INDEXES,
                row -> {
                    boolean isPartial = row.getBoolean(4);
                    return new TableShape.Index(
                            row.getString(1),
                            isPartial ? List.of("null") : List.of(),
                            row.getBoolean(2),
                            row.getString(3).equals("u"));
                },
                table);
        for (TableShape.Index index : found) {
            List<String> columns = index.columns().isEmpty()
                    ? ComposedSql.texts(handle, INDEX_COLUMNS, index.name())
                    : index.columns();
            if (columns.contains("null")) {
                if (!index.name().startsWith("multisession_")) {
                    notes.add("the index " + index.name() + " of " + table
                            + " is not carried, because it has a condition or an expression");
                }
                continue;
            }
            indexes.add(new TableShape.Index(index.name(), columns, index.isUnique(), index.isConstraint()));
        }
        return indexes;
    }

    private static List<TableShape.ForeignKey> foreignKeys(Handle handle, String table) throws SQLException {
        Map<Integer, TableShape.ForeignKey> keys = new LinkedHashMap<>();
        ComposedSql.all(
                handle,
                FOREIGN_KEYS,
                row -> {
                    TableShape.ForeignKey key = keys.computeIfAbsent(row.getInt(1), id -> {
                        try {
                            return new TableShape.ForeignKey(
                                    new ArrayList<>(),
                                    row.getString(2),
                                    new ArrayList<>(),
                                    row.getString(5),
                                    row.getString(6));
                        } catch (SQLException e) {
                            throw new IllegalStateException(e);
                        }
                    });
                    key.columns().add(row.getString(3));
                    @Nullable String target = row.getString(4);
                    if (target != null) {
                        key.targetColumns().add(target);
                    }
                    return key;
                },
                table);
        return List.copyOf(keys.values());
    }
}
