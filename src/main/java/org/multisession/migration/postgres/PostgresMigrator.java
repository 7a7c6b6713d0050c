package org.multisession.migration.postgres;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.Guard;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;
import org.multisession.db.postgres.TimeLimits;
import org.multisession.migration.Migration;
import org.multisession.migration.MigrationRefusedException;
import org.multisession.migration.Pacing;
import org.multisession.migration.Progress;
import org.multisession.migration.Trial;
import org.multisession.token.TokenSql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes our tables, triggers and indexes in a PostgreSQL database, and fills them, while the old app goes on using it.
 *
 * <p>The order keeps every promise at each step: first the tables; then a mark that the move is under way; then the
 * triggers, which from there on note whatever the old app does; then the rows that are there already, some at a time,
 * each locked until it is noted; and the indexes, without shutting anybody out. The next start goes on with whatever a
 * kill leaves. One node migrates at a time, whose {@link Turn} it is.
 */
public final class PostgresMigrator implements Migration {

    private static final Logger log = LoggerFactory.getLogger(PostgresMigrator.class);

    private static final String OUR_PREFIX = "multisession_";
    private static final String CREATED = "multisession_created";

    private static final Duration TURN_PAUSE = Duration.ofMillis(100);

    private static final String MARK_BEGUN = """
            INSERT INTO multisession_state (name, value, changed_at) VALUES ('migration', 'begun', {now})
            ON CONFLICT (name) DO NOTHING
            """;
    private static final String MARK_DONE = """
            INSERT INTO multisession_state (name, value, changed_at) VALUES ('migrated', '1', {now})
            ON CONFLICT (name) DO NOTHING
            """;

    /**
     * Once all that is there is noted. A token of two users is nobody's, and stays so when one of them gets another; but
     * what looks like a hash, written down as ended, would end the token that it is of.
     */
    private static final List<String> RECONCILE = List.of("""
            UPDATE multisession_tokens t SET ended_at = {now}, end_reason = 'row-deleted'
            WHERE ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM user_sessions s WHERE s.auth_token = t.auth_token)
            """, """
            UPDATE multisession_tokens t SET ended_at = {now}, end_reason = 'row-changed'
            WHERE ended_at IS NULL AND EXISTS (SELECT 1 FROM user_sessions s
              WHERE s.auth_token = t.auth_token AND s.user_id IS DISTINCT FROM t.user_id)
            """, """
            UPDATE multisession_tokens t SET ended_at = {now}, end_reason = 'user-replaced'
            WHERE ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = t.user_id)
            """, """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            SELECT auth_token, NULL, {now}, {now}, 'ambiguous' FROM users
            WHERE auth_token <> '' AND NOT %s
            GROUP BY auth_token HAVING count(*) > 1 ON CONFLICT (auth_token) DO NOTHING
            """.formatted(TokenSql.isHash("auth_token")));

    private static final String MARK_VERSION = """
            INSERT INTO multisession_state (name, value, changed_at) VALUES ('schema', '%s', {now})
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at
            """;

    private static final String WHOLE_INDEX =
            "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('%s') AND indisvalid";

    /** Nobody who needs what the trial has locked waits longer. */
    private static final String BE_SHORT = "SET LOCAL lock_timeout = 500";

    private static final Sql MUST_BE_FILLED = Sql.of("columns that a new user must fill", """
            SELECT attname::TEXT AS name FROM pg_catalog.pg_attribute
            WHERE attrelid = to_regclass('users') AND attnum > 0 AND NOT attisdropped
              AND attnotnull AND NOT atthasdef AND attidentity = '' AND attname NOT IN ('phone', 'created_at')
            ORDER BY attnum
            """);

    /** The server counts a column as part of the row's key where such an index has it. */
    private static final Sql TOKEN_IS_A_KEY = Sql.of("unique indexes of users.auth_token", """
            SELECT count(*) AS keys FROM pg_catalog.pg_index i
            JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid
            JOIN unnest(i.indkey) WITH ORDINALITY k (num, place) ON k.num = a.attnum AND k.place <= i.indnkeyatts
            WHERE i.indrelid = to_regclass('users') AND a.attname = 'auth_token'
              AND i.indisunique AND i.indexprs IS NULL AND i.indpred IS NULL
            """);

    private final Database database;
    private final InstantSource clock;
    private final Progress progress;
    private final Trial trial;
    private final Pacing pacing;
    private final Duration patience;
    private final List<SchemaScript> all = SchemaScript.all();

    /** One that tries nothing out and works in silence. */
    public PostgresMigrator(Database database, InstantSource clock) {
        this(database, clock, Progress.NONE, Trial.NONE, Pacing.besideOthers());
    }

