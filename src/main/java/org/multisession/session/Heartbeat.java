package org.multisession.session;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records that some node of this application is alive, to recognize afterwards a time in which none was. Nobody
 * recorded uses of sessions then (the old app in its single-token form never does), so idle clocks must not have run.
 */
public final class Heartbeat {

    /** Shorter absences do not count, such as a restart, or the time between two beats before a crash. */
    private static final Duration SHORT = Duration.ofHours(1);

    /** Two beats and more. */
    private static final Duration SILENCE = Duration.ofMinutes(12);

    private static final Logger log = LoggerFactory.getLogger(Heartbeat.class);

    private final Database database;
    private final StateDao state;
    private final ClockWatch watch;
    private final InstantSource clock;

    public Heartbeat(Database database, StateDao state, ClockWatch watch, InstantSource clock) {
        this.database = database;
        this.state = state;
        this.watch = watch;
        this.clock = clock;
    }

    /**
     * To be called at a deploy, after the migration: notes the stage, and the return where there was an absence, and tells
     * the watch of both the absence and a clock that is to be doubted.
     */
    public void begin(Stage stage) {
        database.execute(transaction -> {
            Instant now = clock.instant();
            Instant alive = SqlTime.parse(state.get(transaction, StateDao.ALIVE));
            Instant idleFrom = idleFrom(transaction, now);
            watch.idleFrom(idleFrom);
            doubt(transaction, alive, now);
            if (alive != null && now.equals(idleFrom)) {
                log.info("Multi-Session was away since {}; no session has idled meanwhile", SqlTime.format(alive));
                state.put(transaction, StateDao.RESUMED, SqlTime.format(now), now);
                state.put(transaction, StateDao.WATCHING, SqlTime.format(now), now);
            } else if (state.get(transaction, StateDao.WATCHING) == null) {
                state.put(transaction, StateDao.WATCHING, SqlTime.format(now), now);
            }
            state.put(transaction, StateDao.ALIVE, SqlTime.format(now), now);
            state.put(transaction, StateDao.STAGE, stage.stored(), now);
        });
    }

    /** Continues the doubt of the previous run, and doubts if the last heartbeat is far away. */
    private void doubt(Transaction transaction, @Nullable Instant alive, Instant now) {
        if (alive != null) {
            Duration away = Duration.between(alive, now);
            boolean isFar = away.abs().compareTo(ClockWatch.LONG_ABSENCE) > 0;
            ClockWatch.Doubt before = told(transaction, state);
            if (before != null && !before.since().isAfter(now)) {
                // A short absence is part of an evenly running clock; a long one is what is in doubt.
                watch.goOnDoubting(isFar || away.isNegative() ? before : before.after(away));
            }
            if (isFar) {
                watch.doubt(now, away);
            }
        }
        tellDoubt(transaction, now);
    }

