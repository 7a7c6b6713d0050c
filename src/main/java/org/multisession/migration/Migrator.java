package org.multisession.migration;

import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a database of the old app to many sessions per user: only additions, all or nothing, any number of times.
 *
 * <p>Looks first, and refuses what it would have to guess at. Where something is missing, one transaction takes the
 * write lock, looks again, makes it, and verifies before it commits: the schema and every row of {@code users} are as
 * before, and every token opens the same account as before. An existing database is copied first. A process that is killed anywhere in between leaves the
 * database as it was; of two that start at once, one migrates and the other finds it done.
 */
public final class Migrator {

    private static final Logger log = LoggerFactory.getLogger(Migrator.class);

    private static final String RECORD_SESSIONS = """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at)
            SELECT s.auth_token, s.user_id, ? FROM user_sessions s
            WHERE s.auth_token IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = s.auth_token)
            """;

    private static final String END_DELETED = """
            UPDATE multisession_tokens SET ended_at = ?, end_reason = 'row-deleted'
            WHERE ended_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM user_sessions s WHERE s.auth_token = multisession_tokens.auth_token)
            """;

    /** What is moved back later must not open anything then. A column that is blind to case finds more than that. */
    private static final String END_MOVED = """
            UPDATE multisession_tokens SET ended_at = ?, end_reason = 'row-changed'
            WHERE ended_at IS NULL
              AND EXISTS (SELECT 1 FROM user_sessions s WHERE s.auth_token = multisession_tokens.auth_token
                AND s.auth_token || '' = multisession_tokens.auth_token AND s.user_id IS NOT multisession_tokens.user_id)
            """;

    private static final String END_ORPHANS = """
            UPDATE multisession_tokens SET ended_at = ?, end_reason = 'user-replaced'
            WHERE ended_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = multisession_tokens.user_id)
            """;

    private static final String SHARED = """
            SELECT id, auth_token FROM users WHERE auth_token IN
              (SELECT auth_token FROM users WHERE auth_token <> '' GROUP BY auth_token HAVING count(*) > 1)
            ORDER BY id
            """;

    private static final String REFUSE_SHARED = """
            INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
            SELECT auth_token, NULL, ?, ?, 'ambiguous' FROM users
            WHERE auth_token <> ''
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = users.auth_token)
            GROUP BY auth_token HAVING count(*) > 1
            """;

    private static final String FORGET_PHONES = """
            DELETE FROM multisession_phones WHERE NOT EXISTS (SELECT 1 FROM users u
              WHERE u.id = multisession_phones.user_id
                AND substr(CAST(u.phone AS TEXT), 1, 100) IS multisession_phones.phone)
            """;

    /** As the triggers do it. */
    private static final String NOTE_PHONES = """
            INSERT INTO multisession_phones (user_id, phone, tail)
            SELECT id, phone,
              CASE WHEN substr(phone, -2) = '.0' OR ltrim(digits, '0123456789') <> '' THEN ''
              ELSE substr(digits, -6) END
            FROM (SELECT u.id AS id, substr(CAST(u.phone AS TEXT), 1, 100) AS phone,
              replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
              trim(substr(CAST(u.phone AS TEXT), 1, 100),
              char(9, 10, 13, 32, 8203, 8206, 8207, 8234, 8235, 8236, 8237, 8238, 8294, 8295, 8296, 8297, 65279)),
              ' ', ''), '-', ''), '(', ''), ')', ''), '+', ''), '.', ''), '/', ''),
              char(160), ''), char(8239), ''), char(8208), ''), char(8209), ''), char(8211), '') AS digits
              FROM users u
              WHERE typeof(u.id) = 'integer'
                AND NOT EXISTS (SELECT 1 FROM multisession_phones p WHERE p.user_id = u.id))
            ORDER BY id
            """;

    private static final String RECORD_CREATED = "INSERT INTO multisession_created (name, created_at) VALUES (?, ?)";

    private final Database database;
    private final InstantSource clock;
    private final Backup backup;
    private final Progress progress;
    private final Trial trial;
    private final Consumer<String> beforeStatement;

    /** One that makes no backup, tries nothing out and works in silence. */
    public Migrator(Database database, InstantSource clock) {
        this(database, clock, Backup.NONE, Progress.NONE, Trial.NONE);
    }

    public Migrator(Database database, InstantSource clock, Backup backup, Progress progress, Trial trial) {
        this(database, clock, backup, progress, trial, statement -> {});
    }

    /** Tells the consumer of every statement that changes something, before it runs. */
    Migrator(Database database, InstantSource clock, Consumer<String> beforeStatement) {
        this(database, clock, Backup.NONE, Progress.NONE, Trial.NONE, beforeStatement);
    }

