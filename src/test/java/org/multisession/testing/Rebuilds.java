package org.multisession.testing;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How migration tools make a table anew; our triggers and indexes go with the old one. */
public final class Rebuilds {

    /** The order of the steps. */
    public enum Way {
        /** A copy is made beside the table and put in its place, as Alembic, Django, Rails and Prisma do it. */
        BATCH,
        /** The table is renamed out of the way first, and with it the foreign keys of others. */
        RENAME_FIRST
    }

    private static final String USERS = """
            CREATE TABLE %s (
            	id INTEGER NOT NULL, phone VARCHAR(20) NOT NULL, name VARCHAR(100), auth_token VARCHAR(128),
            	"plan" VARCHAR(20), balance INTEGER, created_at DATETIME, email VARCHAR(100), PRIMARY KEY (id));
            INSERT INTO %1$s (id, phone, name, auth_token, "plan", balance, created_at)
            	SELECT id, phone, name, auth_token, "plan", balance, created_at FROM %s;
            """;

    private static final String SESSIONS = """
            CREATE TABLE %s (
            	id INTEGER NOT NULL, user_id INTEGER NOT NULL, auth_token VARCHAR(128) NOT NULL,
            	created_at DATETIME DEFAULT CURRENT_TIMESTAMP, last_seen_at DATETIME DEFAULT CURRENT_TIMESTAMP,
            	note TEXT, PRIMARY KEY (id), FOREIGN KEY(user_id) REFERENCES users (id), UNIQUE (auth_token));
            INSERT INTO %1$s (id, user_id, auth_token, created_at, last_seen_at)
            	SELECT id, user_id, auth_token, created_at, last_seen_at FROM %s;
            """;

    private static final String NARROW_USERS = """
            CREATE TABLE %s (id INTEGER NOT NULL, phone VARCHAR(20), auth_token VARCHAR(128), PRIMARY KEY (id));
            INSERT INTO %1$s SELECT id, phone, auth_token FROM %s;
            """;

    private static final String NARROW_SESSIONS = """
            CREATE TABLE %s (
            	id INTEGER NOT NULL, user_id INTEGER NOT NULL, auth_token VARCHAR(128) NOT NULL,
            	created_at DATETIME DEFAULT CURRENT_TIMESTAMP, last_seen_at DATETIME DEFAULT CURRENT_TIMESTAMP,
            	PRIMARY KEY (id), FOREIGN KEY(user_id) REFERENCES users (id), UNIQUE (auth_token));
            INSERT INTO %1$s SELECT id, user_id, auth_token, created_at, last_seen_at FROM %s;
            """;

    private static final Pattern DROP = Pattern.compile("DROP TABLE (\\w+);");

    private Rebuilds() {}

    /** A {@code users} of the needed columns alone. */
    public static String narrowUsers(Way way) {
        return rebuild("users", NARROW_USERS, way);
    }

    /** A {@code user_sessions} of the needed columns alone. */
    public static String narrowSessions(Way way) {
        return rebuild("user_sessions", NARROW_SESSIONS, way);
    }

    /** The {@code users} of the scripts {@code single} and {@code multi}, with a column more. */
    public static String users(Way way) {
        return rebuild("users", USERS, way);
    }

    /** {@code user_sessions}, with a column more. */
    public static String sessions(Way way) {
        return rebuild("user_sessions", SESSIONS, way);
    }

    /** The same rebuild by somebody who empties the old table before dropping it. */
    public static String emptyingFirst(String rebuild) {
        return DROP.matcher(rebuild).replaceAll("DELETE FROM $1;\n$0");
    }

    /**
     * The same rebuild by somebody who puts the table's triggers back word for word, as sqlite.org/lang_altertable.html
     * suggests and DB Browser for SQLite does.
     */
    public static String puttingTriggersBack(SqliteApp app, String table, String rebuild) {
        return rebuild.replace("COMMIT;", triggers(app, table) + "COMMIT;");
    }

    /** What makes the triggers of a table as they are. */
    public static String triggers(SqliteApp app, String table) {
        return ofEachTrigger(app, "sql", table);
    }

    /** What takes all triggers of a table away. */
    public static String dropsOfTriggers(SqliteApp app, String table) {
        return ofEachTrigger(app, "'DROP TRIGGER ' || name", table);
    }

    private static String ofEachTrigger(SqliteApp app, String statement, String table) {
        return app
                .all(
                        "SELECT " + statement
                                + " FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = ? ORDER BY rowid",
                        table)
                .stream()
                .map(each -> each + ";\n")
                .collect(Collectors.joining());
    }

    /** The statements of a rebuild one by one, for a tool that commits each of them. */
    public static List<String> inAutocommit(String rebuild) {
        return Stream.of(rebuild.split(";"))
                .map(String::strip)
                .filter(statement -> !Set.of("", "BEGIN", "COMMIT").contains(statement))
                .toList();
    }

    private static String rebuild(String table, String copy, Way way) {
        return switch (way) {
            case BATCH ->
                "BEGIN;\n" + copy.formatted("_alembic_tmp_" + table, table) + "DROP TABLE " + table
                        + ";\nALTER TABLE _alembic_tmp_" + table + " RENAME TO " + table + ";\nCOMMIT;";
            case RENAME_FIRST ->
                "BEGIN;\nALTER TABLE " + table + " RENAME TO " + table + "_old;\n"
                        + copy.formatted(table, table + "_old") + "DROP TABLE " + table + "_old;\nCOMMIT;";
        };
    }
}
