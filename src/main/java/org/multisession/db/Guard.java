package org.multisession.db;

import java.sql.SQLException;

/** Checks the schema before anything is written. */
public interface Guard {

    /** For a database of which nothing is expected. */
    Guard NONE = new Guard() {
        @Override
        public boolean admits(Transaction transaction) {
            return true;
        }

        @Override
        public Runnable mend(Transaction transaction) {
            return () -> {};
        }

        @Override
        public boolean hasSeen(Handle handle, long state) {
            return true;
        }

        @Override
        public boolean isOfARebuild(SQLException failure) {
            return false;
        }
    };

    /**
     * Whether the schema may be written to as it is. Asked in the transaction of each {@link Database#write}, before its
     * work; an exception rolls the transaction back.
     */
    boolean admits(Transaction transaction) throws SQLException;

    /**
     * Repairs a schema that was not admitted, in a transaction of its own, so that the repair stays whatever
     * happens to the work. An exception rolls that transaction back, and the work is not done.
     *
     * @return what to record once the repair is committed
     */
    Runnable mend(Transaction transaction) throws SQLException;

    /**
     * Whether it has checked the schema in this {@link Handle#schemaState}. Cheap, for readers, which cannot repair
     * anything.
     *
     * @throws DatabaseBusyException if it cannot be repaired yet, because somebody is still changing it
     */
    boolean hasSeen(Handle handle, long state) throws SQLException;

    /** Forgets the states that it has checked: they were those of a database in whose place is another one now. */
    default void startAnew() {}

    /** Whether a failure only means that a table or column is away because somebody is changing the schema. */
    boolean isOfARebuild(SQLException failure);
}
