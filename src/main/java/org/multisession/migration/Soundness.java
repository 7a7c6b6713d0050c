package org.multisession.migration;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.multisession.db.ComposedSql;
import org.multisession.db.FailureKind;
import org.multisession.db.Handle;

/**
 * What SQLite's own check says of a database, in its words; they hold names and row numbers, never a value.
 *
 * @param damages what cannot be relied on
 * @param brokenRules rows that break a rule of their table, as a NOT NULL that is younger than they are
 * @param unchecked tables that cannot be checked, because an index or a constraint calls what only the app has
 */
public record Soundness(List<String> damages, List<String> brokenRules, List<String> unchecked) {

    private static final Pattern BROKEN_RULE = Pattern.compile(
            "NULL value in .*|CHECK constraint failed in .*|(non-)?\\w+ value in .*|.* constraint failed .*");

    /** The whole check; {@code schema} may be an attached database. */
    public static Soundness of(Handle handle, String schema) throws SQLException {
        // On damage that the quick one names, the whole one ends in an error, and so does the transaction around it.
        Soundness quick = of(handle, schema, "quick_check");
        return quick.damages().isEmpty() ? of(handle, schema, "integrity_check") : quick;
    }

    private static Soundness of(Handle handle, String schema, String pragma) throws SQLException {
        List<String> unchecked = new ArrayList<>();
        List<String> faults = new ArrayList<>();
        try {
            faults.addAll(ComposedSql.texts(handle, "PRAGMA " + schema + "." + pragma));
        } catch (SQLException e) {
            if (handle.vendor().kindOf(e) == FailureKind.DAMAGE) {
                return new Soundness(List.of(handle.vendor().reasonIn(e)), List.of(), List.of());
            }
            if (!handle.vendor().kindOf(e).isOfTheStatement()) {
                throw e;
            }
            for (String table : ComposedSql.texts(
                    handle, "SELECT name FROM " + schema + ".sqlite_master WHERE type = 'table' ORDER BY 1")) {
                String name = "'" + table.replace("'", "''") + "'";
                try {
                    faults.addAll(ComposedSql.texts(handle, "PRAGMA " + schema + "." + pragma + "(" + name + ")"));
                } catch (SQLException ofTable) {
                    if (!handle.vendor().kindOf(ofTable).isOfTheStatement()) {
                        throw ofTable;
                    }
                    unchecked.add(table);
                }
            }
        }
        faults.removeIf("ok"::equals);
        return new Soundness(
                faults.stream().filter(fault -> !isBrokenRule(fault)).toList(),
                faults.stream().filter(Soundness::isBrokenRule).toList(),
                unchecked);
    }

    private static boolean isBrokenRule(String fault) {
        return BROKEN_RULE.matcher(fault).matches();
    }
}