    /** One that plays the trial before anything counts, and whose work can be stopped half-way by its pacing. */
    public PostgresMigrator(Database database, InstantSource clock, Progress progress, Trial trial, Pacing pacing) {
        this(database, clock, progress, trial, pacing, Turn.PATIENCE);
    }

    /** @param patience after how long a node that says nothing has lost its turn */
    PostgresMigrator(
            Database database, InstantSource clock, Progress progress, Trial trial, Pacing pacing, Duration patience) {
        this.database = database;
        this.clock = clock;
        this.progress = progress;
        this.trial = trial;
        this.pacing = pacing;
        this.patience = patience;
    }

    @Override
    public Move begin() {
        PostgresInspection found = inspect();
        if (found.missing().isEmpty()) {
            database.execute(transaction -> run(transaction, TriggerNotes.OF_THIS_DATABASE));
            tryOut(found.userColumns());
            log.info("Migration: everything is there already; nothing was changed");
            return new Move(found.userColumns(), true, () -> new Outcome(found.userColumns(), List.of()));
        }
        return new Move(found.userColumns(), found.isSmall(), this::inTurn);
    }

    private PostgresInspection inspect() {
        database.learn(Map.of("forChange", database.read(PostgresMigrator::lockOfATokensRow)));
        return database.read(handle -> PostgresInspection.of(handle, all, SchemaScript.version(all)));
    }

    /**
     * The lock that a change of {@code users.auth_token} takes. Whoever takes a weaker one first, and asks for more later,
     * may wait for somebody who waits for him: the old app's statement could be the one that the server ends.
     */
    private static String lockOfATokensRow(Handle handle) {
        return handle.query(TOKEN_IS_A_KEY).one(row -> row.number("keys")) > 0 ? "FOR UPDATE" : "FOR NO KEY UPDATE";
    }

    /**
     * What a migration would find.
     *
     * @throws MigrationRefusedException with all that stands in its way
     */
    static PostgresInspection inspect(Handle handle) {
        List<SchemaScript> all = SchemaScript.all();
        return PostgresInspection.of(handle, all, SchemaScript.version(all));
    }

    @Override
    public List<String> missing() {
        return database.read(handle -> PostgresInspection.missing(handle, all));
    }

    @Override
    public List<String> unknownColumnsToFill() {
        return database.read(handle -> handle.query(MUST_BE_FILLED).list(row -> row.requiredText("name")));
    }

    private void tryOut(Set<String> userColumns) {
        if (trial == Trial.NONE) {
            return;
        }
        List<String> concerns = database.dryRun(transaction -> {
            run(transaction, BE_SHORT);
            return trial.play(transaction, userColumns);
        });
        concerns.forEach(concern -> log.warn("Migration: tried out and undone: {}", concern));
        if (concerns.isEmpty()) {
            log.info("Migration: tried out and undone: a sign-in, a second device and a sign-out work");
        }
    }

    /**
     * Migrates, or makes sure that all is there.
     *
     * @return the names of the columns of {@code users}, in lower case
     * @throws MigrationRefusedException if the database does not fit; nothing of ours counts then
     * @throws DatabaseBusyException if somebody keeps a table locked
     */
    public Set<String> migrate() {
        return begin().finish().userColumns();
    }

    /** Waits for as long as another node migrates. */
    private Outcome inTurn() {
        boolean hadLocks = makeLocks();
        boolean hasWaited = false;
        while (true) {
            pacing.goOn();
            Optional<Outcome> outcome = database.write(transaction -> {
                try (Turn turn = Turn.take(transaction, database, patience)) {
                    if (turn == null) {
                        return Optional.empty();
                    }
                    Outcome made = steps(turn, hadLocks);
                    turn.end(transaction);
                    return Optional.of(made);
                }
            });
            if (outcome.isPresent()) {
                return outcome.get();
            }
            if (!hasWaited) {
                log.info("Migration: another node is at it; waiting");
                hasWaited = true;
            }
            LockSupport.parkNanos(TURN_PAUSE.toNanos());
        }
    }

    /** Watches over the schema that this migration makes. */
    public Guard guard() {
        return new PostgresGuard(SchemaScript.triggers().size());
    }

    /** The names of what is not in a database and should be; the rest of a migration that is under way is one of them. */
    public static List<String> missing(Handle handle) {
        return PostgresInspection.missing(handle, SchemaScript.all());
    }

    /** Returns whether the table was there. */
    private boolean makeLocks() {
        SchemaScript locks = all.get(0);
        for (int tries = 0; ; tries++) {
            try {
                return database.outsideTransaction(handle -> {
                    boolean isThere = PostgresInspection.exists(handle, locks.name());
                    if (!isThere) {
                        run(handle, locks.sql());
                    }
                    run(
                            handle,
                            "INSERT INTO multisession_locks SELECT generate_series(-1, 1023)"
                                    + " WHERE NOT EXISTS (SELECT 1 FROM multisession_locks WHERE slot = 1023)"
                                    + " ON CONFLICT DO NOTHING");
                    return isThere;
                });
            } catch (DatabaseException e) {
                // Two nodes that make one table at the same moment: one fails, although it says IF NOT EXISTS, by a
                // rule of the catalogue (23505) or because the type of the rows is there already (42710).
                if (!e.kind().isOfTheStatement() || tries > 2) {
                    throw e;
                }
            }
        }
    }

