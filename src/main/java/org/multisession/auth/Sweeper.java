package org.multisession.auth;

import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Halves;
import org.multisession.db.Transaction;
import org.multisession.session.EndReason;
import org.multisession.session.SweeperLease;
import org.multisession.session.Throttle;
import org.multisession.session.UserSession;
import org.multisession.session.UserSessionDao;

/**
 * Ends sessions that have run out and that no request comes for, by the same rule as {@link Authenticator}, which knows
 * what odd times mean; rows that open nothing are removed by that rule too. Walks through all sessions a page at a
 * time. Pages are read without a lock; what has run out is looked at again and ended in small transactions with rests
 * in between, which a sign-in does not notice. One node at a time. Not for use by several threads.
 */
public final class Sweeper {

    private static final int PAGE = 500;
    private static final int MAX_PAGES = 40;
    private static final int BATCH = 50;

    private final Database database;
    private final Sessions sessions;
    private final SweeperLease turn;
    private final Throttle throttle;
    private final InstantSource clock;

    /** The row id behind which the next stretch begins; null for the beginning. */
    private @Nullable Long last;

    private boolean isStopped;

    public Sweeper(Database database, Sessions sessions, SweeperLease turn, Throttle throttle, InstantSource clock) {
        this.database = database;
        this.sessions = sessions;
        this.turn = turn;
        this.throttle = throttle;
        this.clock = clock;
    }

    /**
     * Sweeps the next stretch, if this node has the lease; returns how many sessions have ended.
     *
     * @throws DatabaseException if some could not be ended; they keep no other from it
     */
    public int run() {
        AtomicInteger ended = new AtomicInteger();
        Halves<UserSession> halves = new Halves<>(
                some -> ended.addAndGet(end(some)), database.vendor().isServer());
        boolean goesOn = turn.take();
        for (int pages = 0; goesOn && pages < MAX_PAGES && !isStopped; pages++) {
            Long from = last;
            UserSessionDao.Page page = database.read(handle -> sessions.after(handle, from, PAGE));
            endExpired(page, halves);
            last = page.last();
            goesOn = last != null;
        }
        halves.tellOfRefused();
        return ended.get();
    }

    private void endExpired(UserSessionDao.Page page, Halves<UserSession> halves) {
        Instant now = clock.instant();
        List<UserSession> due = Stream.concat(page.live().stream(), page.leftOver().stream())
                .filter(session -> sessions.rules().expiry(session, now) != null
                        || sessions.rules().isToStart(session, now))
                .toList();
        for (int start = 0; start < due.size() && !isStopped; start += BATCH) {
            halves.each(due.subList(start, Math.min(due.size(), start + BATCH)));
            isStopped = !throttle.goesOn();
        }
    }

    private int end(List<UserSession> some) {
        Instant now = clock.instant();
        return database.write(transaction -> {
            int count = 0;
            for (UserSession session : some) {
                count += isEnded(transaction, session, now) ? 1 : 0;
            }
            return count;
        });
    }

    /** Looks at one of a page again: it may have been used, or ended, since the page was read. */
    private boolean isEnded(Transaction transaction, UserSession read, Instant now) {
        UserSession session = sessions.find(transaction, read.token());
        if (session == null) {
            endLeftOver(transaction, read, now);
            return false;
        }
        EndReason reason = sessions.rules().expiry(session, now);
        if (reason != null) {
            return sessions.end(transaction, session, reason, null, now);
        }
        if (sessions.rules().isToStart(session, now)) {
            sessions.startClock(transaction, session, now);
        }
        return false;
    }

    /**
     * Removes a row that opens nothing, and all that is known of it. Its user was deleted, or another one has got the id,
     * or it was put back after its end: nobody else removes it, and as long as it stands its token is not forgotten.
     */
    private void endLeftOver(Transaction transaction, UserSession read, Instant now) {
        UserSession row = sessions.leftOver(transaction, read.token());
        EndReason reason = row == null ? null : sessions.rules().expiry(row, now);
        if (row != null && reason != null) {
            boolean unused = sessions.end(transaction, row, reason, null, now);
        }
    }
}
