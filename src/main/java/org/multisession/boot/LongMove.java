package org.multisession.boot;

import java.time.Duration;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.StorageException;
import org.multisession.migration.Pacing;
import org.multisession.web.Readiness;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * A migration that takes long, on a thread of its own, so that neither Tomcat nor its other applications wait for it.
 */
final class LongMove {

    private static final Logger log = LoggerFactory.getLogger(LongMove.class);

    private static final Duration MAX_STEP = Duration.ofSeconds(30);

    /** Nothing tells when a disk is well again, and the first steps may copy the database anew. */
    private static final Duration REST_OF_THE_DISK = Duration.ofSeconds(5);

    private final Thread thread;
    private final Pacing pacing;
    private final Readiness readiness;

    private LongMove(Thread thread, Pacing pacing, Readiness readiness) {
        this.thread = thread;
        this.pacing = pacing;
        this.readiness = readiness;
    }

    /**
     * Starts it.
     *
     * @param migrate what takes long
     * @param serve what follows once it is done
     */
    static LongMove start(Runnable migrate, Runnable serve, Readiness readiness, Pacing pacing) {
        Thread thread = new Thread(
                () -> {
                    try {
                        untilItCan(migrate, pacing);
                        untilItCan(serve, pacing);
                    } catch (RuntimeException | Error e) {
                        readiness.outOfService();
                        log.error(
                                "Multi-Session is out of service: {}. The old app can go on as before; the next start"
                                        + " goes on where this one stopped, and 'uninstall' removes what was made",
                                e.getMessage());
                    }
                },
                "multi-session-migration");
        thread.setDaemon(true);
        LongMove move = new LongMove(thread, pacing, readiness);
        thread.start();
        return move;
    }

    /**
     * A lock, an outage, and a disk that is full or fails pass, however long they last: whoever waits for this may wait,
     * and nobody has to come for it.
     */
    private static void untilItCan(Runnable work, Pacing pacing) {
        String told = "";
        while (true) {
            try {
                work.run();
                return;
            } catch (DatabaseBusyException e) {
                told = tell(e, Level.WARN, told);
                pacing.rest(0);
            } catch (StorageException e) {
                told = tell(e, Level.ERROR, told);
                pacing.rest(REST_OF_THE_DISK.toNanos());
            }
        }
    }

    /** Tells of each reason once, however often it holds the work up; returns the one that was told last. */
    private static String tell(DatabaseException e, Level level, String told) {
        String reason = String.valueOf(e.getMessage());
        if (!reason.equals(told)) {
            log.atLevel(level).log("Migration: held up, and tried again until it can go on: {}", reason);
        }
        return reason;
    }

    /** Stops it after the step that it is in; returns whether it had come to its end before. */
    boolean stop() {
        pacing.stop();
        try {
            thread.join(MAX_STEP.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return readiness.state() instanceof Readiness.State.Serving;
    }
}
