package org.multisession.migration;

import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.Transaction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes everything away that the migration has added, and nothing else. An existing database is copied first.
 *
 * <p>In the first transaction all of it goes at once, and it is verified before the commit that nothing else went with
 * it; but tables and an index that have many rows only get another name, or stay for a moment, and are dropped in
 * transactions of their own, so that nobody has to wait for long. Whoever stops or kills it in between has uninstalled
 * it; the next uninstall takes the rest away.
 *
 * <p>That no row of {@code users} is changed is made impossible, by the {@link UsersFence}.
 */
public final class Uninstaller {

    private static final Logger log = LoggerFactory.getLogger(Uninstaller.class);

    private final Database database;
    private final Backup backup;
    private final Pacing pacing;
    private final int atOnce;
    private final Consumer<String> beforeStatement;
    private final Pages pages;

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
        this.pages = new Pages(database, System::nanoTime, pacing, progress);
    }

    /**
     * What was removed.
     *
     * @param backup where the database lies as it was before; null if there is no such copy
     */
    public record Outcome(UninstallPlan plan, @Nullable Path backup) {}

    /**
     * What would be removed. Changes nothing.
     *
     * @param keepSessions whether {@code user_sessions} stays also if the migration made it
     * @throws MigrationRefusedException if something else in the database needs what would be removed
     */
    public UninstallPlan look(boolean keepSessions) {
        UninstallPlan found = database.read(handle -> UninstallPlan.of(handle, keepSessions));
        return found.isEmpty() ? found : found.counted(database, pages);
    }

    /** Looks, and removes what it has found. */
    Outcome uninstall(boolean keepSessions) {
        return uninstall(keepSessions, look(keepSessions));
    }

    /**
     * Removes it.
     *
     * @param shown what a look has found
     * @throws MigrationRefusedException if something else would go with it; nothing was changed then
     */
    public Outcome uninstall(boolean keepSessions, UninstallPlan shown) {
        if (shown.isEmpty()) {
            return new Outcome(shown, null);
        }
        Backup.Copy copy = backup.make();
        pacing.rest(0);
        try {
            int removed = Leavings.renaming(
                    database, () -> database.write(transaction -> removeFenced(transaction, keepSessions)));
            log.info("Uninstall: removed {} objects, and verified: everything else is as before", removed);
        } catch (RuntimeException e) {
            if (copy != null) {
                copy.discardUnlessDamaged(e);
            }
            throw e;
        }
        Leavings.drop(database, pacing, System::nanoTime, beforeStatement);
        return new Outcome(shown, copy == null ? null : copy.path());
    }

    private int removeFenced(Transaction transaction, boolean keepSessions) throws SQLException {
        return Catalogue.read(transaction).has("users")
                ? UsersFence.around(transaction, () -> remove(transaction, keepSessions))
                : remove(transaction, keepSessions);
    }

    private int remove(Transaction transaction, boolean keepSessions) throws SQLException {
        Catalogue before = Catalogue.read(transaction);
        // Looked at anew: what was shown may be a while ago.
        UninstallPlan plan = UninstallPlan.of(transaction, keepSessions);
        Set<String> names = new HashSet<>();
        for (UninstallPlan.Item item : plan.objects()) {
            remove(transaction, item);
            names.add(item.name());
        }
        Catalogue after = Catalogue.read(transaction);
        Set<String> left = new HashSet<>(after.relations());
        left.removeIf(name -> !Leavings.isOne(name));
        if (!after.schemaWithout(left).equals(before.schemaWithout(names))) {
            throw new MigrationRefusedException(
                    "something else would have been removed with it from the database; it was rolled back");
        }
        return plan.objects().size();
    }

    private void remove(Transaction transaction, UninstallPlan.Item item) throws SQLException {
        Catalogue now = Catalogue.read(transaction);
        if (!now.has(item.kind(), item.name()) || Leavings.isOne(item.name())) {
            return;
        }
        if (item.kind().equals("table") && Snapshot.hasMoreRows(transaction, item.name(), atOnce)) {
            Leavings.leave(transaction, now, item.name(), beforeStatement);
        } else {
            drop(transaction, item);
        }
    }

    private void drop(Transaction transaction, UninstallPlan.Item item) throws SQLException {
        String name = "\"" + item.name().replace("\"", "\"\"") + "\"";
        String sql = "DROP " + item.kind() + " " + name;
        beforeStatement.accept(sql);
        try (PreparedStatement statement = transaction.prepare(sql)) {
            statement.executeUpdate();
        }
    }
}
