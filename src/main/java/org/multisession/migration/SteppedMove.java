package org.multisession.migration;

import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A migration in steps, so that nobody waits for it, however large the database is. Each step is one short transaction:
 *
 * <ol>
 *   <li>The tables, indexes and triggers are made, and the {@link MoveMark} is set. From here on nothing is missed, and
 *       nothing of ours counts.
 *   <li>What was there before is written down in {@link Pass passes}, some rows at a time with rests.
 *   <li>Every row is read once more, page by page, and compared with what was written down. Sessions that open nothing,
 *       as those of users who are gone, are ended then.
 *   <li>The mark is removed, if every object is still as it was made.
 * </ol>
 *
 * <p>Whoever starts while the mark is there goes on with the passes that are left. Two that do it at once share the work.
 * That no row of {@code users} is changed is not compared but made impossible, by the {@link UsersFence}.
 */
final class SteppedMove {

    private static final Logger log = LoggerFactory.getLogger(SteppedMove.class);

    /** Tables that follow the rows of others. They are useless while the record of tokens is missing or incomplete. */
    private static final List<String> OF_THE_MOVE =
            List.of("multisession_tokens", "multisession_rows", "multisession_accounts", "multisession_phones");

    /**
     * Indexes of our own that go by something else than the order in which a pass of the first move fills the table: with
     * them, each row of a batch would change another page. They are made after the pass, by its name.
     */
    private static final Map<String, String> AFTER_PASS =
            Map.of("record", "multisession_tokens_live", "rows", "multisession_rows_token");

    /**
     * Of more sessions these are made first, and the passes take several times as long. An index cannot be made of them at
     * once without others waiting; and until it is there, whoever adds a user waits until all that is recorded was read.
     */
    private static final int MAX_AT_ONCE = 1_000_000;

    private static final Pass SESSIONS = new Pass("", "verifying sessions", "user_sessions s", "s.id", List.of());
    private static final Pass TOKENS =
            new Pass("", "verifying tokens", "multisession_tokens", "multisession_tokens.auth_token", List.of());
    private static final Pass USERS = new Pass("", "verifying users", "users u", "u.id", List.of());

    /**
     * Sessions that open an account, those that do but that we have not recorded, and those that are recorded as live and
     * open none.
     */
    private static final String SESSIONS_THAT_OPEN = """
            SELECT count(*) FILTER (WHERE u.id IS NOT NULL AND t.ended_at IS NULL AND t.user_id = s.user_id
                AND typeof(s.auth_token) = 'text' AND s.auth_token <> ''),
              count(*) FILTER (WHERE u.id IS NOT NULL AND t.ended_at IS NULL AND t.user_id IS NOT s.user_id
                AND typeof(s.auth_token) = 'text' AND s.auth_token <> ''),
              count(*) FILTER (WHERE t.auth_token IS NOT NULL AND t.ended_at IS NULL
                AND (u.id IS NULL OR t.user_id IS NOT s.user_id))
            FROM user_sessions s LEFT JOIN users u ON u.id = s.user_id
            LEFT JOIN multisession_tokens t ON t.auth_token = s.auth_token
            WHERE {range}
            """;

    /** Tokens that are recorded as live and of which no session is there. */
    private static final String TOKENS_WITHOUT_SESSION = """
            SELECT count(*) FROM multisession_tokens
            WHERE {range} AND +ended_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM user_sessions s WHERE s.auth_token = multisession_tokens.auth_token
                AND s.auth_token || '' = multisession_tokens.auth_token)
            """;

    /** Users, legacy tokens that open an account, and users who are not recorded, or recorded differently. */
    private static final String USERS_AS_NOTED = """
            SELECT count(*),
              count(*) FILTER (WHERE typeof(u.auth_token) <> 'blob' AND u.auth_token <> ''
                AND NOT EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = u.auth_token)),
              count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM multisession_accounts a
                JOIN multisession_phones p ON p.user_id = a.user_id
                WHERE a.user_id = u.id AND a.phone IS substr(CAST(u.phone AS TEXT), 1, 100) AND p.phone IS a.phone))
            FROM users u WHERE {range}
            """;

    private final Database database;
    private final InstantSource clock;
    private final LongSupplier nanoTime;
    private final Pacing pacing;
    private final Progress progress;
    private final Consumer<String> beforeStatement;
    private final SchemaBuilder schema;
    private final Pages pages;
    private final List<String> madeLater = new ArrayList<>();
    private boolean isAnew;
    private Held longest = Held.NOTHING;

