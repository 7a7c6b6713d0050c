package org.multisession.migration;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Transaction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes everything away that the migration has added, and nothing else. An existing database is copied first.
 *
 * <p>What makes anything of ours count goes in the first transaction: the triggers and our tables. What has many rows
 * takes long, so it only gets another name there, or stays for a moment, and goes in transactions of its own: first the
 * indexes, then {@code user_sessions} where it is ours, then the rows, some at a time ({@link Leavings}). Whoever stops
 * or kills it in between has uninstalled it; the next uninstall takes the rest away, since the list of what we have made
 * stays for as long as anything on it. Each transaction verifies before its commit that nothing else went with it.
 *
 * <p>That no row of {@code users} is changed is made impossible, by the {@link UsersFence}.
 */
public final class Uninstaller implements Uninstall {

    private static final Logger log = LoggerFactory.getLogger(Uninstaller.class);

    private static final String SESSIONS = "user_sessions";
    private static final String CREATED = "multisession_created";
    private static final String NOW = "SELECT strftime('%Y-%m-%d %H:%M:%f000', 'now')";
    private static final String FORGET = "DELETE FROM multisession_created WHERE name = ?";

    private final Database database;
    private final Backup backup;
    private final Pacing pacing;
    private final int atOnce;
    private final Consumer<String> beforeStatement;
    private final Pages pages;
    private final Leavings leavings;

    public Uninstaller(Database database, Backup backup, Progress progress) {
        this(database, backup, progress, Pacing.besideOthers(), Migrator.MAX_AT_ONCE, statement -> {});
    }

    /** @param atOnce how many rows a table may have that is dropped at once */
    Uninstaller(
            Database database,
            Backup backup,
            Progress progress,
            Pacing pacing,
            int atOnce,
            Consumer<String> beforeStatement) {
        this.database = database;
        this.backup = backup;
        this.pacing = pacing;
        this.atOnce = atOnce;
        this.beforeStatement = beforeStatement;
        this.pages = new Pages(database::read, System::nanoTime, pacing, progress);
        this.leavings = new Leavings(database, System::nanoTime, pacing, progress, beforeStatement);
    }

    @Override
    public UninstallPlan look(boolean keepSessions) {
        UninstallPlan found = database.read(handle -> UninstallPlan.of(handle, keepSessions));
        return found.isEmpty() ? found : found.counted(database, pages);
    }

    /** Looks, and removes what it has found. */
    Outcome uninstall(boolean keepSessions) {
        return uninstall(keepSessions, look(keepSessions));
    }

    @Override
    public Outcome uninstall(boolean keepSessions, UninstallPlan shown) {
        if (shown.isEmpty()) {
            return new Outcome(shown, 0, null);
        }
        // What an earlier one has left is no database to go back to: its own copy is, of which not so many are kept.
        Backup.Copy copy = isHalfway() ? null : backup.make();
        pacing.rest(0);
        LeftOverSessions leftOver = new LeftOverSessions(database, pacing);
        int removed;
        try {
            if (keepSessions) {
                database.execute(StrayReference::correctOurs);
            }
            if (shown.keepsSessions() && canTellWhoseTheyAre()) {
                pacing.patiently(() -> {
                    database.execute(Uninstaller::endWhatCannotBeTold);
                    return true;
                });
                leftOver.remove();
            }
            removed = remove(keepSessions, this::first);
        } catch (RuntimeException e) {
            if (copy != null && leftOver.removed() == 0) {
                copy.discardUnlessDamaged(e);
            }
            throw e;
        }
        try {
            finish(keepSessions, removed);
        } catch (DatabaseException e) {
            // Never as one that is busy: a whole new attempt would copy what is half gone as if it were all there.
            throw new DatabaseException(
                    e.getMessage() + ". What is left of it counts for nothing; run it again to go on", e);
        }
        return new Outcome(shown, leftOver.removed(), copy == null ? null : copy.path());
    }

    /** Whether an earlier uninstall has done its first transaction, after which nothing counts, and left some of the rest. */
    private boolean isHalfway() {
        Catalogue catalogue = database.read(Catalogue::read);
        return catalogue.isWithoutOurMemory()
                && !catalogue.has("multisession_state")
                && catalogue.all().stream().anyMatch(entry -> Leavings.isOne(entry.table()));
    }

    /** Whether our tables tell sessions that open nothing from the others; in the middle of a migration they do not. */
    private boolean canTellWhoseTheyAre() {
        Catalogue catalogue = database.read(Catalogue::read);
        return catalogue.has("users")
                && catalogue.has("multisession_tokens")
                && catalogue.has("multisession_accounts")
                && database.find(handle -> MoveMark.read(handle, catalogue)) == null;
    }

    /** What happened since somebody took our triggers away is told by what they have noted, and by nothing afterwards. */
    private static void endWhatCannotBeTold(Transaction transaction) throws SQLException {
        Catalogue catalogue = Catalogue.read(transaction);
        if (!Catalogue.columns(transaction, "users").keySet().containsAll(Set.of("id", "phone", "auth_token"))) {
            return;
        }
        String now = ComposedSql.texts(transaction, NOW).get(0);
        Witnesses witnesses = new Witnesses(transaction, catalogue, now, statement -> {});
        int unused = witnesses.endWhatCannotBeTold();
        witnesses.forgetSuspects();
    }

