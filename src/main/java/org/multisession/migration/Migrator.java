package org.multisession.migration;

import java.nio.file.Files;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a database of the old app to many sessions per user: only additions, any number of times.
 *
 * <p>Looks first, and refuses what it would have to guess at, or on which nobody could sign in: that is tried and
 * undone. What is small is then done in one transaction: it takes the write lock, looks again, makes what is missing, and
 * verifies before it commits that the schema and every row of {@code users} are as before, and that every token opens
 * the same account as before. What is large is done in steps, for which nobody has to wait ({@link SteppedMove}). An
 * existing database is copied first. A process that is killed anywhere in between leaves a database on which the old app
 * goes on as before and the next start completes the work; so do two that start at once.
 */
public final class Migrator implements Migration {

    private static final Logger log = LoggerFactory.getLogger(Migrator.class);

    private static final String SHARED = """
            SELECT id, auth_token FROM users WHERE auth_token IN
              (SELECT auth_token FROM users WHERE auth_token <> '' GROUP BY auth_token HAVING count(*) > 1)
            ORDER BY id
            """;

    private static final String FORGET_PHONES = """
            DELETE FROM multisession_phones WHERE NOT EXISTS (SELECT 1 FROM users u
              WHERE u.id = multisession_phones.user_id
                AND substr(CAST(u.phone AS TEXT), 1, 100) IS multisession_phones.phone)
            """;

    /** Up to this many rows are read, written and verified in one transaction without anybody noticing. */
    static final int MAX_AT_ONCE = 20_000;

    private static final String ROWS_UP_TO = "SELECT count(*) FROM (SELECT 1 FROM %s NOT INDEXED LIMIT ?)";

    /** How often to start again if another process has undone the work. */
    private static final int ATTEMPTS = 5;

    private final Database database;
    private final InstantSource clock;
    private final LongSupplier nanoTime;
    private final Backup backup;
    private final Progress progress;
    private final Trial trial;
    private final Consumer<String> beforeStatement;
    private final int atOnce;
    private final Pacing pacing;
    private final SchemaBuilder schema;

    /** When the one transaction got the lock: what it has waited for it, others have not waited for us. */
    private volatile long heldFrom;

    /** A copy that was made before anything could be changed; it may have been removed again. */
    private volatile Backup.@Nullable Copy kept;

    /** A migrator that makes no backup, plays no sign-in and reports no progress. */
    public Migrator(Database database, InstantSource clock) {
        this(database, clock, Backup.NONE, Progress.NONE, Trial.NONE, Pacing.besideOthers());
    }

    /** A migrator whose work can be stopped half-way, by its pacing. */
    public Migrator(
            Database database, InstantSource clock, Backup backup, Progress progress, Trial trial, Pacing pacing) {
        this(database, clock, System::nanoTime, backup, progress, trial, statement -> {}, MAX_AT_ONCE, pacing);
    }

    /** Tells the consumer of every statement that changes something, before it runs. */
    Migrator(Database database, InstantSource clock, Consumer<String> beforeStatement) {
        this(
                database,
                clock,
                System::nanoTime,
                Backup.NONE,
                Progress.NONE,
                Trial.NONE,
                beforeStatement,
                MAX_AT_ONCE,
                Pacing.besideOthers());
    }

    /**
     * @param nanoTime by which it is measured how long others are held up
     * @param atOnce how many rows of users and sessions may be migrated in one transaction
     */
    Migrator(
            Database database,
            InstantSource clock,
            LongSupplier nanoTime,
            Backup backup,
            Progress progress,
            Trial trial,
            Consumer<String> beforeStatement,
            int atOnce,
            Pacing pacing) {
        this.database = database;
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.backup = backup;
        this.progress = progress;
        this.trial = trial;
        this.beforeStatement = beforeStatement;
        this.atOnce = atOnce;
        this.pacing = pacing;
        this.schema = new SchemaBuilder(clock, beforeStatement);
    }

