package org.multisession.auth;

import java.time.Instant;

/** What the model knows of a token that is or was a session. */
final class PromisedSession {
    final long userId;
    final int incarnation;
    final Instant started;
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
        this.seen = now;
    }

    PromisedSession copy() {
        PromisedSession copy = new PromisedSession(userId, incarnation, started);
        copy.seen = seen;
        copy.ended = ended;
        copy.shared = shared;
        copy.noted = noted;
        return copy;
    }
}
