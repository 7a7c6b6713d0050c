package org.multisession.migration;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Takes everything away that the migration has added to a database, and nothing else but sessions that opened nothing
 * any more and would open somebody else's account without it.
 */
public interface Uninstall {

    /**
     * What was removed.
     *
     * @param leftOver how many sessions that opened nothing any more have left a table that stays
     * @param backup where the database lies as it was before; null if there is no such copy
     */
    record Outcome(
            UninstallPlan plan, int leftOver, @Nullable Path backup) {}

    /**
     * What would be removed. Changes nothing.
     *
     * @param keepSessions whether {@code user_sessions} stays also if the migration made it
     * @throws MigrationRefusedException if something else in the database needs what would be removed
     */
    UninstallPlan look(boolean keepSessions);

    /**
     * Removes it.
     *
     * @param shown what a look has found
     * @throws MigrationRefusedException if something else would go with it; nothing but such sessions was removed then
     */
    Outcome uninstall(boolean keepSessions, UninstallPlan shown);
}
