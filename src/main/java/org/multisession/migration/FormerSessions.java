package org.multisession.migration;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.db.Transaction;

/**
 * Rows of {@code user_sessions} whose user is gone, or was another one when the session was issued: SQLite gives ids out
 * again. Only our own tables tell them from the others. So they go before those do: otherwise the old app, and a later
 * deploy, would take the cookie of the former user for one of the present user's.
 */
final class FormerSessions {

    /**
     * Those that have lived since a deploy; what nobody had any more before it, is not ours to remove. While somebody
     * rebuilds {@code users} its rows are gone, and what is noted of them is not.
     */
    private static final String IS_FORMER = """
            EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = s.auth_token AND t.user_id = s.user_id
              AND ((t.end_reason = 'user-replaced' AND t.ended_at <> t.recorded_at)
                OR (t.ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = s.user_id)
                  AND NOT EXISTS (SELECT 1 FROM multisession_accounts a WHERE a.user_id = s.user_id))))
            """;

    private static final Sql FIND =
            Sql.of("next page of sessions, with those of former users", """
            SELECT s.id, %s AS is_former
            FROM (SELECT * FROM user_sessions WHERE id > :last ORDER BY id LIMIT :rows) s
            ORDER BY s.id
            """.formatted(IS_FORMER));

    private static final Sql DELETE = Sql.of(
            "delete a session of a former user", "DELETE FROM user_sessions AS s WHERE s.id = :id AND " + IS_FORMER);

    private static final Sql TAKE_TOKEN =
            Sql.of("take the token from the row of a former user's session", """
            UPDATE user_sessions AS s SET auth_token = substr(lower(hex(randomblob(22))), 1, 43) WHERE s.id = :id AND
            """ + IS_FORMER);

    private final Database database;
    private final Pacing pacing;
    private int removed;

    FormerSessions(Database database, Pacing pacing) {
        this.database = database;
        this.pacing = pacing;
    }

    /** How many have been removed so far. */
    int removed() {
        return removed;
    }

    /** Removes them, a few at a time; one to which rows of the team's refer stays, with a token that nobody has. */
    void remove() {
        Long last = Long.MIN_VALUE;
        while (last != null) {
            long start = System.nanoTime();
            long from = last;
            int rows = pacing.rows();
            Page page = pacing.patiently(() -> database.read(handle -> after(handle, from, rows)));
            if (!page.former().isEmpty()) {
                removed += pacing.<Integer>patiently(() -> database.write(transaction -> {
                    page.former().forEach(id -> remove(transaction, id));
                    return page.former().size();
                }));
            }
            last = page.last();
            if (last != null) {
                pacing.restAndLearn(System.nanoTime() - start);
            }
        }
    }

    /**
     * Some of all sessions.
     *
     * @param former the ids of those that are meant
     * @param last the id behind which the next page begins; null after the last page
     */
    private record Page(List<Long> former, @Nullable Long last) {}

    private static Page after(Handle handle, long last, int rows) {
        List<Long> former = new ArrayList<>();
        List<Long> ids = new ArrayList<>(rows);
        handle.query(FIND).bind("last", last).bind("rows", rows).forEach(row -> {
            ids.add(row.number("id"));
            if (row.flag("is_former")) {
                former.add(row.number("id"));
            }
        });
        return new Page(former, ids.size() < rows ? null : ids.get(ids.size() - 1));
    }

    private static void remove(Transaction transaction, long id) {
        boolean isDeleted =
                transaction.deletesUnlessReferredTo(transaction.update(DELETE).bind("id", id));
        if (!isDeleted) {
            transaction.update(TAKE_TOKEN).bind("id", id).run();
        }
    }
}
