package org.multisession.session;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.multisession.db.SqlTime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Doubts the clock where it says what can hardly be true. A clock that is years ahead for one start would end every session
 * and remove every trace for good, and no later correction would bring them back. So nothing ends by its age, and nothing
 * is removed, while the clock is in doubt:
 *
 * <ul>
 *   <li>while we run, from the moment that it goes more than an hour further, or back, than the time that has passed by
 *       the machine's own count;
 *   <li>at a start, where it is more than a day behind or ahead of the last sign of life.
 * </ul>
 *
 * <p>The doubt is over when the clock is back, or when it has gone on evenly for a week: then it was right, and we were
 * away. Sessions whose time came meanwhile end then. Safe for use by many threads.
 */
public final class ClockWatch implements IdleWatch {

    static final Duration JUMP = Duration.ofHours(1);
    static final Duration LONG_ABSENCE = Duration.ofDays(1);
    static final Duration DOUBTED_FOR = Duration.ofDays(7);

    private static final Logger log = LoggerFactory.getLogger(ClockWatch.class);

    private final LongSupplier nanos;

    private Instant latest;
    private long latestNanos;
    private Instant idleFrom = Instant.MIN;
    private Instant idleFromBefore = Instant.MIN;

    /** Null where there is no doubt. */
    private @Nullable Instant doubtedSince;

    /** How far the clock is from what it should say. */
    private Duration off = Duration.ZERO;

    private long believedAtNanos;

    /** Begins now, without a doubt; {@code nanos} is the machine's own count of the time that passes. */
    public ClockWatch(InstantSource clock, LongSupplier nanos) {
        this.nanos = nanos;
        this.latest = clock.instant();
        this.latestNanos = nanos.getAsLong();
    }

    /** To be told at a start when idle clocks begin at the earliest; null if they always ran. */
    synchronized void idleFrom(@Nullable Instant from) {
        idleFrom = from == null ? Instant.MIN : from;
        idleFromBefore = idleFrom;
    }

    /** To be told at a start that the clock is that far from the last sign of life. */
    synchronized void doubt(Instant since, Duration far, Duration stillFor) {
        doubtedSince = since;
        off = far;
        believedAtNanos = nanos.getAsLong() + stillFor.toNanos();
        log.warn(
                "The clock says {}, which is {} from when this application was last alive. Nothing ends by its age and"
                        + " nothing old is removed until it is back or has gone on for {}",
                SqlTime.format(since),
                far.abs(),
                DOUBTED_FOR);
    }

    @Override
    public synchronized Instant idleFrom() {
        return idleFrom;
    }

    /** Since when the clock is in doubt; null if it is not. */
    public synchronized @Nullable Instant doubtedSince() {
        return doubtedSince;
    }

    @Override
    public synchronized boolean believes(Instant now) {
        long count = nanos.getAsLong();
        Duration jump = Duration.between(latest, now).minusNanos(count - latestNanos);
        latest = now;
        latestNanos = count;
        boolean jumped = jump.abs().compareTo(JUMP) > 0;
        off = doubtedSince == null && !jumped ? Duration.ZERO : off.plus(jump);
        if (doubtedSince == null) {
            if (jumped) {
                idleFromBefore = idleFrom;
                beginDoubt(now, count);
            }
        } else if (off.abs().compareTo(JUMP) <= 0) {
            doubtedSince = null;
            idleFrom = idleFromBefore;
            log.info("The clock is back at {} and is believed again", SqlTime.format(now));
        } else if (jumped) {
            beginDoubt(now, count);
        } else if (count - believedAtNanos >= 0) {
            doubtedSince = null;
            log.info("The clock has gone on evenly for {} and is believed again", DOUBTED_FOR);
        }
        return doubtedSince == null;
    }

    private void beginDoubt(Instant now, long count) {
        doubtedSince = now;
        idleFrom = now;
        believedAtNanos = count + DOUBTED_FOR.toNanos();
        log.warn(
                "The clock has jumped to {}, {} from where it should be. Nothing ends by its age and nothing old is"
                        + " removed until it is back or has gone on for {}",
                SqlTime.format(now),
                off.abs(),
                DOUBTED_FOR);
    }
}
