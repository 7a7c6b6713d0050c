package org.multisession.migration;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Handle;
import org.multisession.migration.Catalogue.Column;

/**
 * Looks at a database before anything is done to it, and refuses whatever would need guessing. Reads only.
 *
 * @param isNew no table at all: the users table will be made
 * @param userColumns the columns of {@code users}, in lower case and the table's order
 * @param missing what has to be made, in order
 * @param stray foreign keys of {@code user_sessions} that lead elsewhere; they are corrected
 * @param outdated triggers and indexes of ours that say something else than this version's; they are made anew
 * @param retired indexes that only earlier versions need; they are dropped
 * @param mark of a migration in steps that is not finished; null if there is none
 */
record Inspection(
        Catalogue catalogue,
        boolean isNew,
        List<String> userColumns,
        List<SchemaObject> missing,
        List<StrayReference> stray,
        List<SchemaObject> outdated,
        List<Catalogue.Entry> retired,
        @Nullable MoveMark mark) {

    private static final List<String> NEEDED_OF_USERS = List.of("id", "phone", "auth_token");
    private static final List<String> NEEDED_OF_SESSIONS =
            List.of("id", "user_id", "auth_token", "created_at", "last_seen_at");

    /** Makes user_sessions.auth_token unique where the table itself does not. */
    private static final String UNIQUE_INDEX = "idx_user_session_auth_token";

    boolean hasNothingToDo() {
        return isComplete() && mark == null;
    }

    /** Whether every object is there just as this version makes it. */
    boolean isComplete() {
        return missing.isEmpty() && stray.isEmpty() && outdated.isEmpty() && retired.isEmpty();
    }

    /** The missing indexes of tables that are there already: each takes long where the table is large. */
    List<SchemaObject> missingIndexesOfRows() {
        return missing.stream()
                .filter(object -> object.kind().equals("index"))
                .filter(object -> catalogue.relations().stream().anyMatch(object::isOn))
                .toList();
    }

    /** The same as if all was well with these objects. */
    Inspection without(List<SchemaObject> objects) {
        return new Inspection(
                catalogue,
                isNew,
                userColumns,
                missing.stream().filter(object -> !objects.contains(object)).toList(),
                stray,
                outdated.stream().filter(object -> !objects.contains(object)).toList(),
                retired,
                mark);
    }

    /** Whether the triggers that see what becomes of users and sessions are all there. */
    boolean isWatched() {
        return catalogue.hasTriggers("users", Witnesses.ON_USERS)
                && catalogue.hasTriggers("user_sessions", Witnesses.ON_SESSIONS);
    }

    /** Whether triggers and indexes of this version are all that is missing, as after somebody's rebuilding of a table. */
    private boolean isRepair() {
        return !catalogue.isWithoutOurMemory()
                && mark == null
                && outdated.stream().allMatch(SchemaObject::isMadeLast)
                && missing.stream().noneMatch(SchemaObject::isTable);
    }

    /** Whether our memory of sessions is true as it is: their triggers have seen everything. */
    boolean hasWatchedSessions() {
        return isRepair() && catalogue.hasTriggers("user_sessions", Witnesses.ON_SESSIONS);
    }

    /** Whether the texts of telephone numbers are noted as they are: their triggers have seen everything. */
    boolean hasWatchedPhones() {
        return isRepair() && catalogue.hasTriggers("users", Backfill.ON_PHONES);
    }

    /** By the schema and the rows. */
    static Inspection of(Handle handle) throws SQLException {
        return of(handle, true);
    }

    /**
     * By the schema alone, for a short transaction of a large database whose rows were looked at before. What has become of
     * them since is found out by the unique index, which cannot be made then.
     */
    static Inspection ofSchema(Handle handle) throws SQLException {
        return of(handle, false);
    }

    private static Inspection of(Handle handle, boolean withRows) throws SQLException {
        Catalogue catalogue = Catalogue.read(handle);
        boolean isNew = catalogue.relations().isEmpty();
        List<String> userColumns = List.of();
        List<SchemaObject> wanted = new ArrayList<>();
        if (isNew) {
            wanted.addAll(SchemaObject.users());
        } else {
            userColumns = checkUsers(handle, catalogue, withRows);
            checkSessions(handle, catalogue, withRows);
        }
        wanted.addAll(SchemaObject.additions());
        List<SchemaObject> missing = new ArrayList<>();
        List<SchemaObject> outdated = new ArrayList<>();
        for (SchemaObject object : wanted) {
            Catalogue.Entry there = catalogue.get(object);
            if (there == null) {
                missing.add(object);
            } else if (!there.type().equals(object.kind())) {
                throw new MigrationRefusedException("the database has a " + there.type() + " named " + there.name()
                        + ", a name that is needed for a " + object.kind() + ". Rename it");
            } else if (!catalogue.has(object)) {
                if (object.isTable() && !object.isMarkedByName()) {
                    throw new MigrationRefusedException("the database has a table " + there.name()
                            + " of its own, a name that is needed here. Rename it");
                }
                if (object.isTable()) {
                    throw new MigrationRefusedException("the table " + there.name()
                            + " is not the one that this version of Multi-Session makes. Deploy the version that"
                            + " made it, or a newer one");
                }
                outdated.add(object);
            }
        }
        List<Catalogue.Entry> retired = catalogue.all().stream()
                .filter(entry -> entry.type().equals("index") && SchemaObject.isRetired(entry.name()))
                .toList();
        return new Inspection(
                catalogue,
                isNew,
                userColumns,
                missing,
                stray(handle, catalogue),
                outdated,
                retired,
                MoveMark.read(handle, catalogue));
    }

    private static List<StrayReference> stray(Handle handle, Catalogue catalogue) throws SQLException {
        List<StrayReference> stray = StrayReference.find(handle);
        if (!stray.isEmpty() && !StrayReference.isOursToCorrect(handle, catalogue)) {
            StrayReference first = stray.get(0);
            if (!first.column().equals(StrayReference.OF_THE_USER)) {
                throw new MigrationRefusedException("the column " + first.column()
                        + " of user_sessions refers to the table " + first.table()
                        + ", which does not exist, so no session can be written. Make that table, or rebuild"
                        + " user_sessions without that reference");
            }
            throw new MigrationRefusedException("a foreign key of user_sessions leads to the table "
                    + first.table()
                    + ", and not to users, so no session can be written. Somebody has rebuilt users"
                    + " by renaming the old table first. Multi-Session did not make user_sessions and leaves it alone:"
                    + " rebuild it with REFERENCES users (id)");
        }
        return stray;
    }

    private static List<String> checkUsers(Handle handle, Catalogue catalogue, boolean withRows) throws SQLException {
        Catalogue.Entry users = catalogue.get("users");
        if (users == null) {
            throw new MigrationRefusedException("there is no table users, but there are others ("
                    + some(catalogue.relations()) + "). This is not the database of the app with the users;"
                    + " check multisession.db.url");
        }
        if (!users.type().equals("table")) {
            throw new MigrationRefusedException("users is a " + users.type()
                    + ", not a table. Sessions must point to the table that holds the users");
        }
        Map<String, Column> columns = Catalogue.columns(handle, "users");
        requireColumns(handle, "users", columns, NEEDED_OF_USERS);
        requireKnownOrder(handle, "users");
        Column id = Objects.requireNonNull(columns.get("id"));
        String idType = id.type();
        if (!idType.toUpperCase(Locale.ROOT).contains("INT")) {
            throw new MigrationRefusedException("users.id is declared as "
                    + (idType.isEmpty() ? "nothing" : idType) + ". User ids must be whole numbers (INTEGER),"
                    + " because user_sessions.user_id is one");
        }
        if (id.isRowId()) {
            return List.copyOf(columns.keySet());
        }
        if (withRows) {
            refuseRows(
                    handle,
                    "SELECT quote(id) FROM users WHERE typeof(id) <> 'integer' LIMIT 6",
                    "users.id must be a whole number in every row; these are none: ");
        }
        if (!Catalogue.isUnique(handle, "users", "id")) {
            throw new MigrationRefusedException("users.id is neither the primary key nor unique, so a session could"
                    + " belong to two users. Make it the primary key");
        }
        return List.copyOf(columns.keySet());
    }

    private static void checkSessions(Handle handle, Catalogue catalogue, boolean withRows) throws SQLException {
        Catalogue.Entry sessions = catalogue.get("user_sessions");
        if (sessions == null) {
            return;
        }
        if (!sessions.type().equals("table")) {
            throw new MigrationRefusedException("user_sessions is a " + sessions.type() + ", not a table");
        }
        Map<String, Column> columns = Catalogue.columns(handle, "user_sessions");
        requireColumns(handle, "user_sessions", columns, NEEDED_OF_SESSIONS);
        requireKnownOrder(handle, "user_sessions");
        Column id = Objects.requireNonNull(columns.get("id"));
        if (!id.isRowId()) {
            throw new MigrationRefusedException(
                    "user_sessions.id is not an INTEGER PRIMARY KEY, so rows cannot be added without guessing an id");
        }
        Set<String> unfillable = new TreeSet<>();
        for (Map.Entry<String, Column> column : columns.entrySet()) {
            if (!NEEDED_OF_SESSIONS.contains(column.getKey())
                    && column.getValue().mustBeFilled()) {
                unfillable.add(column.getKey());
            }
        }
        if (!unfillable.isEmpty()) {
            throw new MigrationRefusedException("user_sessions has columns that must be filled and are not known here: "
                    + String.join(", ", unfillable) + ". Give them a default, or move that table out of the way");
        }
        if (!Catalogue.isUnique(handle, "user_sessions", "auth_token")) {
            if (catalogue.has(UNIQUE_INDEX)) {
                throw new MigrationRefusedException("the index " + UNIQUE_INDEX + " is not what its name says: unique,"
                        + " on user_sessions (auth_token). Drop it");
            }
            if (withRows) {
                refuseRows(handle, """
                        SELECT id FROM user_sessions WHERE auth_token IN
                        (SELECT auth_token FROM user_sessions GROUP BY auth_token HAVING count(*) > 1) LIMIT 6
                        """, "user_sessions holds one token in several rows; they have id ");
            }
        }
    }

    private static void requireColumns(Handle handle, String table, Map<String, Column> columns, List<String> needed)
            throws SQLException {
        List<String> missing =
                needed.stream().filter(name -> !columns.containsKey(name)).toList();
        for (String name : missing) {
            if (Catalogue.isGenerated(handle, table, name)) {
                throw new MigrationRefusedException(table + "." + name + " is a generated column: no trigger sees it"
                        + " change, and nobody can write it. Make it an ordinary column");
            }
        }
        if (!missing.isEmpty()) {
            throw new MigrationRefusedException("the table " + table + " has no column " + String.join(", ", missing)
                    + "; it has " + String.join(", ", columns.keySet())
                    + (table.equals("users")
                            ? ". Check multisession.db.url"
                            : ". It was not made by the app that this product is for; rename it"));
        }
    }

    /** Other columns may have a collation of the app's: nothing compares them here. */
    private static void requireKnownOrder(Handle handle, String table) throws SQLException {
        try {
            ComposedSql.run(handle, "SELECT 1 FROM " + table + " NOT INDEXED WHERE auth_token = 'x' LIMIT 0");
        } catch (SQLException e) {
            if (!handle.vendor().kindOf(e).isOfTheStatement()) {
                throw e;
            }
            throw new MigrationRefusedException("tokens cannot be looked up in " + table + ".auth_token: "
                    + handle.vendor().reasonIn(e)
                    + ". A collation that only the app has cannot be used here; give the column an ordinary one");
        }
    }

    private static void refuseRows(Handle handle, String sql, String message) throws SQLException {
        List<String> rows = ComposedSql.texts(handle, sql);
        if (!rows.isEmpty()) {
            throw new MigrationRefusedException(message + some(rows) + ". Mend these rows first");
        }
    }

    private static String some(List<String> all) {
        return all.size() <= 5 ? String.join(", ", all) : String.join(", ", all.subList(0, 5)) + ", …";
    }
}
