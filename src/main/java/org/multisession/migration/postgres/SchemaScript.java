package org.multisession.migration.postgres;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.multisession.migration.SqlScript;

/**
 * One statement of our schema, which makes one object.
 *
 * @param kind {@code table}, {@code index}, {@code view}, {@code function} or {@code trigger}
 * @param on the table that a trigger or an index is on; empty for the others
 */
record SchemaScript(String kind, String name, String on, String sql) {

    private static final String FOLDER = "/db/postgres/";
    private static final Pattern CREATE = Pattern.compile(
            "CREATE (?:OR REPLACE )?(?:UNIQUE )?(TABLE|INDEX|VIEW|FUNCTION|TRIGGER) (?:IF NOT EXISTS )?(\\w+)");
    private static final Pattern ON = Pattern.compile("\\bON (\\w+)");

    static List<SchemaScript> read(String file) {
        List<SchemaScript> statements = new ArrayList<>();
        for (String sql : SqlScript.statements(FOLDER + file)) {
            Matcher create = CREATE.matcher(sql);
            if (!create.lookingAt()) {
                throw new IllegalStateException(file + " has a statement that makes nothing known");
            }
            String kind = create.group(1).toLowerCase(Locale.ROOT);
            Matcher on = ON.matcher(sql);
            boolean isOnTable = (kind.equals("trigger") || kind.equals("index")) && on.find();
            statements.add(new SchemaScript(kind, create.group(2), isOnTable ? on.group(1) : "", sql));
        }
        return statements;
    }

    boolean isTrigger() {
        return kind.equals("trigger");
    }

    /** Whether it is on a table of the team's, which others use meanwhile. */
    boolean isOnTeamsTable() {
        return on.equals("users") || on.equals("user_sessions");
    }

    /** Whether it may be replaced with itself at any time. */
    boolean isReplaceable() {
        return kind.equals("function") || kind.equals("view");
    }
}
