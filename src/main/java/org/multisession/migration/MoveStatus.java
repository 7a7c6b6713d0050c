package org.multisession.migration;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.TemporalAdjusters;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.Row;
import org.multisession.db.Sql;
import org.multisession.token.TokenSql;

/**
 * How far the move is on a migrated database, and what the next step or the way back would cost.
 *
 * @param missing what the schema should have and lacks, since somebody rebuilt or dropped a table; empty if all is there
 * @param stage the stage of the latest deploy; null if there was none, only a migration from a shell
 * @param stageSince when a deploy of that stage was last begun
 * @param migratedAt when the database was first migrated
 * @param watchingSince since when we have been there to see legacy tokens used, without an absence; null if never
 * @param aliveAt when we were last there
 * @param oldAppReadsSessions whether {@code user_sessions} is the old app's own, so that it accepts what is in there
 * @param users all rows of {@code users}
 * @param usersWithSessions users who have at least one live session
 * @param sessions live sessions
 * @param hashed those of them of which only the hash is stored
 * @param legacy legacy tokens, one per user, that open an account here
 * @param legacyByWeek how many of those were last used in the week that begins with that Monday (UTC)
 * @param legacyUsedLately how many of those were used within the window that was asked for
 * @param devicesFallingOut live sessions that the old app would not accept if it had to come back now
 * @param usersStayingIn users who have something that the old app would accept
 * @param mirrored live sessions whose token stands in {@code users.auth_token} in plain, where we must not take it away
 */
