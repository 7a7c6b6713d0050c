package org.multisession.session;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells that some node of this application is alive, so that a time in which none was can be told afterwards: nobody
 * wrote down then when a session was used (the old app in its single form never does), so idle clocks must not have run.
 */
public final class Presence {

    /** Shorter absences do not count; a restart, and the time between two beats before a crash, are within. */
    private static final Duration SHORT = Duration.ofHours(1);

    private static final Logger log = LoggerFactory.getLogger(Presence.class);

    private final Database database;
    private final StateDao state;
    private final InstantSource clock;

    public Presence(Database database, StateDao state, InstantSource clock) {
        this.database = database;
        this.state = state;
        this.clock = clock;
    }

    /**
     * To be called at a deploy, after the migration: notes the stage, and the return where there was an absence.
     *
     * @return when the idle clocks of all sessions start at the earliest; null if there never was an absence
     */
    public @Nullable Instant begin(Stage stage) {
        return database.<Optional<Instant>>write(transaction -> {
                    Instant now = clock.instant();
                    Instant alive = SqlTime.parse(state.get(transaction, StateDao.ALIVE));
                    Instant idleFrom = idleFrom(transaction, now);
                    if (alive != null && now.equals(idleFrom)) {
                        log.info(
                                "Multi-Session was away since {}; no session has idled meanwhile",
                                SqlTime.format(alive));
                        state.put(transaction, StateDao.RESUMED, SqlTime.format(now), now);
                        state.put(transaction, StateDao.WATCHING, SqlTime.format(now), now);
                    } else if (state.get(transaction, StateDao.WATCHING) == null) {
                        state.put(transaction, StateDao.WATCHING, SqlTime.format(now), now);
                    }
                    state.put(transaction, StateDao.ALIVE, SqlTime.format(now), now);
                    state.put(transaction, StateDao.STAGE, stage.stored(), now);
                    return Optional.ofNullable(idleFrom);
                })
                .orElse(null);
    }

    /** When idle clocks start at the earliest for a deploy at this moment; null if there never was an absence. */
    public static @Nullable Instant idleFrom(Handle handle, Instant now) throws SQLException {
        StateDao state = new StateDao();
        Instant alive = SqlTime.parse(state.get(handle, StateDao.ALIVE));
        return alive != null && alive.plus(SHORT).isBefore(now)
                ? now
                : SqlTime.parse(state.get(handle, StateDao.RESUMED));
    }

    /** To be called every few minutes, and at an undeploy. */
    public void beat() {
        database.write(transaction -> {
            Instant now = clock.instant();
            state.put(transaction, StateDao.ALIVE, SqlTime.format(now), now);
            return true;
        });
    }
}
