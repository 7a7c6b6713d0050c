package org.multisession.migration.postgres;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;
import org.multisession.db.postgres.TimeLimits;
import org.multisession.migration.Migration;
import org.multisession.migration.MigrationRefusedException;
import org.multisession.migration.Migrator;
import org.multisession.migration.Pacing;
import org.multisession.migration.Progress;
import org.multisession.migration.Trial;
import org.multisession.token.TokenSql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes our tables, triggers and indexes in a PostgreSQL database, and fills them, while the old app goes on using it.
 *
 * <p>The order keeps every promise at each step: tables; a mark that the move is under way; triggers, which from then
 * on note whatever the old app does; what is there already, some rows at a time, each locked until it is noted; indexes,
 * without shutting anybody out. Whatever a kill leaves is gone on with. One node at a time migrates: it holds one row
 * locked meanwhile, on a connection of its own, so that the lock ends with the connection.
 */
public final class PostgresMigrator implements Migration {

    private static final Logger log = LoggerFactory.getLogger(PostgresMigrator.class);

    private static final String FUNCTIONS_FILE = "V000__functions.sql";
    private static final String USERS_FILE = "V001__users.sql";
    private static final List<String> FILES = List.of(
            "V002__user_sessions.sql",
            "V003__tokens.sql",
            "V006__codes.sql",
            "V007__auth_events.sql",
            "V008__devices.sql",
            "V009__witnesses.sql",
            "V011__absent_tokens.sql",
            "V013__sign_ins.sql",
            "V014__known_and_strangers.sql",
            "V015__watched.sql",
            "V004__triggers.sql",
            "V010__phones.sql",
            "V005__lookup_indexes.sql");

    private static final String OUR_PREFIX = "multisession_";
    private static final String CREATED = "multisession_created";

    /** So many rows are read, locked and noted in one transaction. */
    private static final int BATCH = 1000;

    /**
     * A row that nothing else locks. Nobody waits for it in a statement: whoever does has a view of the database open, for
     * which CREATE INDEX CONCURRENTLY of the node that migrates would wait in turn.
     */
    private static final String TAKE_TURN = "SELECT 1 FROM multisession_locks WHERE slot = -1 FOR UPDATE SKIP LOCKED";

    private static final Duration TURN_PAUSE = Duration.ofMillis(100);

    /** Without these nobody ends the sessions of an id that is given out again. */
    private static final Set<String> ON_USERS =
            Set.of("multisession_user_inserted", "multisession_user_id_changed", "multisession_user_truncated");

    /** Without these nobody knows what became of a session. */
    private static final Set<String> ON_SESSIONS = Set.of(
            "multisession_session_inserted",
            "multisession_session_deleted",
            "multisession_session_token_changed",
            "multisession_session_truncated");

    private static final String MARK_BEGUN = """
            INSERT INTO multisession_state (name, value, changed_at) VALUES ('migration', 'begun', {now})
            ON CONFLICT (name) DO NOTHING
            """;
    private static final String MARK_DONE = """
            INSERT INTO multisession_state (name, value, changed_at) VALUES ('migrated', '1', {now})
            ON CONFLICT (name) DO NOTHING
            """;

