package org.multisession.auth;

import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.GroupCommit;
import org.multisession.db.Transaction;
import org.multisession.phone.PhoneNumber;
import org.multisession.session.Client;
import org.multisession.session.EndReason;
import org.multisession.session.UserSession;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;
import org.multisession.user.User;

/**
 * Starts a session for the owner of a phone number, in one transaction:
 *
 * <ol>
 *   <li>the new session is written;
 *   <li>the legacy token that the mirror is about to overwrite is adopted as a session of its own, so that the old
 *       devices that hold it stay signed in;
 *   <li>{@code users.auth_token} is set to the new token (the mirror), so that the old app accepts it too;
 *   <li>the session that this browser had until now is ended: one browser, one session;
 *   <li>if the user has too many sessions, the least recently seen are ended.
 * </ol>
 *
 * From stage {@code settle} on there is no mirror, and so nothing to adopt.
 */
public final class SignIn {

    /** The outcome of a sign-in. */
    public sealed interface Result {
        /** The session is on disk. */
        record Started(User user, SessionToken token) implements Result {}

        /** No user has this number, and registration is closed. */
        record UnknownNumber() implements Result {}

        /** More than one user has this number, so nobody is signed in. */
        record AmbiguousNumber() implements Result {}
    }

    private final GroupCommit together;
    private final Sessions sessions;
    private final LegacyTokens legacyTokens;
    private final Owners owners;
    private final AuthEventDao events;
    private final RunOut runOut;
    private final InstantSource clock;

    public SignIn(
            Database database,
            Sessions sessions,
            LegacyTokens legacyTokens,
            Owners owners,
            AuthEventDao events,
            RunOut runOut,
            InstantSource clock) {
        this.together = GroupCommit.unlimited(database);
        this.sessions = sessions;
        this.legacyTokens = legacyTokens;
        this.owners = owners;
        this.events = events;
        this.runOut = runOut;
        this.clock = clock;
    }

    /**
     * Signs the owner of this number in on one more device. Nobody who is signed in already is signed out by it, up to
     * the number of sessions that a user may have; but of what this device itself presents, its own session is replaced.
     */
    public Result signIn(PhoneNumber number, Client client, Presented presented) {
        // Looked up on a reader first: a stranger's wrong guess must not take the write lock.
        List<User> seen = owners.of(number);
        if (seen.size() > 1) {
            owners.tellOfSharedNumber(seen, client);
            return new Result.AmbiguousNumber();
        }
        if (seen.isEmpty() && !owners.mayRegister(number)) {
            return new Result.UnknownNumber();
        }
        return together.write(transaction -> signIn(transaction, number, client, presented));
    }

    /**
     * The same as part of a transaction, which has the write lock: of parallel first sign-ins of one number, the second
     * finds the user that the first has made.
     */
    Result signIn(Transaction transaction, PhoneNumber number, Client client, Presented presented) throws SQLException {
        transaction.lock("number " + number.key());
        List<User> found = owners.of(transaction, number);
        if (found.size() > 1) {
            return new Result.AmbiguousNumber();
        }
        if (found.isEmpty() && !owners.mayRegister(number)) {
            return new Result.UnknownNumber();
        }
        Instant now = clock.instant();
        User user = found.isEmpty() ? owners.register(transaction, number, now) : found.get(0);
        events.record(transaction, AuthEvent.SIGN_IN, found.isEmpty() ? "registered" : "done", user.id(), client, now);
        return start(transaction, user, client, presented, now);
    }

    Result.Started start(Transaction transaction, User user, Client client, Presented presented, Instant now) {
        transaction.lock("user " + user.id());
        SessionToken overwritten = legacyTokens.areMirrored() ? legacyTokens.lock(transaction, user) : null;
        List<UserSession> former = former(transaction, user, presented);
        SessionToken token = sessions.start(transaction, user, client, arrivedAt(transaction, former, now), now);
        // After the new session, which has the lower row id than what is adopted.
        SessionToken adopted =
                legacyTokens.areMirrored() ? legacyTokens.mirror(transaction, user, overwritten, token, now) : null;
        sessions.requireStarted(transaction, user, token, "the new session");
        if (adopted != null) {
            sessions.requireStarted(transaction, user, adopted, "the old devices' token, once adopted,");
        }
        former.forEach(session -> end(transaction, session, EndReason.REPLACED, client, now));
        for (Sessions.Surplus one : sessions.surplus(transaction, user, token, now)) {
            end(transaction, one.session(), one.reason(), one.reason() == EndReason.EVICTED ? client : null, now);
        }
        return new Result.Started(user, token);
    }

    /**
     * Ends a session. Its row goes a moment after this transaction where somebody is just changing it: this one has locked
     * the user's, and if it waited, an old app that writes both could be the victim of the deadlock.
     */
    private void end(Transaction transaction, UserSession session, EndReason reason, @Nullable Client by, Instant now) {
        if (sessions.isHeld(transaction, session)) {
            sessions.endBesideHolder(transaction, session, reason, by, now);
            transaction.afterCommit(() -> runOut.note(session, reason, now));
        } else {
            boolean unused = sessions.end(transaction, session, reason, by, now);
        }
    }

    /** The sessions of the user that this browser has until now and that no other devices share. */
    private List<UserSession> former(Transaction transaction, User user, Presented presented) {
        List<UserSession> former = new ArrayList<>();
        for (SessionToken token : sessions.known(transaction, presented.tokens())) {
            UserSession session = sessions.find(transaction, token);
            if (session != null && session.user().id() == user.id() && !sessions.isShared(transaction, session)) {
                former.add(session);
            }
        }
        return former;
    }

    /** A browser that signs in again has been one of the user's devices since its first sign-in. */
    private Instant arrivedAt(Transaction transaction, List<UserSession> former, Instant now) {
        Instant arrived = now;
        for (UserSession session : former) {
            Instant before = sessions.arrivedAt(transaction, session);
            arrived = before != null && before.isBefore(arrived) ? before : arrived;
        }
        return arrived;
    }
}
