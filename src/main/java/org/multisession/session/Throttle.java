package org.multisession.session;

/**
 * The rest between two pieces of long work in the background. SQLite lets writers in without an order, and who waits polls
 * with growing sleeps: one that writes piece after piece without a rest, however small they are, keeps all others out.
 */
@FunctionalInterface
public interface Throttle {

    /** Rests; false if the work is to stop here and go on another time. */
    boolean goesOn();
}