    /**
     * Sessions first: whose user is noted by then, a trigger has seen come in, after them.
     *
     * <p>A row is locked until it is noted: otherwise a change that is committed in between would be noted by its trigger
     * first, and be overwritten by what was there before.
     */
    private static final List<Backfill> BACKFILLS =
            List.of(new Backfill("user_sessions", """
                    INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
                    SELECT s.auth_token, s.user_id, {now}, CASE WHEN a.user_id IS NOT NULL THEN {now} END,
                      CASE WHEN a.user_id IS NOT NULL THEN 'user-replaced' END
                    FROM user_sessions s LEFT JOIN multisession_accounts a ON a.user_id = s.user_id
                    WHERE s.id BETWEEN ? AND ? AND s.auth_token IS NOT NULL FOR SHARE OF s
                    ON CONFLICT (auth_token) DO NOTHING
                    """, """
                    INSERT INTO multisession_rows (id, auth_token, created_at)
                    SELECT id, auth_token, created_at FROM user_sessions
                    WHERE id BETWEEN ? AND ? AND auth_token IS NOT NULL FOR SHARE
                    ON CONFLICT (id) DO NOTHING
                    """), new Backfill("users", """
                    INSERT INTO multisession_accounts (user_id, phone, token_tail, unwatched)
                    SELECT id, left(phone::TEXT, 100), multisession_mark(auth_token::TEXT), false FROM users
                    WHERE id BETWEEN ? AND ? FOR SHARE
                    ON CONFLICT (user_id) DO NOTHING
                    """, """
                    INSERT INTO multisession_phones (user_id, phone, tail)
                    SELECT id, left(phone::TEXT, 100), multisession_tail(left(phone::TEXT, 100)) FROM users
                    WHERE id BETWEEN ? AND ? FOR SHARE
                    ON CONFLICT (user_id) DO NOTHING
                    """));

    /**
     * What is noted of the rows of a table, for those between two ids.
     *
     * @param first what decides whom a token opens
     * @param second what else is known of a row
     */
    private record Backfill(String table, String first, String second) {

        List<String> statements() {
            return List.of(first, second);
        }
    }

    /**
     * What is noted of the number of {@code users u} in {@code multisession_accounts a}. A rebuild may have written it in
     * another way; then its last nine digits are the same, or as many as there are, but seven at least.
     */
    private static final String SAME_NUMBER = """
            (a.phone = left(u.phone::TEXT, 100) AND a.phone ~ '[0-9].*[0-9].*[0-9].*[0-9].*[0-9]'
              OR EXISTS (SELECT 1 FROM regexp_replace(a.phone, '[^0-9]', '', 'g') AS noted,
                regexp_replace(left(u.phone::TEXT, 100), '[^0-9]', '', 'g') AS present,
                least(9, length(noted), length(present)) AS compared
                WHERE compared >= 7 AND right(noted, compared) = right(present, compared)))""";

    /** Whoever has this id may be somebody else since nobody watched the users. */
    private static final List<String> END_OF_DOUBTED_USERS =
            List.of("""
            UPDATE multisession_tokens t SET ended_at = {now}, end_reason = 'unwitnessed'
            WHERE ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM users u JOIN multisession_accounts a ON a.user_id = u.id
              WHERE u.id = t.user_id AND %s)
            """.formatted(SAME_NUMBER), """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            SELECT s.auth_token, s.user_id, {now}, {now}, 'unwitnessed' FROM user_sessions s
            WHERE s.auth_token IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users u
              JOIN multisession_accounts a ON a.user_id = u.id WHERE u.id = s.user_id AND %s)
            ON CONFLICT (auth_token) DO NOTHING
            """.formatted(SAME_NUMBER));

    /** Sessions may have been put back, and have come and gone, since nobody watched them. */
    private static final List<String> END_OF_DOUBTED_SESSIONS =
            List.of("""
            UPDATE multisession_tokens t SET ended_at = {now}, end_reason = 'unwitnessed'
            WHERE ended_at IS NULL AND EXISTS (SELECT 1 FROM user_sessions s WHERE s.auth_token = t.auth_token)
              AND NOT EXISTS (SELECT 1 FROM multisession_rows r JOIN user_sessions s
                ON s.auth_token = r.auth_token AND s.created_at IS NOT DISTINCT FROM r.created_at
                WHERE r.auth_token = t.auth_token)
            """, """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            SELECT s.auth_token, s.user_id, {now}, {now}, 'unwitnessed'
            FROM user_sessions s JOIN multisession_accounts a ON a.user_id = s.user_id
            WHERE a.unwatched AND s.auth_token IS NOT NULL ON CONFLICT (auth_token) DO NOTHING
            """, """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            SELECT u.auth_token, min(u.id), {now}, {now}, 'unwitnessed'
            FROM users u LEFT JOIN multisession_accounts a ON a.user_id = u.id
            WHERE u.auth_token <> '' AND a.token_tail IS DISTINCT FROM multisession_mark(u.auth_token::TEXT)
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t
                WHERE t.auth_token IN (u.auth_token, multisession_hash(u.auth_token)))
              AND NOT EXISTS (SELECT 1 FROM user_sessions s WHERE s.auth_token = u.auth_token)
              AND NOT %s
            GROUP BY u.auth_token ON CONFLICT (auth_token) DO NOTHING
            """.formatted(TokenSql.isHash("u.auth_token")));

