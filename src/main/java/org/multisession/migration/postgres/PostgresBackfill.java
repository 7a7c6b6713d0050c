package org.multisession.migration.postgres;

import java.sql.SQLException;
import java.util.List;
import java.util.function.UnaryOperator;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.db.postgres.TimeLimits;
import org.multisession.migration.Pacing;
import org.multisession.migration.Progress;

/** Notes the rows that were there before our triggers, some at a time. What is noted already is left alone. */
final class PostgresBackfill {

    /** How many rows are read, locked and noted in one transaction. */
    private static final int BATCH = 1000;

    /**
     * Sessions first: whose user is noted by then, a trigger has seen come in, after them.
     *
     * <p>A row is locked until it is noted: otherwise a change that is committed in between would be noted by its trigger
     * first, and be overwritten by what was there before.
     */
    private static final List<Table> TABLES =
            List.of(new Table("user_sessions", """
                    INSERT INTO multisession_tokens (auth_token, user_id, recorded_at, ended_at, end_reason)
                    SELECT s.auth_token, s.user_id, {now}, CASE WHEN a.user_id IS NOT NULL THEN {now} END,
                      CASE WHEN a.user_id IS NOT NULL THEN 'user-replaced' END
                    FROM user_sessions s LEFT JOIN multisession_accounts a ON a.user_id = s.user_id
                    WHERE s.id BETWEEN ? AND ? AND s.auth_token IS NOT NULL FOR SHARE OF s
                    ON CONFLICT (auth_token) DO NOTHING
                    """, """
                    INSERT INTO multisession_rows (id, auth_token, created_at)
                    SELECT id, auth_token, created_at FROM user_sessions
                    WHERE id BETWEEN ? AND ? AND auth_token IS NOT NULL FOR SHARE
                    ON CONFLICT (id) DO NOTHING
                    """), new Table("users", """
                    INSERT INTO multisession_accounts (user_id, phone, token_tail, unwatched)
                    SELECT id, left(phone::TEXT, 100), multisession_mark(auth_token::TEXT), false FROM users
                    WHERE id BETWEEN ? AND ? FOR SHARE
                    ON CONFLICT (user_id) DO NOTHING
                    """, """
                    INSERT INTO multisession_phones (user_id, phone, tail)
                    SELECT id, left(phone::TEXT, 100), multisession_tail(left(phone::TEXT, 100)) FROM users
                    WHERE id BETWEEN ? AND ? FOR SHARE
                    ON CONFLICT (user_id) DO NOTHING
                    """));

    /**
     * What is noted of the rows of a table, for those between two ids.
     *
     * @param first what decides whom a token opens
     * @param second what else is known of a row
     */
    private record Table(String name, String first, String second) {

        List<String> statements() {
            return List.of(first, second);
        }
    }

    private final Database database;
    private final Turn turn;
    private final UnaryOperator<String> atThisTime;
    private final Pacing pacing;
    private final Progress progress;

    /** @param atThisTime puts the time into a statement, in the place of <code>{now}</code> */
    PostgresBackfill(Database database, Turn turn, UnaryOperator<String> atThisTime, Pacing pacing, Progress progress) {
        this.database = database;
        this.turn = turn;
        this.atThisTime = atThisTime;
        this.pacing = pacing;
        this.progress = progress;
    }

    /**
     * Notes all of them.
     *
     * @throws org.multisession.db.DatabaseException if it was stopped half-way, among others
     */
    void run() {
        TABLES.forEach(this::fill);
    }

    private void fill(Table table) {
        String step = "noting " + table.name();
        long total = database.write(transaction -> {
            TimeLimits.lift(transaction);
            return ComposedSql.number(transaction, "SELECT count(*) FROM " + table.name());
        });
        long done = 0;
        long last = Long.MIN_VALUE;
        while (true) {
            pacing.goOn();
            progress.at(step, Math.min(done, Math.max(0, total - 1)), total);
            long after = last;
            long[] page = database.outsideTransaction(handle -> page(handle, table.name(), after));
            if (page[0] == 0) {
                progress.at(step, total, total);
                return;
            }
            done += page[0];
            // Whoever waits for one row here keeps the others of the page locked.
            turn.patiently(transaction -> {
                for (String sql : table.statements()) {
                    ComposedSql.update(transaction, atThisTime.apply(sql), page[1], page[2]);
                }
            });
            last = page[2];
        }
    }

    /** How many rows the next page has, and its first and last id. */
    private static long[] page(Handle handle, String table, long after) throws SQLException {
        return ComposedSql.all(
                        handle,
                        "SELECT count(*), min(id), max(id) FROM (SELECT id FROM " + table
                                + " WHERE id > ? ORDER BY id LIMIT " + BATCH + ") p",
                        row -> new long[] {row.getLong(1), row.getLong(2), row.getLong(3)},
                        after)
                .get(0);
    }
}
