package org.multisession.migration;

import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.multisession.db.ComposedSql;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.migration.Catalogue.Column;

/**
 * What a migration would find and make of a database that is only read; and the migration itself, played on copies in
 * temporary tables, where it cannot be played on the whole database.
 *
 * <p>The copies have the names of the tables, and SQLite looks among temporary tables first: the statements that are
 * played are the {@link Migrator}'s own. Nothing is verified here: the deploy that {@code check} plays on its copy of the
 * file does that. The copy of {@code users} has the columns {@code
 * id}, {@code phone} and {@code auth_token}, in the order of the table, compared as the table compares them.
 */
public final class DryRun {

    private static final String COLLATES_ALIKE =
            "SELECT count(*) FROM (SELECT \"%2$s\" FROM main.\"%1$s\" WHERE 0 UNION SELECT 'a' UNION SELECT '%3$s')";

    private static final String INDEXED = """
            SELECT count(*) FROM pragma_index_list(?1) l, pragma_index_info(l.name) c
            WHERE c.seqno = 0 AND lower(c.name) = ?2
            """;

    private static final String CREATED_BY_US =
            "SELECT count(*) FROM main.multisession_created WHERE name = 'user_sessions'";

    private static final List<String> SESSION_COLUMNS =
            List.of("id", "user_id", "auth_token", "created_at", "last_seen_at");

    private final Inspection found;
    private final boolean sessionsAreOurs;
    private final boolean tokenIsIndexed;
    private final boolean idIsRowId;

    private DryRun(Inspection found, boolean sessionsAreOurs, boolean tokenIsIndexed, boolean idIsRowId) {
        this.found = found;
        this.sessionsAreOurs = sessionsAreOurs;
        this.tokenIsIndexed = tokenIsIndexed;
        this.idIsRowId = idIsRowId;
    }

    /**
     * Looks at a database as a migration does.
     *
     * @param handle reads the database at one moment
     * @throws MigrationRefusedException if the database is not one that can be migrated
     */
    public static DryRun look(Handle handle) throws SQLException {
        Inspection found = Inspection.of(handle);
        return new DryRun(
                found,
                found.catalogue().has("user_sessions")
                        && found.catalogue().has("multisession_created")
                        && ComposedSql.number(handle, CREATED_BY_US) > 0,
                ComposedSql.number(handle, INDEXED, "users", "auth_token") > 0,
                found.isNew()
                        || Objects.requireNonNull(
                                        Catalogue.columns(handle, "users").get("id"))
                                .isRowId());
    }

    /** The same, and copies what decides who is signed in, for {@link #play}. */
    public static DryRun prepare(Handle handle) throws SQLException {
        DryRun rehearsal = look(handle);
        rehearsal.copy(handle);
        rehearsal.rememberEnded(handle);
        return rehearsal;
    }

    /**
     * Remembers which tokens had ended before the migration, in the temporary table {@code ended_before}. Call it before a
     * migration on the same connection.
     */
    public void rememberEnded(Handle handle) throws SQLException {
        ComposedSql.update(
                handle, "CREATE TEMP TABLE ended_before (auth_token VARCHAR(128) PRIMARY KEY) WITHOUT ROWID");
        if (wasMigrated()) {
            ComposedSql.update(
                    handle,
                    "INSERT INTO temp.ended_before SELECT auth_token FROM main.multisession_tokens WHERE ended_at IS NOT NULL");
        }
    }

    private void copy(Handle handle) throws SQLException {
        if (!found.isNew()) {
            copyUsers(handle);
        }
        if (hasSessions()) {
            copyTable(handle, "user_sessions", "id INTEGER PRIMARY KEY", SESSION_COLUMNS.subList(1, 5));
        }
        for (SchemaObject object : found.isNew() ? SchemaObject.users() : List.<SchemaObject>of()) {
            makeTemporary(handle, object);
        }
        for (SchemaObject object : SchemaObject.additions()) {
            makeTemporary(handle, object);
        }
        if (wasMigrated()) {
            ComposedSql.update(handle, """
                    INSERT INTO temp.multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
                    SELECT auth_token, user_id, recorded_at, ended_at, end_reason FROM main.multisession_tokens
                    """);
        }
        for (String table : List.of("multisession_rows", "multisession_accounts")) {
            if (found.catalogue().has(table)) {
                ComposedSql.update(handle, "INSERT INTO temp." + table + " SELECT * FROM main." + table);
            }
        }
        if (found.catalogue().has("multisession_state")) {
            ComposedSql.update(handle, "INSERT INTO temp.multisession_state SELECT * FROM main.multisession_state");
        }
    }

    private void copyUsers(Handle handle) throws SQLException {
        if (idIsRowId) {
            copyTable(handle, "users", "id INTEGER PRIMARY KEY", List.of("phone", "auth_token"));
        } else {
            copyTable(handle, "users", "id INTEGER", List.of("phone", "auth_token"));
            ComposedSql.update(handle, "CREATE INDEX temp.rehearsal_users_id ON users (id)");
        }
    }

