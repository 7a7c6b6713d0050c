package org.multisession.migration;

import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.Transaction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes everything away that the migration has added, in one transaction, and verifies before it commits that nothing
 * else went with it and that every row of {@code users} is as before. An existing database is copied first.
 */
public final class Uninstaller {

    private static final Logger log = LoggerFactory.getLogger(Uninstaller.class);

    private final Database database;
    private final Backup backup;
    private final Progress progress;

    public Uninstaller(Database database, Backup backup, Progress progress) {
        this.database = database;
        this.backup = backup;
        this.progress = progress;
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
        return database.read(handle -> UninstallPlan.of(handle, keepSessions));
    }

    /**
     * Removes it.
     *
     * @throws MigrationRefusedException if something else would go with it; nothing was changed then
     */
    public Outcome uninstall(boolean keepSessions) {
        UninstallPlan found = look(keepSessions);
        if (found.isEmpty()) {
            return new Outcome(found, null);
        }
        Backup.Copy copy = backup.make();
        try {
            UninstallPlan plan = database.write(transaction -> remove(transaction, keepSessions));
            return new Outcome(plan, copy == null ? null : copy.path());
        } catch (RuntimeException e) {
            if (copy != null) {
                copy.discardUnlessDamaged(e);
            }
            throw e;
        }
    }

    private UninstallPlan remove(Transaction transaction, boolean keepSessions) throws SQLException {
        Catalogue before = Catalogue.read(transaction);
        // Looked at anew: what was shown may be a while ago.
        UninstallPlan plan = UninstallPlan.of(transaction, keepSessions);
        boolean hasUsers = before.has("users");
        String users = hasUsers ? Snapshot.users(transaction, plan.users(), progress) : "";
        Set<String> names = new HashSet<>();
        for (UninstallPlan.Item item : plan.objects()) {
            drop(transaction, item);
            names.add(item.name());
        }
        String after = Catalogue.read(transaction).schemaWithout(Set.of());
        if (!after.equals(before.schemaWithout(names))) {
            throw new MigrationRefusedException(
                    "something else would have been removed with it from the database; it was rolled back");
        }
        if (hasUsers
                && !Snapshot.users(transaction, Snapshot.rows(transaction, "users"), progress)
                        .equals(users)) {
            throw new MigrationRefusedException("the uninstall would have changed rows of users; it was rolled back");
        }
        log.info(
                "Uninstall: removed {} objects, and verified: {} users and everything else as before",
                plan.objects().size(),
                plan.users());
        return plan;
    }

    private static void drop(Transaction transaction, UninstallPlan.Item item) throws SQLException {
        String name = "\"" + item.name().replace("\"", "\"\"") + "\"";
        try (PreparedStatement statement = transaction.prepare("DROP " + item.kind() + " " + name)) {
            statement.executeUpdate();
        }
    }
}
