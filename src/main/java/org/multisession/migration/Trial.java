package org.multisession.migration;

import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import org.multisession.db.Transaction;

/**
 * Plays what the application will do on a migrated database and takes it back, since only a sign-in that is done shows
 * whether one can work at all: constraints and triggers are the team's.
 */
@FunctionalInterface
public interface Trial {

    Trial NONE = (transaction, userColumns) -> List.of();

    /**
     * Plays it inside the transaction, which afterwards holds what it held before.
     *
     * @param userColumns the columns of {@code users}, in lower case
     * @return what does not work for some users and does for others, in words
     * @throws MigrationRefusedException if it does not work; the transaction may have been rolled back then
     */
    List<String> play(Transaction transaction, Set<String> userColumns) throws SQLException;
}