    Migrator(
            Database database,
            InstantSource clock,
            Backup backup,
            Progress progress,
            Trial trial,
            Consumer<String> beforeStatement) {
        this.database = database;
        this.clock = clock;
        this.backup = backup;
        this.progress = progress;
        this.trial = trial;
        this.beforeStatement = beforeStatement;
    }

    /**
     * What a migrated database has, for those who work on it.
     *
     * @param userColumns the columns of {@code users}, in lower case
     * @param made what this run made, by name; empty if all was there
     * @param backup where the database lies as it was before; null if there is no such copy
     */
    public record Outcome(
            Set<String> userColumns,
            List<String> made,
            @Nullable Path backup) {

        Outcome(Set<String> userColumns, List<String> made) {
            this(userColumns, made, null);
        }
    }

    /**
     * Migrates, or finds that nothing is to be done. Then only the trial is played, which takes the write lock for some
     * milliseconds: somebody may have changed a table since.
     *
     * @throws MigrationRefusedException if the database is not one that can be migrated
     * @throws org.multisession.db.DatabaseException if the database failed; nothing was changed
     */
    public Outcome migrate() {
        Inspection found = database.read(Migrator::inspect);
        if (found.hasNothingToDo()) {
            tryOut(found);
            log.info("Migration: everything is there already; nothing was changed");
            return new Outcome(Set.copyOf(found.userColumns()), List.of());
        }
        // A new database has nothing to lose.
        Backup.Copy copy = found.isNew() ? null : backup.make();
        Outcome outcome = migrateAfter(copy);
        if (!outcome.made().isEmpty()) {
            log.info(
                    "Migration: committed; it made {} objects, and the old app can go on as before",
                    outcome.made().size());
        }
        return outcome;
    }

    private Outcome migrateAfter(Backup.@Nullable Copy copy) {
        if (copy == null) {
            return database.write(this::migrateFinished);
        }
        Outcome outcome;
        try {
            outcome = database.write(this::migrateFinished);
        } catch (RuntimeException e) {
            copy.discardUnlessDamaged(e);
            throw e;
        }
        if (outcome.made().isEmpty()) {
            copy.discard();
            return outcome;
        }
        return new Outcome(outcome.userColumns(), outcome.made(), copy.path());
    }

    /** Does all of it in one transaction, verification included, and undoes it: what {@link #migrate} would do. */
    public Outcome dryRun() {
        Inspection found = database.read(Migrator::inspect);
        if (found.hasNothingToDo()) {
            tryOut(found);
            return new Outcome(Set.copyOf(found.userColumns()), List.of());
        }
        return database.dryRun(this::migrateFinished);
    }

    private void tryOut(Inspection found) {
        if (trial != Trial.NONE) {
            database.dryRun(transaction -> {
                tryOut(transaction, Set.copyOf(found.userColumns()));
                return true;
            });
        }
    }

    private void tryOut(Transaction transaction, Set<String> userColumns) throws SQLException {
        List<String> concerns = trial.play(transaction, userColumns);
        concerns.forEach(concern -> log.warn("Migration: tried out and undone: {}", concern));
        if (trial != Trial.NONE && concerns.isEmpty()) {
            log.info("Migration: tried out and undone: a sign-in, a second device and a sign-out work");
        }
    }

    /** What {@link #repair} found and did. */
    enum Repair {
        NOT_NEEDED,
        DONE,
        /** Everything that we remember is gone. */
        IMPOSSIBLE,
        /** The same, and triggers of ours that were left behind have been taken away. */
        IMPOSSIBLE_AND_CLEARED
    }

    /**
     * Makes anew what somebody's rebuilding of a table has dropped. Where the memory of issued tokens is gone it makes nothing: Multi-Session was
     * uninstalled, or somebody's tool has dropped what it does not know, and must not come back by itself as if nothing
     * had ever been signed out. Triggers that were left behind are taken away then: they name tables that are gone, and
     * with them the old app could add no user and sign nobody in.
     */
    Repair repair(Transaction transaction) throws SQLException {
        Catalogue catalogue = Catalogue.read(transaction);
        if (catalogue.isWithoutOurMemory()) {
            List<Catalogue.Entry> left = catalogue.ourTriggers();
            for (Catalogue.Entry trigger : left) {
                execute(transaction, "DROP " + trigger.type() + " " + trigger.name());
            }
            return left.isEmpty() ? Repair.IMPOSSIBLE : Repair.IMPOSSIBLE_AND_CLEARED;
        }
        List<String> missing = missing(transaction, catalogue);
        if (missing.isEmpty()) {
            return Repair.NOT_NEEDED;
        }
        log.warn("The schema lacks {}; made anew now", String.join(", ", missing));
        migrate(transaction);
        return Repair.DONE;
    }

