package org.multisession.migration;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Handle;

/** What a database holds by its own catalogue: tables, views, indexes, triggers, and the columns of a table. */
final class Catalogue {

    /** An entry of {@code sqlite_master}. */
    record Entry(
            String type,
            String name,
            String table,
            @Nullable String sql) {

        /** Whether its statement may name any table: a view, a trigger or a virtual table. */
        boolean isAQuery() {
            return type.equals("view") || type.equals("trigger") || isVirtual();
        }

        boolean isVirtual() {
            return type.equals("table")
                    && sql != null
                    && sql.toUpperCase(Locale.ROOT).startsWith("CREATE VIRTUAL");
        }
    }

    /** A row of {@code PRAGMA table_info}. */
    record Column(
            String name, String type, boolean notNull, boolean hasDefault, int primaryKeyPosition, boolean isRowId) {

        /** Whether a new row must name a value for it. */
        boolean mustBeFilled() {
            return !isRowId && !hasDefault && (notNull || primaryKeyPosition > 0);
        }
    }

    private static final String ENTRIES =
            "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1, 2";

    /**
     * The last is whether the column is SQLite's row id under another name: always a whole number, unique, and given
     * out by SQLite. An INTEGER PRIMARY KEY is none where it has an index of its own: in a table without row ids, as a
     * part of a key of several columns, or where it is declared DESC.
     */
    private static final String COLUMNS = """
            SELECT c.name, c.type, c."notnull", c.dflt_value, c.pk,
              c.pk = 1 AND upper(c.type) = 'INTEGER'
              AND NOT EXISTS (SELECT 1 FROM pragma_index_list(?1) i WHERE i.origin = 'pk')
            FROM pragma_table_info(?1) c
            """;

    private static final String GENERATED =
            "SELECT 1 FROM pragma_table_xinfo(?) c WHERE lower(c.name) = ? AND c.hidden IN (2, 3)";

    private static final String UNIQUE_COLUMNS = """
            SELECT i.name, (SELECT c.name FROM pragma_index_info(i.name) c)
            FROM pragma_index_list(?) i
            WHERE i."unique" = 1 AND i.partial = 0
              AND (SELECT count(*) FROM pragma_index_info(i.name)) = 1
            """;

    private static final String MADE_AFTER_OURS = """
            SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'multisession\\_%' ESCAPE '\\'
              AND rowid > (SELECT rowid FROM sqlite_master WHERE type = 'trigger' AND name = ?)
            """;

    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private List<String> putBack = List.of();

    private Catalogue() {}

    static Catalogue read(Handle handle) throws SQLException {
        Catalogue catalogue = new Catalogue();
        for (Entry entry : ComposedSql.all(
                handle,
                ENTRIES,
                row -> new Entry(row.getString(1), row.getString(2), row.getString(3), row.getString(4)))) {
            catalogue.entries.put(key(entry.type(), entry.name()), entry);
        }
        catalogue.putBack = ComposedSql.texts(handle, MADE_AFTER_OURS, SchemaObject.MADE_LAST);
        return catalogue;
    }

    /** The table, view or index of this name. */
    @Nullable
    Entry get(String name) {
        return entries.get(key("", name));
    }

    /** What has the name that this object needs. */
    @Nullable
    Entry get(SchemaObject object) {
        return entries.get(key(object.kind(), object.name()));
    }

    boolean has(String name) {
        return get(name) != null;
    }

    boolean has(String type, String name) {
        return entries.containsKey(key(type, name));
    }

    /** Whether this object is there; one of ours only if it is just as this version makes it, and made when we did. */
    boolean has(SchemaObject object) {
        Entry entry = get(object);
        return entry != null
                && (!object.isOurs() || object.catalogued().equals(entry.sql()))
                && !(object.isMadeLast() && !putBack.isEmpty());
    }

    /** Whether the table of issued tokens is missing. Without it nobody can tell what was issued here, or has ended. */
    boolean isWithoutOurMemory() {
        return !has("multisession_tokens");
    }

    /** The names of triggers of ours that somebody has taken away and put back. */
    List<String> putBack() {
        return putBack;
    }

