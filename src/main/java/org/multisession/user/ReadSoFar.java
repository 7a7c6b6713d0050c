package org.multisession.user;

import org.jspecify.annotations.Nullable;

/**
 * By which rules numbers are being read, and how far: what was read before by other rules is right by these up to a user,
 * and has yet to be read anew behind them.
 *
 * @param upTo the last user whose number is right by these rules; null if everybody's is
 */
record ReadSoFar(String rules, @Nullable Long upTo) {

    private static final String UP_TO = " up to ";

    /** Everybody's number is right by these rules. */
    static ReadSoFar everything(String rules) {
        return new ReadSoFar(rules, null);
    }

    /** No number is yet. */
    static ReadSoFar nothing(String rules) {
        return new ReadSoFar(rules, Long.MIN_VALUE);
    }

    /** As it is stored. An earlier version knows only rules without an end, so it reads everything anew. */
    String stored() {
        return upTo == null ? rules : rules + UP_TO + upTo;
    }

    static ReadSoFar of(String stored) {
        int end = stored.lastIndexOf(UP_TO);
        return end < 0
                ? everything(stored)
                : new ReadSoFar(stored.substring(0, end), Long.valueOf(stored.substring(end + UP_TO.length())));
    }
}
