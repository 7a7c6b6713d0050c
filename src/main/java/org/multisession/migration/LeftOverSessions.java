package org.multisession.migration;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.db.Transaction;
import org.multisession.token.SessionToken;

/**
 * Rows of {@code user_sessions} that no longer open anything: the session has ended, its user is gone, or somebody else
 * has the id by now, which SQLite gives out again. Only our own tables tell them from the others, so they are removed
 * before those tables are. Otherwise the old app, and a later deploy, would take a former user's cookie for the present
 * user's.
 */
public final class LeftOverSessions {

    /**
     * Not those whose users were gone before a deploy saw them: what nobody had any more by then is not ours to remove,
     * unless somebody has got the id since. While somebody rebuilds {@code users} its rows are gone, and what is noted of
     * them is not.
     */
    private static final String IS_LEFT_OVER = """
            EXISTS (SELECT 1 FROM multisession_tokens t
              WHERE t.auth_token IN (s.auth_token, multisession_hash(s.auth_token))
              AND ((t.ended_at IS NOT NULL
                  AND (t.end_reason IS DISTINCT FROM 'user-replaced' OR t.ended_at <> t.recorded_at
                    OR EXISTS (SELECT 1 FROM users u WHERE u.id = s.user_id)))
                OR (t.ended_at IS NULL AND (t.user_id IS DISTINCT FROM s.user_id
                  OR (NOT EXISTS (SELECT 1 FROM users u WHERE u.id = s.user_id)
                    AND NOT EXISTS (SELECT 1 FROM multisession_accounts a WHERE a.user_id = s.user_id))))))
            """;

    private static final Sql FIND =
            Sql.of("next page of sessions, with those that open nothing", """
            SELECT s.id, %s AS is_left_over
            FROM (SELECT * FROM user_sessions WHERE id > :last ORDER BY id LIMIT :rows) s
            ORDER BY s.id
            """.formatted(IS_LEFT_OVER));

    private static final Sql DELETE = Sql.of(
            "delete a session that opens nothing",
            "DELETE FROM user_sessions AS s WHERE s.id = :id AND " + IS_LEFT_OVER);

    private static final Sql TAKE_TOKEN = Sql.of(
            "take the token from the row of a session that opens nothing",
            "UPDATE user_sessions AS s SET auth_token = :nobodys WHERE s.id = :id AND " + IS_LEFT_OVER);

    private final SecureRandom random = new SecureRandom();
    private final Database database;
    private final Pacing pacing;
    private int removed;

    public LeftOverSessions(Database database, Pacing pacing) {
        this.database = database;
        this.pacing = pacing;
    }

    /** How many have been removed so far. */
    public int removed() {
        return removed;
    }

    /** Removes them, a few at a time; one to which rows of the team's refer stays, with a token that nobody has. */
    public void remove() {
        Long last = Long.MIN_VALUE;
        while (last != null) {
            long start = System.nanoTime();
            long from = last;
            int rows = pacing.rows();
            Page page = pacing.patiently(() -> database.read(handle -> after(handle, from, rows)));
            if (!page.leftOver().isEmpty()) {
                removed += pacing.<Integer>patiently(() -> database.write(transaction -> {
                    page.leftOver().forEach(id -> remove(transaction, id));
                    return page.leftOver().size();
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
     * @param leftOver the ids of those that are meant
     * @param last the id behind which the next page begins; null after the last page
     */
    private record Page(List<Long> leftOver, @Nullable Long last) {}

    private static Page after(Handle handle, long last, int rows) {
        List<Long> leftOver = new ArrayList<>();
        List<Long> ids = new ArrayList<>(rows);
        handle.query(FIND).bind("last", last).bind("rows", rows).forEach(row -> {
            ids.add(row.number("id"));
            if (row.flag("is_left_over")) {
                leftOver.add(row.number("id"));
            }
        });
        return new Page(leftOver, ids.size() < rows ? null : ids.get(ids.size() - 1));
    }

    private void remove(Transaction transaction, long id) {
        boolean isDeleted =
                transaction.deletesUnlessReferredTo(transaction.update(DELETE).bind("id", id));
        if (!isDeleted) {
            transaction
                    .update(TAKE_TOKEN)
                    .bind("id", id)
                    .bind("nobodys", SessionToken.random(random).value())
                    .run();
        }
    }
}
