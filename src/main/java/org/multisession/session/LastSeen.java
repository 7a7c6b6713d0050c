package org.multisession.session;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;
import org.multisession.token.SessionToken;
import org.multisession.user.User;

/**
 * Keeps {@code last_seen_at}, and from where a session and a legacy token were used, without making a request wait for
 * it: a request only notes the moment, and {@link #flush} writes what has been noted, many in one transaction. One token
 * is written at most once per interval. Safe for use by many threads.
 */
public final class LastSeen {

    /**
     * Few enough in a transaction that a waiting sign-in does not notice, and many, because each commit drops the
     * answers that are kept.
     */
    private static final int BATCH = 1000;

    /** A use that is still to be written. */
    private interface Use {
        void write(Transaction transaction);
    }

    private final Database database;
    private final UserSessionDao sessions;
    private final DeviceDao devices;
    private final LegacyUseDao legacyUses;
    private final SessionRules rules;

    /** By the hash of the token. */
    private final Map<String, Use> noted = new ConcurrentHashMap<>();

    /** A legacy token's row has no time that tells whether it is due, so its last note is remembered for an interval. */
    private final Map<String, Instant> legacyNotedAt = new ConcurrentHashMap<>();

    private volatile @Nullable Instant latest;

    public LastSeen(
            Database database,
            UserSessionDao sessions,
            DeviceDao devices,
            LegacyUseDao legacyUses,
            SessionRules rules) {
        this.database = database;
        this.sessions = sessions;
        this.devices = devices;
        this.legacyUses = legacyUses;
        this.rules = rules;
    }

    /** Notes that this session, as just read, is in use now; the client is only supplied if that is to be written. */
    public void note(UserSession session, Supplier<Client> client, Instant now) {
        Instant stored = session.lastSeenAt();
        boolean due = stored == null
                || SqlTime.isAhead(stored, now)
                || !stored.plus(rules.lastSeenInterval()).isAfter(now);
        if (due) {
            String hash = session.token().hash();
            Client by = client.get();
            noted.put(hash, transaction -> {
                boolean written = sessions.touch(transaction, session.token(), session.storedLastSeenAt(), now);
                // A row that the old app has written meanwhile, or that is gone, is not written.
                if (written || sessions.find(transaction, session.token()) != null) {
                    devices.seen(transaction, hash, by);
                }
            });
        }
    }

    /** Notes that this legacy token of the user is in use now. */
    public void noteLegacy(User user, SessionToken token, Supplier<Client> client, Instant now) {
        String hash = token.hash();
        Instant before = legacyNotedAt.get(hash);
        if (before == null
                || before.isAfter(now)
                || !before.plus(rules.lastSeenInterval()).isAfter(now)) {
            legacyNotedAt.put(hash, now);
            String address = client.get().address();
            noted.put(hash, transaction -> legacyUses.used(transaction, hash, user.id(), address, now));
        }
        latest = now;
    }

    /** How many uses are noted but not yet written. */
    public int backlog() {
        return noted.size();
    }

    /**
     * Writes the noted uses. Those that cannot be written now stay noted.
     *
     * @throws DatabaseException if some could not be written
     */
    public void flush() {
        List<String> due = new ArrayList<>(noted.keySet());
        for (int start = 0; start < due.size(); start += BATCH) {
            Map<String, Use> batch = new ConcurrentHashMap<>();
            for (String hash : due.subList(start, Math.min(due.size(), start + BATCH))) {
                Use use = noted.remove(hash);
                if (use != null) {
                    batch.put(hash, use);
                }
            }
            boolean isWritten = false;
            try {
                write(batch);
                isWritten = true;
            } finally {
                if (!isWritten) {
                    batch.forEach(noted::putIfAbsent);
                }
            }
        }
        forgetOldNotes();
    }

    private void write(Map<String, Use> batch) {
        database.execute(transaction -> {
            for (Use use : batch.values()) {
                use.write(transaction);
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
