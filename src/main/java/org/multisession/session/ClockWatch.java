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
 * Doubts the clock where it says what can hardly be true. If it were years ahead for a single start, every session
 * would end and every trace would be removed for good, and correcting it would bring nothing back. So while the clock
 * is in doubt, nothing ends by its age and nothing is removed:
 *
 * <ul>
 *   <li>while we run, from the moment that it moves more than an hour further, or back, than the monotonic clock;
 *   <li>at a start, if it is more than a day ahead of the last heartbeat, or behind it.
 * </ul>
 *
 * <p>The doubt is over when the clock is back, or when it has gone on evenly for as long as it jumped or we were away,
 * a week at most: then it was right. Sessions that ran out meanwhile end then. Another jump or absence during a doubt
 * prolongs it only by as much as it is longer than the one before. So a machine that is off every weekend, or suspended
 * every night, gets to the end of its doubts. Safe for use by many threads.
 */
public final class ClockWatch implements IdleWatch {

    static final Duration JUMP = Duration.ofHours(1);
    static final Duration LONG_ABSENCE = Duration.ofDays(1);
    private static final Duration MAX_DOUBT = Duration.ofDays(7);

    /**
     * A doubt as it is stored for the next run.
     *
     * @param length how long it lasts in all
     * @param left how much of that is still to come
     */
    record Doubt(Instant since, Duration length, Duration left) {

        /** The same after the clock has run evenly for some time. */
        Doubt after(Duration time) {
            return new Doubt(since, length, left.minus(time));
        }
    }

    /** What the clock and the machine's own count said at the same time. */
    private record Moment(Instant time, long count) {

        private static final long CLOSE_SECONDS = 2;

        boolean isCloseTo(Instant otherTime, long otherCount) {
            return Math.abs(otherTime.getEpochSecond() - time.getEpochSecond()) < CLOSE_SECONDS
                    && Math.abs(otherCount - count) < CLOSE_SECONDS * 1_000_000_000;
        }
    }

    private static final Logger log = LoggerFactory.getLogger(ClockWatch.class);

    private final LongSupplier nanos;

    private Instant latest;
    private long latestNanos;
    private Instant idleFrom = Instant.MIN;
    private Instant idleFromBefore = Instant.MIN;

    /** Null if there is no doubt. */
    private @Nullable Instant doubtedSince;

    /** Whether the doubt is what a database has told, and nothing that was seen here. */
    private boolean isTold;

    /** How far the clock is from what it should say. */
    private Duration off = Duration.ZERO;

    /** How long the clock has to run evenly from the beginning of the doubt. */
    private Duration doubtedFor = Duration.ZERO;

    private long believedAtNanos;

    /** Null while the clock is in doubt. */
    private volatile @Nullable Moment lastBelieved;

    /** Starts now, without a doubt; {@code nanos} is the machine's own measure of elapsed time. */
    public ClockWatch(InstantSource clock, LongSupplier nanos) {
        this.nanos = nanos;
        this.latest = clock.instant();
        this.latestNanos = nanos.getAsLong();
    }

    /**
     * Call it at a start with the earliest beginning of idle clocks; null if they always ran. What another database has
     * told, which was in the place of this one, counts no more.
     */
    synchronized void idleFrom(@Nullable Instant from) {
        idleFrom = from == null ? Instant.MIN : from;
        idleFromBefore = idleFrom;
        if (isTold) {
            isTold = false;
            doubtedSince = null;
            off = Duration.ZERO;
        }
    }

    /** Call it at a start with the doubt that the previous run has left. */
    synchronized void goOnDoubting(Doubt before) {
        if (before.left().isNegative() || before.left().isZero()) {
            return;
        }
        lastBelieved = null;
        isTold |= doubtedSince == null;
        doubtedSince = before.since();
        // How far it is off nobody knows by now, but further than makes it right.
        off = LONG_ABSENCE;
        doubtedFor = before.length();
        believedAtNanos = nanos.getAsLong() + before.left().toNanos();
        log.warn(
                "The clock is in doubt since {}. Nothing ends by its age and nothing old is removed until it has gone on"
                        + " for another {}",
                SqlTime.format(before.since()),
                before.left());
    }

    /** Call it at a start if the clock is this far from the last heartbeat. */
    synchronized void doubt(Instant now, Duration far) {
        isTold |= doubtedSince == null;
        off = far;
        doubt(now, far, nanos.getAsLong());
        log.warn(
                "The clock says {}, which is {} from when this application was last alive. Nothing ends by its age and"
                        + " nothing old is removed until it is back or has gone on for {}",
                SqlTime.format(now),
                far.abs(),
                doubtedFor);
    }

    /** Begins a doubt about so long a time, or lets the one that is there last for it. */
    private void doubt(Instant now, Duration about, long count) {
        boolean isNew = doubtedSince == null || count - believedAtNanos >= 0;
        lastBelieved = null;
        if (isNew) {
            doubtedSince = now;
            doubtedFor = Duration.ZERO;
            believedAtNanos = count;
        }
        Duration length = about.abs().compareTo(MAX_DOUBT) < 0 ? about.abs() : MAX_DOUBT;
        if (length.compareTo(doubtedFor) > 0) {
            believedAtNanos += length.minus(doubtedFor).toNanos();
            doubtedFor = length;
        }
    }

    @Override
    public synchronized Instant idleFrom() {
        return idleFrom;
    }

    /** The current doubt; null if there is none. */
    synchronized @Nullable Doubt doubted() {
        return doubtedSince == null
                ? null
                : new Doubt(doubtedSince, doubtedFor, Duration.ofNanos(believedAtNanos - nanos.getAsLong()));
    }

    @Override
    public boolean believes(Instant now) {
        long count = nanos.getAsLong();
        Moment believed = lastBelieved;
        // Each request asks. What is close to a moment at which there was no doubt has not jumped.
        return (believed != null && believed.isCloseTo(now, count)) || believes(now, count);
    }

    private synchronized boolean believes(Instant now, long count) {
        Duration jump = Duration.between(latest, now).minusNanos(count - latestNanos);
        latest = now;
        latestNanos = count;
        boolean jumped = jump.abs().compareTo(JUMP) > 0;
        off = doubtedSince == null && !jumped ? Duration.ZERO : off.plus(jump);
        if (doubtedSince == null) {
            if (jumped) {
                idleFromBefore = idleFrom;
                doubtJump(now, jump, count);
            }
        } else if (off.abs().compareTo(JUMP) <= 0) {
            doubtedSince = null;
            idleFrom = idleFromBefore;
            log.info("The clock is back at {} and is believed again", SqlTime.format(now));
        } else if (jumped) {
            doubtJump(now, jump, count);
        } else if (count - believedAtNanos >= 0) {
            doubtedSince = null;
            log.info("The clock has gone on evenly for {} and is believed again", doubtedFor);
        }
        lastBelieved = doubtedSince == null ? new Moment(now, count) : null;
        return doubtedSince == null;
    }

    private void doubtJump(Instant now, Duration jump, long count) {
        idleFrom = now;
        isTold = false;
        doubt(now, jump, count);
        log.warn(
                "The clock has jumped to {}, {} from where it should be. Nothing ends by its age and nothing old is"
                        + " removed until it is back or has gone on for {}",
                SqlTime.format(now),
                off.abs(),
                doubtedFor);
    }
}
