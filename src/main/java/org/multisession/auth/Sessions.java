package org.multisession.auth;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.db.DatabaseException;
import org.multisession.db.FailureKind;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;
import org.multisession.session.Client;
import org.multisession.session.DeviceDao;
import org.multisession.session.EndReason;
import org.multisession.session.KnownTokensDao;
import org.multisession.session.SessionRules;
import org.multisession.session.SignInDao;
import org.multisession.session.SurelyLive;
import org.multisession.session.SurplusDao;
import org.multisession.session.UserSession;
import org.multisession.session.UserSessionDao;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;
import org.multisession.token.StoredToken;
import org.multisession.user.User;

/**
 * The sessions of users, with what belongs to each: its device, its lifetime, and its entry in the audit trail. Ending
 * a session and recording that it ended are one operation, and no other class ends one.
 */
public final class Sessions {

    /**
     * How many of one user's sessions end in one transaction: an old app may have left thousands, and nobody else can
     * write meanwhile.
     */
    static final int MOST_AT_ONCE = 100;

    private final UserSessionDao rows;
    private final DeviceDao devices = new DeviceDao();
    private final SignInDao signIns = new SignInDao();
    private final SurplusDao surplus = new SurplusDao();
    private final KnownTokensDao knownTokens = new KnownTokensDao();
    private final AuthEventDao events;
    private final SessionRules rules;
    private final SecureRandom random;

    public Sessions(UserSessionDao rows, AuthEventDao events, SessionRules rules, SecureRandom random) {
        this.rows = rows;
        this.events = events;
        this.rules = rules;
        this.random = random;
    }

    /** How long they live. */
    SessionRules rules() {
        return rules;
    }

    /**
     * The live session of a token that somebody presents, run out or not; null if there is none. Whoever has read the
     * database must not get in by a hash that it holds.
     */
    @Nullable
    UserSession find(Handle handle, SessionToken token) {
        return token.isAHash() ? null : rows.find(handle, token);
    }

    /** The same for a token as some row has it. */
    @Nullable
    UserSession find(Handle handle, StoredToken token) {
        return rows.find(handle, token);
    }

    /** The row with this token, which opens nothing as {@link #find} has told; null if there is none. */
    @Nullable
    UserSession leftOver(Handle handle, StoredToken token) {
        return rows.leftOver(handle, token);
    }

    /** Those of these tokens that need a closer look, in order. */
    List<SessionToken> known(Handle handle, List<SessionToken> tokens) {
        if (tokens.size() < 2) {
            return tokens;
        }
        Set<SessionToken> known = knownTokens.among(handle, tokens);
        return tokens.stream().filter(known::contains).toList();
    }

    /** Why the first ended token among these has ended; null if none has. */
    UserSessionDao.@Nullable Ending howEnded(Handle handle, Presented presented) {
        for (SessionToken token : known(handle, presented.tokens())) {
            UserSessionDao.Ending ending = rows.howEnded(handle, token);
            if (ending != null) {
                return ending;
            }
        }
        return null;
    }

    /** The sessions of a user, run out or not, in no order. */
    List<UserSession> of(Handle handle, long userId) {
        return rows.ofUser(handle, userId);
    }

    /** The sessions of a user that live, in no order. */
    List<UserSession> live(Handle handle, User user, Instant now) {
        return of(handle, user.id()).stream()
                .filter(session -> rules.expiry(session, now) == null)
                .toList();
    }

    /** Some of all sessions: those of so many ids behind this one; from the beginning for null. */
    UserSessionDao.Page after(Handle handle, @Nullable Long last, int ids) {
        return rows.after(handle, last, ids);
    }

    /** What each of these is used by. */
    Map<StoredToken, DeviceDao.Device> devices(Handle handle, List<UserSession> sessions) {
        return devices.find(handle, sessions.stream().map(UserSession::token).toList());
    }

    /** Whether it was a legacy token once, which other old devices may hold. */
    boolean isShared(Handle handle, UserSession session) {
        return devices(handle, List.of(session)).values().stream().anyMatch(DeviceDao.Device::shared);
    }

