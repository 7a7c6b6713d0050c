package org.multisession.histories;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.multisession.db.SqlTime;
import org.multisession.testing.TestClock;

/**
 * What the histories expect of a node that sees the clock: after an absence idle clocks start at the return, and nothing
 * ends by its age while the clock is in doubt, also across restarts.
 */
final class PromisedClock {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration WEEK = Duration.ofDays(7);

    private record Doubt(Instant since, Duration length, Duration left) {}

    /** What the database says of it. */
    private record Told(
            Instant alive,
            @Nullable Instant idleFrom,
            @Nullable Doubt doubt) {}

    private final TestClock clock;

    private @Nullable Told told;
    private Instant idleFrom = Instant.MIN;
    private Instant idleFromBefore = Instant.MIN;

    /** Null if the clock is not in doubt. */
    private @Nullable Instant doubtedSince;

    private Duration length = Duration.ZERO;
    private long overAt;
    private Duration off = Duration.ZERO;

    PromisedClock(TestClock clock) {
        this.clock = clock;
    }

    /** The database says nothing any more. */
    void isForgotten() {
        told = null;
    }

    void isDeployed() {
        Instant now = clock.instant();
        Told before = told;
        doubtedSince = null;
        idleFrom = before == null ? Instant.MIN : idleFrom(before, now);
        idleFromBefore = idleFrom;
        if (before != null) {
            Duration away = Duration.between(before.alive(), now);
            boolean isFar = away.abs().compareTo(DAY) > 0;
            if (before.doubt() != null && !before.doubt().since().isAfter(now)) {
                goOnDoubting(before.doubt(), isFar || away.isNegative() ? Duration.ZERO : away);
            }
            if (isFar) {
                off = away;
                doubt(now, away);
            }
        }
        told = new Told(now, idleFrom.equals(Instant.MIN) ? null : idleFrom, doubt());
    }

    private static Instant idleFrom(Told told, Instant now) {
        Instant before = told.idleFrom();
        boolean isUnknown = told.alive().minus(HOUR).isAfter(now) || (before != null && SqlTime.isAhead(before, now));
        return isUnknown || told.alive().plus(HOUR).isBefore(now) ? now : before == null ? Instant.MIN : before;
    }

    private void goOnDoubting(Doubt before, Duration ranEvenly) {
        Duration left = before.left().minus(ranEvenly);
        if (left.isNegative() || left.isZero()) {
            return;
        }
        doubtedSince = before.since();
        length = before.length();
        overAt = clock.nanos() + left.toNanos();
        // Nobody knows how far any more.
        off = DAY;
    }

    /** As every few minutes, and at an undeploy. */
    void isWrittenDown() {
        Instant now = clock.instant();
        boolean unused = believes();
        Instant before = told == null ? null : told.idleFrom();
        boolean isKnown = !idleFrom.equals(Instant.MIN);
        boolean isNews = before == null ? isKnown : SqlTime.isAhead(before, now) || before.isBefore(idleFrom);
        told = new Told(now, isNews ? isKnown ? idleFrom : now : before, doubt());
    }

    /** Sets the clock forward or back under a node that looks before and afterwards. */
    void jumps(Duration time) {
        boolean wasBelieved = believes();
        clock.jump(time);
        boolean isFar = time.abs().compareTo(HOUR) > 0;
        off = wasBelieved ? time : off.plus(time);
        if (!wasBelieved && off.abs().compareTo(HOUR) <= 0) {
            doubtedSince = null;
            idleFrom = idleFromBefore;
        } else if (isFar) {
            idleFromBefore = wasBelieved ? idleFrom : idleFromBefore;
            idleFrom = clock.instant();
            doubt(clock.instant(), time);
        }
    }

    private void doubt(Instant now, Duration about) {
        if (doubtedSince == null) {
            doubtedSince = now;
            length = Duration.ZERO;
            overAt = clock.nanos();
        }
        Duration wanted = about.abs().compareTo(WEEK) < 0 ? about.abs() : WEEK;
        if (wanted.compareTo(length) > 0) {
            overAt += wanted.minus(length).toNanos();
            length = wanted;
        }
    }

    /** Whether anything ends by its age now. */
    boolean believes() {
        if (clock.nanos() >= overAt) {
            doubtedSince = null;
        }
        return doubtedSince == null;
    }

    private @Nullable Doubt doubt() {
        return doubtedSince == null ? null : new Doubt(doubtedSince, length, Duration.ofNanos(overAt - clock.nanos()));
    }

    /** From when idle clocks run at the earliest. */
    Instant idleFrom() {
        return idleFrom;
    }

    /** What brings it to where it is now. */
    Runnable snapshot() {
        Told toldThen = told;
        return () -> told = toldThen;
    }
}
