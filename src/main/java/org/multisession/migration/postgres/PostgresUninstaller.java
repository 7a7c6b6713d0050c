package org.multisession.migration.postgres;

import java.sql.Array;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;
import org.multisession.db.postgres.TimeLimits;
import org.multisession.migration.LeftOverSessions;
import org.multisession.migration.MigrationRefusedException;
import org.multisession.migration.Pacing;
import org.multisession.migration.Uninstall;
import org.multisession.migration.UninstallPlan;
import org.multisession.migration.UninstallPlan.Item;
import org.multisession.token.TokenSql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes our tables, indexes, triggers and functions out of a PostgreSQL database, in one transaction that holds the
 * team's tables for some milliseconds; before it, what opens nothing any more leaves a {@code user_sessions} that
 * stays. Nothing is dropped with CASCADE, so the server itself refuses where something else depends on one of ours.
 */
public final class PostgresUninstaller implements Uninstall {

    private static final Logger log = LoggerFactory.getLogger(PostgresUninstaller.class);

    private static final String SESSIONS = "user_sessions";
    private static final Set<String> WITHOUT_OUR_PREFIX = Set.of(SESSIONS, "auth_events");

    /** Of a new database; it is the team's own since then. */
    private static final String USERS = "users";

    private static final Set<String> OF_SESSIONS =
            Set.of(SESSIONS, "idx_user_session_user_id", "idx_user_session_auth_token");

    private static final String OURS = "multisession\\_%";

    /**
     * What is ours by its prefix, or by the list of the rest, which is the parameter; in the order in which it is to go.
     * Triggers first: they must not react to what follows. What stands behind a constraint goes with its table. A table of
     * the team's that was moved to another schema is told by the function of our triggers.
     */
    private static final String OBJECTS = """
            WITH relations AS (
              SELECT c.oid, c.relname::TEXT AS name, CASE WHEN c.relkind IN ('i', 'I') THEN 'index'
                WHEN c.relkind = 'v' THEN 'view' ELSE 'table' END AS kind
              FROM pg_catalog.pg_class c
              WHERE c.relkind IN ('r', 'p', 'i', 'I', 'v') AND (c.relname LIKE '%1$s' OR c.relname = ANY (?))
                AND (pg_table_is_visible(c.oid) OR EXISTS (SELECT 1 FROM pg_catalog.pg_index i
                  JOIN pg_catalog.pg_trigger t ON t.tgrelid = i.indrelid
                  WHERE i.indexrelid = c.oid AND t.tgname LIKE '%1$s' AND pg_function_is_visible(t.tgfoid)))
                AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.conindid = c.oid))
            SELECT 1 AS step, 'trigger' AS kind, tgname::TEXT AS name, 0::OID AS oid,
              format('DROP TRIGGER %%I ON %%s', tgname, tgrelid::regclass) AS sql
            FROM pg_catalog.pg_trigger WHERE NOT tgisinternal AND tgname LIKE '%1$s'
              AND (pg_table_is_visible(tgrelid) OR pg_function_is_visible(tgfoid))
            UNION ALL
            SELECT CASE kind WHEN 'index' THEN 2 WHEN 'view' THEN 3 ELSE 4 END, kind, name, oid,
              format('DROP %%s %%s', kind, oid::regclass)
            FROM relations
            UNION ALL
            SELECT 5, 'function', proname::TEXT, 0::OID, format('DROP FUNCTION %%s', oid::regprocedure)
            FROM pg_catalog.pg_proc WHERE proname LIKE '%1$s' AND pg_function_is_visible(oid)
            ORDER BY 1, 3
            """.formatted(OURS);

