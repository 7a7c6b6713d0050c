package org.multisession.migration.postgres;

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

    /**
     * Looks.
     *
     * @throws MigrationRefusedException with all for which a migration would be refused
     */
    public static PostgresDryRun of(Handle handle) {
        List<String> toBeMade = PostgresMigrator.inspect(handle).missing();
        return new PostgresDryRun(
                toBeMade,
                toBeMade.isEmpty() ? 0 : rows(handle, "users", USERS),
                toBeMade.isEmpty() ? 0 : rows(handle, "user_sessions", SESSIONS));
    }

    private static long rows(Handle handle, String table, Sql count) {
        return handle.query(EXISTS).bind("table", table).exists()
                ? handle.query(count).one(row -> row.number("rows"))
                : 0;
    }
}
