package org.multisession.session;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.multisession.db.AnswerCache;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Halves;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;
import org.multisession.token.SessionToken;
import org.multisession.user.User;

/**
 * Records when and from where sessions and legacy tokens are used, without making a request wait for it: a request only
 * notes the use, and what has been noted is written later, many uses in one transaction, and for each token at most
 * once per interval. Of the kept answers, only those of the tokens themselves depend on it, so all others stay. Safe
 * for use by many threads.
 */
public final class LastSeen {

    /** Few enough in a transaction that a waiting sign-in does not notice. */
    private static final int BATCH = 1000;

    /** At least this many in one turn: 60,000 in a minute. */
    private static final int LEAST = 5000;

    /** If there are more, this fraction of them in one turn, so that the processor is left to the requests meanwhile. */
    private static final int PART = 4;

    /** A use takes about 500 bytes. Beyond this many unwritten ones, a use is not noted; the next one may be. */
    private static final int MOST_NOTED = 500_000;

    /** A use that is still to be written. */
    private interface Use {
        void write(Transaction transaction);
    }

    private final Database database;
    private final AnswerCache<SessionToken, ?> answers;
    private final UserSessionDao sessions;
    private final DeviceDao devices;
    private final LegacyUseDao legacyUses;
    private final SessionRules rules;

    private final Map<SessionToken, Use> noted = new ConcurrentHashMap<>();

    /** Those of the noted that come before all others, so that none waits for ever. Guarded by this. */
    private final Deque<SessionToken> due = new ArrayDeque<>();

    /** A legacy token's row has no time that tells whether it is due, so its last note is remembered for an interval. */
    private final Map<SessionToken, Instant> legacyNotedAt = new ConcurrentHashMap<>();

    private volatile @Nullable Instant latest;

    /** @param answers what is kept of sessions, with when they were last seen */
    public LastSeen(
            Database database,
            AnswerCache<SessionToken, ?> answers,
            UserSessionDao sessions,
            DeviceDao devices,
            LegacyUseDao legacyUses,
            SessionRules rules) {
        this.database = database;
        this.answers = answers;
        this.sessions = sessions;
        this.devices = devices;
        this.legacyUses = legacyUses;
        this.rules = rules;
    }

    /**
     * Notes that this session, as just read, is in use now; the client is only supplied if that is to be written.
     *
     * @param token which it was found by
     */
    public void note(UserSession session, SessionToken token, Supplier<Client> client, Instant now) {
        Instant stored = session.lastSeenAt();
        boolean isDue = stored == null
                || SqlTime.isAhead(stored, now)
                || !stored.plus(rules.lastSeenInterval()).isAfter(now);
        if (isDue && noted.size() < MOST_NOTED) {
            Client by = client.get();
            noted.put(token, transaction -> {
                boolean written = sessions.touch(transaction, session.token(), session.storedLastSeenAt(), now);
                // A row that the old app has written meanwhile, or that is gone, is not written.
                if (written || sessions.find(transaction, session.token()) != null) {
                    devices.seen(transaction, token.hash(), by);
                }
            });
        }
    }

    /** Notes that this legacy token of the user is in use now. */
    public void noteLegacy(User user, SessionToken token, Supplier<Client> client, Instant now) {
        Instant before = legacyNotedAt.get(token);
        boolean isDue = before == null
                || before.isAfter(now)
                || !before.plus(rules.lastSeenInterval()).isAfter(now);
        if (isDue && noted.size() < MOST_NOTED) {
            legacyNotedAt.put(token, now);
            String address = client.get().address();
            noted.put(token, transaction -> legacyUses.used(transaction, token, user.id(), address, now));
        }
        latest = now;
    }

    /** How many uses are noted but not yet written. */
    public int backlog() {
        return noted.size();
    }

    /**
     * Writes the noted uses. Those that cannot be written now stay noted; one that the database refuses does not, and keeps
     * no other from being written.
     *
     * @throws DatabaseException if some could not be written
     */
    public synchronized void flush() {
        due.clear();
        flush(Integer.MAX_VALUE);
    }

    /** The same for as many as a turn may write, those that have waited longest among them. */
    public synchronized void flushSome() {
        flush(Math.max(LEAST, noted.size() / PART));
    }

    private synchronized void flush(int most) {
        if (due.isEmpty()) {
            due.addAll(noted.keySet());
        }
        Map<SessionToken, Use> batch = new HashMap<>();
        Halves<SessionToken> halves = new Halves<>(tokens -> write(batch, tokens));
        for (int done = 0; done < most && !due.isEmpty(); done += BATCH) {
            batch.clear();
            while (batch.size() < Math.min(BATCH, most - done) && !due.isEmpty()) {
                SessionToken token = due.remove();
                Use use = noted.remove(token);
                if (use != null) {
                    batch.put(token, use);
                }
            }
            boolean isWritten = false;
            try {
                if (!batch.isEmpty()) {
                    // All nodes lock the rows of ours in one order, and those of the sessions without waiting for
                    // anybody.
                    halves.each(batch.keySet().stream()
                            .sorted(Comparator.comparing(SessionToken::value))
                            .toList());
                }
                isWritten = true;
            } finally {
                if (!isWritten) {
                    batch.forEach(noted::putIfAbsent);
                }
            }
        }
        forgetOldNotes();
        halves.tellOfRefused();
    }

    private void write(Map<SessionToken, Use> batch, List<SessionToken> tokens) {
        database.executeAside(answers, tokens, transaction -> {
            for (SessionToken token : tokens) {
                Objects.requireNonNull(batch.get(token)).write(transaction);
            }
        });
    }

    private void forgetOldNotes() {
        Instant now = latest;
        if (now != null) {
            legacyNotedAt
                    .values()
                    .removeIf(at -> at.isAfter(now)
                            || !at.plus(rules.lastSeenInterval()).isAfter(now));
        }
    }
}