    /** Removes what takes long, in transactions of its own, each of which waits for others by itself. */
    private void finish(boolean keepSessions, int removedAtFirst) {
        int removed = removedAtFirst;
        int some = removed;
        while (some > 0) {
            pacing.rest(0);
            some = pacing.patiently(() -> remove(keepSessions, Uninstaller::oneIndex));
            removed += some;
        }
        removed += pacing.patiently(() -> remove(keepSessions, Uninstaller::rest));
        log.info("Uninstall: removed {} objects, and verified: everything else is as before", removed);
        leavings.drop();
    }

    /** What one transaction is to remove. */
    @FunctionalInterface
    private interface Choice {
        List<UninstallPlan.Item> of(Transaction transaction, Catalogue now, UninstallPlan plan) throws SQLException;
    }

    /** Everything that is quick to drop or rename. */
    private List<UninstallPlan.Item> first(Transaction transaction, Catalogue now, UninstallPlan plan)
            throws SQLException {
        List<UninstallPlan.Item> chosen = new ArrayList<>();
        boolean isAll = true;
        for (UninstallPlan.Item item : plan.objects()) {
            boolean isLater = !item.kind().equals("trigger")
                    && (item.kind().equals("index") || item.name().equals(SESSIONS))
                    && isLarge(transaction, tableOf(now, item));
            if (isLater) {
                isAll = false;
            } else {
                chosen.add(item);
            }
        }
        if (!isAll) {
            chosen.removeIf(item -> item.name().equals(CREATED));
        }
        return chosen;
    }

    /** An index of a table that stays for now; those of the others go with the rows. */
    private static List<UninstallPlan.Item> oneIndex(Transaction transaction, Catalogue now, UninstallPlan plan) {
        requireNoDeploy(now);
        return plan.objects().stream()
                .filter(item -> item.kind().equals("index") && !Leavings.isOne(tableOf(now, item)))
                .limit(1)
                .toList();
    }

    private static List<UninstallPlan.Item> rest(Transaction transaction, Catalogue now, UninstallPlan plan) {
        requireNoDeploy(now);
        return plan.objects();
    }

    private static void requireNoDeploy(Catalogue now) {
        if (!now.isWithoutOurMemory()) {
            throw new MigrationRefusedException(
                    "Multi-Session has been deployed again meanwhile, so what it uses stays. Undeploy it first");
        }
    }

    private static String tableOf(Catalogue now, UninstallPlan.Item item) {
        Catalogue.Entry entry = now.get(item.name());
        return entry == null ? "" : entry.table();
    }

    private boolean isLarge(Transaction transaction, String table) throws SQLException {
        return !table.isEmpty() && Snapshot.hasMoreRows(transaction, table, atOnce);
    }

    /** Removes some in one transaction; returns how many. */
    private int remove(boolean keepSessions, Choice choice) {
        long start = System.nanoTime();
        int removed = Leavings.renaming(
                database,
                () -> database.write(transaction -> Catalogue.read(transaction).has("users")
                        ? UsersFence.around(transaction, () -> remove(transaction, keepSessions, choice))
                        : remove(transaction, keepSessions, choice)));
        log.debug(
                "Uninstall: removing {} objects held the database for {} ms",
                removed,
                (System.nanoTime() - start) / 1_000_000);
        return removed;
    }

    private int remove(Transaction transaction, boolean keepSessions, Choice choice) throws SQLException {
        Catalogue before = Catalogue.read(transaction);
        // Checked again, because the plan may have been shown a while ago.
        UninstallPlan plan = UninstallPlan.of(transaction, keepSessions);
        Set<String> names = new HashSet<>();
        for (UninstallPlan.Item item : choice.of(transaction, before, plan)) {
            if (!Leavings.isOne(tableOf(before, item))) {
                names.add(item.name());
                remove(transaction, item);
            }
        }
        requireOnly(names, before, Catalogue.read(transaction));
        return names.size();
    }

    private static void requireOnly(Set<String> removed, Catalogue before, Catalogue after) {
        Set<String> gone = new HashSet<>(removed);
        Set<String> left = new HashSet<>();
        for (Catalogue.Entry entry : after.all()) {
            if (Leavings.isOne(entry.table())) {
                left.add(entry.name());
            }
        }
        for (Catalogue.Entry entry : before.all()) {
            if (left.contains(entry.name())) {
                gone.add(entry.name());
            }
        }
        if (!after.schemaWithout(left).equals(before.schemaWithout(gone))) {
            throw new MigrationRefusedException(
                    "something else would have been removed with it from the database; it was rolled back");
        }
    }

    private void remove(Transaction transaction, UninstallPlan.Item item) throws SQLException {
        Catalogue now = Catalogue.read(transaction);
        if (!now.has(item.kind(), item.name())) {
            // It has gone with its table.
            return;
        }
        if (item.kind().equals("table") && isLarge(transaction, item.name())) {
            Leavings.leave(transaction, item.name(), beforeStatement);
        } else {
            drop(transaction, item);
        }
        if (now.has(CREATED) && !item.name().equals(CREATED)) {
            // A table of this name that appears from now on is not ours.
            ComposedSql.update(transaction, FORGET, item.name());
        }
    }

    private void drop(Transaction transaction, UninstallPlan.Item item) throws SQLException {
        String sql = "DROP " + item.kind() + " " + ComposedSql.quoted(item.name());
        beforeStatement.accept(sql);
        ComposedSql.update(transaction, sql);
    }
}
