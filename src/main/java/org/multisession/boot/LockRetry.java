package org.multisession.boot;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Supplier;
import org.multisession.db.DatabaseBusyException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How long one deploy or command waits altogether for a locked database, perhaps during another node's migration. */
public final class LockRetry {

    private static final Logger log = LoggerFactory.getLogger(LockRetry.class);

    private final InstantSource clock;
    private final Duration length;
    private final Instant end;

    public LockRetry(InstantSource clock, Duration length) {
        this.clock = clock;
        this.length = length;
        this.end = clock.instant().plus(length);
    }

    /**
     * Returns the result of the first attempt that does not find the database locked. Each attempt itself waits for the
     * busy timeout, so this does not spin.
     *
     * @throws DatabaseBusyException with a message for an operator, when the time is up
     */
    public <T> T until(Supplier<T> attempt) {
        while (true) {
            try {
                return attempt.get();
            } catch (DatabaseBusyException e) {
                if (clock.instant().isAfter(end)) {
                    throw new DatabaseBusyException(
                            "another process locked the database for longer than " + length.toSeconds()
                                    + " seconds. Find out which one (fuser, lsof), let it finish, and try again",
                            e);
                }
                log.info("The database is locked by another process; waiting");
            }
        }
    }
}
