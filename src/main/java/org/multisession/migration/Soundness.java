package org.multisession.migration;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
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

    /** How many faults of each kind are told. */
    private static final int MOST = 100;

    /** The whole check; {@code schema} may be an attached database. */
    public static Soundness of(Handle handle, String schema) throws SQLException {
        // On damage that the quick one names, the whole one ends in an error, and so does the transaction around it.
        Soundness quick = of(handle, schema, "quick_check");
        return quick.damages().isEmpty() ? of(handle, schema, "integrity_check") : quick;
    }

    private static Soundness of(Handle handle, String schema, String pragma) throws SQLException {
        List<String> damages = new ArrayList<>();
        List<String> brokenRules = new ArrayList<>();
        List<String> unchecked = new ArrayList<>();
        String check = "PRAGMA " + schema + "." + pragma + "(%s)";
        try {
            collect(handle, check.formatted(Integer.MAX_VALUE), damages, brokenRules);
        } catch (SQLException e) {
            if (handle.vendor().kindOf(e) == FailureKind.DAMAGE) {
                return new Soundness(List.of(handle.vendor().reasonIn(e)), List.of(), List.of());
            }
            if (!handle.vendor().kindOf(e).isOfTheStatement()) {
                throw e;
            }
            damages.clear();
            brokenRules.clear();
            for (String table : ComposedSql.texts(
                    handle, "SELECT name FROM " + schema + ".sqlite_master WHERE type = 'table' ORDER BY 1")) {
                try {
                    collect(handle, check.formatted("'" + table.replace("'", "''") + "'"), damages, brokenRules);
                } catch (SQLException ofTable) {
                    if (!handle.vendor().kindOf(ofTable).isOfTheStatement()) {
                        throw ofTable;
                    }
                    unchecked.add(table);
                }
            }
        }
        return new Soundness(damages, brokenRules, unchecked);
    }

    /** SQLite itself stops at the hundredth fault of any kind, and a damage may come after as many rows that break a rule. */
    private static void collect(Handle handle, String check, List<String> damages, List<String> brokenRules)
            throws SQLException {
        try (PreparedStatement statement = handle.prepare(check);
                ResultSet row = statement.executeQuery()) {
            while (damages.size() < MOST && row.next()) {
                String fault = row.getString(1);
                if (!isBrokenRule(fault)) {
                    damages.add(fault);
                } else if (brokenRules.size() < MOST) {
                    brokenRules.add(fault);
                }
            }
        }
        damages.removeIf("ok"::equals);
    }

    private static boolean isBrokenRule(String fault) {
        return BROKEN_RULE.matcher(fault).matches();
    }
}