    private Outcome steps(Turn turn, boolean hadLocks) {
        PostgresInspection found = inspect();
        if (found.missing().isEmpty()) {
            log.info("Migration: another node has just done it; nothing was changed");
            return new Outcome(found.userColumns(), List.of());
        }
        // What a dry run names, and an uninstall will.
        List<String> made = new ArrayList<>(found.missing());
        if (!hadLocks) {
            made.add(0, all.get(0).name());
        }
        boolean isNew = found.userColumns().isEmpty();
        if (isNew) {
            made.add("users");
        }
        boolean isDone = database.read(PostgresMigrator::isDone);
        makeTables(turn, isNew);
        Set<String> columns = Set.copyOf(database.read(handle -> PostgresInspection.columns(handle, "users"))
                .keySet());
        if (isDone) {
            replaceTriggers(turn);
        } else {
            turn.execute(transaction -> run(transaction, MARK_BEGUN));
        }
        boolean wasMissing = makeTriggers(turn, isDone);
        if (!isDone || wasMissing) {
            new PostgresBackfill(database, turn, this::atThisTime, pacing, progress).run();
        }
        all.stream()
                .filter(script -> script.kind().equals("index") && script.isOnTeamsTable())
                .forEach(index -> makeIndex(turn, index));
        tryOut(columns);
        turn.execute(transaction -> {
            TimeLimits.lift(transaction);
            if (!isDone || wasMissing) {
                for (String sql : RECONCILE) {
                    run(transaction, sql);
                }
                run(transaction, MARK_DONE);
                run(transaction, "DELETE FROM multisession_state WHERE name = 'migration'");
            }
            run(transaction, TriggerNotes.OF_THIS_DATABASE);
            run(transaction, MARK_VERSION.formatted(SchemaScript.version(all)));
        });
        log.info("Migration: done; it made {} objects, and the old app can go on as before", made.size());
        return new Outcome(columns, made);
    }

    private void makeTables(Turn turn, boolean isNew) {
        boolean isNewTable = !database.read(handle -> PostgresInspection.exists(handle, "user_sessions"));
        // The list of what is ours comes first, so that whatever a kill leaves is on it.
        all.stream().filter(script -> script.name().equals(CREATED)).forEach(script -> makeTable(turn, script));
        if (isNew) {
            log.info("Migration: the database is new and empty; table users is made too");
            SchemaScript.users().forEach(script -> makeTable(turn, script));
        }
        all.stream()
                .filter(script -> !script.isTrigger() && (isNewTable || !script.isOnTeamsTable()))
                .filter(script -> !script.on().equals("users"))
                .forEach(script -> makeTable(turn, script));
    }

    /**
     * Makes a table, function, view or index of ours. Not by waiting for long: the foreign key of user_sessions locks users,
     * and whoever waits for that lock keeps the old app waiting.
     */
    private void makeTable(Turn turn, SchemaScript script) {
        if (script.isReplaceable()) {
            turn.patiently(transaction -> run(transaction, script.sql()));
        } else if (!database.read(handle -> PostgresInspection.exists(handle, script.name()))) {
            turn.patiently(transaction -> {
                run(transaction, script.sql().replace("{session_time}", timeType(transaction)));
                remember(transaction, script.name());
            });
        }
    }

    /** The type of the team's column, which a comparison with ours must not have to turn. */
    private static String timeType(Handle handle) throws SQLException {
        String type = PostgresInspection.columns(handle, "user_sessions")
                .getOrDefault("created_at", "timestamp without time zone");
        if (!type.startsWith("timestamp")) {
            throw new MigrationRefusedException("user_sessions.created_at is of the type " + type
                    + ". It must be timestamp, as SQLAlchemy's DateTime makes it");
        }
        return type;
    }

    /** What an earlier version has made may say something else. None is gone for a moment. */
    private void replaceTriggers(Turn turn) {
        for (SchemaScript trigger : SchemaScript.triggers()) {
            turn.patiently(transaction -> {
                if (PostgresInspection.fires(transaction, trigger)) {
                    run(transaction, trigger.sql());
                    note(transaction, trigger);
                }
            });
        }
    }

