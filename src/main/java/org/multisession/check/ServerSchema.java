package org.multisession.check;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.migration.MigrationRefusedException;
import org.multisession.migration.postgres.PostgresDryRun;
import org.multisession.migration.postgres.PostgresMigrator;
import org.multisession.session.Stage;

/**
 * What the catalogue of a PostgreSQL server says of the tables of users and sessions, with the rules by which a sign-in
 * works or not as far as reading tells.
 */
final class ServerSchema {

    private static final Sql SERVER = Sql.once("look at the server", """
            SELECT current_setting('server_version') AS version, current_database() AS database,
              coalesce(current_schema(), 'none') AS schema, current_user AS account
            """);

    private static final Sql COLUMNS = Sql.once("look at the columns of a table", """
            SELECT a.attname::TEXT AS name, t.typname::TEXT AS type,
              CASE WHEN t.typname = 'varchar' AND a.atttypmod > 4 THEN a.atttypmod - 4 END AS length,
              a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS needed
            FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            WHERE a.attrelid = to_regclass(:table) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
            """);

    private static final Sql EXISTS = Sql.once("look for a table", "SELECT 1 WHERE to_regclass(:table) IS NOT NULL");

    private static final Sql MADE_BY_US =
            Sql.once("who made user_sessions", "SELECT 1 FROM multisession_created WHERE name = 'user_sessions'");

    private static final Sql MIGRATED =
            Sql.once("whether it was migrated", "SELECT 1 FROM multisession_state WHERE name = 'migrated'");

    private static final Sql OUR_TRIGGERS = Sql.once("look at our triggers", """
            SELECT tgname::TEXT AS name FROM pg_catalog.pg_trigger
            WHERE tgrelid IN (to_regclass('users'), to_regclass('user_sessions')) AND NOT tgisinternal
              AND tgname LIKE 'multisession\\_%' AND tgenabled IN ('O', 'A')
            """);

    private static final Sql TRIGGERS = Sql.once("look at triggers of others", """
            SELECT tgname::TEXT AS name FROM pg_catalog.pg_trigger
            WHERE tgrelid IN (to_regclass('users'), to_regclass('user_sessions')) AND NOT tgisinternal
              AND tgname NOT LIKE 'multisession\\_%' AND tgenabled IN ('O', 'A') ORDER BY 1
            """);

    private static final Sql TOKEN_INDEX = Sql.once("look for an index of legacy tokens", """
            SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a
              ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
            WHERE i.indrelid = to_regclass('users') AND i.indisvalid AND i.indpred IS NULL AND a.attname = 'auth_token'
            """);

    private static final Sql STRAY = Sql.once("look at foreign keys of sessions", """
            SELECT confrelid::regclass::TEXT AS name FROM pg_catalog.pg_constraint
            WHERE conrelid = to_regclass('user_sessions') AND contype = 'f' AND confrelid <> to_regclass('users')
              AND conkey = (SELECT array_agg(attnum) FROM pg_catalog.pg_attribute
                WHERE attrelid = to_regclass('user_sessions') AND attname = 'user_id')
            """);

    private static final Sql UNKNOWN_EFFECTS = Sql.once("look at what may refuse a sign-in", """
            SELECT 'the constraint ' || conname || ' of ' || conrelid::regclass AS name FROM pg_catalog.pg_constraint
            WHERE conrelid IN (to_regclass('users'), to_regclass('user_sessions')) AND contype IN ('c', 'x')
            UNION ALL
            SELECT 'the trigger ' || tgname || ' of ' || tgrelid::regclass FROM pg_catalog.pg_trigger
            WHERE tgrelid IN (to_regclass('users'), to_regclass('user_sessions')) AND NOT tgisinternal
              AND tgname NOT LIKE 'multisession\\_%' AND tgenabled IN ('O', 'A')
            UNION ALL
            SELECT 'the rule ' || rulename || ' of ' || ev_class::regclass FROM pg_catalog.pg_rewrite
            WHERE ev_class IN (to_regclass('users'), to_regclass('user_sessions'))
            UNION ALL
            SELECT 'row-level security of ' || oid::regclass FROM pg_catalog.pg_class
            WHERE oid IN (to_regclass('users'), to_regclass('user_sessions')) AND relrowsecurity
            ORDER BY 1
            """);

    private static final Sql HELD = Sql.once("look at what a deletion of a user does", """
            SELECT 1 FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass('user_sessions')
              AND confrelid = to_regclass('users') AND contype = 'f' AND confdeltype IN ('a', 'r')
              AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_trigger WHERE tgrelid = to_regclass('users')
                AND NOT tgisinternal AND tgname NOT LIKE 'multisession\\_%' AND (tgtype & 10) = 10)
            """);

    private static final List<String> OF_SESSIONS =
            List.of("id", "user_id", "auth_token", "created_at", "last_seen_at");

    /** Of the tokens that we make, and of their hashes. */
    private static final int TOKEN_LENGTH = 43;

    private static final int HASH_LENGTH = 50;

    private record Column(String type, @Nullable Long length, boolean isNeeded) {}