    /** Names of what a migrated database should have and this one lacks, by its catalogue alone: cheap. */
    public List<String> missing() {
        return database.read(Migrator::missing);
    }

    /** The same of an open database. */
    public static List<String> missing(Handle handle) throws SQLException {
        return missing(handle, Catalogue.read(handle));
    }

    private static List<String> missing(Handle handle, Catalogue catalogue) throws SQLException {
        List<String> missing = new ArrayList<>(SchemaObject.additions().stream()
                .filter(object -> !catalogue.has(object))
                .map(SchemaObject::name)
                .toList());
        for (StrayReference stray : StrayReference.find(handle)) {
            missing.add("a foreign key of user_sessions to users (it leads to " + stray.table() + ")");
        }
        return missing;
    }

    /**
     * The columns of {@code users} beyond those we know that a new row must fill, so that we could not add a user; none
     * in a new database.
     *
     * @throws MigrationRefusedException if the database is not one that can be migrated
     */
    public List<String> unknownColumnsToFill() {
        return database.read(handle -> {
            if (Inspection.of(handle).isNew()) {
                return List.of();
            }
            return Catalogue.columns(handle, "users").entrySet().stream()
                    .filter(column -> column.getKey().equals("id")
                            ? !column.getValue().isRowId() && !column.getValue().hasDefault()
                            : column.getValue().mustBeFilled())
                    .map(Map.Entry::getKey)
                    .filter(name -> !Set.of("phone", "created_at").contains(name))
                    .toList();
        });
    }

    /** To believe a table that somebody has emptied only to fill it again would end every session for good. */
    private static Inspection inspect(Handle handle) throws SQLException {
        UnfinishedRebuild unfinished = UnfinishedRebuild.find(handle);
        if (unfinished != null && unfinished.stopsADeploy()) {
            throw new MigrationRefusedException(unfinished.reason());
        }
        return Inspection.of(handle);
    }

    private Outcome migrateFinished(Transaction transaction) throws SQLException {
        var unused = inspect(transaction);
        return migrate(transaction);
    }

    private Outcome migrate(Transaction transaction) throws SQLException {
        Inspection found = Inspection.of(transaction);
        if (found.hasNothingToDo()) {
            log.info("Migration: another process has just done it; nothing was changed");
            return new Outcome(Set.copyOf(found.userColumns()), List.of());
        }
        Instant now = clock.instant();
        Witnesses witnesses = new Witnesses(transaction, found.catalogue(), SqlTime.format(now), beforeStatement);
        Snapshot before = null;
        if (found.isNew()) {
            log.info("Migration: the database is new and empty; table users is made too");
        } else {
            int unwitnessed = witnesses.endWhatCannotBeTold();
            if (unwitnessed > 0) {
                log.warn(
                        "Migration: {} sessions and legacy tokens ended (unwitnessed): a table was rebuilt and changed while"
                                + " nobody watched, so that it cannot be told whose they are or whether they were signed"
                                + " out; these users sign in again",
                        unwitnessed);
            }
            before = Snapshot.before(transaction, found.catalogue(), progress);
            log.info(
                    "Migration: found table users ({}) with {} users, {} legacy tokens that open an account, and {}",
                    String.join(", ", found.userColumns()),
                    before.userCount(),
                    before.legacyCount(),
                    found.catalogue().has("user_sessions")
                            ? "table user_sessions with " + before.sessionCount() + " sessions"
                            : "no table user_sessions");
            warnOfSharedTokens(transaction);
        }
        for (StrayReference stray : found.stray()) {
            beforeStatement.accept("correct the foreign key to " + stray.table());
            stray.correct(transaction);
            log.info("Migration: the foreign key of user_sessions led to {}; it leads to users again", stray.table());
        }
        for (SchemaObject object : found.outdated()) {
            execute(transaction, "DROP " + object.kind() + " " + object.name());
        }
        for (Catalogue.Entry object : found.retired()) {
            execute(transaction, "DROP " + object.type() + " " + object.name());
            log.info("Migration: removed {} {} of an earlier version", object.type(), object.name());
        }
        List<SchemaObject> made = new ArrayList<>(found.missing());
        made.addAll(found.outdated());
        List<String> names =
                new ArrayList<>(made.stream().map(SchemaObject::name).toList());
        found.stray().forEach(stray -> names.add("foreign key of user_sessions to users"));
        for (SchemaObject object : made) {
            execute(transaction, object.sql());
            log.info("Migration: made {} {}", object.kind(), object.name());
        }
        recordWhatIsNotMarkedByItsName(transaction, found.missing());
        log(reconcile(transaction, now, beforeStatement));
        witnesses.writeDown();
        notePhones(transaction);
        verify(transaction, found, before, made);
        Set<String> userColumns = Catalogue.columns(transaction, "users").keySet();
        tryOut(transaction, userColumns);
        // The commit follows as soon as this returns.
        return new Outcome(userColumns, names);
    }