    /**
     * Looks at the database, refuses what can be refused, and changes nothing. Where nothing is to be done only the trial
     * is played, which takes the write lock for some milliseconds: somebody may have changed a table since.
     *
     * @throws MigrationRefusedException if the database is not one that can be migrated
     * @throws org.multisession.db.DatabaseException if the database failed; nothing was changed
     */
    @Override
    public Move begin() {
        Inspection found = database.read(Migrator::inspect);
        Set<String> userColumns = Set.copyOf(found.userColumns());
        if (found.hasNothingToDo()) {
            tryOut(found);
            log.info("Migration: everything is there already; nothing was changed");
            return new Move(userColumns, true, () -> new Outcome(userColumns, List.of()));
        }
        requireRoom(found);
        boolean isSmall = found.mark() == null && database.read(handle -> isSmall(handle, found));
        if (isSmall || !SteppedMove.isPossible(found)) {
            return new Move(userColumns, isSmall, () -> inOneTransaction(found));
        }
        if (trial != Trial.NONE && !found.isComplete()) {
            long start = nanoTime.getAsLong();
            steps().tryOut(transaction -> tryOut(transaction, userColumns));
            pacing.rest(nanoTime.getAsLong() - start);
        }
        return new Move(userColumns, false, () -> Room.around(database, () -> inSteps(userColumns)));
    }

    private void requireRoom(Inspection found) {
        if (!found.isNew()) {
            backup.requireRoom(database.read(handle -> Growth.of(handle, found)));
        }
    }

    /**
     * Whether there is so much to do that it is not done in one transaction.
     *
     * @throws MigrationRefusedException if the database is not one that can be migrated, or its disk has no room for it
     */
    public boolean isLarge() {
        Inspection found = database.read(Migrator::inspect);
        if (!found.hasNothingToDo()) {
            requireRoom(found);
        }
        return !found.hasNothingToDo() && (found.mark() != null || !database.read(handle -> isSmall(handle, found)));
    }

    /** Does all of it. */
    public Outcome migrate() {
        return begin().finish();
    }

    private boolean isSmall(Handle handle, Inspection found) throws SQLException {
        long rows = found.isNew() ? 0 : rowsUpTo(handle, "users");
        return rows + (found.catalogue().has("user_sessions") ? rowsUpTo(handle, "user_sessions") : 0) <= atOnce;
    }

    private long rowsUpTo(Handle handle, String table) throws SQLException {
        return ComposedSql.number(handle, ROWS_UP_TO.formatted(table), atOnce + 1);
    }

    private SteppedMove steps() {
        return new SteppedMove(database, clock, nanoTime, pacing, progress, beforeStatement);
    }

