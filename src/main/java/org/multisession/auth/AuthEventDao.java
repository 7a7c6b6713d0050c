package org.multisession.auth;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Sql;
import org.multisession.db.Transaction;
import org.multisession.session.Client;

/** The {@code auth_events} table: the audit trail. Never holds a token, a code or a phone number. */
public final class AuthEventDao {

    private static final Sql INSERT = Sql.of("record an event", """
            INSERT INTO auth_events (occurred_at, kind, outcome, user_id, address, device)
            VALUES (:now, :kind, :outcome, :user, :address, :device)
            """);

    private static final Sql DELETE_OLD = Sql.of("delete old events", """
            DELETE FROM auth_events WHERE id IN
              (SELECT id FROM auth_events WHERE occurred_at < :before ORDER BY occurred_at LIMIT :most)
            """);

    /** They were recorded before one that is old itself. */
    private static final Sql DELETE_AHEAD = Sql.of("delete old events of a clock that was ahead", """
            DELETE FROM auth_events WHERE id IN
              (SELECT id FROM auth_events WHERE occurred_at > :ahead
                AND id < (SELECT max(id) FROM auth_events WHERE occurred_at < :before) LIMIT :most)
            """);

    private final AuthListener listener;

    /** Without a listener. */
    public AuthEventDao() {
        this(AuthListener.NONE);
    }

    /** Tells this listener of each event that is committed. */
    public AuthEventDao(AuthListener listener) {
        this.listener = listener;
    }

    /** Records one event; user and client are null if unknown. */
    void record(
            Transaction transaction,
            AuthEvent event,
            String outcome,
            @Nullable Long userId,
            @Nullable Client client,
            Instant now) {
        transaction
                .update(INSERT)
                .bind("now", now)
                .bind("kind", event.stored())
                .bind("outcome", outcome)
                .bind("user", userId)
                .bind("address", client == null ? null : client.address())
                .bind("device", client == null ? null : client.userAgent())
                .run();
        transaction.afterCommit(() -> listener.recorded(event, outcome));
    }

    /**
     * Removes some of the events that a clock which was ahead has dated behind a moment, and that were recorded before
     * another one; returns how many. To be called before {@link #deleteOld}, which removes that by which they are told.
     */
    public int deleteAhead(Transaction transaction, Instant ahead, Instant before, int most) {
        return transaction
                .update(DELETE_AHEAD)
                .bind("ahead", ahead)
                .bind("before", before)
                .bind("most", most)
                .run();
    }

    /** Removes some of the events from before this moment; returns how many. */
    public int deleteOld(Transaction transaction, Instant before, int most) {
        return transaction
                .update(DELETE_OLD)
                .bind("before", before)
                .bind("most", most)
                .run();
    }
}
