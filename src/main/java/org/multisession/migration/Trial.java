package org.multisession.migration;

import java.sql.SQLException;
import java.util.Set;
import org.multisession.db.Transaction;

/**
 * Plays what the application will do on a migrated database and takes it back, since only a sign-in that is done shows
 * whether one can work at all: constraints and triggers are the team's.
 */
@FunctionalInterface
public interface Trial {

    Trial NONE = (transaction, userColumns) -> {};

    /**
     * Plays it inside the transaction, which afterwards holds what it held before.
     *
     * @param userColumns the columns of {@code users}, in lower case
     * @throws MigrationRefusedException if it does not work; the transaction may have been rolled back then
     */
    void play(Transaction transaction, Set<String> userColumns) throws SQLException;
}