    private Outcome inSteps(Set<String> userColumns) {
        // Anew at each attempt: an earlier one may have come some way before it found the database locked.
        Inspection found = database.read(Migrator::inspect);
        Backup.Copy copy = found.mark() == null ? copyOfBefore() : null;
        pacing.rest(0);
        if (found.mark() != null) {
            log.info("Migration: goes on with one that was not finished");
        }
        SteppedMove steps = steps();
        List<String> made = new ArrayList<>(firstSteps(steps, copy));
        if (made.isEmpty() && copy != null) {
            copy.discard();
            copy = null;
        }
        if (found.mark() != null) {
            made.add("the rest of an earlier migration");
        }
        Held longest = Held.NOTHING;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (attempt > 0) {
                log.warn("Migration: somebody has changed the schema meanwhile; what is missing is made again");
                steps = steps();
                var unused = steps.begin();
            }
            SteppedMove.Verified verified = steps.fill();
            made.addAll(steps.madeLater());
            if (verified == null && !database.read(Migrator::inspect).hasNothingToDo()) {
                throw new MigrationRefusedException("what it had made was removed meanwhile, as by an uninstall;"
                        + " deploy again to migrate anew");
            }
            boolean unused = pacing.patiently(() -> {
                tryOut(userColumns);
                return true;
            });
            pacing.rest(0);
            boolean isDone = verified == null || steps.end();
            longest = longest.orLonger(steps.longest());
            if (isDone) {
                Outcome outcome = new Outcome(userColumns, List.copyOf(made)).after(copy, longest);
                tell(verified, outcome.longest());
                return outcome;
            }
        }
        throw new MigrationRefusedException("somebody changes the schema again and again; the next start goes on");
    }

    /** Where they fail before anything was changed, no copy is left of it. */
    private List<String> firstSteps(SteppedMove steps, Backup.@Nullable Copy copy) {
        try {
            return steps.begin();
        } catch (RuntimeException e) {
            if (copy != null && !isUnderWay()) {
                copy.discardUnlessDamaged(e);
                kept = copy;
            }
            throw e;
        }
    }

    /** @param verified null if another process has come to the end first */
    private void tell(SteppedMove.@Nullable Verified verified, Held longest) {
        if (verified == null) {
            log.info("Migration: another process has just done it");
            return;
        }
        log.info(
                "Migration: verified: {} users as before, and {} sessions and {} legacy tokens open the same"
                        + " accounts as before",
                verified.users(),
                verified.sessions(),
                verified.legacyTokens());
        log.info("Migration: nothing held others up longer than {}", longest);
        log.info("Migration: done; the old app can go on as before");
        pacing.rest(0);
        warnOfShared(database.read(handle -> ComposedSql.texts(handle, SHARED)));
    }

    /** An earlier attempt, which changed nothing, keeps its copy if the disk failed: each further attempt by it, too. */
    private Backup.@Nullable Copy copyOfBefore() {
        return kept != null && Files.exists(kept.path()) ? kept : backup.make();
    }

    /** Whether something was changed that the next start goes on with. */
    private boolean isUnderWay() {
        try {
            return database.find(handle -> MoveMark.read(handle, Catalogue.read(handle))) != null;
        } catch (DatabaseException e) {
            log.debug("Nobody can tell now: {}", e.getMessage());
            return true;
        }
    }

    private Outcome inOneTransaction(Inspection found) {
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
            Outcome outcome = database.write(this::migrateFinished);
            return outcome.after(null, held());
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
        return outcome.after(copy, held());
    }

    private Held held() {
        return new Held("the one transaction", nanoTime.getAsLong() - heldFrom);
    }

    /** Does all of it in one transaction, verification included, and undoes it: what {@link #migrate} would do. */
    public Outcome dryRun() {
        Inspection found = database.read(Migrator::inspect);
        if (found.hasNothingToDo()) {
            tryOut(found);
            return new Outcome(Set.copyOf(found.userColumns()), List.of());
        }
        Outcome outcome = database.dryRun(this::migrateFinished);
        return outcome.after(null, held());
    }

    private void tryOut(Inspection found) {
        tryOut(Set.copyOf(found.userColumns()));
    }

    private void tryOut(Set<String> userColumns) {
        if (trial != Trial.NONE) {
            database.dryRun(transaction -> {
                tryOut(transaction, userColumns);
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
     * Makes anew what somebody's rebuilding of a table has dropped. Where the memory of issued tokens is gone it makes
     * nothing: Multi-Session was uninstalled, or somebody's tool has dropped what it does not know, and must not come
     * back by itself as if nothing had ever been signed out. Triggers that were left behind are taken away then: they
     * name tables that are gone, and with them the old app could add no user and sign nobody in.
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
        if (MoveMark.read(transaction, catalogue) != null) {
            throw new DatabaseBusyException("another process is migrating the database", null);
        }
        List<String> missing = missing(transaction, catalogue);
        if (missing.isEmpty()) {
            return Repair.NOT_NEEDED;
        }
        log.warn("The schema lacks {}; made anew now", String.join(", ", missing));
        migrate(transaction);
        return Repair.DONE;
    }

    @Override
    public List<String> missing() {
        return database.read(Migrator::missing);
    }

    /** Names of what a migrated database should have and this one lacks, by its catalogue alone: cheap. */
    public static List<String> missing(Handle handle) throws SQLException {
        return missing(handle, Catalogue.read(handle));
    }

    private static List<String> missing(Handle handle, Catalogue catalogue) throws SQLException {
        List<String> missing = new ArrayList<>(SchemaObject.additions().stream()
                .filter(object -> !catalogue.has(object))
                .map(SchemaObject::name)
                .toList());
        if (MoveMark.read(handle, catalogue) != null) {
            missing.add("the rest of a migration that is under way");
        }
        for (StrayReference stray : StrayReference.find(handle)) {
            missing.add("a foreign key of user_sessions to users (it leads to " + stray.table() + ")");
        }
        return missing;
    }

    @Override
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

    /** Somebody may have emptied a table only to fill it again. Believing it now would end every session for good. */
    private static Inspection inspect(Handle handle) throws SQLException {
        UnfinishedRebuild unfinished = UnfinishedRebuild.find(handle);
        if (unfinished != null && unfinished.stopsADeploy()) {
            throw new MigrationRefusedException(unfinished.reason());
        }
        return Inspection.of(handle);
    }

    private Outcome migrateFinished(Transaction transaction) throws SQLException {
        heldFrom = nanoTime.getAsLong();
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
        // Of a large database only what a rebuild has dropped is made anew here, and everybody waits for it.
        boolean isLarge = !isSmall(transaction, found);
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
        }
        if (!found.isNew() && !isLarge) {
            before = Snapshot.before(transaction, found.catalogue(), progress);
            log.info(
                    "Migration: found table users ({}) with {} users, {} legacy tokens that open an account, and {}",
                    String.join(", ", found.userColumns()),
                    before.userCount(),
                    before.legacyCount(),
                    found.catalogue().has("user_sessions")
                            ? "table user_sessions with " + before.sessionCount() + " sessions"
                            : "no table user_sessions");
            warnOfShared(ComposedSql.texts(transaction, SHARED));
        }
        List<String> names = isLarge
                ? UsersFence.around(transaction, () -> mend(transaction, found, witnesses, now))
                : mend(transaction, found, witnesses, now);
        verify(transaction, before);
        if (isLarge) {
            // By the index, which a rebuild has dropped.
            warnOfShared(ComposedSql.texts(transaction, SHARED));
        }
        MoveMark.clear(transaction);
        Set<String> userColumns = Catalogue.columns(transaction, "users").keySet();
        tryOut(transaction, userColumns);
        // The commit follows as soon as this returns.
        return new Outcome(userColumns, names);
    }

    /** Makes what is missing, and brings what our triggers may have missed up to date; returns the names of what it made. */
    private List<String> mend(Transaction transaction, Inspection found, Witnesses witnesses, Instant now)
            throws SQLException {
        List<String> names = schema.make(transaction, found);
        SchemaBuilder.tell(found);
        String time = SqlTime.format(now);
        if (found.hasWatchedSessions()) {
            log(Backfill.reconcileUsers(transaction, time, beforeStatement));
        } else {
            log(Backfill.reconcile(transaction, witnesses.hasSuspects(), time, beforeStatement));
            witnesses.writeDownSessions();
        }
        witnesses.writeDownUsers();
        if (!found.hasWatchedPhones()) {
            execute(transaction, FORGET_PHONES);
            Backfill.notePhones(transaction, beforeStatement);
        }
        SchemaBuilder.verify(transaction, found, List.of());
        return names;
    }

    private static void log(Backfill.Reconciled reconciled) {
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

    private void verify(Transaction transaction, @Nullable Snapshot before) throws SQLException {
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

    private static void warnOfShared(List<String> ids) {
        if (!ids.isEmpty()) {
            log.warn(
                    "Migration: {} users share their legacy token with another user, so it opens nobody's account;"
                            + " they have to sign in again: users {}",
                    ids.size(),
                    String.join(", ", ids.subList(0, Math.min(20, ids.size()))) + (ids.size() > 20 ? ", …" : ""));
        }
    }

    private void execute(Transaction transaction, String sql) throws SQLException {
        beforeStatement.accept(sql);
        ComposedSql.update(transaction, sql);
    }
}