    private final Map<String, Map<String, Column>> tables = new LinkedHashMap<>();
    private final List<Fact> facts = new ArrayList<>();
    private final List<String> missing;
    private final List<String> foreignTriggers;
    private final List<String> unknownEffects;
    private final List<String> strayReferences;
    private final Set<String> triggers;
    private final @Nullable String refusal;
    private final boolean wasMigrated;
    private final boolean isHalfMigrated;
    private final boolean sessionsAreOurs;
    private final boolean tokenIsIndexed;
    private final boolean preventsDeletions;

    private ServerSchema(Handle handle) throws SQLException {
        handle.query(SERVER).optional(row -> {
            facts.add(Fact.of("postgresql", "PostgreSQL", row.requiredText("version")));
            facts.add(Fact.of("schema", "Schema", row.requiredText("schema")));
            facts.add(Fact.of("account", "Account", row.requiredText("account")));
            return row;
        });
        for (String table : List.of("users", "user_sessions")) {
            Map<String, Column> columns = new LinkedHashMap<>();
            handle.query(COLUMNS)
                    .bind("table", table)
                    .forEach(row -> columns.put(
                            row.requiredText("name"),
                            new Column(row.requiredText("type"), row.optionalNumber("length"), row.flag("needed"))));
            tables.put(table, columns);
        }
        missing = PostgresMigrator.missing(handle);
        boolean hasMemory = exists(handle, "multisession_tokens") && exists(handle, "multisession_state");
        wasMigrated = hasMemory && hasSessions() && handle.query(MIGRATED).exists();
        isHalfMigrated = hasMemory && !wasMigrated;
        sessionsAreOurs = hasSessions()
                && exists(handle, "multisession_created")
                && handle.query(MADE_BY_US).exists();
        triggers = new LinkedHashSet<>(handle.query(OUR_TRIGGERS).list(row -> row.requiredText("name")));
        foreignTriggers = handle.query(TRIGGERS).list(row -> row.requiredText("name"));
        unknownEffects = handle.query(UNKNOWN_EFFECTS).list(row -> row.requiredText("name"));
        strayReferences = handle.query(STRAY).list(row -> row.requiredText("name"));
        tokenIsIndexed = handle.query(TOKEN_INDEX).exists();
        preventsDeletions = sessionsAreOurs && handle.query(HELD).exists();
        refusal = refusal(handle);
    }

    static ServerSchema of(Handle handle) throws SQLException {
        return new ServerSchema(handle);
    }

    private static boolean exists(Handle handle, String table) {
        return handle.query(EXISTS).bind("table", table).exists();
    }

    private static @Nullable String refusal(Handle handle) {
        try {
            PostgresDryRun.of(handle);
        } catch (MigrationRefusedException e) {
            return e.getMessage();
        }
        return null;
    }

    /** Why a sign-in cannot work in this stage; empty if nothing speaks against it. */
    List<String> obstacles(Stage stage) {
        List<String> obstacles = new ArrayList<>();
        if (hasSessions()) {
            columns("user_sessions").forEach((name, column) -> {
                if (column.isNeeded() && (name.equals("id") || !OF_SESSIONS.contains(name))) {
                    obstacles.add(
                            "a sign-in cannot work: user_sessions." + name + " needs a value, and has no default");
                }
            });
            requireRoom("user_sessions", stage.storesPlainTokens() ? TOKEN_LENGTH : HASH_LENGTH, obstacles);
        }
        if (stage.mirrors()) {
            requireRoom("users", TOKEN_LENGTH, obstacles);
        }
        return obstacles;
    }

    private void requireRoom(String table, int length, List<String> obstacles) {
        Column token = columns(table).get("auth_token");
        if (token != null && token.length() != null && token.length() < length) {
            obstacles.add("a sign-in cannot work: " + table + ".auth_token holds " + token.length()
                    + " characters, and " + length + " are needed");
        }
    }

    private Map<String, Column> columns(String table) {
        return tables.getOrDefault(table, Map.of());
    }

    /** How the copy of a table has to compare tokens. */
    String collation(String table) {
        Column token = columns(table).get("auth_token");
        return token != null && token.type().equals("citext") ? "COLLATE NOCASE" : "";
    }

    /** The version of the server, and by which account it was read. */
    List<Fact> facts() {
        return facts;
    }

    /** Why a deploy would be refused at once; null if it would not. */
    @Nullable
    String refusal() {
        return refusal;
    }

    boolean isNew() {
        return columns("users").isEmpty();
    }

    boolean hasSessions() {
        return !columns("user_sessions").isEmpty();
    }

    boolean wasMigrated() {
        return wasMigrated;
    }

    /** Whether we have made the table of sessions, or will. */
    boolean sessionsAreOurs() {
        return !hasSessions() || sessionsAreOurs;
    }

    /** The triggers of ours that fire. */
    Set<String> triggers() {
        return triggers;
    }

    int missing() {
        return missing.size();
    }

    List<String> foreignTriggers() {
        return foreignTriggers;
    }

    List<String> strayReferences() {
        return strayReferences;
    }

    boolean tokenIsIndexed() {
        return tokenIsIndexed;
    }

    /** Whether the foreign key of our sessions keeps an app from deleting a user who does not know of them. */
    boolean preventsDeletions() {
        return preventsDeletions;
    }

    /** What only a try could tell of, which a check does not make on a database in use. */
    List<String> unknownEffects() {
        List<String> all = new ArrayList<>(unknownEffects);
        if (isHalfMigrated) {
            all.add("a migration that is under way");
        }
        return all;
    }
}
