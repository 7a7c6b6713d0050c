package org.multisession.db;

import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Connections that are borrowed and returned. Safe for use by many threads. */
public interface ConnectionPool extends AutoCloseable {

    /**
     * Borrows one; waits for it if all are in use.
     *
     * @param isAwaited whether a client waits for the work. A server that says nothing any more then fails it within
     *     seconds, and not only when no work could take so long
     */
    Lease borrow(boolean isAwaited) throws SQLException;

    PoolUse use();

    /** Whether the last who asked was given none because the database cannot be reached. */
    default boolean isAway() {
        return false;
    }

    @Override
    void close();

    /** A borrowed connection, which goes back when this is closed. */
    interface Lease extends AutoCloseable {

        Connection connection();

        /**
         * The connection behind the pool's wrapper, the same each time that it is borrowed, so that compiled statements
         * can be kept with it; null where the pool closes them.
         */
        @Nullable
        Connection lasting() throws SQLException;

        /**
         * Fails what runs on it as soon as the server has said nothing for so many milliseconds. Where that cannot be set, it
         * is given back for good.
         *
         * @return what was set before
         */
        default int expectAnswersWithin(int millis) throws SQLException {
            try {
                int before = connection().getNetworkTimeout();
                connection().setNetworkTimeout(Runnable::run, millis);
                return before;
            } catch (SQLException e) {
                discard();
                close();
                throw e;
            }
        }

        /** Makes sure that nobody borrows it again. */
        void discard();

        @Override
        void close() throws SQLException;
    }
}
