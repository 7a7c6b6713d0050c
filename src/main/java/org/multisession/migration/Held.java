package org.multisession.migration;

import java.util.Locale;

/** A step of a migration, and for how long it has held others up. */
public record Held(String step, long nanos) {

    static final Held NOTHING = new Held("nothing", 0);

    Held orLonger(Held other) {
        return other.nanos > nanos ? other : this;
    }

    public double seconds() {
        return nanos / 1e9;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.1f s (%s)", seconds(), step);
    }
}
