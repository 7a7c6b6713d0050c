package org.multisession.auth;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Halves;
import org.multisession.db.Handle;
import org.multisession.session.EndReason;
import org.multisession.session.UserSession;
import org.multisession.session.UserSessionDao.Ending;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;

/**
 * Sessions that are refused from now on and ended a moment later: those that a request has found run out, and those
 * that a sign-in has to end while another transaction holds their row. {@link #flush} ends them in the database, so
 * that no request waits for the writer only to be refused. Safe for use by many threads.
 */
public final class RunOut {

    /** Few enough in a transaction that a waiting sign-in does not notice. */
    private static final int BATCH = 50;

    /** @param wasHeld whether it may have ended already, but for its row */
    private record Found(UserSession session, EndReason reason, Instant at, boolean wasHeld) {}

    private final Database database;
    private final Sessions sessions;
    private final InstantSource clock;

    /** Found and not yet ended, by the hash of the token. */
    private final Map<String, Found> found = new ConcurrentHashMap<>();

    RunOut(Database database, Sessions sessions, InstantSource clock) {
        this.database = database;
        this.sessions = sessions;
        this.clock = clock;
    }

    /**
     * Whether this session has run out, now or at an earlier request: what was once refused because it ran out stays out,
     * also if the timeout is raised tomorrow or the old app writes a fresh last_seen_at.
     */
    boolean includes(UserSession session) {
        Instant now = clock.instant();
        EndReason reason = sessions.rules().expiry(session, now);
        if (reason == null) {
            return !found.isEmpty() && found.containsKey(session.token().hash());
        }
        found.putIfAbsent(session.token().hash(), new Found(session, reason, now, false));
        return true;
    }

    /** Has this session end with its row, which somebody held when another one took its place. */
    void note(UserSession session, EndReason reason, Instant at) {
        found.put(session.token().hash(), new Found(session, reason, at, true));
    }

    /** How the first of these tokens whose session has run out will have ended; null if none has. */
    @Nullable
    Ending ending(Handle handle, Presented presented) {
        for (SessionToken token : presented.tokens()) {
            Found one = found.get(token.hash());
            if (one != null) {
                return new Ending(one.reason(), one.at(), null, sessions.isShared(handle, one.session()));
            }
        }
        return null;
    }

    /**
     * Ends those that were found, for good. Those that cannot be ended now stay refused until they can, and keep no other
     * from ending.
     *
     * @throws DatabaseException if some could not be ended
     */
    public void flush() {
        List<Map.Entry<String, Found>> due = new ArrayList<>(found.entrySet());
        Halves<Map.Entry<String, Found>> halves =
                new Halves<>(this::end, database.vendor().isServer());
        for (int start = 0; start < due.size(); start += BATCH) {
            halves.each(due.subList(start, Math.min(due.size(), start + BATCH)));
        }
        halves.tellOfRefused();
    }

    private void end(List<Map.Entry<String, Found>> some) {
        database.execute(transaction -> {
            for (Map.Entry<String, Found> each : some) {
                Found one = each.getValue();
                if (one.wasHeld()) {
                    sessions.endOnceFree(transaction, one.session(), one.reason(), one.at());
                } else {
                    boolean unused = sessions.end(transaction, one.session(), one.reason(), null, one.at());
                }
            }
        });
        some.forEach(each -> found.remove(each.getKey(), each.getValue()));
    }
}
