package org.multisession.migration;

import java.time.Duration;
import java.util.Locale;

/** A step of a migration, and how long it blocked others. */
public record Held(String step, long nanos) {

    static final Held NOTHING = new Held("nothing", 0);

    /** As long as Python's sqlite3 waits for a lock. */
    private static final Duration USUAL_TIMEOUT = Duration.ofSeconds(5);

    /** A copy that was made, while nobody could write. */
    public static Held byCopy(long nanos) {
        return new Held("copying the database", nanos);
    }

    public Held orLonger(Held other) {
        return other.nanos > nanos ? other : this;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.1f s (%s)", nanos / 1e9, step);
    }

    /** As a prediction: rounded up, and what to do if it is longer than programs wait. */
    public String predicted() {
        long seconds = Duration.ofNanos(nanos).plusMillis(999).toSeconds();
        if (seconds <= 1) {
            return "less than a second";
        }
        return "about " + seconds + " seconds (" + step + ")"
                + (seconds < USUAL_TIMEOUT.toSeconds()
                        ? ""
                        : ". Many programs give up after " + USUAL_TIMEOUT.toSeconds()
                                + ": deploy at a quiet hour, or let them wait longer"
                                + " (sqlite3.connect(…, timeout=60) in Python)");
    }
}