    /** Makes those that are gone; returns whether there were such. */
    private boolean makeTriggers(Turn turn, boolean isDone) {
        List<SchemaScript> missing = database.outsideTransaction(PostgresMigrator::missingTriggers);
        if (missing.isEmpty()) {
            return false;
        }
        if (isDone) {
            log.warn("Triggers of ours were gone; what cannot be told apart since then is ended: {}", names(missing));
            // In one transaction with the tables locked: between the look and the triggers nobody may change a row.
            turn.patiently(transaction -> {
                run(transaction, "LOCK TABLE users, user_sessions IN SHARE ROW EXCLUSIVE MODE");
                for (String sql : PostgresWitnesses.repair(missing)) {
                    run(transaction, sql);
                }
                make(transaction, missing);
            });
        } else {
            for (SchemaScript trigger : missing) {
                turn.patiently(transaction -> make(transaction, List.of(trigger)));
            }
        }
        return true;
    }

    private static boolean isDone(Handle handle) throws SQLException {
        return PostgresInspection.exists(handle, "multisession_state")
                && ComposedSql.number(handle, "SELECT count(*) FROM multisession_state WHERE name = 'migrated'") > 0;
    }

    private static List<SchemaScript> missingTriggers(Handle handle) {
        return SchemaScript.triggers().stream()
                .filter(trigger -> !PostgresInspection.fires(handle, trigger))
                .toList();
    }

    /** Whether our tables tell the sessions of each user from others; in the middle of a migration they do not. */
    static boolean tellsWhoseSessionsAre(Database database) {
        return database.read(handle -> isDone(handle)
                && List.of(
                                "users",
                                "user_sessions",
                                "multisession_tokens",
                                "multisession_accounts",
                                "multisession_rows")
                        .stream()
                        .allMatch(table -> PostgresInspection.exists(handle, table)));
    }

    /** For an uninstall: the next deploy will know nothing of what happened since triggers of ours are gone. */
    static void endWhatCannotBeTold(Transaction transaction) throws SQLException {
        TimeLimits.lift(transaction);
        for (String sql : PostgresWitnesses.endDoubted(missingTriggers(transaction))) {
            ComposedSql.run(transaction, sql.replace("{now}", "now()"));
        }
    }

    private static List<String> names(List<SchemaScript> scripts) {
        return scripts.stream().map(SchemaScript::name).toList();
    }

    private void make(Transaction transaction, List<SchemaScript> triggers) throws SQLException {
        for (SchemaScript trigger : triggers) {
            run(transaction, "DROP TRIGGER IF EXISTS " + trigger.name() + " ON " + trigger.on());
            run(transaction, trigger.sql());
            note(transaction, trigger);
        }
    }

    private void note(Transaction transaction, SchemaScript trigger) throws SQLException {
        run(transaction, TriggerNotes.of(trigger));
    }

    /**
     * Notes that our triggers have missed nothing, in the transaction that has switched them off and on again.
     *
     * @param now the time of the note
     */
    public static void noteTriggers(Transaction transaction, Instant now) throws SQLException {
        ComposedSql.run(transaction, at(now, TriggerNotes.OF_ALL));
    }

    /** Shuts nobody out. One that a kill has left half made is there and useless; it is made anew. */
    private void makeIndex(Turn turn, SchemaScript index) {
        if (!database.read(handle -> PostgresInspection.exists(handle, index.name()))) {
            // It cannot be made in a transaction, so the note comes first.
            turn.execute(transaction -> remember(transaction, index.name()));
        }
        turn.outsideTransaction(handle -> {
            if (ComposedSql.number(handle, WHOLE_INDEX.formatted(index.name())) > 0) {
                return;
            }
            // The server may still be making it for a node that was killed. To drop it, as to make it, waits for every
            // transaction that is under way, and keeps nobody waiting meanwhile.
            TimeLimits.liftFor(handle, free -> {
                run(free, "DROP INDEX CONCURRENTLY IF EXISTS " + index.name());
                run(free, index.sql().replaceFirst("INDEX IF NOT EXISTS", "INDEX CONCURRENTLY IF NOT EXISTS"));
            });
        });
    }

    /** What has not our prefix is known as ours by this alone. */
    private void remember(Transaction transaction, String name) throws SQLException {
        if (!name.startsWith(OUR_PREFIX)) {
            run(
                    transaction,
                    "INSERT INTO multisession_created (name, created_at) VALUES ('" + name
                            + "', {now}) ON CONFLICT (name) DO NOTHING");
        }
    }

    /** With the time of our clock, which need not be the server's. */
    private String atThisTime(String sql) {
        return at(clock.instant(), sql);
    }

    private static String at(Instant now, String sql) {
        return sql.replace("{now}", "TIMESTAMPTZ '" + SqlTime.format(now) + "+00'");
    }

    private void run(Handle handle, String sql) throws SQLException {
        ComposedSql.run(handle, atThisTime(sql));
    }
}
