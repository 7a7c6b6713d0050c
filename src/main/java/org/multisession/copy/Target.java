package org.multisession.copy;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** The database that rows are carried to, within one transaction. */
interface Target {

    /** The rows of a table as they are now. */
    RowStream rows(TablePlan plan, Faults faults) throws SQLException;

    boolean isEmpty(TablePlan plan) throws SQLException;

    void clear(TablePlan plan) throws SQLException;

    /** Puts rows into a table that nothing reads meanwhile. */
    Writer load(TablePlan plan) throws SQLException;

    /**
     * Notes differences of a table while its rows are read; closing it brings them in: what is to go goes first, so that
     * no order of the rows breaks a constraint.
     */
    Changes change(TablePlan plan) throws SQLException;

    /** Takes rows until it is closed. */
    interface Writer extends AutoCloseable {

        void add(@Nullable String[] row) throws SQLException;

        @Override
        void close() throws SQLException;
    }

    /** Takes differences until it is applied. */
    interface Changes {

        void remove(@Nullable String[] row) throws SQLException;

        void add(@Nullable String[] row) throws SQLException;

        void apply() throws SQLException;
    }
}
