package org.multisession.boot;

import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.Services;
import org.multisession.db.Database;
import org.multisession.metrics.Meters;
import org.multisession.session.Heartbeat;
import org.multisession.session.RestingThrottle;
import org.multisession.session.Stage;

/** The periodic tasks, and how often they run. */
final class Schedule {

    private static final Duration FILE_WATCH_INTERVAL = Duration.ofSeconds(1);
    private static final Duration FLUSH_INTERVAL = Duration.ofSeconds(5);
    private static final Duration READING_INTERVAL = Duration.ofSeconds(2);
    private static final Duration SCHEMA_CHECK_INTERVAL = Duration.ofMinutes(1);
    private static final Duration CENSUS_INTERVAL = Duration.ofMinutes(15);
    private static final Duration PRUNE_INTERVAL = Duration.ofMinutes(10);
    private static final Duration PRESENCE_INTERVAL = Duration.ofMinutes(5);
    private static final Duration SWEEP_INTERVAL = Duration.ofMinutes(2);

    private final Housekeeping housekeeping;

    Schedule(Housekeeping housekeeping) {
        this.housekeeping = housekeeping;
    }

    /** Looks after the database that was opened. */
    void watch(Database database, @Nullable DatabaseWatch fileWatch, SchemaWatch schema) {
        if (fileWatch != null) {
            housekeeping.every(Duration.ZERO, FILE_WATCH_INTERVAL, "file", "to check the database file", fileWatch);
        }
        housekeeping.every(FLUSH_INTERVAL, "schema", "to check the schema", database::lookAfterSchema);
        housekeeping.every(SCHEMA_CHECK_INTERVAL, "repair", "to repair the schema", schema.repair());
    }

    /** Does what the services have to do without a request. */
    void work(Services services, Stage stage, RestingThrottle throttle, RandomGenerator random, Meters meters) {
        housekeeping.every(
                FLUSH_INTERVAL, "last-seen", "to write when sessions were last seen", services.lastSeen::flushSome);
        housekeeping.every(FLUSH_INTERVAL, "run-out", "to end sessions that have run out", services.runOut::flush);
        housekeeping.every(FLUSH_INTERVAL, "shared-numbers", "to record shared numbers", services.sharedNumbers::flush);
        housekeeping.everyLong(
                Duration.ZERO,
                READING_INTERVAL,
                "numbers",
                "to read telephone numbers",
                () -> services.phoneReading.run(throttle::goesOn));
        prune("prune", "to remove what is too old", services.pruning::run);
        prune("sign-ins", "to forget sign-ins of sessions that have ended", services.signInSweep::run);
        prune("devices", "to forget devices of sessions that have ended", services.deviceSweep::run);
        prune("forget", "to forget tokens that have ended", () -> meters.forgotten(services.forgetting.run()));
        housekeeping.every(
                PRUNE_INTERVAL,
                "strangers",
                "to add strangers to the audit trail",
                services.codeSignIn::tellOfStrangers);
        housekeeping.everyLong(
                Duration.ZERO, CENSUS_INTERVAL, "census", "to count sessions and users", services.census::run);
        housekeeping.every(PRESENCE_INTERVAL, "heartbeat", "to write the heartbeat", services.heartbeat::beat);
        if (!stage.storesPlainTokens()) {
            housekeeping.everyLong(
                    Duration.ZERO,
                    PRUNE_INTERVAL,
                    "hash",
                    "to hash tokens",
                    () -> meters.hashed(services.hashing.runWhileSettled()));
        }
        // Nodes that started together do not sweep at the same moments.
        Duration sweepInterval = SWEEP_INTERVAL.plusMillis(random.nextInt(60_000));
        housekeeping.everyLong(sweepInterval, sweepInterval, "sweep", "to end what has run out", services.sweeper::run);
    }

    /** Finds out that the disk takes it again: where nobody signs in, nothing else would. */
    void tryToWrite(StorageWatch storage, Heartbeat heartbeat) {
        Runnable beat = () -> storage.tryAgain(heartbeat::beat);
        housekeeping.every(FLUSH_INTERVAL, "storage", "to write to the database again", beat);
    }

    private void prune(String name, String toDo, Runnable task) {
        housekeeping.everyLong(PRUNE_INTERVAL, PRUNE_INTERVAL, name, toDo, task);
    }
}
