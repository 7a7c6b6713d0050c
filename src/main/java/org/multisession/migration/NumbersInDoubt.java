package org.multisession.migration;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.multisession.db.Handle;
import org.multisession.db.Sql;

/**
 * Telephone numbers that more than one user has, on a migrated database: nobody can sign in by one.
 *
 * @param count how many such numbers there are
 * @param users the users of the first of them, one text for each number, for example {@code 42, 57}
 * @param unread rows of which the application does not know the number yet
 * @param refused how often the trail tells of a sign-in that failed by it
 * @param areReadAnew whether the application is reading all of them by other rules: until that is done, the count and the
 *     users are by what the former rules made of some
 */
public record NumbersInDoubt(long count, List<String> users, long unread, long refused, boolean areReadAnew) {

    private static final int MAX_NAMED = 20;

    /** E.164 alone: what stands for no number begins otherwise. */
    private static final String NUMBERS = """
            FROM multisession_phones p JOIN users u ON u.id = p.user_id
            WHERE p.number {binary} >= '+' AND p.number {binary} < ','
            """;

    private static final Sql SHARED = Sql.once("numbers that several users have", """
            SELECT p.number, p.user_id %1$s
              AND p.number IN (SELECT p.number %1$s GROUP BY p.number HAVING count(*) > 1)
            ORDER BY p.user_id
            """.formatted(NUMBERS));

    private static final Sql UNREAD = Sql.once(
            "count numbers that are not read",
            "SELECT count(*) AS number FROM multisession_phones WHERE read_by IS NULL AND tail >= ''");

    private static final Sql REFUSED = Sql.once(
            "count sign-ins by shared numbers",
            "SELECT count(DISTINCT occurred_at) AS number FROM auth_events WHERE kind = 'shared-number'");

    private static final Sql READ_ANEW = Sql.once(
            "are numbers being read anew",
            "SELECT count(*) AS number FROM multisession_state WHERE name = 'phones-read-by' AND value LIKE '% up to %'");

    /**
     * Reads it; where an earlier version was deployed last, nothing is known.
     *
     * @param missing what the schema should have and lacks
     */
    public static NumbersInDoubt of(Handle handle, List<String> missing) {
        if (missing.contains("multisession_phones")) {
            return new NumbersInDoubt(0, List.of(), 0, 0, false);
        }
        Map<String, String> users = new LinkedHashMap<>();
        handle.query(SHARED)
                .forEach(row -> users.merge(
                        row.requiredText("number"), row.requiredText("user_id"), (some, one) -> some + ", " + one));
        return new NumbersInDoubt(
                users.size(),
                users.values().stream().limit(MAX_NAMED).toList(),
                number(handle, UNREAD),
                number(handle, REFUSED),
                number(handle, READ_ANEW) > 0);
    }

    private static long number(Handle handle, Sql sql) {
        return handle.query(sql).one(row -> row.number("number"));
    }
}
