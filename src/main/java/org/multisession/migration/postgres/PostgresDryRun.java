package org.multisession.migration.postgres;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.migration.MigrationRefusedException;

/**
 * What a migration of a PostgreSQL database would do, as far as reading tells. Nothing is tried: all of it in one
 * transaction that is rolled back would lock out everybody who uses the database meanwhile.
 *
 * @param toBeMade the names of the objects; empty if nothing is to be done
 * @param users rows of {@code users} that would be written down
 * @param sessions rows of {@code user_sessions} that would be written down
 */
public record PostgresDryRun(List<String> toBeMade, long users, long sessions) {

    private static final Sql EXISTS = Sql.once("look for a table", "SELECT 1 WHERE to_regclass(:table) IS NOT NULL");
    private static final Sql USERS = Sql.once("count users", "SELECT count(*) AS rows FROM users");
    private static final Sql SESSIONS = Sql.once("count sessions", "SELECT count(*) AS rows FROM user_sessions");

    private static final Sql ACCOUNT = Sql.once("look at the account", "SELECT current_user AS account");

    private static final Sql NO_CREATE = Sql.once("may tables be made", """
            SELECT current_schema() AS schema WHERE NOT has_schema_privilege(current_schema(), 'CREATE')
            """);

    private static final Sql NOT_OWNED = Sql.once("whose are the tables", """
            SELECT relname::TEXT AS name FROM pg_catalog.pg_class
            WHERE oid IN (to_regclass('users'), to_regclass('user_sessions')) AND NOT pg_has_role(relowner, 'USAGE')
            ORDER BY 1 DESC
            """);

    /**
     * Looks.
     *
     * @throws MigrationRefusedException with the reason for which a migration would be refused
     */
    public static PostgresDryRun of(Handle handle) throws SQLException {
        PostgresMigrator.requireThatItFits(handle);
        List<String> toBeMade = PostgresMigrator.missing(handle);
        if (!toBeMade.isEmpty()) {
            requireRights(handle);
        }
        return new PostgresDryRun(
                toBeMade,
                toBeMade.isEmpty() ? 0 : rows(handle, "users", USERS),
                toBeMade.isEmpty() ? 0 : rows(handle, "user_sessions", SESSIONS));
    }

    /** An index and a trigger on a table are for its owner alone to make. */
    private static void requireRights(Handle handle) {
        List<String> lacking = new ArrayList<>();
        handle.query(NO_CREATE)
                .optional(row -> row.text("schema"))
                .ifPresent(schema -> lacking.add("may make no table in the schema " + schema));
        handle.query(NOT_OWNED).forEach(row -> lacking.add("does not own the table " + row.requiredText("name")));
        if (!lacking.isEmpty()) {
            String account = handle.query(ACCOUNT).one(row -> row.requiredText("account"));
            throw new MigrationRefusedException("the account " + account + " " + String.join(", and ", lacking)
                    + ". Migrate once with the account that owns the tables");
        }
    }

    private static long rows(Handle handle, String table, Sql count) {
        return handle.query(EXISTS).bind("table", table).exists()
                ? handle.query(count).one(row -> row.number("rows"))
                : 0;
    }
}
