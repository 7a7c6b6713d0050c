package org.multisession.copy;

import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.multisession.db.ComposedSql;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;

/**
 * Knows a target that somebody has worked with: a node that runs on a database writes there when it was last alive, and a
 * copy notes what was written there when it brought it in.
 */
final class Marks {

    /** The name of the note among the common state. */
    static final String COPIED = "copied";

    private static final String ALIVE = "SELECT value FROM multisession_state WHERE name = 'alive'";
    private static final String NOTED = "SELECT value FROM multisession_state WHERE name = '" + COPIED + "'";
    private static final String FORGET = "DELETE FROM multisession_state WHERE name = '" + COPIED + "'";
    private static final String NOTE = "INSERT INTO multisession_state (name, value, changed_at) VALUES ('" + COPIED
            + "', coalesce((" + ALIVE + "), ''), ";

    private Marks() {}

    /** Whether a Tomcat has run on this database since the latest copy into it. */
    static boolean isUsed(Handle handle) throws SQLException {
        List<String> alive = ComposedSql.texts(handle, ALIVE);
        List<String> noted = ComposedSql.texts(handle, NOTED);
        return !alive.isEmpty() && !alive.equals(noted);
    }

    /** Notes a copy, as its last act. */
    static void note(Transaction transaction, Instant now) throws SQLException {
        ComposedSql.run(transaction, FORGET);
        ComposedSql.update(transaction, NOTE + "'" + transaction.vendor().text(now) + "')");
    }
}
