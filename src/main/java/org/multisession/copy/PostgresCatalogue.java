package org.multisession.copy;

import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.multisession.db.ComposedSql;
import org.multisession.db.Handle;

/** The tables of a PostgreSQL database that its account sees without naming a schema. */
final class PostgresCatalogue {

    private static final String VISIBLE =
            "pg_table_is_visible(c.oid) AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'";

    private static final String COLUMNS = """
            SELECT c.relname, a.attname, CASE WHEN t.typtype = 'e' THEN 'text' ELSE format_type(a.atttypid, a.atttypmod) END,
              a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
              a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
            JOIN pg_type t ON t.oid = a.atttypid
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND {visible}
            ORDER BY c.relname, a.attnum
            """.replace("{visible}", VISIBLE);

    /** Names of columns as an array, in the order of the index. */
    private static final String INDEXES = """
            SELECT c.relname, x.relname, i.indisprimary, i.indisunique, k.oid IS NOT NULL,
              ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY u(num, pos)
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.num WHERE u.pos <= i.indnkeyatts ORDER BY u.pos)
            FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
            WHERE c.relkind IN ('r', 'p') AND i.indpred IS NULL AND i.indexprs IS NULL AND {visible}
            ORDER BY c.relname, x.relname
            """.replace("{visible}", VISIBLE);

    private static final String FOREIGN_KEYS = """
            SELECT c.relname, p.relname, k.confupdtype, k.confdeltype,
              ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(num, pos)
                JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY u.pos),
              ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u(num, pos)
                JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num ORDER BY u.pos)
            FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class p ON p.oid = k.confrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE k.contype = 'f' AND k.conparentid = 0 AND {visible}
            ORDER BY c.relname, k.conname
            """.replace("{visible}", VISIBLE);

    private static final Map<String, String> ACTIONS =
            Map.of("a", "NO ACTION", "r", "RESTRICT", "c", "CASCADE", "n", "SET NULL", "d", "SET DEFAULT");

    private final Map<String, TableShape> tables = new TreeMap<>();

    private PostgresCatalogue() {}

    static PostgresCatalogue read(Handle handle) throws SQLException {
        Map<String, List<TableShape.Column>> columns = new LinkedHashMap<>();
        ComposedSql.all(handle, COLUMNS, row -> {
            String typeName = row.getString(3);
            return columns.computeIfAbsent(row.getString(1), name -> new ArrayList<>())
                    .add(new TableShape.Column(
                            row.getString(2),
                            ValueType.ofPostgres(typeName).orElse(null),
                            typeName,
                            row.getBoolean(4),
                            row.getString(5),
                            row.getBoolean(6)));
        });
        Map<String, List<String>> keys = new LinkedHashMap<>();
        Map<String, List<TableShape.Index>> indexes = new LinkedHashMap<>();
        ComposedSql.all(handle, INDEXES, row -> {
            String table = row.getString(1);
            List<String> names = names(row, 6);
            if (row.getBoolean(3)) {
                keys.put(table, names);
            } else {
                indexes.computeIfAbsent(table, name -> new ArrayList<>())
                        .add(new TableShape.Index(row.getString(2), names, row.getBoolean(4), row.getBoolean(5)));
            }
            return table;
        });
        Map<String, List<TableShape.ForeignKey>> foreignKeys = new LinkedHashMap<>();
        ComposedSql.all(
                handle,
                FOREIGN_KEYS,
                row -> foreignKeys
                        .computeIfAbsent(row.getString(1), name -> new ArrayList<>())
                        .add(new TableShape.ForeignKey(
                                names(row, 5),
                                row.getString(2),
                                names(row, 6),
                                action(row.getString(3)),
                                action(row.getString(4)))));
        PostgresCatalogue catalogue = new PostgresCatalogue();
        columns.forEach((name, list) -> catalogue.tables.put(
                name,
                new TableShape(
                        name,
                        list,
                        keys.getOrDefault(name, List.of()),
                        indexes.getOrDefault(name, List.of()),
                        foreignKeys.getOrDefault(name, List.of()))));
        return catalogue;
    }

    private static String action(String letter) {
        return ACTIONS.getOrDefault(letter, "NO ACTION");
    }

    private static List<String> names(ResultSet row, int column) throws SQLException {
        Array array = row.getArray(column);
        return List.of((String[]) array.getArray());
    }

    Map<String, TableShape> tables() {
        return tables;
    }
}
