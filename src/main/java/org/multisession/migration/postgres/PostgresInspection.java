package org.multisession.migration.postgres;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.migration.MigrationRefusedException;

/**
 * What a look at a PostgreSQL database finds before a migration changes anything.
 *
 * @param userColumns the columns of {@code users}, in lower case; empty in a new database
 * @param missing names of what is to be made; empty if nothing is to be done
 * @param isSmall whether what is to be noted takes no longer than a deploy may
 */
record PostgresInspection(Set<String> userColumns, List<String> missing, boolean isSmall) {

    /** This many rows are noted within some seconds. */
    private static final int SMALL = 20_000;

    private static final String OTHERWISE = "what this version says otherwise than the one before";

    private static final Sql SERVER = Sql.of("look at the server", """
            SELECT current_setting('server_encoding') AS encoding, current_schema() AS schema, current_user AS account,
              current_setting('search_path') AS path
            """);

    private static final Sql COLUMNS = Sql.of("look at the columns of a table", """
            SELECT lower(attname) AS name, format_type(atttypid, atttypmod) AS type FROM pg_catalog.pg_attribute
            WHERE attrelid = to_regclass(:table) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
            """);

    /** A domain is of the category of what it is made from. */
    private static final Sql UNFIT_TYPES = Sql.of("look for types that do not fit", """
            SELECT lower(a.attname) AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attname = 'auth_token' AS is_token
            FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            WHERE a.attrelid = to_regclass(:table) AND NOT a.attisdropped AND (
              a.attname = 'auth_token' AND t.typcategory <> 'S'
              OR a.attname IN ('id', 'user_id') AND NOT (a.attname = 'user_id' AND a.attrelid = to_regclass('users'))
                AND (CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END)::regtype
                  NOT IN ('smallint', 'integer', 'bigint'))
            ORDER BY a.attnum
            """);

    private static final Sql HEIRS = Sql.of(
            "look for tables that inherit",
            "SELECT inhrelid::regclass::TEXT AS name FROM pg_catalog.pg_inherits WHERE inhparent = to_regclass(:table)"
                    + " ORDER BY 1");

    private static final Sql ID_IS_A_KEY = Sql.of("is users.id a key", """
            SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a
              ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
            WHERE i.indrelid = to_regclass('users') AND a.attname = 'id' AND i.indnkeyatts = 1
              AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indexprs IS NULL AND i.indpred IS NULL
            """);

    private static final Sql KIND = Sql.of(
            "look at the kind of a table",
            "SELECT relkind::TEXT AS kind FROM pg_catalog.pg_class WHERE oid = to_regclass(:table)");

    private static final Sql USERS_ELSEWHERE = Sql.of("look for users in other schemas", """
            SELECT n.nspname::TEXT AS schema FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relname = 'users' AND c.relkind IN ('r', 'p', 'v', 'f')
              AND n.nspname NOT IN ('pg_catalog', 'information_schema')
            ORDER BY 1 LIMIT 1
            """);

    private static final Sql OTHER_TABLES = Sql.of("look for other tables", """
            SELECT 1 FROM pg_catalog.pg_class c WHERE c.relnamespace = current_schema()::regnamespace
              AND c.relkind IN ('r', 'p', 'v', 'f') AND c.relname NOT LIKE 'multisession\\_%' LIMIT 1
            """);

    private static final Sql RELATION =
            Sql.of("look for an object of ours", "SELECT 1 WHERE to_regclass(:name) IS NOT NULL");

    /** One look for all of them: a start looks for a hundred, and the server may be far away. An invalid index is not one. */
    private static final Sql OBJECTS = Sql.of("look for all objects of ours", """
            SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'i' THEN 'index' ELSE 'table' END AS kind, c.relname::TEXT AS name
            FROM pg_catalog.pg_class c
            WHERE c.relname = ANY (string_to_array(:names, ',')) AND pg_table_is_visible(c.oid)
              AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indexrelid = c.oid AND NOT i.indisvalid)
            UNION ALL
            SELECT 'function', p.proname::TEXT FROM pg_catalog.pg_proc p
            WHERE p.proname = ANY (string_to_array(:names, ',')) AND pg_function_is_visible(p.oid)
            """);

    private static final Sql TRIGGERS = Sql.of(
            "look for all triggers of ours", "SELECT name, on_table FROM multisession_triggers WHERE {isPrimary}");

    private static final Sql TRIGGER = Sql.of(
            "look for a trigger of ours",
            "SELECT 1 FROM multisession_triggers WHERE name = :name AND on_table = :table");

