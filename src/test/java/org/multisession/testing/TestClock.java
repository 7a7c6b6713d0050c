package org.multisession.testing;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;

/** A clock that stands still until it is told to go on. */
public final class TestClock implements InstantSource {

    private Instant now;
    private long nanos;

    /** Starts at the real time, which SQLite's triggers go by. */
    public TestClock() {
        // Databases keep microseconds, and not all of them write zeros at the end: with zeros there always, a test that
        // compares times as text is red on each run, not on every tenth.
        this.now = InstantSource.system().instant().truncatedTo(ChronoUnit.MILLIS);
    }

    @Override
    public synchronized Instant instant() {
        return now;
    }

    /** Lets time pass. */
    public synchronized void advance(Duration time) {
        now = now.plus(time);
        nanos += time.toNanos();
    }

    /** Sets the clock forward or back, while no time passes. */
    public synchronized void jump(Duration time) {
        now = now.plus(time);
    }

    /** The time that has passed, whatever the clock says. */
    public synchronized long nanos() {
        return nanos;
    }
}