    /** Notes that do not say what is there. */
    private static final List<String> FORGET = List.of("""
            DELETE FROM multisession_rows r WHERE NOT EXISTS (SELECT 1 FROM user_sessions s WHERE s.id = r.id
              AND s.auth_token = r.auth_token AND s.created_at IS NOT DISTINCT FROM r.created_at)
            """, """
            DELETE FROM multisession_accounts a WHERE unwatched OR NOT EXISTS (SELECT 1 FROM users u WHERE u.id = a.user_id
              AND left(u.phone::TEXT, 100) IS NOT DISTINCT FROM a.phone
              AND multisession_mark(u.auth_token::TEXT) IS NOT DISTINCT FROM a.token_tail)
            """, """
            DELETE FROM multisession_phones p WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = p.user_id
              AND left(u.phone::TEXT, 100) IS NOT DISTINCT FROM p.phone)
            """);

    /**
     * What began while nobody watched and is not in doubt is believed. Noted before the triggers are there again: a user
     * who comes in behind them would end it.
     */
    private static final String BELIEVE_THE_REST = """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at)
            SELECT auth_token, user_id, {now} FROM user_sessions WHERE auth_token IS NOT NULL
            ON CONFLICT (auth_token) DO NOTHING
            """;

    /** Once all that is there is noted. A token of two users is nobody's, and stays so when one of them gets another. */
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
            SELECT auth_token, NULL, {now}, {now}, 'ambiguous' FROM users WHERE auth_token <> ''
            GROUP BY auth_token HAVING count(*) > 1 ON CONFLICT (auth_token) DO NOTHING
            """);

    /** By what the view of our triggers knows them again: see there. */
    private static final String NOTE_TRIGGERS = """
            INSERT INTO multisession_state (name, value, changed_at)
            SELECT t.tgname, concat_ws(' ', k.oid, k.xmin, t.oid, t.xmin), {now}
            FROM pg_catalog.pg_trigger t, pg_catalog.pg_constraint k
            WHERE t.tgrelid IN (to_regclass('users'), to_regclass('user_sessions'))
              AND t.tgname LIKE 'multisession\\_%' AND NOT t.tgisinternal
              AND k.conrelid = to_regclass('multisession_tokens') AND k.contype = 'p'
            """;

    private static final String OVERWRITE = """
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at
            """;

    /** Where nothing is noted, or what is noted is of the database that this one was restored from. */
    private static final String NOTE_TRIGGERS_OF_THIS_DATABASE = NOTE_TRIGGERS + OVERWRITE + """
            WHERE substring(multisession_state.value FROM '^[0-9]+ [0-9]+') IS DISTINCT FROM
              substring(excluded.value FROM '^[0-9]+ [0-9]+')
            """;

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
    private final List<SchemaScript> all = all();

    /** One that tries nothing out and works in silence. */
    public PostgresMigrator(Database database, InstantSource clock) {
        this(database, clock, Progress.NONE, Trial.NONE, Pacing.besideOthers());
    }

    /** One that plays the trial before anything counts, and whose work can be stopped half-way by its pacing. */
    public PostgresMigrator(Database database, InstantSource clock, Progress progress, Trial trial, Pacing pacing) {
        this.database = database;
        this.clock = clock;
        this.progress = progress;
        this.trial = trial;
        this.pacing = pacing;
    }

    @Override
    public Migrator.Move begin() {
        PostgresGround found = look();
        if (found.missing().isEmpty()) {
            database.execute(transaction -> run(transaction, NOTE_TRIGGERS_OF_THIS_DATABASE));
            tryOut(found.userColumns());
            log.info("Migration: everything is there already; nothing was changed");
            return new Migrator.Move(
                    found.userColumns(), true, () -> new Migrator.Outcome(found.userColumns(), List.of()));
        }
        return new Migrator.Move(found.userColumns(), found.isSmall(), this::inTurn);
    }

    private PostgresGround look() {
        database.learn(Map.of("forChange", database.read(PostgresMigrator::lockOfATokensRow)));
        return database.read(handle -> PostgresGround.look(handle, all, version(all)));
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
    static PostgresGround ground(Handle handle) {
        List<SchemaScript> all = all();
        return PostgresGround.look(handle, all, version(all));
    }

    /** What changes with any statement of the schema. */
    private static String version(List<SchemaScript> all) {
        String text = all.stream().map(SchemaScript::sql).collect(Collectors.joining(";"));
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public List<String> missing() {
        return database.read(handle -> PostgresGround.missing(handle, all));
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

    /** Waits for as long as another node migrates: its turn ends with its connection. */
    private Migrator.Outcome inTurn() {
        boolean hadLocks = makeLocks();
        boolean hasWaited = false;
        while (true) {
            pacing.goOn();
            Optional<Migrator.Outcome> outcome = database.write(transaction -> {
                if (ComposedSql.number(transaction, TAKE_TURN) == 0) {
                    return Optional.empty();
                }
                // The look for that row would stay open and keep its view of the database, for which CREATE INDEX
                // waits.
                TimeLimits.lift(transaction);
                // The others use connections of their own: this one only holds the lock.
                return Optional.of(steps(hadLocks));
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
    public Database.Guard guard() {
        return new PostgresGuard(triggers().size());
    }

    /** The names of what is not in a database and should be; the rest of a migration that is under way is one of them. */
    public static List<String> missing(Handle handle) {
        return PostgresGround.missing(handle, all());
    }

    private static List<SchemaScript> all() {
        return Stream.concat(Stream.of(FUNCTIONS_FILE), FILES.stream())
                .flatMap(file -> SchemaScript.read(file).stream())
                .toList();
    }

    private static List<SchemaScript> triggers() {
        return FILES.stream()
                .flatMap(file -> SchemaScript.read(file).stream())
                .filter(SchemaScript::isTrigger)
                .toList();
    }

    /** Returns whether the table was there. */
    private boolean makeLocks() {
        SchemaScript locks = SchemaScript.read(FUNCTIONS_FILE).get(0);
        for (int tries = 0; ; tries++) {
            try {
                return database.outsideTransaction(handle -> {
                    boolean isThere = PostgresGround.exists(handle, locks.name());
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

    private Migrator.Outcome steps(boolean hadLocks) {
        PostgresGround found = look();
        if (found.missing().isEmpty()) {
            log.info("Migration: another node has just done it; nothing was changed");
            return new Migrator.Outcome(found.userColumns(), List.of());
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
        makeTables(isNew);
        Set<String> columns = Set.copyOf(
                database.read(handle -> PostgresGround.columns(handle, "users")).keySet());
        if (isDone) {
            replaceTriggers();
        } else {
            database.execute(transaction -> run(transaction, MARK_BEGUN));
        }
        boolean wasMissing = makeTriggers(isDone);
        if (!isDone || wasMissing) {
            BACKFILLS.forEach(this::fill);
        }
        all.stream()
                .filter(script -> script.kind().equals("index") && script.isOnTeamsTable())
                .forEach(this::makeIndex);
        tryOut(columns);
        database.execute(transaction -> {
            TimeLimits.lift(transaction);
            if (!isDone || wasMissing) {
                for (String sql : RECONCILE) {
                    run(transaction, sql);
                }
                run(transaction, MARK_DONE);
                run(transaction, "DELETE FROM multisession_state WHERE name = 'migration'");
            }
            run(transaction, NOTE_TRIGGERS_OF_THIS_DATABASE);
            run(transaction, MARK_VERSION.formatted(version(all)));
        });
        log.info("Migration: done; it made {} objects, and the old app can go on as before", made.size());
        return new Migrator.Outcome(columns, made);
    }

    private void makeTables(boolean isNew) {
        boolean isNewTable = !database.read(handle -> PostgresGround.exists(handle, "user_sessions"));
        // The list of what is ours comes first, so that whatever a kill leaves is on it.
        all.stream().filter(script -> script.name().equals(CREATED)).forEach(this::makeTable);
        if (isNew) {
            log.info("Migration: the database is new and empty; table users is made too");
            SchemaScript.read(USERS_FILE).forEach(this::makeTable);
        }
        all.stream()
                .filter(script -> !script.isTrigger() && (isNewTable || !script.isOnTeamsTable()))
                .filter(script -> !script.on().equals("users"))
                .forEach(this::makeTable);
    }

    /**
     * Makes a table, function, view or index of ours. Not by waiting for long: the foreign key of user_sessions locks users,
     * and whoever waits for that lock keeps the old app waiting.
     */
    private void makeTable(SchemaScript script) {
        if (script.isReplaceable()) {
            patiently(transaction -> run(transaction, script.sql()));
        } else if (!database.read(handle -> PostgresGround.exists(handle, script.name()))) {
            patiently(transaction -> {
                run(transaction, script.sql().replace("{session_time}", timeType(transaction)));
                remember(transaction, script.name());
            });
        }
    }

    /** The type of the team's column, which a comparison with ours must not have to turn. */
    private static String timeType(Handle handle) throws SQLException {
        String type = PostgresGround.columns(handle, "user_sessions")
                .getOrDefault("created_at", "timestamp without time zone");
        if (!type.startsWith("timestamp")) {
            throw new MigrationRefusedException("user_sessions.created_at is of the type " + type
                    + ". It must be timestamp, as SQLAlchemy's DateTime makes it");
        }
        return type;
    }

    /** What an earlier version has made may say something else. None is gone for a moment. */
    private void replaceTriggers() {
        for (SchemaScript trigger : triggers()) {
            patiently(transaction -> {
                if (PostgresGround.fires(transaction, trigger)) {
                    run(transaction, trigger.sql());
                    note(transaction, trigger);
                }
            });
        }
    }

    /** Makes those that are gone; returns whether there were such. */
    private boolean makeTriggers(boolean isDone) {
        List<SchemaScript> missing = database.outsideTransaction(PostgresMigrator::missingTriggers);
        if (missing.isEmpty()) {
            return false;
        }
        if (isDone) {
            log.warn("Triggers of ours were gone; what cannot be told apart since then is ended: {}", names(missing));
            List<String> doubts = new ArrayList<>(doubts(missing));
            doubts.addAll(FORGET);
            doubts.add(BELIEVE_THE_REST);
            // In one transaction with the tables locked: between the look and the triggers nobody may change a row.
            patiently(transaction -> {
                run(transaction, "LOCK TABLE users, user_sessions IN SHARE ROW EXCLUSIVE MODE");
                for (String sql : doubts) {
                    run(transaction, sql);
                }
                make(transaction, missing);
            });
        } else {
            for (SchemaScript trigger : missing) {
                patiently(transaction -> make(transaction, List.of(trigger)));
            }
        }
        return true;
    }

    private static boolean isDone(Handle handle) throws SQLException {
        return PostgresGround.exists(handle, "multisession_state")
                && ComposedSql.number(handle, "SELECT count(*) FROM multisession_state WHERE name = 'migrated'") > 0;
    }

    private static List<SchemaScript> missingTriggers(Handle handle) {
        return triggers().stream()
                .filter(trigger -> !PostgresGround.fires(handle, trigger))
                .toList();
    }

    /** What ends all that cannot be told apart since these triggers are gone. */
    private static List<String> doubts(List<SchemaScript> missing) {
        List<String> doubts = new ArrayList<>();
        if (names(missing).stream().anyMatch(ON_USERS::contains)) {
            doubts.addAll(END_OF_DOUBTED_USERS);
        }
        if (names(missing).stream().anyMatch(ON_SESSIONS::contains)) {
            doubts.addAll(END_OF_DOUBTED_SESSIONS);
        }
        return doubts;
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
                        .allMatch(table -> PostgresGround.exists(handle, table)));
    }

    /** For an uninstall: the next deploy will know nothing of what happened since triggers of ours are gone. */
    static void endWhatCannotBeTold(Transaction transaction) throws SQLException {
        TimeLimits.lift(transaction);
        for (String sql : doubts(missingTriggers(transaction))) {
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
        run(transaction, NOTE_TRIGGERS + "AND t.tgname = '" + trigger.name() + "'\n" + OVERWRITE);
    }

    /**
     * Notes that our triggers have missed nothing, in the transaction that has switched them off and on again.
     *
     * @param now the time of the note
     */
    public static void noteTriggers(Transaction transaction, Instant now) throws SQLException {
        ComposedSql.run(transaction, at(now, NOTE_TRIGGERS + OVERWRITE));
    }

    private void patiently(Database.Act<Transaction> act) {
        ShortLock.patiently(database, act);
    }

    private void fill(Backfill backfill) {
        String step = "noting " + backfill.table();
        long total = database.write(transaction -> {
            TimeLimits.lift(transaction);
            return ComposedSql.number(transaction, "SELECT count(*) FROM " + backfill.table());
        });
        long done = 0;
        long last = Long.MIN_VALUE;
        while (true) {
            pacing.goOn();
            progress.at(step, Math.min(done, Math.max(0, total - 1)), total);
            long after = last;
            long[] page = database.outsideTransaction(handle -> page(handle, backfill.table(), after));
            if (page[0] == 0) {
                progress.at(step, total, total);
                return;
            }
            done += page[0];
            // Whoever waits for one row here keeps the others of the page locked.
            patiently(transaction -> {
                for (String sql : backfill.statements()) {
                    ComposedSql.update(transaction, atThisTime(sql), page[1], page[2]);
                }
            });
            last = page[2];
        }
    }

    /** How many rows the next page has, and its first and last id. */
    private static long[] page(Handle handle, String table, long after) throws SQLException {
        return ComposedSql.all(
                        handle,
                        "SELECT count(*), min(id), max(id) FROM (SELECT id FROM " + table
                                + " WHERE id > ? ORDER BY id LIMIT " + BATCH + ") p",
                        row -> new long[] {row.getLong(1), row.getLong(2), row.getLong(3)},
                        after)
                .get(0);
    }

    /** Shuts nobody out. One that a kill has left half made is there and useless; it is made anew. */
    private void makeIndex(SchemaScript index) {
        if (!database.read(handle -> PostgresGround.exists(handle, index.name()))) {
            // It cannot be made in a transaction, so the note comes first.
            database.execute(transaction -> remember(transaction, index.name()));
        }
        database.outsideTransaction(handle -> {
            if (ComposedSql.number(handle, WHOLE_INDEX.formatted(index.name())) > 0) {
                return false;
            }
            // The server may still be making it for a node that was killed. To drop it, as to make it, waits for every
            // transaction that is under way, and keeps nobody waiting meanwhile.
            TimeLimits.liftFor(handle, free -> {
                run(free, "DROP INDEX CONCURRENTLY IF EXISTS " + index.name());
                run(free, index.sql().replaceFirst("INDEX IF NOT EXISTS", "INDEX CONCURRENTLY IF NOT EXISTS"));
            });
            return true;
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