public record MoveStatus(
        List<String> missing,
        @Nullable String stage,
        @Nullable Instant stageSince,
        @Nullable Instant migratedAt,
        @Nullable Instant watchingSince,
        @Nullable Instant aliveAt,
        boolean oldAppReadsSessions,
        long users,
        long usersWithSessions,
        long sessions,
        long hashed,
        long legacy,
        NavigableMap<LocalDate, Long> legacyByWeek,
        long legacyUsedLately,
        long devicesFallingOut,
        long usersStayingIn,
        long mirrored) {

    /** The same as in {@code session.Heartbeat}: a shorter absence does not count. */
    private static final Duration ABSENCE = Duration.ofHours(1);

    private static final Sql STAGE =
            Sql.once("the stage", "SELECT value, changed_at FROM multisession_state WHERE name = 'stage'");

    private static final Sql MIGRATED_AT =
            Sql.once("when it was migrated", "SELECT min(created_at) AS value FROM multisession_created");

    private static final Sql STATE =
            Sql.once("a value of the common state", "SELECT value FROM multisession_state WHERE name = :name");

    private static final Sql OURS =
            Sql.once("who made user_sessions", "SELECT 1 FROM multisession_created WHERE name = 'user_sessions'");

    /** By our index or the table: an index of the team's may be in an order that only the app knows. */
    private static final Sql USERS =
            Sql.once("count users", "SELECT count(coalesce(auth_token, '')) AS number FROM users");

    private static final String IS_HASHED = TokenSql.isHash("s.auth_token");

    /** The old app knows it by {@code users.auth_token}. */
    private static final String IS_MIRRORED =
            "s.auth_token = u.auth_token OR s.auth_token = multisession_hash(u.auth_token)";

    private static final Sql COUNT_SESSIONS =
            Sql.once("count live sessions", """
            SELECT count(*) AS live, count(DISTINCT t.user_id) AS users, count(*) FILTER (WHERE %1$s) AS hashed,
              count(*) FILTER (WHERE %2$s) AS mirrored, count(*) FILTER (WHERE %1$s AND (%2$s)) AS both
            """.formatted(IS_HASHED, IS_MIRRORED) + TokenSql.LIVE_SESSIONS);

    /** Excludes tokens that were ever a session, and tokens that two users share, which open nothing here. */
    private static final Sql LEGACY = Sql.once("uses of legacy tokens", """
            SELECT l.last_used_at
            FROM users u LEFT JOIN multisession_legacy_uses l ON l.token_hash = multisession_hash(u.auth_token)
            WHERE {typeof}(u.auth_token) <> 'blob' AND u.auth_token <> ''
              AND NOT %s
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t
                WHERE t.auth_token IN (u.auth_token, multisession_hash(u.auth_token)))
              AND u.auth_token NOT IN
                (SELECT auth_token FROM users WHERE auth_token IS NOT NULL GROUP BY auth_token HAVING count(*) > 1)
            """.formatted(TokenSql.isHash("u.auth_token")));

    private static final String ACCEPTED = """
            SELECT count(*) AS number FROM users u WHERE {typeof}(u.auth_token) <> 'blob' AND u.auth_token <> ''
            """;

    private static final Sql ACCEPTED_BY_SINGLE = Sql.once("count users of the old app", ACCEPTED);

    private static final Sql ACCEPTED_BY_MULTI = Sql.once(
            "count users of the old app and its sessions",
            ACCEPTED + " OR EXISTS (SELECT 1 FROM user_sessions s WHERE s.user_id = u.id AND NOT (" + IS_HASHED + "))");

    /** How many legacy tokens have no known use since the first migration. */
    public long legacyNeverUsed() {
        return legacy
                - legacyByWeek.values().stream().mapToLong(Long::longValue).sum();
    }

    /**
     * Whether refusing legacy tokens signs nobody out who comes within the window: either there are none, or none was used
     * in it although we were there all the time to see it. While the old app may run beside us, what it lets in is not
     * seen here.
     */
    public boolean isSafeToRetire(Instant now, Duration window) {
        return legacy == 0 || (!oldAppMayRun() && wasWatched(now, window) && legacyUsedLately == 0);
    }

    /** Whether legacy tokens may be in use where we do not see it. */
    public boolean oldAppMayRun() {
        return stage == null || stage.equals("coexist");
    }

    /** Whether we have been running for the whole window, and still are. */
    private boolean wasWatched(Instant now, Duration window) {
        return watchingSince != null
                && watchingSince.plus(window).isBefore(now)
                && aliveAt != null
                && aliveAt.plus(ABSENCE).isAfter(now)
                && aliveAt.minus(ABSENCE).isBefore(now);
    }

    /**
     * Reads it.
     *
     * @param missing what the schema should have and lacks, as the migration of this kind of database says
     * @param window how long a cookie may go unused and still count as somebody's
     * @throws MigrationRefusedException if this is no migrated database
     */
    public static MoveStatus of(Handle handle, List<String> missing, Instant now, Duration window) {
        if (missing.contains("multisession_state")) {
            throw new MigrationRefusedException("this database has not been migrated yet; there is no move to tell of."
                    + " 'check' tells what a deploy would mean");
        }
        boolean oldAppReadsSessions = !handle.query(OURS).exists();
        Legacy legacy = Legacy.of(handle, now.minus(window));
        Stored stage = handle.query(STAGE)
                .optional(row -> new Stored(row.text("value"), row.instant("changed_at")))
                .orElse(new Stored(null, null));
        Sessions sessions = handle.query(COUNT_SESSIONS).one(Sessions::of);
        return new MoveStatus(
                missing,
                stage.value(),
                stage.at(),
                handle.query(MIGRATED_AT).optional(row -> row.instant("value")).orElse(null),
                time(handle, "watching"),
                time(handle, "alive"),
                oldAppReadsSessions,
                number(handle, USERS),
                sessions.users(),
                sessions.live(),
                sessions.hashed(),
                legacy.count(),
                legacy.byWeek(),
                legacy.lately(),
                oldAppReadsSessions
                        ? sessions.hashed() - sessions.hashedAndMirrored()
                        : sessions.live() - sessions.mirrored(),
                number(handle, oldAppReadsSessions ? ACCEPTED_BY_MULTI : ACCEPTED_BY_SINGLE),
                sessions.mirrored());
    }

    private record Stored(@Nullable String value, @Nullable Instant at) {}

    private record Sessions(long live, long users, long hashed, long mirrored, long hashedAndMirrored) {

        static Sessions of(Row row) {
            return new Sessions(
                    row.number("live"),
                    row.number("users"),
                    row.number("hashed"),
                    row.number("mirrored"),
                    row.number("both"));
        }
    }

    private record Legacy(long count, NavigableMap<LocalDate, Long> byWeek, long lately) {

        static Legacy of(Handle handle, Instant since) {
            NavigableMap<LocalDate, Long> byWeek = new TreeMap<>();
            LongAdder count = new LongAdder();
            LongAdder lately = new LongAdder();
            handle.query(LEGACY).forEach(row -> {
                count.increment();
                Instant used = row.instant("last_used_at");
                if (used != null) {
                    byWeek.merge(weekOf(used), 1L, Long::sum);
                    lately.add(used.isAfter(since) ? 1 : 0);
                }
            });
            return new Legacy(count.sum(), byWeek, lately.sum());
        }
    }

    private static LocalDate weekOf(Instant time) {
        return LocalDate.ofInstant(time, ZoneOffset.UTC).with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
    }

    private static @Nullable Instant time(Handle handle, String name) {
        return handle.query(STATE)
                .bind("name", name)
                .optional(row -> row.instant("value"))
                .orElse(null);
    }

    private static long number(Handle handle, Sql sql) {
        return handle.query(sql).one(row -> row.number("number"));
    }
}