    /**
     * What others have built on the tables of the first parameter; the second has the names that are not others'. The
     * server would drop an index or a trigger along, and refuse the others with less of a reason.
     */
    private static final String NEEDED_BY = """
            WITH gone AS (SELECT oid, relname::TEXT AS name FROM pg_catalog.pg_class WHERE oid = ANY (?)),
            others AS (
              SELECT 'index' AS kind, c.relname::TEXT AS name, gone.name AS needed
              FROM gone JOIN pg_catalog.pg_index i ON i.indrelid = gone.oid
              JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
              WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.conindid = c.oid)
              UNION ALL
              SELECT 'trigger', t.tgname::TEXT, gone.name
              FROM gone JOIN pg_catalog.pg_trigger t ON t.tgrelid = gone.oid AND NOT t.tgisinternal
              UNION ALL
              SELECT 'table', k.conrelid::regclass::TEXT, gone.name
              FROM gone JOIN pg_catalog.pg_constraint k ON k.confrelid = gone.oid AND k.contype = 'f'
              WHERE k.conrelid NOT IN (SELECT oid FROM gone)
              UNION ALL
              SELECT 'view', r.ev_class::regclass::TEXT, gone.name
              FROM gone JOIN pg_catalog.pg_depend d
                ON d.refclassid = 'pg_class'::regclass AND d.refobjid = gone.oid AND d.classid = 'pg_rewrite'::regclass
              JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
              WHERE r.ev_class NOT IN (SELECT oid FROM gone)
              UNION ALL
              SELECT 'function', p.proname::TEXT, gone.name
              FROM gone JOIN pg_catalog.pg_proc p ON p.prosrc COLLATE "C" ~* ('[[:<:]]' || gone.name || '[[:>:]]')
              JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
              WHERE n.nspname NOT IN ('pg_catalog', 'information_schema'))
            SELECT kind, name, needed FROM others
            WHERE name NOT LIKE '%s' AND name <> ALL (?) ORDER BY needed = 'user_sessions' DESC, 1, 2 LIMIT 1
            """.formatted(OURS);

    private static final String OF_OTHERS = """
            SELECT relname::TEXT FROM pg_catalog.pg_class
            WHERE oid IN (to_regclass('users'), to_regclass('user_sessions'), to_regclass('multisession_tokens'))
              AND NOT pg_has_role(relowner, 'USAGE')
            ORDER BY 1 DESC
            """;

    private static final String LEGACY_TOKENS = "SELECT count(*) FROM users u WHERE u.auth_token <> ''";

    private static final String ENDED_TOKENS = """
            SELECT count(*) FROM users u
            JOIN multisession_tokens t ON t.auth_token IN (u.auth_token, multisession_hash(u.auth_token))
            WHERE t.ended_at IS NOT NULL AND u.auth_token <> ''
            """;

    private static final String LIVE = "SELECT count(*) " + TokenSql.LIVE_SESSIONS;
    private static final String IS_MIRRORED = "AND s.auth_token IN (u.auth_token, multisession_hash(u.auth_token))";
    private static final String IS_HASHED = "AND " + TokenSql.isHash("s.auth_token");

    private final Database database;

    public PostgresUninstaller(Database database) {
        this.database = database;
    }

    /** An object of ours, and what drops it. */
    private record Doomed(Item item, long oid, String sql) {}