    /** Whether this token is a session, or ever was one. */
    boolean wasIssued(Handle handle, SessionToken token) {
        return rows.wasIssued(handle, token);
    }

    /** Remembers that this token is a session, if it is one and a migration has not come to it yet. */
    void recordUnseen(Transaction transaction, SessionToken token, Instant now) {
        rows.recordUnseen(transaction, token, now);
    }

    /**
     * Since when the browser of this session has been one of the user's devices, through each sign-in that replaced an
     * earlier one; null if it never signed in here and nobody knows.
     */
    @Nullable
    Instant arrivedAt(Handle handle, UserSession session) {
        Instant arrived = signIns.arrivedAt(handle, session.token().hash());
        return arrived == null ? session.createdAt() : arrived;
    }

    /**
     * The user's other devices that signed in since this one is one of theirs, within a window, the latest first; some may
     * have ended.
     */
    List<SignInDao.Arrival> arrivedAfter(Handle handle, SignedIn current, Instant window, int most) {
        UserSession session = current.session();
        return signIns.later(
                handle,
                current.user().id(),
                current.token().hash(),
                session == null ? null : session.createdAt(),
                window,
                most);
    }

    /**
     * Starts a session on this device.
     *
     * @param arrived since when it has been one of the user's devices
     */
    SessionToken start(Transaction transaction, User user, Client client, Instant arrived, Instant now) {
        SessionToken token = SessionToken.random(random);
        rows.insert(transaction, user.id(), token, now);
        signIns.begin(transaction, token.hash(), user.id(), arrived, now);
        devices.seen(transaction, token.hash(), client);
        return token;
    }

    /**
     * Makes a legacy token a session of the user, which several old devices may share.
     *
     * @param lastUsed null if unknown
     * @return false if another transaction has just made it one, or ended it
     */
    boolean adopt(Transaction transaction, User user, SessionToken legacy, @Nullable Instant lastUsed, Instant now) {
        if (!rows.adopt(transaction, user.id(), legacy, lastUsed, now)) {
            return false;
        }
        devices.markShared(transaction, legacy);
        return true;
    }

    /**
     * Makes sure that a token which this transaction has made a session of the user is one now. A trigger of the team's
     * may have left its row out in silence, or removed it again; then nothing of the transaction may stay.
     */
    void requireStarted(Transaction transaction, User user, SessionToken token, String what) {
        UserSession session = rows.find(transaction, token);
        if (session == null || session.user().id() != user.id()) {
            throw new DatabaseException(
                    what + " opens nothing: a trigger or a constraint has kept its row out of user_sessions",
                    FailureKind.CONSTRAINT,
                    null);
        }
    }

    /** Has this legacy token, which opened nobody's account, never open one. */
    void refuseForEver(Transaction transaction, User user, SessionToken legacy, EndReason reason, Instant now) {
        boolean unused = rows.refuseForEver(transaction, user.id(), legacy, reason, now);
    }

    /** Ends a session at the wish of its own device; true if it lived until now. */
    boolean signOut(Transaction transaction, UserSession session, Client client, Instant now) {
        boolean ended = end(transaction, session, EndReason.SIGNED_OUT, now);
        if (ended) {
            events.record(
                    transaction, AuthEvent.SIGN_OUT, "done", session.user().id(), client, now);
        }
        return ended;
    }

    /**
     * Ends a session for ever by any other means; true if it lived until now.
     *
     * @param by who ended it; null where it ended by itself
     */
    boolean end(Transaction transaction, UserSession session, EndReason reason, @Nullable Client by, Instant now) {
        boolean ended = end(transaction, session, reason, now);
        if (ended) {
            recordEnd(transaction, session.user(), session.token().hash(), reason, by, now);
        }
        return ended;
    }

    private boolean end(Transaction transaction, UserSession session, EndReason reason, Instant now) {
        signIns.end(transaction, session.token().hash());
        return rows.end(transaction, session.token(), reason, now, () -> SessionToken.random(random));
    }

