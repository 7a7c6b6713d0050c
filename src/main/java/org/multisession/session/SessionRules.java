package org.multisession.session;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How long a session lives.
 *
 * @param idleTimeout how long it may go unused; null for ever
 * @param maxLifetime how long it may last from its sign-in; null for ever
 * @param maxPerUser how many a user may have; the least recently seen goes first
 * @param lastSeenInterval how often the last use of one session is written at most
 * @param watch whether clocks ran, and the clock is right
 * @param freshFor how old the last proof on a device may be for ending other devices; null if none is asked for
 */
public record SessionRules(
        @Nullable Duration idleTimeout,
        @Nullable Duration maxLifetime,
        int maxPerUser,
        Duration lastSeenInterval,
        IdleWatch watch,
        @Nullable Duration freshFor) {

    /** Rules whose idle clocks have always run, and that ask for no fresh proof. */
    public SessionRules(
            @Nullable Duration idleTimeout, @Nullable Duration maxLifetime, int maxPerUser, Duration lastSeenInterval) {
        this(idleTimeout, maxLifetime, maxPerUser, lastSeenInterval, IdleWatch.ALWAYS, null);
    }

    /** The same rules, with this age of a proof. */
    public SessionRules freshFor(@Nullable Duration newFreshFor) {
        return new SessionRules(idleTimeout, maxLifetime, maxPerUser, lastSeenInterval, watch, newFreshFor);
    }

    /** The same rules, with this view of the clock. */
    public SessionRules watchedBy(IdleWatch watch) {
        return new SessionRules(idleTimeout, maxLifetime, maxPerUser, lastSeenInterval, watch, freshFor);
    }

    /** Why this session has expired, or null while it lives; nothing expires while the clock is in doubt. */
    public @Nullable EndReason expiry(UserSession session, Instant now) {
        if (!watch.believes(now)) {
            return null;
        }
        if (maxLifetime != null && session.startedAt(now).plus(maxLifetime).isBefore(now)) {
            return EndReason.LIFETIME;
        }
        if (idleTimeout != null && idleSince(session, now).plus(idleTimeout).isBefore(now)) {
            return EndReason.IDLE;
        }
        return null;
    }

    /** What a session shows that {@link #expiry} lets live. */
    public SurelyLive surelyLive(Instant now) {
        Instant begunFrom = Instant.EPOCH;
        Instant usedFrom = Instant.EPOCH;
        if (watch.believes(now)) {
            begunFrom = from(maxLifetime, now);
            Instant idleFrom = from(idleTimeout, now);
            usedFrom = watch.idleFrom().isBefore(idleFrom) ? idleFrom : Instant.EPOCH;
        }
        return new SurelyLive(begunFrom, usedFrom, now.plus(UserSession.AHEAD));
    }

    /** The database keeps no more than microseconds of a time. */
    private static Instant from(@Nullable Duration age, Instant now) {
        return age == null ? Instant.EPOCH : now.minus(age).plusMillis(1);
    }

    /** Whether a clock that was ahead has written when this session began, so that it would never run out. */
    public boolean isToStart(UserSession session, Instant now) {
        return session.isRecordedAhead(now) && watch.believes(now);
    }

    private Instant idleSince(UserSession session, Instant now) {
        Instant active = session.lastActiveAt(now);
        return active.isBefore(watch.idleFrom()) ? watch.idleFrom() : active;
    }
}