    /** Whether some of those lie on this table. */
    boolean hasPutBackOn(String table) {
        return ourTriggers().stream()
                .anyMatch(trigger -> trigger.table().equalsIgnoreCase(table) && putBack.contains(trigger.name()));
    }

    /** The triggers of ours, whatever they lie on. */
    List<Entry> ourTriggers() {
        return entries.values().stream()
                .filter(entry ->
                        entry.type().equals("trigger") && key(entry.name()).startsWith(SchemaObject.OUR_PREFIX))
                .toList();
    }

    /** The triggers of these names that lie on another table than this one. */
    List<Entry> triggersElsewhere(String table, Set<String> names) {
        return ourTriggers().stream()
                .filter(trigger -> names.contains(key(trigger.name())))
                .filter(trigger -> !trigger.table().equalsIgnoreCase(table))
                .toList();
    }

    /** Everything that is there. */
    List<Entry> all() {
        return List.copyOf(entries.values());
    }

    /** The names of all tables and views. */
    List<String> relations() {
        return entries.values().stream()
                .filter(entry -> entry.type().equals("table") || entry.type().equals("view"))
                .map(Entry::name)
                .toList();
    }

    /**
     * Whether all triggers of these names lie on this table, and did so all the time: whoever renames a table takes its
     * triggers along, and whoever rebuilds it may put them back, but has taken them away for a while. Versions before
     * {@code V015__watched.sql} could not tell the latter.
     */
    boolean hasTriggers(String table, Set<String> names) {
        return names.stream()
                .map(name -> entries.get(key("trigger", name)))
                .allMatch(entry ->
                        entry != null && entry.table().equalsIgnoreCase(table) && !putBack.contains(entry.name()));
    }

    /** The names of all triggers on these tables, named in lower case. */
    List<String> triggersOn(Set<String> tables) {
        return entries.values().stream()
                .filter(entry -> entry.type().equals("trigger") && tables.contains(key(entry.table())))
                .map(Entry::name)
                .toList();
    }

    /** Everything but the named, as text: equal before and after, or something has changed that must not. */
    String schemaWithout(Set<String> names) {
        return entries.values().stream()
                .filter(entry -> !names.contains(entry.name()))
                .map(Entry::toString)
                .collect(Collectors.joining("\n"));
    }

    /** The columns of a table by their names in lower case, in the table's order. */
    static Map<String, Column> columns(Handle handle, String table) throws SQLException {
        Map<String, Column> columns = new LinkedHashMap<>();
        for (Column column : ComposedSql.all(
                handle,
                COLUMNS,
                row -> new Column(
                        row.getString(1),
                        row.getString(2),
                        row.getBoolean(3),
                        row.getString(4) != null,
                        row.getInt(5),
                        row.getBoolean(6)),
                table)) {
            columns.put(key(column.name()), column);
        }
        return columns;
    }

    /** Whether SQLite computes this column; it is none of the {@link #columns} then. */
    static boolean isGenerated(Handle handle, String table, String column) throws SQLException {
        try (PreparedStatement statement = handle.prepare(GENERATED)) {
            statement.setString(1, table);
            statement.setString(2, column);
            try (ResultSet row = statement.executeQuery()) {
                return row.next();
            }
        }
    }

    /** Whether no two rows of the table can hold the same value in this one column. */
    static boolean isUnique(Handle handle, String table, String column) throws SQLException {
        List<String> primaryKey = new ArrayList<>();
        for (Column each : columns(handle, table).values()) {
            if (each.primaryKeyPosition() > 0) {
                primaryKey.add(key(each.name()));
            }
        }
        if (primaryKey.equals(List.of(column))) {
            return true;
        }
        try (PreparedStatement statement = handle.prepare(UNIQUE_COLUMNS)) {
            statement.setString(1, table);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    // An expression has no name.
                    String name = row.getString(2);
                    if (name != null && key(name).equals(column)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /** Triggers have names of their own: one may be called as a table is. */
    private static String key(String type, String name) {
        return (type.equals("trigger") ? "trigger " : "") + key(name);
    }

    private static String key(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