    /** Ends a legacy token of this user for ever, which is no session: it opens nothing from now on. */
    void endLegacy(
            Transaction transaction,
            User user,
            SessionToken legacy,
            EndReason reason,
            @Nullable Client by,
            Instant now) {
        if (rows.refuseForEver(transaction, user.id(), legacy, reason, now)) {
            recordEnd(transaction, user, legacy.hash(), reason, by, now);
            return;
        }
        // On another node a sign-in has adopted it meanwhile, or somebody has ended it.
        UserSession session = rows.find(transaction, legacy);
        if (session != null) {
            boolean unused = end(transaction, session, reason, by, now);
        }
    }

    private void recordEnd(
            Transaction transaction, User user, String tokenHash, EndReason reason, @Nullable Client by, Instant now) {
        if (reason == EndReason.REVOKED && by != null) {
            devices.endedBy(transaction, tokenHash, by);
        }
        events.record(transaction, AuthEvent.SESSION_ENDED, reason.stored(), user.id(), by, now);
    }

    /** Whether somebody is just changing its row, so that to end it would be to wait. */
    boolean isHeld(Transaction transaction, UserSession session) {
        return rows.isHeld(transaction, session.token());
    }

    /** Ends a session that {@link #isHeld} by any other means than {@link #signOut}, but for its row; waits for nobody. */
    void endBesideHolder(
            Transaction transaction, UserSession session, EndReason reason, @Nullable Client by, Instant now) {
        if (rows.endBesideHolder(transaction, session.token(), reason, now)) {
            signIns.end(transaction, session.token().hash());
            recordEnd(transaction, session.user(), session.token().hash(), reason, by, now);
        }
    }

    /** Ends a session for ever that was held, with the row that was left. */
    void endOnceFree(Transaction transaction, UserSession session, EndReason reason, Instant now) {
        if (!end(transaction, session, reason, null, now)) {
            rows.takeRow(transaction, session.token(), reason, now, () -> SessionToken.random(random));
        }
    }

    /** A session that has to go, and why. */
    record Surplus(UserSession session, EndReason reason) {}

    /**
     * What the user has too many of, the least recently seen first, and what has run out: it must not take the place of
     * one that lives. Where there are more than {@link #MOST_AT_ONCE}, the rest goes with the next sign-ins.
     *
     * @param newest stays in any case
     */
    List<Surplus> surplus(Transaction transaction, User user, SessionToken newest, Instant now) {
        SurelyLive surelyLive = rules.surelyLive(now);
        if (!surplus.mayHaveAny(transaction, user.id(), surelyLive, rules.maxPerUser())) {
            return List.of();
        }
        // With one more, since the newest may be among those that were seen longest ago.
        SurplusDao.Candidates candidates = surplus.candidates(transaction, user.id(), surelyLive, MOST_AT_ONCE + 1);
        List<UserSession> live = new ArrayList<>();
        List<Surplus> gone = new ArrayList<>();
        int runOut = 0;
        for (UserSession session : candidates.sessions()) {
            EndReason expiry = rules.expiry(session, now);
            if (expiry == null) {
                live.add(session);
            } else {
                if (runOut < MOST_AT_ONCE) {
                    gone.add(new Surplus(session, expiry));
                }
                runOut++;
            }
        }
        int room = Math.max(0, MOST_AT_ONCE - runOut);
        live.stream()
                .filter(session -> !session.token().hash().equals(newest.hash()))
                .sorted(Comparator.comparing(session -> session.lastActiveAt(now)))
                .limit(Math.min(room, Math.max(0, candidates.all() - runOut - rules.maxPerUser())))
                .forEach(session -> gone.add(new Surplus(session, EndReason.EVICTED)));
        return gone;
    }

    /** Makes our tables know this session as of now: their former time came from a clock that was ahead. */
    void startClock(Transaction transaction, UserSession session, Instant now) {
        rows.startClock(transaction, session.token(), now);
    }

    /** Writes when a session was last seen, as {@link UserSessionDao#touch} does, and by which device. */
    boolean touch(Transaction transaction, UserSession session, Client client, Instant seen) {
        devices.seen(transaction, session.token().hash(), client);
        return rows.touch(transaction, session.token(), session.storedLastSeenAt(), seen);
    }
}
