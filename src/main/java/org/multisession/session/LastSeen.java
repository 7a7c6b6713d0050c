package org.multisession.session;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps {@code last_seen_at} without making a request wait for it: a request only notes the moment, and
 * {@link #flush} writes what has been noted, many sessions in one transaction. One session is written at most once per
 * interval. Safe for use by many threads.
 */
public final class LastSeen {

    /** So many sessions to a transaction that a sign-in behind it does not notice. */
    private static final int BATCH = 200;

    private static final Logger log = LoggerFactory.getLogger(LastSeen.class);

    private record Seen(@Nullable String storedBefore, Instant at) {}

    private final Database database;
    private final UserSessionDao sessions;
    private final SessionRules rules;
    private final Map<SessionToken, Seen> noted = new ConcurrentHashMap<>();

    public LastSeen(Database database, UserSessionDao sessions, SessionRules rules) {
        this.database = database;
        this.sessions = sessions;
        this.rules = rules;
    }

    /** Notes that this session, as just read, is in use now. */
    public void note(UserSession session, Instant now) {
        Instant stored = session.lastSeenAt();
        boolean due = stored == null
                || session.lastSeenIsAbsurd(now)
                || !stored.plus(rules.lastSeenInterval()).isAfter(now);
        if (due) {
            noted.put(session.token(), new Seen(session.storedLastSeenAt(), now));
        }
    }

    /** Writes what has been noted. What cannot be written now stays noted; a failure is logged, never thrown. */
    public void flush() {
        List<SessionToken> due = new ArrayList<>(noted.keySet());
        for (int start = 0; start < due.size(); start += BATCH) {
            Map<SessionToken, Seen> batch = new ConcurrentHashMap<>();
            for (SessionToken token : due.subList(start, Math.min(due.size(), start + BATCH))) {
                Seen seen = noted.remove(token);
                if (seen != null) {
                    batch.put(token, seen);
                }
            }
            try {
                write(batch);
            } catch (DatabaseException e) {
                batch.forEach(noted::putIfAbsent);
                log.warn(
                        "The times of {} last uses could not be written now and are kept: {}",
                        noted.size(),
                        e.getMessage());
                return;
            }
        }
    }

    private void write(Map<SessionToken, Seen> batch) {
        database.write(transaction -> {
            int written = 0;
            for (Map.Entry<SessionToken, Seen> entry : batch.entrySet()) {
                Seen seen = entry.getValue();
                if (sessions.touch(transaction, entry.getKey(), seen.storedBefore(), seen.at())) {
                    written++;
                }
            }
            return written;
        });
    }
}
