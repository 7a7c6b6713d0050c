package org.multisession.testing;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;

/** A clock that stands still until it is told to go on. */
public final class TestClock implements InstantSource {

    private Instant now;

    /** Starts at the real time, which SQLite's triggers go by. */
    public TestClock() {
        // To the microsecond, as the database keeps it.
        this.now = InstantSource.system().instant().truncatedTo(ChronoUnit.MICROS);
    }

    @Override
    public synchronized Instant instant() {
        return now;
    }

    public synchronized void advance(Duration time) {
        now = now.plus(time);
    }
}