    /** When the latest transaction got the lock: what it has waited for it, others have not waited for us. */
    private long heldFrom;

    SteppedMove(
            Database database,
            InstantSource clock,
            LongSupplier nanoTime,
            Pacing pacing,
            Progress progress,
            Consumer<String> beforeStatement) {
        this.database = database;
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.pacing = pacing;
        this.progress = progress;
        this.beforeStatement = beforeStatement;
        this.schema = new SchemaBuilder(clock, beforeStatement);
        // By the connection that has the memory (Room): what it has just written, it need not read from the disk.
        this.pages = new Pages(database::outsideTransaction, nanoTime, pacing, progress);
    }

    /** Whether a database can be migrated in steps: our triggers must not have missed anything. */
    static boolean isPossible(Inspection found) {
        MoveMark mark = found.mark();
        return !found.isNew()
                && (found.catalogue().isWithoutOurMemory() || found.isWatched() || (mark != null && mark.isFirst()));
    }

    /**
     * The first steps: makes what is missing and sets the mark, then makes each index that takes long; returns the names
     * of what was made.
     */
    List<String> begin() {
        boolean unused = Leavings.renaming(
                database,
                () -> timed(
                        "putting an earlier attempt away",
                        () -> database.write(transaction -> fenced(transaction, () -> clear(transaction)))));
        // They keep the names of indexes until they are gone.
        new Leavings(database, nanoTime, pacing, progress, beforeStatement).drop();
        List<String> made = new ArrayList<>(timed(
                "making tables and triggers",
                () -> database.write(transaction -> fenced(transaction, () -> lay(transaction)))));
        made.addAll(raise(index -> !AFTER_PASS.containsValue(index.name())));
        return made;
    }

    /** Makes indexes that are missing, each in a transaction of its own; returns their names. */
    private List<String> raise(Predicate<SchemaObject> wanted) {
        List<String> made = new ArrayList<>();
        Inspection now = pacing.patiently(() -> database.read(Inspection::ofSchema));
        for (SchemaObject index : now.missingIndexesOfRows()) {
            if (!wanted.test(index)) {
                continue;
            }
            long start = nanoTime.getAsLong();
            made.addAll(Room.forSorting(
                    database,
                    () -> timed(
                            "making index " + index.name(),
                            () -> database.write(
                                    transaction -> fenced(transaction, () -> raise(transaction, index))))));
            pacing.rest(nanoTime.getAsLong() - start);
        }
        return made;
    }

    private List<String> raise(Transaction transaction, SchemaObject index) throws SQLException {
        Inspection found = Inspection.ofSchema(transaction);
        // The mark is gone if somebody has uninstalled meanwhile.
        if (found.mark() == null || !found.missing().contains(index)) {
            return List.of();
        }
        List<SchemaObject> left = new ArrayList<>(found.missing());
        left.addAll(found.outdated());
        left.remove(index);
        Inspection one = found.without(left);
        List<String> made = schema.make(transaction, one);
        SchemaBuilder.tell(one);
        SchemaBuilder.verify(transaction, one, left);
        return made;
    }

    private List<String> lay(Transaction transaction) throws SQLException {
        Inspection found = Inspection.ofSchema(transaction);
        List<SchemaObject> later = later(transaction, found);
        if (isLaid(found, later)) {
            return List.of();
        }
        boolean isFirst = isFirst(found);
        if (!isPossible(found) || (isFirst && !leftOf(found).isEmpty())) {
            throw new MigrationRefusedException("somebody has changed the schema since it was looked at. Try again");
        }
        Inspection first = found.without(later);
        List<String> made = schema.make(transaction, first);
        SchemaBuilder.tell(first);
        SchemaBuilder.verify(transaction, first, later);
        Set<String> passes = new LinkedHashSet<>();
        if (found.mark() != null && !isFirst) {
            passes.addAll(found.mark().passes());
        }
        if (isFirst) {
            passes.addAll(names(Backfill.first()));
        } else {
            passes.addAll(Backfill.neededAfter(Set.copyOf(made)));
        }
        beforeStatement.accept("set the mark");
        MoveMark.begin(isFirst, passes).write(transaction, now());
        return made;
    }