    /** By the function: the same app in another schema has others. */
    private static final Sql OTHER_TABLE_OF_TRIGGER = Sql.of("look for a table that was renamed", """
            SELECT t.tgrelid::regclass::TEXT AS name, p.pronamespace::regnamespace::TEXT AS home,
              coalesce(c.relnamespace = p.pronamespace AND c.relnamespace <>
                (SELECT relnamespace FROM pg_catalog.pg_class WHERE oid = to_regclass(:table)), false) AS is_at_home
            FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
            JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
            WHERE t.tgname = :trigger AND NOT t.tgisinternal AND t.tgrelid IS DISTINCT FROM to_regclass(:table)
              AND pg_function_is_visible(p.oid)
            """);

    private static final Sql STATE = Sql.of(
            "look at the state of the migration",
            "SELECT 1 FROM multisession_state WHERE name = :name AND (:value = '' OR value = :value)");

    private static final Sql MAY_CREATE =
            Sql.of("may tables be made", "SELECT 1 WHERE has_schema_privilege(current_schema(), 'CREATE')");

    private static final Sql OWNS = Sql.of("is a table ours", """
            SELECT 1 FROM pg_catalog.pg_class WHERE oid = to_regclass(:table) AND pg_has_role(relowner, 'USAGE')
            """);

    private static final Sql MAY_READ =
            Sql.of("may a table be read", "SELECT 1 WHERE has_table_privilege(to_regclass(:table), 'SELECT')");

    private static final Sql HIDES_ROWS =
            Sql.of("does row-level security apply", "SELECT 1 WHERE row_security_active(to_regclass(:table)::oid)");

    private static final Sql ROWS = Sql.of("count rows up to a number", """
            SELECT (SELECT count(*) FROM (SELECT 1 FROM users LIMIT :most) u) AS users
            """);

    private static final Sql SESSION_ROWS = Sql.of("count sessions up to a number", """
            SELECT count(*) AS sessions FROM (SELECT 1 FROM user_sessions LIMIT :most) s
            """);

    /**
     * Looks, or refuses with all that stands in the way.
     *
     * @param all the statements of our schema
     * @param version what identifies them
     */
    static PostgresInspection of(Handle handle, List<SchemaScript> all, String version) {
        List<String> faults = new ArrayList<>();
        String account = judgeServer(handle, faults);
        refuse(faults);
        Map<String, String> users = columns(handle, "users");
        Map<String, String> sessions = columns(handle, "user_sessions");
        boolean isNew = users.isEmpty();
        if (isNew) {
            requireNew(handle, account, faults);
        } else {
            judgeUsers(handle, users, faults);
        }
        judgeSessions(handle, sessions, faults);
        if (!isNew
                && sessions.isEmpty()
                && users.containsKey("id")
                && !handle.query(ID_IS_A_KEY).exists()) {
            faults.add(
                    "users.id is no key, so the table user_sessions cannot refer to it. Make it one: ALTER TABLE users ADD"
                            + " PRIMARY KEY (id), or ADD UNIQUE (id)");
        }
        List<String> missing = missing(handle, all);
        judgeRebuild(handle, "users", "multisession_user_inserted", missing, faults);
        judgeRebuild(handle, "user_sessions", "multisession_session_inserted", missing, faults);
        if (missing.isEmpty() && !isState(handle, "schema", version)) {
            missing = List.of(OTHERWISE);
        }
        judgeRights(handle, account, missing, isNew, all, faults);
        refuse(faults);
        return new PostgresInspection(
                Set.copyOf(users.keySet()), missing, isNew || isSmall(handle, !sessions.isEmpty()));
    }

    /** Returns the name of the account. */
    private static String judgeServer(Handle handle, List<String> faults) {
        return handle.query(SERVER).one(row -> {
            if (!"UTF8".equals(row.text("encoding"))) {
                faults.add("the database is not encoded in UTF8, so it cannot hold every name");
            }
            if (row.text("schema") == null) {
                faults.add("no schema of the search_path (" + row.text("path") + ") exists that the account "
                        + row.text("account") + " may use");
            }
            return row.requiredText("account");
        });
    }

    /** Names of what is not there, or not whole. */
    static List<String> missing(Handle handle, List<SchemaScript> all) {
        String names = all.stream().map(SchemaScript::name).collect(Collectors.joining(","));
        Set<List<String>> there = Set.copyOf(handle.query(OBJECTS)
                .bind("names", names)
                .list(row -> List.of(row.requiredText("kind"), row.requiredText("name"))));
        List<String> missing = new ArrayList<>(all.stream()
                .filter(script -> !script.isTrigger() && !there.contains(List.of(script.kind(), script.name())))
                .map(SchemaScript::name)
                .toList());
        Set<List<String>> firing = missing.contains("multisession_triggers")
                ? Set.of()
                : Set.copyOf(handle.query(TRIGGERS)
                        .list(row -> List.of(row.requiredText("name"), row.requiredText("on_table"))));
        all.stream()
                .filter(script -> script.isTrigger() && !firing.contains(List.of(script.name(), script.on())))
                .forEach(trigger -> missing.add(trigger.name()));
        if (!missing.contains("multisession_state") && !isState(handle, "migrated", "")) {
            missing.add("the rest of a migration that is under way");
        }
        return missing;
    }

