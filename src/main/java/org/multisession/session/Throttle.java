package org.multisession.session;

/**
 * The pause between two pieces of long background work. SQLite admits writers in no order, and those that wait poll
 * with growing pauses: a writer without pauses, however small its pieces, keeps all others out.
 */
@FunctionalInterface
public interface Throttle {

    /** Pauses; returns false if the work should stop here and continue another time. */
    boolean goesOn();
}
