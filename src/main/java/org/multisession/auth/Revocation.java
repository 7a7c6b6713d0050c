package org.multisession.auth;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Halves;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;
import org.multisession.session.EndReason;
import org.multisession.session.Throttle;
import org.multisession.session.UserSession;
import org.multisession.session.UserSessionDao;
import org.multisession.token.SessionToken;
import org.multisession.token.StoredToken;
import org.multisession.user.User;
import org.multisession.user.UserDao;

/**
 * Ends sign-ins on behalf of an operator (ASVS 5.0, 7.4.5). What has ended is refused at the next request on every node,
 * and stands in the audit trail. Works in small transactions with rests in between, which a sign-in does not notice; what
 * was ended before an interruption stays ended, and running it again goes on. {@code users} is not written: the old app,
 * while it runs, still accepts what stands in {@code users.auth_token}.
 */
public final class Revocation {

    private static final int PAGE = 500;
    private static final int BATCH = 200;

    /** Whose sign-ins are meant. */
    public sealed interface Target {
        /** Everything that opens an account. */
        record Everyone() implements Target {}

        /** All sessions of this user, and the legacy token. */
        record OneUser(long id) implements Target {}

        /** One session, by its public id. */
        record OneSession(String id) implements Target {}

        /** Sessions that began longer ago than this. Legacy tokens have no beginning, so none of them. */
        record OlderThan(Duration age) implements Target {}
    }

    /**
     * What is to end, or has ended.
     *
     * @param users how many users they are of
     */
    public record Outcome(int sessions, int legacyTokens, int users) {}

    private final Database database;
    private final Sessions sessions;
    private final UserDao users;
    private final Throttle throttle;
    private final InstantSource clock;

    public Revocation(Database database, Sessions sessions, UserDao users, Throttle throttle, InstantSource clock) {
        this.database = database;
        this.sessions = sessions;
        this.users = users;
        this.throttle = throttle;
        this.clock = clock;
    }

    /** Counts what {@link #revoke} would end; changes nothing. */
    public Outcome count(Target target) {
        return new Run(target, false).all();
    }

    /**
     * Ends it.
     *
     * @throws DatabaseException if some could not be ended; all others are by then
     */
    public Outcome revoke(Target target) {
        return new Run(target, true).all();
    }

    /** One walk through what a target names. */
    private final class Run {

        private final Target target;
        private final boolean ends;
        private final Set<Long> concerned = new TreeSet<>();
        private int endedSessions;
        private int endedTokens;
        private final Halves<UserSession> halves;

        Run(Target target, boolean ends) {
            this.target = target;
            this.ends = ends;
            this.halves = new Halves<>(this::endTogether, database.vendor().isServer());
        }

        Outcome all() {
            // Legacy tokens first: a sign-in meanwhile would make a session of one, which was not there to be ended.
            if (target instanceof Target.OneUser user) {
                endLegacy(List.of(user.id()));
                end(database.read(handle -> sessions.of(handle, user.id())));
            } else {
                if (target instanceof Target.Everyone) {
                    walkThroughHolders();
                }
                walkThroughSessions();
            }
            halves.tellOfRefused();
            return new Outcome(endedSessions, endedTokens, concerned.size());
        }

        private void walkThroughSessions() {
            Instant now = clock.instant();
            Predicate<UserSession> isMeant = isMeant(now);
            Long last = null;
            boolean isFirst = true;
            while (isFirst || last != null) {
                isFirst = false;
                Long from = last;
                UserSessionDao.Page page = database.read(handle -> sessions.after(handle, from, PAGE));
                end(page.live().stream().filter(isMeant).toList());
                last = page.last();
            }
        }

        private Predicate<UserSession> isMeant(Instant now) {
            if (target instanceof Target.OneSession one) {
                return session -> session.id().text().equals(one.id());
            }
            if (target instanceof Target.OlderThan older) {
                return session -> session.startedAt(now).plus(older.age()).isBefore(now);
            }
            return session -> true;
        }

        private void walkThroughHolders() {
            long last = Long.MIN_VALUE;
            List<Long> page;
            do {
                long from = last;
                page = database.read(handle -> users.withLegacyToken(handle, from, PAGE));
                endLegacy(page);
                last = page.isEmpty() ? last : page.get(page.size() - 1);
            } while (page.size() == PAGE);
        }

        private void end(List<UserSession> page) {
            for (int start = 0; start < page.size(); start += BATCH) {
                List<UserSession> batch = page.subList(start, Math.min(page.size(), start + BATCH));
                if (ends) {
                    halves.each(batch);
                    throttle.goesOn();
                } else {
                    batch.forEach(session -> count(session.user()));
                }
            }
        }

        private void endTogether(List<UserSession> some) {
            database.execute(transaction -> {
                for (UserSession session : some) {
                    end(transaction, session.token());
                }
            });
        }

        private void count(User user) {
            endedSessions++;
            concerned.add(user.id());
        }

        private void end(Transaction transaction, StoredToken token) {
            // It may have ended since the page was read, or be no live session at all.
            UserSession session = sessions.find(transaction, token);
            Instant now = clock.instant();
            if (session != null && sessions.end(transaction, session, EndReason.OPERATOR, null, now)) {
                count(session.user());
            }
        }

        private void endLegacy(List<Long> page) {
            for (int start = 0; start < page.size(); start += BATCH) {
                List<Long> batch = page.subList(start, Math.min(page.size(), start + BATCH));
                if (ends) {
                    database.execute(transaction -> {
                        for (long id : batch) {
                            endLegacy(transaction, id);
                        }
                    });
                    throttle.goesOn();
                } else {
                    database.<Boolean>read(handle -> {
                        for (long id : batch) {
                            countLegacy(legacyToken(handle, id), id);
                        }
                        return true;
                    });
                }
            }
        }

        private void endLegacy(Transaction transaction, long id) {
            User user = new User(id, null, null);
            SessionToken token = legacyToken(transaction, id);
            SessionToken inRow = users.legacyToken(transaction, id);
            Instant now = clock.instant();
            if (token != null) {
                sessions.endLegacy(transaction, user, token, EndReason.OPERATOR, null, now);
            } else if (inRow != null && !inRow.isAHash() && !sessions.wasIssued(transaction, inRow)) {
                // Two users have it, so it opens nothing. Once it stands in one row only, it would open that one.
                sessions.refuseForEver(transaction, user, inRow, EndReason.OPERATOR, now);
            }
            countLegacy(token, id);
        }

        private void countLegacy(@Nullable SessionToken token, long id) {
            if (token != null) {
                endedTokens++;
                concerned.add(id);
            }
        }

        /** The legacy token of this user if it opens the account. */
        private @Nullable SessionToken legacyToken(Handle handle, long id) {
            SessionToken token = users.legacyToken(handle, id);
            if (token == null || token.isAHash()) {
                return null;
            }
            User owner = users.findByLegacyToken(handle, token);
            return owner != null && owner.id() == id ? token : null;
        }
    }
}
