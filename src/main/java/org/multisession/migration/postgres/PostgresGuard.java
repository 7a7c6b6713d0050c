package org.multisession.migration.postgres;

import java.sql.SQLException;
import java.util.regex.Pattern;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.Guard;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;

/**
 * Makes sure that nothing is written while our triggers on the team's tables are gone or switched off, as by a tool
 * that replaces a table, nor after that. They are not made anew automatically: nobody can tell here whether the new
 * table is finished, and what is not in it yet would end for good. The command {@code migrate}, or a deploy, makes
 * them, and first ends what cannot be told apart.
 */
final class PostgresGuard implements Guard {

    /** Which table is only told in words, in the language of the server. */
    private static final String UNDEFINED_TABLE = "42P01";

    /** Our statements name no column that was not there at the deploy. */
    private static final String UNDEFINED_COLUMN = "42703";

    private static final Pattern NEEDED_TABLE =
            Pattern.compile("\\b(users|user_sessions|multisession_state|multisession_triggers)\\b");

    private final int needed;

    PostgresGuard(int needed) {
        this.needed = needed;
    }

    @Override
    public boolean admits(Transaction transaction) {
        return hasSeen(transaction, transaction.schemaState());
    }

    @Override
    public Runnable mend(Transaction transaction) {
        throw new DatabaseBusyException(
                "triggers of ours on users or user_sessions are gone or switched off, or were for a while. Run the command"
                        + " migrate, or deploy again",
                null);
    }

    /** It is how many of our triggers are there, fire, and have done so all the time. */
    @Override
    public boolean hasSeen(Handle handle, long state) {
        return state >= needed;
    }

    @Override
    public boolean isOfARebuild(SQLException failure) {
        boolean isOfATable = UNDEFINED_TABLE.equals(failure.getSQLState())
                && NEEDED_TABLE.matcher(String.valueOf(failure.getMessage())).find();
        return isOfATable || UNDEFINED_COLUMN.equals(failure.getSQLState());
    }
}