    /** In one look at one moment. */
    @Override
    public UninstallPlan look(boolean keepSessions) {
        return database.dryRun(transaction -> {
            ComposedSql.run(transaction, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
            TimeLimits.lift(transaction);
            return plan(transaction, doomed(transaction, keepSessions));
        });
    }

    @Override
    public Outcome uninstall(boolean keepSessions, UninstallPlan shown) {
        LeftOverSessions leftOver = new LeftOverSessions(database, Pacing.alone());
        if (!shown.isEmpty()) {
            if (shown.keepsSessions() && PostgresMigrator.tellsWhoseSessionsAre(database)) {
                ShortLock.patiently(database, PostgresMigrator::endWhatCannotBeTold);
                leftOver.remove();
            }
            ShortLock.patiently(database, transaction -> remove(transaction, keepSessions));
        }
        return new Outcome(shown, leftOver.removed(), null);
    }

    private static void remove(Transaction transaction, boolean keepSessions) throws SQLException {
        requireOwner(transaction);
        lockTeamsTables(transaction);
        // Looked at anew: what was shown may be a while ago.
        List<Doomed> doomed = doomed(transaction, keepSessions);
        for (Doomed each : doomed) {
            ComposedSql.run(transaction, each.sql());
        }
        if (!doomed(transaction, keepSessions).isEmpty()) {
            throw new MigrationRefusedException("something of Multi-Session would have been left; it was rolled back");
        }
        log.info("Uninstall: removed {} objects", doomed.size());
    }

    /** The account of every day has rights on the tables and owns none. */
    private static void requireOwner(Transaction transaction) throws SQLException {
        List<String> others = ComposedSql.texts(transaction, OF_OTHERS);
        if (!others.isEmpty()) {
            throw new MigrationRefusedException("the account "
                    + ComposedSql.texts(transaction, "SELECT current_user").get(0)
                    + " does not own the table " + others.get(0)
                    + ". Uninstall with the account that migrated (--db.user)");
        }
    }

    /** Both at once and first, so that no transaction of the old app stands between the two. */
    private static void lockTeamsTables(Transaction transaction) throws SQLException {
        List<String> tables = new ArrayList<>();
        for (String table : List.of(USERS, SESSIONS)) {
            if (PostgresInspection.exists(transaction, table)) {
                tables.add(table);
            }
        }
        if (!tables.isEmpty()) {
            ComposedSql.run(transaction, "LOCK TABLE " + String.join(", ", tables) + " IN ACCESS EXCLUSIVE MODE");
        }
    }

    private static List<Doomed> doomed(Handle handle, boolean keepSessions) throws SQLException {
        Set<String> created = created(handle);
        created.remove(USERS);
        if (keepSessions) {
            created.removeAll(OF_SESSIONS);
        }
        List<Doomed> doomed = ComposedSql.all(
                handle,
                OBJECTS,
                row -> new Doomed(
                        new Item(row.getString("kind"), row.getString("name"), 0),
                        row.getLong("oid"),
                        row.getString("sql")),
                texts(handle, created));
        requireThatNothingElseNeedsThem(handle, doomed, created);
        return doomed;
    }

    /** The names of what has not our prefix and is ours all the same. */
    private static Set<String> created(Handle handle) throws SQLException {
        Set<String> names = new HashSet<>();
        if (PostgresInspection.exists(handle, "multisession_created")) {
            names.addAll(ComposedSql.texts(handle, "SELECT name FROM multisession_created"));
        }
        return names;
    }

    private static void requireThatNothingElseNeedsThem(Handle handle, List<Doomed> doomed, Set<String> created)
            throws SQLException {
        Object[] tables = doomed.stream()
                .filter(each -> each.item().kind().equals("table"))
                .map(Doomed::oid)
                .toArray();
        try (PreparedStatement statement = handle.prepare(NEEDED_BY)) {
            statement.setArray(1, handle.connection().createArrayOf("oid", tables));
            statement.setArray(2, texts(handle, created));
            try (ResultSet row = statement.executeQuery()) {
                if (row.next()) {
                    throw new MigrationRefusedException("the " + row.getString(1) + " " + row.getString(2)
                            + ", which Multi-Session did not make, needs the table " + row.getString(3)
                            + ", which would be removed. Drop it first"
                            + (row.getString(3).equals(SESSIONS) ? ", or keep that table (--keep-sessions)" : ""));
                }
            }
        }
    }

    private static UninstallPlan plan(Handle handle, List<Doomed> doomed) throws SQLException {
        List<Item> objects = new ArrayList<>();
        Set<String> tables = new HashSet<>();
        for (Doomed each : doomed) {
            Item item = each.item();
            boolean isTable = item.kind().equals("table");
            if (isTable) {
                tables.add(item.name());
            }
            objects.add(isTable ? counted(handle, item) : item);
        }
        List<Item> kept = new ArrayList<>();
        for (String name : WITHOUT_OUR_PREFIX) {
            if (!tables.contains(name) && PostgresInspection.exists(handle, name)) {
                kept.add(counted(handle, new Item("table", name, 0)));
            }
        }
        boolean hasUsers = PostgresInspection.exists(handle, USERS);
        boolean isKnown = hasUsers
                && PostgresInspection.exists(handle, SESSIONS)
                && tables.contains("multisession_tokens")
                && objects.stream().anyMatch(item -> item.name().equals("multisession_hash"));
        long sessions = isKnown ? ComposedSql.number(handle, LIVE) : 0;
        long fallingOut = 0;
        if (isKnown) {
            fallingOut = kept.stream().anyMatch(item -> item.name().equals(SESSIONS))
                    ? ComposedSql.number(handle, LIVE + IS_HASHED)
                    : sessions - ComposedSql.number(handle, LIVE + IS_MIRRORED);
        }
        return new UninstallPlan(
                objects,
                kept,
                hasUsers ? ComposedSql.number(handle, "SELECT count(*) FROM users") : 0,
                hasUsers ? ComposedSql.number(handle, LEGACY_TOKENS) : 0,
                isKnown ? ComposedSql.number(handle, ENDED_TOKENS) : 0,
                sessions,
                fallingOut);
    }

    private static Item counted(Handle handle, Item item) throws SQLException {
        return new Item(item.kind(), item.name(), ComposedSql.number(handle, "SELECT count(*) FROM " + item.name()));
    }

    private static Array texts(Handle handle, Set<String> names) throws SQLException {
        return handle.connection().createArrayOf("text", names.toArray());
    }
}