    private static boolean isState(Handle handle, String name, String value) {
        return handle.query(STATE).bind("name", name).bind("value", value).exists();
    }

    private static void refuse(List<String> faults) {
        if (faults.size() == 1) {
            throw new MigrationRefusedException(faults.get(0));
        }
        if (!faults.isEmpty()) {
            throw new MigrationRefusedException(faults.size() + " things are in the way:"
                    + IntStream.range(0, faults.size())
                            .mapToObj(i -> "\n  " + (i + 1) + ". " + faults.get(i))
                            .collect(Collectors.joining()));
        }
    }

    /**
     * A table that somebody is making anew, each statement of it committed: our triggers went along with the old one, whose
     * rows are not all in the new one yet. What is not there would end for good.
     */
    private static void judgeRebuild(
            Handle handle, String table, String trigger, List<String> missing, List<String> faults) {
        if (!missing.contains(trigger)) {
            return;
        }
        for (Former found : handle.query(OTHER_TABLE_OF_TRIGGER)
                .bind("trigger", trigger)
                .bind("table", table)
                .list(row -> new Former(row.requiredText("name"), row.requiredText("home"), row.flag("is_at_home")))) {
            String former = found.name();
            if (found.isAtHome()) {
                faults.add("the search_path of the account leads to another table " + table + " than " + former
                        + ", which Multi-Session watches from the schema " + found.home() + ". Set it to one of the two"
                        + " schemas alone");
            } else if (!exists(handle, table) || holdsMore(handle, former, table)) {
                faults.add("the table " + table + " is being made anew: " + former
                        + ", which was in its place, holds more. Finish that, or drop " + former
                        + " if it is no longer needed, and deploy again");
            }
        }
    }

    /**
     * A table that has our triggers and not the name in the search path.
     *
     * @param home the schema that our functions are in
     * @param isAtHome whether it is where it was, so that another one has come before it in the search path
     */
    private record Former(String name, String home, boolean isAtHome) {}

    /** Whether rows are there that the other table lacks. Not by the last id: meanwhile the old app goes on adding rows. */
    private static boolean holdsMore(Handle handle, String former, String table) {
        return handle.query(Sql.once(
                        "look for rows of a renamed table",
                        "SELECT 1 FROM " + former + " f WHERE NOT EXISTS (SELECT 1 FROM " + table
                                + " n WHERE n.id = f.id) LIMIT 1"))
                .exists();
    }

    /** Never a new empty table beside the real one. */
    private static void requireNew(Handle handle, String account, List<String> faults) {
        handle.query(USERS_ELSEWHERE).list(row -> row.requiredText("schema")).stream()
                .findFirst()
                .ifPresentOrElse(
                        schema -> faults.add("the table users is in the schema " + schema + ", which the account "
                                + account + " does not reach. Use ALTER ROLE " + account + " SET search_path = "
                                + schema + " and GRANT USAGE ON SCHEMA " + schema),
                        () -> {
                            if (handle.query(OTHER_TABLES).exists()) {
                                faults.add("the database has tables, but no table users. Check multisession.db.url");
                            }
                        });
    }

    private static void judgeUsers(Handle handle, Map<String, String> found, List<String> faults) {
        judgeKind(handle, "users", faults);
        List<String> missing = Stream.of("id", "phone", "auth_token")
                .filter(name -> !found.containsKey(name))
                .toList();
        if (!missing.isEmpty()) {
            faults.add("the table users lacks the columns " + String.join(", ", missing));
        }
        judgeTypes(handle, "users", found, faults);
    }

    /**
     * What our triggers note has to fit where they note it: they are there, and would fail the old app's statements, before
     * a sign-in is tried.
     */
    private static void judgeTypes(Handle handle, String table, Map<String, String> found, List<String> faults) {
        handle.query(UNFIT_TYPES)
                .bind("table", table)
                .forEach(row -> faults.add(table + "." + row.requiredText("name")
                        + " is of the type " + row.requiredText("type")
                        + (row.flag("is_token") ? ", and it must be a text" : ", not a whole number")));
        judgeToken(table, found, faults);
    }

