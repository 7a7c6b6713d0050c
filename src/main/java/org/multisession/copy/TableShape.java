package org.multisession.copy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;

/**
 * A table as the catalogue of its database describes it.
 *
 * @param columns those that hold values of their own; computed ones are left out
 * @param primaryKey the names of its columns; none if it has no primary key
 * @param foreignKeys the same list in both databases
 */
record TableShape(
        String name, List<Column> columns, List<String> primaryKey, List<Index> indexes, List<ForeignKey> foreignKeys) {

    /**
     * A column.
     *
     * @param type null if PostgreSQL has a type there that cannot be carried
     * @param typeName how the database calls its type
     * @param byDefault the expression for a row that says nothing; null if there is none
     * @param isNumbered whether the database gives numbers out for it
     */
    record Column(
            String name,
            @Nullable ValueType type,
            String typeName,
            boolean notNull,
            @Nullable String byDefault,
            boolean isNumbered) {}

    /** An index of plain columns; isConstraint if it was made by a UNIQUE in the table. */
    record Index(String name, List<String> columns, boolean isUnique, boolean isConstraint) {}

    record ForeignKey(
            List<String> columns, String target, List<String> targetColumns, String onUpdate, String onDelete) {}

    /** The clauses of its CREATE TABLE for the primary key and for unique columns. */
    List<String> keyClauses() {
        List<String> clauses = new ArrayList<>();
        if (!primaryKey.isEmpty()) {
            clauses.add("PRIMARY KEY (" + ComposedSql.quoted(primaryKey) + ")");
        }
        indexes.stream()
                .filter(Index::isConstraint)
                .forEach(index -> clauses.add("UNIQUE (" + ComposedSql.quoted(index.columns()) + ")"));
        return clauses;
    }

    /** The statements that make its other indexes. */
    List<String> indexStatements() {
        return indexes.stream()
                .filter(index -> !index.isConstraint())
                .map(index ->
                        "CREATE " + (index.isUnique() ? "UNIQUE " : "") + "INDEX " + ComposedSql.quoted(index.name())
                                + " ON " + ComposedSql.quoted(name) + " (" + ComposedSql.quoted(index.columns()) + ")")
                .toList();
    }

    Optional<Column> column(String columnName) {
        return columns.stream()
                .filter(column -> column.name().equals(columnName))
                .findFirst();
    }
}
