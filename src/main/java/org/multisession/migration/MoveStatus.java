package org.multisession.migration;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.TemporalAdjusters;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
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

    /** As {@code session.Heartbeat} has it: a shorter one does not count. */
    private static final Duration ABSENCE = Duration.ofHours(1);

    private static final String STAGE = "SELECT value, changed_at FROM multisession_state WHERE name = 'stage'";

    private static final String MIGRATED_AT = "SELECT min(created_at) FROM multisession_created";

    private static final String STATE = "SELECT value FROM multisession_state WHERE name = '%s'";

    private static final String OURS = "SELECT 1 FROM multisession_created WHERE name = 'user_sessions'";

    private static final String USERS = "SELECT count(*) FROM users";

    private static final String IS_HASHED = TokenSql.isHash("s.auth_token");

    /** The old app knows it by {@code users.auth_token}. */
    private static final String IS_MIRRORED =
            "s.auth_token = u.auth_token OR s.auth_token = multisession_hash(u.auth_token)";

    private static final String COUNT_SESSIONS =
            """
            SELECT count(*), count(DISTINCT t.user_id), coalesce(sum(%s), 0),
              coalesce(sum(%s), 0), coalesce(sum(%s AND NOT (%s)), 0)
            """.formatted(IS_HASHED, "NOT (" + IS_MIRRORED + ")", IS_HASHED, IS_MIRRORED) + TokenSql.LIVE_SESSIONS;

    /** A token that ever was a session is none of these; nor is one of two users, which opens nothing here. */
    private static final String LEGACY = """
            SELECT l.last_used_at
            FROM users u LEFT JOIN multisession_legacy_uses l ON l.token_hash = multisession_hash(u.auth_token)
            WHERE typeof(u.auth_token) <> 'blob' AND u.auth_token <> ''
              AND NOT %s
              AND NOT EXISTS (SELECT 1 FROM multisession_tokens t
                WHERE t.auth_token IN (u.auth_token, multisession_hash(u.auth_token)))
              AND u.auth_token NOT IN
                (SELECT auth_token FROM users WHERE auth_token IS NOT NULL GROUP BY auth_token HAVING count(*) > 1)
            """.formatted(TokenSql.isHash("u.auth_token"));

    private static final String ACCEPTED_BY_SINGLE =
            "SELECT count(*) FROM users u WHERE typeof(u.auth_token) <> 'blob' AND u.auth_token <> ''";

    private static final String ACCEPTED_BY_MULTI = ACCEPTED_BY_SINGLE
            + " OR EXISTS (SELECT 1 FROM user_sessions s WHERE s.user_id = u.id AND NOT (" + IS_HASHED + "))";

    /** How many legacy tokens no use is known of since the first migration. */
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

    /** Whether we have been there for as long as the window, and are still. */
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
     * @param window how long a cookie may go unused and still count as somebody's
     * @throws MigrationRefusedException if this is no migrated database
     */
    public static MoveStatus of(Handle handle, Instant now, Duration window) throws SQLException {
        if (!Catalogue.read(handle).has("multisession_state")) {
            throw new MigrationRefusedException("this database has not been migrated yet; there is no move to tell of."
                    + " 'check' tells what a deploy would mean");
        }
        String stage = null;
        Instant stageSince = null;
        try (PreparedStatement statement = handle.prepare(STAGE);
                ResultSet row = statement.executeQuery()) {
            if (row.next()) {
                stage = row.getString(1);
                stageSince = SqlTime.parse(row.getString(2));
            }
        }
        boolean oldAppReadsSessions = text(handle, OURS) == null;
        NavigableMap<LocalDate, Long> byWeek = new TreeMap<>();
        long legacy = 0;
        long lately = 0;
        try (PreparedStatement statement = handle.prepare(LEGACY);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                legacy++;
                Instant used = SqlTime.parse(row.getString(1));
                if (used != null) {
                    byWeek.merge(weekOf(used), 1L, Long::sum);
                    lately += used.isAfter(now.minus(window)) ? 1 : 0;
                }
            }
        }
        try (PreparedStatement statement = handle.prepare(COUNT_SESSIONS);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return new MoveStatus(
                    Migrator.missing(handle),
                    stage,
                    stageSince,
                    SqlTime.parse(text(handle, MIGRATED_AT)),
                    SqlTime.parse(text(handle, STATE.formatted("watching"))),
                    SqlTime.parse(text(handle, STATE.formatted("alive"))),
                    oldAppReadsSessions,
                    number(handle, USERS),
                    row.getLong(2),
                    row.getLong(1),
                    row.getLong(3),
                    legacy,
                    byWeek,
                    lately,
                    row.getLong(oldAppReadsSessions ? 5 : 4),
                    number(handle, oldAppReadsSessions ? ACCEPTED_BY_MULTI : ACCEPTED_BY_SINGLE),
                    row.getLong(1) - row.getLong(4));
        }
    }

    private static LocalDate weekOf(Instant time) {
        return LocalDate.ofInstant(time, ZoneOffset.UTC).with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
    }

    private static @Nullable String text(Handle handle, String sql) throws SQLException {
        try (PreparedStatement statement = handle.prepare(sql);
                ResultSet row = statement.executeQuery()) {
            return row.next() ? row.getString(1) : null;
        }
    }

    private static long number(Handle handle, String sql) throws SQLException {
        try (PreparedStatement statement = handle.prepare(sql);
                ResultSet row = statement.executeQuery()) {
            return row.next() ? row.getLong(1) : 0;
        }
    }
}