    /** A padded token is another text, and another hash, than the one that its device has. */
    private static void judgeToken(String table, Map<String, String> found, List<String> faults) {
        String type = found.getOrDefault("auth_token", "text");
        if (type.equals("character") || type.startsWith("character(")) {
            faults.add(
                    table + ".auth_token is of the type " + type + ", which fills a token up with blanks. Give it the"
                            + " type " + type.replace("character", "varchar"));
        }
    }

    private static void judgeSessions(Handle handle, Map<String, String> found, List<String> faults) {
        if (found.isEmpty()) {
            return;
        }
        judgeKind(handle, "user_sessions", faults);
        List<String> missing = Stream.of("id", "user_id", "auth_token", "created_at", "last_seen_at")
                .filter(name -> !found.containsKey(name))
                .toList();
        if (!missing.isEmpty()) {
            faults.add("the table user_sessions lacks the columns " + String.join(", ", missing));
        }
        judgeTypes(handle, "user_sessions", found, faults);
        for (String time : List.of("created_at", "last_seen_at")) {
            String type = found.getOrDefault(time, "timestamp");
            if (!type.startsWith("timestamp")) {
                faults.add("user_sessions." + time + " is of the type " + type
                        + ". It must be timestamp, as SQLAlchemy's DateTime makes it");
            }
        }
    }

    private static void judgeKind(Handle handle, String table, List<String> faults) {
        String kind = handle.query(KIND).bind("table", table).one(row -> row.requiredText("kind"));
        if (!kind.equals("r")) {
            faults.add(table + " is " + (kind.equals("p") ? "a partitioned table" : "no table")
                    + ", and it must be a plain one");
        }
        List<String> heirs = handle.query(HEIRS).bind("table", table).list(row -> row.requiredText("name"));
        if (kind.equals("r") && !heirs.isEmpty()) {
            faults.add(
                    "rows of " + table + " may be in " + String.join(", ", heirs) + " (INHERITS), where no trigger and"
                            + " no foreign key of " + table + " sees them. They must be in one table");
        }
    }

    private static void judgeRights(
            Handle handle,
            String account,
            List<String> missing,
            boolean isNew,
            List<SchemaScript> all,
            List<String> faults) {
        if (missing.isEmpty()) {
            return;
        }
        List<String> lacking = new ArrayList<>();
        if (!handle.query(MAY_CREATE).exists()) {
            lacking.add("the account " + account + " may make no table in this schema");
        }
        for (String table : List.of("users", "user_sessions")) {
            boolean isToBeChanged = missing.contains(OTHERWISE)
                    || all.stream().anyMatch(script -> script.on().equals(table) && missing.contains(script.name()));
            if (isNew || !exists(handle, table)) {
                continue;
            }
            if (isToBeChanged && !handle.query(OWNS).bind("table", table).exists()) {
                lacking.add("the account " + account + " does not own the table " + table
                        + ", so it can make no index and no trigger on it");
            } else if (!handle.query(MAY_READ).bind("table", table).exists()) {
                lacking.add("the account " + account + " may not read the table " + table);
            }
            // A user who is hidden would count as deleted, and be signed out for good.
            if (handle.query(HIDES_ROWS).bind("table", table).exists()) {
                faults.add("row-level security of the table " + table + " may hide rows from the account " + account
                        + ". Migrate once with an account that sees them all (ALTER ROLE … BYPASSRLS)");
            }
        }
        if (!lacking.isEmpty()) {
            faults.addAll(lacking.subList(0, lacking.size() - 1));
            faults.add(lacking.get(lacking.size() - 1) + ". " + HOW);
        }
    }

    private static final String HOW =
            "Migrate once with the account that owns the old app's tables; docs/postgresql.md lists the GRANTs for the other";

    private static boolean isSmall(Handle handle, boolean hasSessions) {
        long rows = handle.query(ROWS).bind("most", SMALL + 1).one(row -> row.number("users"));
        if (hasSessions) {
            rows += handle.query(SESSION_ROWS).bind("most", SMALL + 1).one(row -> row.number("sessions"));
        }
        return rows <= SMALL;
    }

    static boolean exists(Handle handle, String relation) {
        return handle.query(RELATION).bind("name", relation).exists();
    }

    static boolean fires(Handle handle, SchemaScript trigger) {
        return handle.query(TRIGGER)
                .bind("name", trigger.name())
                .bind("table", trigger.on())
                .exists();
    }

    /** The names of a table's columns, in lower case, with their types; none if there is no such table. */
    static Map<String, String> columns(Handle handle, String table) {
        Map<String, String> columns = new LinkedHashMap<>();
        handle.query(COLUMNS)
                .bind("table", table)
                .forEach(row -> columns.put(row.requiredText("name"), row.requiredText("type")));
        return columns;
    }
}
