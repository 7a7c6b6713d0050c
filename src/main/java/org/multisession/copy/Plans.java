package org.multisession.copy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Decides for each table how it is carried, and finds where the two databases do not fit together. */
final class Plans {

    private static final String OUR_PREFIX = "multisession_";
    private static final String STATE = "multisession_state";

    /** What says how this very database came about. */
    private static final Set<String> OF_ONE_DATABASE = Set.of("multisession_locks", "multisession_created");

    /** The memory of a node, of a migration, of our triggers and of a copy ends with its database. */
    private static final String COMMON_STATE = "name NOT IN ('migration', 'migrated', 'schema', 'sweeper', '"
            + Marks.COPIED + "') AND name NOT LIKE '" + OUR_PREFIX + "%'";

    private final List<TablePlan> plans = new ArrayList<>();
    private final List<String> misfits = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    /**
     * Plans for every table of the source.
     *
     * @param sqlite what SQLite has
     * @param postgres what PostgreSQL has
     * @param from one of the two
     */
    Plans(Map<String, TableShape> sqlite, Map<String, TableShape> postgres, Map<String, TableShape> from) {
        Map<String, TableShape> to = from == sqlite ? postgres : sqlite;
        for (TableShape source : from.values()) {
            if (OF_ONE_DATABASE.contains(source.name())) {
                continue;
            }
            TableShape target = to.get(source.name());
            if (target == null) {
                misfits.add("the table " + source.name() + " is not in the target");
                continue;
            }
            compare(source, target);
            TableShape inPostgres = from == sqlite ? target : source;
            TableShape inSqlite = from == sqlite ? source : target;
            plan(inSqlite, inPostgres);
        }
        to.keySet().stream()
                .filter(name -> !from.containsKey(name) && !isOurs(name))
                .forEach(name -> notes.add("the table " + name + " is only in the target, and is left as it is"));
    }

    static boolean isOurs(String table) {
        return table.startsWith(OUR_PREFIX) || table.equals("auth_events");
    }

    private void compare(TableShape source, TableShape target) {
        for (TableShape.Column column : source.columns()) {
            if (target.column(column.name()).isEmpty()) {
                misfits.add("the column " + source.name() + "." + column.name() + " is not in the target");
            }
        }
        for (TableShape.Column column : target.columns()) {
            if (source.column(column.name()).isPresent()) {
                continue;
            }
            if (column.notNull() && column.byDefault() == null && !column.isNumbered()) {
                misfits.add("the column " + target.name() + "." + column.name()
                        + " is only in the target, and every row must have a value there");
            } else {
                notes.add("the column " + target.name() + "." + column.name() + " is only in the target");
            }
        }
        if (!new HashSet<>(source.primaryKey()).equals(new HashSet<>(target.primaryKey()))) {
            misfits.add("the table " + source.name() + " has the primary key (" + String.join(", ", source.primaryKey())
                    + "), and (" + String.join(", ", target.primaryKey()) + ") in the target");
        }
    }

    private void plan(TableShape sqlite, TableShape postgres) {
        List<TablePlan.Column> columns = new ArrayList<>();
        for (TableShape.Column column : postgres.columns()) {
            if (sqlite.column(column.name()).isEmpty()) {
                continue;
            }
            ValueType type = column.type();
            if (type == null) {
                misfits.add("the column " + postgres.name() + "." + column.name() + " is of the type "
                        + column.typeName() + " in PostgreSQL, which cannot be carried");
                continue;
            }
            boolean isIndexed = postgres.primaryKey().contains(column.name())
                    || postgres.indexes().stream()
                            .anyMatch(index -> index.columns().contains(column.name()));
            columns.add(new TablePlan.Column(column.name(), type, isIndexed));
        }
        List<Integer> key = positions(postgres.primaryKey(), columns);
        boolean isKeySorted = isSorted(key, columns, sqlite);
        List<List<Integer>> unique = new ArrayList<>();
        if (!isKeySorted && !key.isEmpty()) {
            unique.add(key);
        }
        for (TableShape.Index index : postgres.indexes()) {
            List<Integer> positions = positions(index.columns(), columns);
            if (index.isUnique() && !positions.isEmpty() && !isSorted(positions, columns, sqlite)) {
                unique.add(positions);
            }
        }
        plans.add(new TablePlan(
                postgres.name(),
                columns,
                isKeySorted ? key : List.of(),
                unique,
                postgres.name().equals(STATE) ? COMMON_STATE : ""));
    }

    /** None if one of them is not carried. */
    private static List<Integer> positions(List<String> names, List<TablePlan.Column> columns) {
        List<String> carried = columns.stream().map(TablePlan.Column::name).toList();
        List<Integer> positions = names.stream().map(carried::indexOf).toList();
        return positions.contains(-1) ? List.of() : positions;
    }

    private static boolean isSorted(List<Integer> positions, List<TablePlan.Column> columns, TableShape sqlite) {
        return positions.stream()
                .map(columns::get)
                .allMatch(column -> column.type()
                        .isSortable(sqlite.column(column.name()).orElseThrow().typeName()));
    }

    List<TablePlan> all() {
        if (!misfits.isEmpty()) {
            throw new CopyRefusedException("the tables of the two databases differ: " + String.join("; ", misfits));
        }
        return plans;
    }

    List<String> notes() {
        return notes;
    }
}
