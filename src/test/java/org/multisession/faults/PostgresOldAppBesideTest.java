package org.multisession.faults;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.multisession.db.Database;
import org.multisession.migration.postgres.PostgresUninstaller;
import org.multisession.testing.OldApp;
import org.multisession.testing.PostgresApp;

/** Ours is uninstalled, too, and migrated anew. */
class PostgresOldAppBesideTest extends OldAppBesideContract {

    @Test
    void no_statement_of_either_app_fails_and_each_token_is_what_the_old_app_made_of_it() throws Exception {
        try (PostgresApp old = PostgresApp.make("multi")) {
            assertNeitherMindsTheOther(old, "PostgreSQL");
        }
    }

    /** Once after a redeploy, and once after a first deploy. */
    @Override
    boolean undeployed(OldApp database, int deployments) {
        if (deployments % 3 == 1) {
            return false;
        }
        try (Database ours = Database.open(database.claim(), 2, Duration.ofSeconds(5))) {
            PostgresUninstaller uninstaller = new PostgresUninstaller(ours);
            uninstaller.uninstall(false, uninstaller.look(false));
        }
        return true;
    }
}
