package org.multisession.session;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;

/** The {@code multisession_state} table: the state that all nodes on one database share. */
public final class StateDao {

    /** The stage of the latest deploy, for programs that read this database without our settings. */
    static final String STAGE = "stage";

    /** When any node was last alive. */
    static final String ALIVE = "alive";

    /** When a node was last stopped normally. */
    static final String LEFT = "left";

    /** Since when we have been running to see what is used. */
    static final String WATCHING = "watching";

    /** When this application came back after an absence, in which no clock ran. */
    static final String RESUMED = "resumed";

    /** Since when the clock has been in doubt; empty if it is not. */
    static final String DOUBTED = "clock-doubted";

    /** How long that doubt lasts in all, and how much of it is left; ISO 8601. */
    static final String DOUBTED_FOR = "clock-doubted-for";

    static final String DOUBT_LEFT = "clock-doubt-left";

    /** Which node sweeps. */
    static final String SWEEPER = "sweeper";

    private static final Sql GET =
            Sql.of("a value of the common state", "SELECT value FROM multisession_state WHERE name = :name");

    private static final Sql PUT = Sql.of("put a value into the common state", """
            INSERT INTO multisession_state (name, value, changed_at) VALUES (:name, :value, :now)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at
            """);

    private static final Sql TAKE = Sql.of("take a value of the common state over", """
            INSERT INTO multisession_state (name, value, changed_at) VALUES (:name, :value, :now)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at
            WHERE multisession_state.value = excluded.value
              OR multisession_state.changed_at < :lapsed OR multisession_state.changed_at > :absurd
            """);

    /** The stage of the latest deploy; null if there was none, or it is one of a later version. */
    public @Nullable Stage stage(Handle handle) {
        String stored = get(handle, STAGE);
        for (Stage stage : Stage.values()) {
            if (stage.stored().equals(stored)) {
                return stage;
            }
        }
        return null;
    }

    @Nullable
    String get(Handle handle, String name) {
        return handle.query(GET)
                .bind("name", name)
                .optional(row -> row.text("value"))
                .orElse(null);
    }

    void put(Transaction transaction, String name, String value, Instant now) {
        transaction
                .update(PUT)
                .bind("name", name)
                .bind("value", value)
                .bind("now", now)
                .run();
    }

    /**
     * Puts the value in if it is in there already, or if nobody has renewed another within this time; a renewal that lies
     * ahead of now counts as none.
     */
    boolean take(Transaction transaction, String name, String value, Duration lapse, Instant now) {
        return transaction
                        .update(TAKE)
                        .bind("name", name)
                        .bind("value", value)
                        .bind("now", now)
                        .bind("lapsed", now.minus(lapse))
                        .bind("absurd", SqlTime.latestOf(now))
                        .run()
                == 1;
    }
}