    /** Missing objects that are made after the first transaction. */
    private static List<SchemaObject> later(Transaction transaction, Inspection found) throws SQLException {
        List<SchemaObject> later = new ArrayList<>(found.missingIndexesOfRows());
        if (isFirst(found)
                && found.catalogue().has("user_sessions")
                && !Snapshot.hasMoreRows(transaction, "user_sessions", MAX_AT_ONCE)) {
            found.missing().stream()
                    .filter(object -> AFTER_PASS.containsValue(object.name()) && !later.contains(object))
                    .forEach(later::add);
        }
        return later;
    }

    private static List<Pass> all(MoveMark mark) {
        return mark.isFirst() ? Backfill.first() : Backfill.upgrade();
    }

    /** The passes that are left. A first move goes on if somebody has served since it began. */
    private static List<Pass> left(MoveMark mark) {
        return all(mark).stream()
                .filter(pass -> mark.passes().contains(pass.name()))
                .toList();
    }

    private static Set<String> names(List<Pass> passes) {
        Set<String> names = new LinkedHashSet<>();
        passes.forEach(pass -> names.add(pass.name()));
        return names;
    }

    private static boolean isFirst(Inspection found) {
        return found.catalogue().isWithoutOurMemory()
                || (found.mark() != null && found.mark().isFirst());
    }

    private static boolean isLaid(Inspection found, List<SchemaObject> later) {
        return found.hasNothingToDo()
                || (found.mark() != null && found.without(later).isComplete());
    }

    /**
     * Puts away what an earlier attempt has left, if our triggers did not see what happened since; they go with it, since
     * they name its tables. Whether anything was there.
     */
    private boolean clear(Transaction transaction) throws SQLException {
        Inspection found = Inspection.ofSchema(transaction);
        if (!isFirst(found) || isLaid(found, later(transaction, found))) {
            return false;
        }
        List<String> left = leftOf(found);
        if (!left.isEmpty()) {
            for (Catalogue.Entry trigger : found.catalogue().ourTriggers()) {
                Leavings.dropTrigger(transaction, trigger.name(), beforeStatement);
            }
        }
        for (String table : left) {
            Leavings.leave(transaction, table, beforeStatement);
        }
        return !left.isEmpty();
    }

    private static List<String> leftOf(Inspection found) {
        return OF_THE_MOVE.stream().filter(found.catalogue()::has).toList();
    }

    /** Makes what is missing, but for indexes that take long, plays the trial on it, and takes all of it back. */
    void tryOut(Played trial) {
        boolean unused = Leavings.renaming(
                database,
                () -> timed(
                        "trying a sign-in",
                        () -> database.dryRun(transaction -> {
                            heldFrom = nanoTime.getAsLong();
                            boolean unusedClear = clear(transaction);
                            Inspection found = Inspection.ofSchema(transaction);
                            var unusedNames = schema.make(transaction, found.without(found.missingIndexesOfRows()));
                            trial.play(transaction);
                            return true;
                        })));
    }

    /** What to try out. */
    @FunctionalInterface
    interface Played {
        void play(Transaction transaction) throws SQLException;
    }

    /**
     * The other steps but for the last. What is done already is not done again.
     *
     * @return what was verified; null if another process has come to the end meanwhile
     */
    @Nullable
    Verified fill() {
        while (true) {
            MoveMark mark = mark();
            if (mark == null) {
                return null;
            }
            Pass pass = left(mark).stream().findFirst().orElse(null);
            if (pass == null) {
                madeLater.addAll(raise(index -> true));
                return verify(mark);
            }
            run(pass, mark.id(), pages.total(pass));
            String itsIndex = AFTER_PASS.get(pass.name());
            madeLater.addAll(raise(index -> index.name().equals(itsIndex)));
        }
    }

    /** Runs a pass for this attempt, and for no other. */
    private void run(Pass pass, String beginning, long total) {
        long done = 0;
        Pass.Bound after = null;
        for (Pass.Range range = pages.next(pass, after); range != null; range = pages.next(pass, after)) {
            Pass.Range these = range;
            long[] took = new long[1];
            boolean isWanted = timed(
                    pass.words(),
                    took,
                    () -> database.write(transaction -> fenced(transaction, () -> {
                        if (!isOf(MoveMark.current(transaction), beginning)) {
                            return false;
                        }
                        pass.range(transaction, these, now(), beforeStatement);
                        return true;
                    })));
            if (!isWanted) {
                return;
            }
            done += range.rows();
            pages.tell(pass, done, total);
            pacing.restAndLearn(took[0]);
            after = range.to();
        }
        progress.at(pass.words(), total, total);
        boolean unused = pacing.patiently(() -> database.write(transaction -> {
            MoveMark mark = MoveMark.read(transaction, Catalogue.read(transaction));
            if (mark != null && isOf(mark, beginning)) {
                beforeStatement.accept("note a pass as done");
                mark.without(pass.name()).write(transaction, now());
            }
            return true;
        }));
    }

