package org.multisession.histories;

import java.time.Duration;
import java.time.Instant;

/** What the model knows of a token that is or was a session. */
final class PromisedSession {
    final long userId;
    final int incarnation;
    final Instant started;

    /** When our memory first heard of it. */
    Instant recorded;

    Instant seen;
    boolean ended;

    /** Whether it was a legacy token before, which several devices may hold. */
    boolean shared;

    /** Whether our memory has heard of it; what begins while nobody watches is known after the repair only. */
    boolean noted = true;

    PromisedSession(long userId, int incarnation, Instant now) {
        this.userId = userId;
        this.incarnation = incarnation;
        this.started = now;
        this.recorded = now;
        this.seen = now;
    }

    /** When its lifetime began; a time that is far ahead is none. */
    Instant startedAt(Instant now) {
        return laterOf(started, now);
    }

    Instant lastActiveAt(Instant now) {
        return laterOf(seen, now);
    }

    private Instant laterOf(Instant time, Instant now) {
        Instant tomorrow = now.plus(Duration.ofDays(1));
        if (recorded.isAfter(tomorrow)) {
            return time.isAfter(tomorrow) ? now : time;
        }
        return time.isAfter(tomorrow) || time.isBefore(recorded) ? recorded : time;
    }

    /** The same, of which our memory has heard now. */
    PromisedSession knownFrom(Instant now) {
        PromisedSession known = new PromisedSession(userId, incarnation, started);
        known.recorded = now;
        known.seen = seen;
        return known;
    }

    PromisedSession copy() {
        PromisedSession copy = new PromisedSession(userId, incarnation, started);
        copy.recorded = recorded;
        copy.seen = seen;
        copy.ended = ended;
        copy.shared = shared;
        copy.noted = noted;
        return copy;
    }
}
