package org.multisession.migration;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.multisession.db.Handle;

/**
 * Telephone numbers that more than one user has, on a migrated database: nobody can sign in by one.
 *
 * @param count how many such numbers there are
 * @param users the users of the first of them, one text for each number, for example {@code 42, 57}
 * @param unread rows of which the application does not know the number yet
 * @param refused how often the trail tells of a sign-in that failed by it
 */
public record NumbersInDoubt(long count, List<String> users, long unread, long refused) {

    private static final int MAX_NAMED = 20;

    /** E.164 alone: what stands for no number begins otherwise. */
    private static final String SHARED = """
            SELECT group_concat(id, ', ') FROM
              (SELECT p.number AS number, p.user_id AS id
               FROM multisession_phones p JOIN users u ON u.id = p.user_id
               WHERE p.number >= '+' AND p.number < ','
               ORDER BY p.number, p.user_id)
            GROUP BY number HAVING count(*) > 1 ORDER BY min(id)
            """;

    private static final String UNREAD =
            "SELECT count(*) FROM multisession_phones WHERE read_by IS NULL AND tail >= ''";

    private static final String REFUSED =
            "SELECT count(DISTINCT occurred_at) FROM auth_events WHERE kind = 'shared-number'";

    /** Reads it; where an earlier version was deployed last, nothing is known. */
    public static NumbersInDoubt of(Handle handle) throws SQLException {
        if (!Catalogue.read(handle).has("multisession_phones")) {
            return new NumbersInDoubt(0, List.of(), 0, 0);
        }
        long count = 0;
        List<String> users = new ArrayList<>();
        try (PreparedStatement statement = handle.prepare(SHARED);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                count++;
                if (users.size() < MAX_NAMED) {
                    users.add(row.getString(1));
                }
            }
        }
        return new NumbersInDoubt(count, users, number(handle, UNREAD), number(handle, REFUSED));
    }

    private static long number(Handle handle, String sql) throws SQLException {
        try (PreparedStatement statement = handle.prepare(sql);
                ResultSet row = statement.executeQuery()) {
            return row.next() ? row.getLong(1) : 0;
        }
    }
}
