package org.multisession.boot;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.FailureKind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries a step of a deploy or a command again while the database is locked, perhaps by another node's migration. Only
 * the waiting counts, from the first attempt that finds it locked, and not the work before.
 */
public final class LockRetry {

    private static final Logger log = LoggerFactory.getLogger(LockRetry.class);

    /** An attempt waits for a lock itself, but a server that refuses connections does so at once. */
    private static final Duration PAUSE = Duration.ofMillis(500);

    private final InstantSource clock;
    private final Duration length;
    private final Consumer<Duration> rest;

    public LockRetry(InstantSource clock, Duration length) {
        this(clock, length, pause -> LockSupport.parkNanos(pause.toNanos()));
    }

    /** With another way to rest between two attempts. */
    LockRetry(InstantSource clock, Duration length, Consumer<Duration> rest) {
        this.clock = clock;
        this.length = length;
        this.rest = rest;
    }

    /**
     * Returns the result of the first attempt that does not find the database locked.
     *
     * @throws DatabaseBusyException with a message for an operator, when the time is up
     */
    public <T> T until(Supplier<T> attempt) {
        @Nullable Instant end = null;
        String told = "";
        while (true) {
            try {
                return attempt.get();
            } catch (DatabaseBusyException e) {
                Instant now = clock.instant();
                end = end == null ? now.plus(length) : end;
                if (now.isAfter(end) && e.kind() == FailureKind.UNREACHABLE) {
                    throw new DatabaseBusyException(
                            e.getMessage() + ". It was tried for " + length.toSeconds()
                                    + " seconds. Check that the server runs and can be reached from here, and"
                                    + " multisession.db.url",
                            e.kind(),
                            e);
                }
                if (now.isAfter(end)) {
                    throw new DatabaseBusyException(
                            "another process locked the database for longer than " + length.toSeconds()
                                    + " seconds. Find out which one (fuser, lsof), let it finish, and try again",
                            e);
                }
                String reason = String.valueOf(e.getMessage());
                if (!reason.equals(told)) {
                    told = reason;
                    log.info("The database cannot be used yet; waiting for it: {}", reason);
                }
                rest.accept(PAUSE);
            }
        }
    }
}