    /** Rows in the order in which the table has them, which is that in which the old app finds them. */
    private static void copyTable(Handle handle, String table, String id, List<String> names) throws SQLException {
        Map<String, Column> columns = Catalogue.columns(handle, table);
        StringBuilder made = new StringBuilder("CREATE TEMP TABLE ")
                .append(table)
                .append(" (")
                .append(id);
        StringBuilder copied = new StringBuilder("id");
        for (String name : names) {
            Column column = Objects.requireNonNull(columns.get(name));
            made.append(", ").append(name).append(' ').append(affinity(column.type()));
            made.append(" COLLATE ").append(collation(handle, table, name));
            copied.append(", ").append(name);
        }
        ComposedSql.update(handle, made.append(')').toString());
        ComposedSql.update(
                handle,
                "INSERT INTO temp." + table + " (" + copied + ") SELECT " + copied + " FROM main." + table
                        + " NOT INDEXED");
    }

    private static void makeTemporary(Handle handle, SchemaObject object) throws SQLException {
        if (object.isTable()) {
            ComposedSql.update(handle, object.sql().replaceFirst("CREATE ", "CREATE TEMP "));
        }
    }

    /** By SQLite's rules; the declared type's own words need not be plain names. */
    private static String affinity(String declared) {
        String type = declared.toUpperCase(Locale.ROOT);
        if (type.contains("INT")) {
            return "INTEGER";
        }
        if (type.contains("CHAR") || type.contains("CLOB") || type.contains("TEXT")) {
            return "TEXT";
        }
        if (type.isEmpty() || type.contains("BLOB")) {
            return "BLOB";
        }
        return type.contains("REAL") || type.contains("FLOA") || type.contains("DOUB") ? "REAL" : "NUMERIC";
    }

    /** No pragma tells the collation of a column; which values it takes for equal does. */
    private static String collation(Handle handle, String table, String column) throws SQLException {
        if (ComposedSql.number(handle, COLLATES_ALIKE.formatted(table, column, "A")) == 1) {
            return "NOCASE";
        }
        return ComposedSql.number(handle, COLLATES_ALIKE.formatted(table, column, "a ")) == 1 ? "RTRIM" : "BINARY";
    }

    /** Plays the migration on the copies. Needs no lock on the database. */
    public void play(Handle handle, Instant now) throws SQLException {
        ComposedSql.update(handle, "CREATE INDEX IF NOT EXISTS temp.rehearsal_users_token ON users (auth_token)");
        ComposedSql.update(
                handle, "CREATE INDEX IF NOT EXISTS temp.rehearsal_sessions_token ON user_sessions (auth_token)");
        if (found.isNew() || found.hasNothingToDo()) {
            return;
        }
        ComposedSql.update(
                handle,
                "CREATE INDEX temp.rehearsal_tokens_live ON multisession_tokens (user_id) WHERE ended_at IS NULL");
        String time = SqlTime.format(now);
        Witnesses witnesses = new Witnesses(handle, found.catalogue(), time, statement -> {});
        int unused = witnesses.endWhatCannotBeTold();
        Backfill.reconcile(handle, witnesses.hasSuspects(), time, statement -> {});
    }

    /** Whether the database is empty, and all its tables will be made. */
    public boolean isNew() {
        return found.isNew();
    }

    /** The row id of {@code users}: {@code id} where it is an alias of it, else {@code rowid}, which only copies surely have. */
    public String place() {
        return idIsRowId ? "id" : "rowid";
    }

    /** Whether {@code id} is the row id, so that the table lies in the order of its ids. */
    public boolean isInOrderOfIds() {
        return idIsRowId;
    }

    /** Whether there is a table {@code user_sessions}. */
    public boolean hasSessions() {
        return found.catalogue().has("user_sessions");
    }

    /** Whether the old app made it: then the old app looks into it first. */
    public boolean hasSessionsOfTheOldApp() {
        return hasSessions() && !sessionsAreOurs;
    }

    /** Whether this product has been deployed on the database before. */
    public boolean wasMigrated() {
        return found.catalogue().has("multisession_tokens");
    }

    /** Whether the token of a user can be found without reading the whole table. */
    public boolean tokenIsIndexed() {
        return tokenIsIndexed;
    }

    /** What a migration would make, in order: the kind and the name of each. */
    public List<String> toBeMade() {
        List<SchemaObject> made = new ArrayList<>(found.missing());
        made.addAll(found.outdated());
        return made.stream().map(object -> object.kind() + " " + object.name()).toList();
    }

    /** The tables that foreign keys of {@code user_sessions} lead to instead of {@code users}. */
    public List<String> strayReferences() {
        return found.stray().stream().map(StrayReference::table).toList();
    }

    /** The names of triggers on the tables of users and sessions that are not ours. */
    public List<String> foreignTriggers() {
        return found.catalogue().triggersOn(Set.of("users", "user_sessions")).stream()
                .filter(name -> SchemaObject.additions().stream()
                        .noneMatch(object -> object.name().equals(name)))
                .toList();
    }

    /** Whether of any token that was issued only the hash is there. */
    public static boolean hasHashes(Handle handle) throws SQLException {
        return Snapshot.hasHashes(handle);
    }

    /** How many rows one of the copies has. */
    public static long rows(Handle handle, String table) throws SQLException {
        return Snapshot.rows(handle, table);
    }
}
