package org.multisession.boot;

import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;
import org.multisession.db.Database;
import org.multisession.db.Guard;
import org.multisession.db.postgres.PostgresSource;
import org.multisession.migration.Migrator;
import org.multisession.migration.SchemaGuard;
import org.multisession.migration.postgres.PostgresMigrator;

/**
 * What looks after the schema of an open database while the application runs.
 *
 * @param guard asked before anything is written
 * @param missing names what the schema lacks
 * @param repair tries again what could not be repaired when the schema changed
 */
record SchemaWatch(Guard guard, Supplier<List<String>> missing, Runnable repair) {

    static SchemaWatch of(Database database, InstantSource clock) {
        if (database.source() instanceof PostgresSource) {
            PostgresMigrator migrator = new PostgresMigrator(database, clock);
            // What is gone there is made anew by a deploy only.
            return new SchemaWatch(migrator.guard(), migrator::missing, () -> {});
        }
        // For repairs at run time, which make no backup first.
        Migrator migrator = new Migrator(database, clock);
        SchemaGuard guard = new SchemaGuard(migrator, clock);
        return new SchemaWatch(guard, migrator::missing, () -> repair(database, migrator, guard));
    }

    /** What could not be repaired when the schema changed may be repairable now, without another change. */
    private static void repair(Database database, Migrator migrator, SchemaGuard guard) {
        if (!migrator.missing().isEmpty()) {
            guard.forgetRefusal();
            database.write(transaction -> true);
        }
    }
}