    /** What was verified. */
    record Verified(long users, long sessions, long legacyTokens) {}

    private @Nullable Verified verify(MoveMark mark) {
        long[] sessions = pages.ask(SESSIONS, SESSIONS_THAT_OPEN, 3);
        if (mark.isFirst() && (sessions[2] > 0 || pages.ask(TOKENS, TOKENS_WITHOUT_SESSION, 1)[0] > 0)) {
            // In most databases there are none, and to look for them takes as long as to record all.
            run(Backfill.END, mark.id(), pages.total(Backfill.END));
            sessions = pages.ask(SESSIONS, SESSIONS_THAT_OPEN, 3);
        }
        long[] users = pages.ask(USERS, USERS_AS_NOTED, 3);
        if (sessions[1] > 0 || users[2] > 0) {
            beginAnew();
            if (!isAnew) {
                // For example, one of the team's triggers changed a row unnoticed. Running all passes again corrects
                // that.
                isAnew = true;
                log.warn(
                        "Migration: {} sessions and {} users are not as they were written down; all are written down again",
                        sessions[1],
                        users[2]);
                return fill();
            }
            throw new MigrationRefusedException("the migration would have changed who is signed in (of " + sessions[1]
                    + " sessions and " + users[2] + " users something else was written down than is there);"
                    + " nothing counts that it did, and the next start does it again");
        }
        return new Verified(users[0], sessions[0], users[1]);
    }

    private void beginAnew() {
        boolean unused = pacing.patiently(() -> database.write(transaction -> {
            MoveMark mark = MoveMark.read(transaction, Catalogue.read(transaction));
            if (mark != null) {
                MoveMark.begin(mark.isFirst(), names(all(mark))).write(transaction, now());
            }
            return true;
        }));
    }

    private @Nullable MoveMark mark() {
        return pacing.patiently(() -> database.<Optional<MoveMark>>read(
                        handle -> Optional.ofNullable(MoveMark.read(handle, Catalogue.read(handle)))))
                .orElse(null);
    }

    /** The last step: from here on everything counts. False if another process has done it, or must do it anew. */
    boolean end() {
        return timed(
                "the last step",
                () -> database.write(transaction -> fenced(transaction, () -> {
                    Inspection found = Inspection.ofSchema(transaction);
                    MoveMark mark = found.mark();
                    if (mark == null || !left(mark).isEmpty() || !found.isComplete()) {
                        return false;
                    }
                    beforeStatement.accept("remove the mark");
                    MoveMark.clear(transaction);
                    return true;
                })));
    }

    /** The names of what was made after the first steps. */
    List<String> madeLater() {
        return List.copyOf(madeLater);
    }

    /** The step that has blocked others longest so far. */
    Held longest() {
        return longest;
    }

    private static boolean isOf(@Nullable MoveMark mark, String beginning) {
        return mark != null && mark.id().equals(beginning);
    }

    private interface Step<T> {
        T run();
    }

    private <T> T timed(String what, Step<T> step) {
        return timed(what, new long[1], step);
    }

    private <T> T timed(String what, long[] took, Step<T> step) {
        return pacing.patiently(() -> {
            long start = nanoTime.getAsLong();
            heldFrom = start;
            T result = step.run();
            long end = nanoTime.getAsLong();
            took[0] = end - start;
            log.debug("Migration: {} held the database for {} ms", what, (end - heldFrom) / 1_000_000);
            longest = longest.orLonger(new Held(what, end - heldFrom));
            return result;
        });
    }

    private <T> T fenced(Transaction transaction, UsersFence.Work<T> work) throws SQLException {
        heldFrom = nanoTime.getAsLong();
        return UsersFence.around(transaction, work);
    }

    private String now() {
        return SqlTime.format(clock.instant());
    }
}
