package org.multisession.boot;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import org.multisession.migration.Progress;
import org.multisession.web.Readiness;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reports how far a migration is to {@code /health}, and to the log every ten seconds. */
final class DeployProgress implements Progress {

    private static final Logger log = LoggerFactory.getLogger(DeployProgress.class);

    static final Duration INTERVAL = Duration.ofSeconds(10);

    private final Readiness readiness;
    private final InstantSource clock;
    private Instant told;

    DeployProgress(Readiness readiness, InstantSource clock) {
        this.readiness = readiness;
        this.clock = clock;
        this.told = clock.instant();
    }

    @Override
    public synchronized void at(String step, long done, long total) {
        if (!(readiness.state() instanceof Readiness.State.Migrating)) {
            return;
        }
        readiness.migrating(step, done, total);
        Instant now = clock.instant();
        if (!now.isBefore(told.plus(INTERVAL))) {
            told = now;
            log.info("Migration: {}: {}", step, String.format(Locale.ROOT, "%,d of %,d", done, total));
        }
    }
}
