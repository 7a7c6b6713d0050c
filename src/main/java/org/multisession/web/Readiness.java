package org.multisession.web;

/** Whether this application serves already, and still will, or is migrating its database, and how far that is. Thread-safe. */
public final class Readiness {

    private volatile State state = new State.Serving(false);

    /** Where the start of this application is. */
    public sealed interface State {

        /** Everything is there. While it is draining it is about to stop, and nobody should send anything new. */
        record Serving(boolean isDraining) implements State {}

        /** A migration is under way: so many rows of its present step are done. */
        record Migrating(String step, long done, long total) implements State {}

        /** The migration failed; the log says why. */
        record OutOfService() implements State {}
    }

    public State state() {
        return state;
    }

    /** How many rows of the present step of a migration are done; 0 while there is none. */
    public long rowsDone() {
        return state instanceof State.Migrating migrating ? migrating.done() : 0;
    }

    /** How many rows the present step of a migration has; 0 while there is none. */
    public long rowsOfStep() {
        return state instanceof State.Migrating migrating ? migrating.total() : 0;
    }

    /** From now on the database is being migrated. */
    public void migrating(String step, long done, long total) {
        state = new State.Migrating(step, done, total);
    }

    /** From now on requests are served. */
    public void serving() {
        state = new State.Serving(false);
    }

    /** From now on they still are, until this application stops in a moment. */
    public void draining() {
        state = new State.Serving(true);
    }

    public boolean isDraining() {
        return state instanceof State.Serving serving && serving.isDraining();
    }

    /** From now on, and until the next deploy, none is. */
    public void outOfService() {
        state = new State.OutOfService();
    }
}