    private static ClockWatch.@Nullable Doubt told(Handle handle, StateDao state) {
        Instant since = SqlTime.parse(state.get(handle, StateDao.DOUBTED));
        String length = state.get(handle, StateDao.DOUBTED_FOR);
        String left = state.get(handle, StateDao.DOUBT_LEFT);
        try {
            return since == null || length == null || left == null
                    ? null
                    : new ClockWatch.Doubt(since, Duration.parse(length), Duration.parse(left));
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    private void tellOfClock(Transaction transaction, Instant now) {
        tellIdleFrom(transaction, now);
        tellDoubt(transaction, now);
    }

    /**
     * A machine that was suspended tells of no absence at the next start, but no idle clock may have run meanwhile either,
     * and nobody could come by a legacy token. Of several nodes, the one counts that came back last. What a clock that was
     * ahead has told is replaced.
     */
    private void tellIdleFrom(Transaction transaction, Instant now) {
        Instant from = watch.idleFrom();
        Instant told = SqlTime.parse(state.get(transaction, StateDao.RESUMED));
        boolean isKnown = from.isAfter(Instant.MIN);
        if (told == null ? isKnown : SqlTime.isAhead(told, now) || told.isBefore(from)) {
            String since = SqlTime.format(isKnown ? from : now);
            state.put(transaction, StateDao.RESUMED, since, now);
            state.put(transaction, StateDao.WATCHING, since, now);
        }
    }

    private void tellDoubt(Transaction transaction, Instant now) {
        ClockWatch.Doubt doubt = watch.doubted();
        put(transaction, StateDao.DOUBTED, doubt == null ? "" : SqlTime.format(doubt.since()), now);
        if (doubt != null) {
            put(transaction, StateDao.DOUBTED_FOR, doubt.length().toString(), now);
            put(transaction, StateDao.DOUBT_LEFT, doubt.left().toString(), now);
        }
    }

    private void put(Transaction transaction, String name, String text, Instant now) {
        String told = state.get(transaction, name);
        if (!text.equals(told == null ? "" : told)) {
            state.put(transaction, name, text, now);
        }
    }

    /** What a deploy at this moment would know of the time, as {@link #begin} finds it out; changes nothing. */
    public static IdleWatch atDeploy(Handle handle, Instant now) {
        Instant from = idleFrom(handle, now);
        Instant idleFrom = from == null ? Instant.MIN : from;
        return isDoubtful(handle, now) ? IdleWatch.doubting(idleFrom) : IdleWatch.from(idleFrom);
    }

    private static boolean isDoubtful(Handle handle, Instant now) {
        StateDao state = new StateDao();
        Instant alive = SqlTime.parse(state.get(handle, StateDao.ALIVE));
        if (alive == null) {
            return false;
        }
        Duration away = Duration.between(alive, now);
        if (away.abs().compareTo(ClockWatch.LONG_ABSENCE) > 0) {
            return true;
        }
        ClockWatch.Doubt before = told(handle, state);
        if (before == null || before.since().isAfter(now)) {
            return false;
        }
        Duration left = away.isNegative() ? before.left() : before.after(away).left();
        return !left.isNegative() && !left.isZero();
    }

    /** When idle clocks start at the earliest for a deploy at this moment; null if there never was an absence. */
    static @Nullable Instant idleFrom(Handle handle, Instant now) {
        StateDao state = new StateDao();
        Instant alive = SqlTime.parse(state.get(handle, StateDao.ALIVE));
        Instant resumed = SqlTime.parse(state.get(handle, StateDao.RESUMED));
        boolean wasAway = alive != null && alive.plus(SHORT).isBefore(now);
        // A clock was wrong then or is now, and nobody knows how long we were away.
        boolean isUnknown = (alive != null && alive.minus(SHORT).isAfter(now))
                || (resumed != null && SqlTime.isAhead(resumed, now));
        return wasAway || isUnknown ? now : resumed;
    }

    /** Call it every few minutes. */
    public void beat() {
        database.execute(transaction -> {
            Instant now = clock.instant();
            boolean unused = watch.believes(now);
            state.put(transaction, StateDao.ALIVE, SqlTime.format(now), now);
            tellOfClock(transaction, now);
        });
    }

    /** Call it at an undeploy: records the last heartbeat, and that it is the last. */
    public void leave() {
        database.execute(transaction -> {
            Instant now = clock.instant();
            boolean unused = watch.believes(now);
            state.put(transaction, StateDao.ALIVE, SqlTime.format(now), now);
            state.put(transaction, StateDao.LEFT, SqlTime.format(now), now);
            tellOfClock(transaction, now);
        });
    }

    /**
     * When a node last gave a sign of life, where it may still be running: none has been stopped in order since, and it
     * is not so long ago that it must have been killed.
     */
    public static @Nullable Instant mayBeRunning(Handle handle, Instant now) {
        StateDao state = new StateDao();
        String stored = state.get(handle, StateDao.ALIVE);
        Instant alive = SqlTime.parse(stored);
        boolean isFresh =
                alive != null && !alive.isAfter(now) && alive.plus(SILENCE).isAfter(now);
        return isFresh && !Objects.equals(stored, state.get(handle, StateDao.LEFT)) ? alive : null;
    }
}
