package org.multisession.session;

import java.time.Instant;

/** What is known about the time in which sessions idle: uses may have gone unnoticed, and the clock may be wrong. */
public interface IdleWatch {

    /** Clocks that have always run, and right. */
    IdleWatch ALWAYS = from(Instant.MIN);

    /** When idle clocks start at the earliest; before it, uses may have gone unnoticed. */
    Instant idleFrom();

    /** Whether the clock, which says that it is now, may end anything by its age. */
    boolean believes(Instant now);

    /** Clocks that have run right from this moment on. */
    static IdleWatch from(Instant moment) {
        return new Fixed(moment, true);
    }

    /** Clocks that have run from this moment on, and say what can hardly be true. */
    static IdleWatch doubting(Instant moment) {
        return new Fixed(moment, false);
    }

    /** An unchanging one. */
    record Fixed(Instant idleFrom, boolean believes) implements IdleWatch {

        @Override
        public boolean believes(Instant now) {
            return believes;
        }
    }
}
