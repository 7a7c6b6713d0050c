package org.multisession.session;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.db.Statement;
import org.multisession.token.TokenSql;

/**
 * Finds the sessions of a user that may have to go: those that have run out, and of too many those that were seen
 * longest ago. What surely stays is counted and not loaded. The database decides only by times as we write them; for a
 * session with any other, or none, {@link SessionRules} decides.
 */
public final class SurplusDao {

    /**
     * Counts by our memory alone, which may know more than there are. The row itself, on a page of its own, is looked at
     * only where our memory does not show that the session lives.
     */
    private static final Sql COUNT = Sql.of("count the sessions of a user", """
            SELECT count(*) AS known,
              count(CASE WHEN t.recorded_at BETWEEN :begunFrom AND :to
                AND (t.recorded_at >= :usedFrom OR EXISTS (SELECT 1 FROM user_sessions s
                  WHERE s.auth_token = t.auth_token AND {isSeenAsWritten} AND s.last_seen_at BETWEEN :usedFrom AND :to))
                THEN 1 END) AS surely_live
            FROM multisession_tokens t WHERE t.user_id = :user AND t.ended_at IS NULL
            """);

    /** Whether the times of a session are such that the database can compare them, and show that it lives. */
    private static final String IS_CLEAR = """
            CASE WHEN t.recorded_at BETWEEN :begunFrom AND :to AND {isSeenAsWritten} AND s.last_seen_at <= :to
                AND (t.recorded_at >= :usedFrom OR s.last_seen_at >= :usedFrom)
              THEN 1 ELSE 0 END""";

    private static final Sql MAY_GO = Sql.of(
            "sessions of a user that may have to go",
            """
            SELECT c.id, c.phone, c.plan, c.created_at, c.last_seen_at, c.recorded_at, c.auth_token, c.sessions FROM (
              SELECT a.*, count(*) OVER () AS sessions, row_number() OVER (PARTITION BY a.is_clear
                ORDER BY CASE WHEN a.last_seen_at > a.recorded_at THEN a.last_seen_at ELSE a.recorded_at END) AS place
              FROM (SELECT u.id, u.phone, {plan} AS plan, s.created_at, s.last_seen_at, t.recorded_at, t.auth_token,
            """ + IS_CLEAR + " AS is_clear\n" + TokenSql.LIVE_SESSIONS + """
                AND t.user_id = :user AND {typeof}(t.auth_token) = 'text' AND t.auth_token <> ''
            """ + UserSessionDao.WITNESSED + """
              ) a) c
            WHERE c.is_clear = 0 OR c.place <= :most
            """);

    /**
     * Sessions that may have to go.
     *
     * @param all how many there are of the user's, with those that surely stay
     */
    public record Candidates(List<UserSession> sessions, int all) {}

    /** Whether the user may have more sessions than so many, or one that has run out. */
    public boolean mayHaveAny(Handle handle, long userId, SurelyLive live, int most) {
        return bind(handle.query(COUNT), userId, live)
                .one(row -> row.number("known") > most || row.number("surely_live") < row.number("known"));
    }

    /** Those that may have run out, and of the others so many, which were last seen longest ago. */
    public Candidates candidates(Handle handle, long userId, SurelyLive live, int most) {
        List<UserSession> sessions = new ArrayList<>();
        AtomicInteger all = new AtomicInteger();
        bind(handle.query(MAY_GO), userId, live).bind("most", most).forEach(row -> {
            sessions.add(UserSessionDao.session(row));
            all.setPlain(Math.toIntExact(row.number("sessions")));
        });
        return new Candidates(sessions, all.getPlain());
    }

    private static Statement.Query bind(Statement.Query query, long userId, SurelyLive live) {
        return query.bind("user", userId)
                .bind("begunFrom", live.begunFrom())
                .bind("usedFrom", live.usedFrom())
                .bind("to", live.to());
    }
}