    /**
     * Our memory of issued tokens follows the sessions by triggers. Where those have only just been made, it is
     * brought up to what is there now.
     */
    static Reconciled reconcile(Handle handle, Instant moment, Consumer<String> beforeStatement) throws SQLException {
        String now = SqlTime.format(moment);
        int recorded = execute(handle, beforeStatement, RECORD_SESSIONS, now);
        int deleted = execute(handle, beforeStatement, END_DELETED, now);
        execute(handle, beforeStatement, END_MOVED, now);
        int orphaned = execute(handle, beforeStatement, END_ORPHANS, now);
        execute(handle, beforeStatement, REFUSE_SHARED, now, now);
        return new Reconciled(recorded, deleted, orphaned);
    }

    /** Brings {@code multisession_phones} up to what stands in {@code users}; what changed is read again later. */
    private void notePhones(Transaction transaction) throws SQLException {
        execute(transaction, FORGET_PHONES);
        execute(transaction, NOTE_PHONES);
    }

    /** What that did, in rows. */
    record Reconciled(int recorded, int deleted, int orphaned) {}

    private static void log(Reconciled reconciled) {
        int recorded = reconciled.recorded();
        int deleted = reconciled.deleted();
        int orphaned = reconciled.orphaned();
        if (recorded > 0) {
            log.info("Migration: {} sessions of the old app are known now; their clocks start here", recorded);
        }
        if (deleted > 0) {
            log.info("Migration: {} sessions had been ended by the old app and stay ended", deleted);
        }
        if (orphaned > 0) {
            log.warn("Migration: {} sessions belong to no user any more and open nothing", orphaned);
        }
    }

    private void recordWhatIsNotMarkedByItsName(Transaction transaction, List<SchemaObject> made) throws SQLException {
        for (SchemaObject object : made) {
            if (!object.isMarkedByName()) {
                // A name may be in there from before, if the team has dropped the object since.
                execute(transaction, "DELETE FROM multisession_created WHERE name = ?", object.name());
                execute(transaction, RECORD_CREATED, object.name(), SqlTime.format(clock.instant()));
            }
        }
    }

    private void verify(Transaction transaction, Inspection found, @Nullable Snapshot before, List<SchemaObject> made)
            throws SQLException {
        Inspection now = Inspection.of(transaction);
        if (!now.hasNothingToDo()) {
            throw new MigrationRefusedException("after the migration something was still missing; it was rolled back");
        }
        log.info("Migration: checked table user_sessions: it has every column that is needed");
        Set<String> additions = new HashSet<>();
        made.forEach(object -> additions.add(object.name()));
        if (!found.stray().isEmpty()) {
            additions.add("user_sessions");
        }
        found.retired().forEach(object -> additions.add(object.name()));
        if (!now.catalogue().schemaWithout(additions).equals(found.catalogue().schemaWithout(additions))) {
            throw new MigrationRefusedException(
                    "the migration would have changed a table that was there before; it was rolled back");
        }
        if (before == null) {
            return;
        }
        Snapshot after = Snapshot.after(transaction, progress);
        if (!after.users().equals(before.users())) {
            throw new MigrationRefusedException("the migration would have changed rows of users (" + before.userCount()
                    + " rows before, " + after.userCount() + " after); it was rolled back."
                    + " Has the table a trigger or a generated column of its own?");
        }
        after.requireOpeningsOf(before);
        log.info(
                "Migration: verified: {} users as before, and {} sessions and {} legacy tokens open the same accounts"
                        + " as before",
                after.userCount(),
                after.sessionCount(),
                after.legacyCount());
    }

    private static void warnOfSharedTokens(Handle handle) throws SQLException {
        List<String> ids = new ArrayList<>();
        try (PreparedStatement statement = handle.prepare(SHARED);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                ids.add(row.getString(1));
            }
        }
        if (!ids.isEmpty()) {
            log.warn(
                    "Migration: {} users share their legacy token with another user, so it opens nobody's account;"
                            + " they have to sign in again: users {}",
                    ids.size(),
                    String.join(", ", ids.subList(0, Math.min(20, ids.size()))) + (ids.size() > 20 ? ", …" : ""));
        }
    }

    private int execute(Transaction transaction, String sql, String... values) throws SQLException {
        return execute(transaction, beforeStatement, sql, values);
    }

    private static int execute(Handle handle, Consumer<String> beforeStatement, String sql, String... values)
            throws SQLException {
        beforeStatement.accept(sql);
        try (PreparedStatement statement = handle.prepare(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setString(i + 1, values[i]);
            }
            return statement.executeUpdate();
        }
    }
}
