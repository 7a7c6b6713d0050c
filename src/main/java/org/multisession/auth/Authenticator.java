package org.multisession.auth;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.session.Client;
import org.multisession.session.EndReason;
import org.multisession.session.LastSeen;
import org.multisession.session.UserSession;
import org.multisession.session.UserSessionDao;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;
import org.multisession.user.User;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers "who is this?": first by the session of the token, then by the legacy token of a user, one query each; for
 * many tokens, one query first finds those that are known. Caches nothing between requests, so an ended session is
 * refused from the next request on. Thread-safe.
 */
public final class Authenticator {

    private static final Logger log = LoggerFactory.getLogger(Authenticator.class);

    private final Database database;
    private final Sessions sessions;
    private final LegacyTokens legacyTokens;
    private final TwoAccounts twoAccounts;
    private final LastSeen lastSeen;
    private final InstantSource clock;
    private final AuthListener listener;

    public Authenticator(
            Database database,
            Sessions sessions,
            LegacyTokens legacyTokens,
            TwoAccounts twoAccounts,
            LastSeen lastSeen,
            InstantSource clock,
            AuthListener listener) {
        this.database = database;
        this.sessions = sessions;
        this.legacyTokens = legacyTokens;
        this.twoAccounts = twoAccounts;
        this.lastSeen = lastSeen;
        this.clock = clock;
        this.listener = listener;
    }

    /**
     * The user of the first of these values that is somebody's, or null. A browser may hold a stale cookie beside the
     * good one, so all are tried, in this order. Where another one is another user's, the first counts all the same, as
     * in the old app; it is told, and written down. The client is asked for only where something is to be written down.
     */
    public @Nullable SignedIn authenticate(Presented presented, Supplier<Client> client) {
        long began = System.nanoTime();
        SignedIn signedIn = identify(presented, client);
        listener.authenticated(way(presented, signedIn), Duration.ofNanos(System.nanoTime() - began));
        return signedIn;
    }

    private static AuthListener.Way way(Presented presented, @Nullable SignedIn signedIn) {
        if (signedIn != null) {
            return signedIn.session() == null ? AuthListener.Way.LEGACY : AuthListener.Way.SESSION;
        }
        return presented.tokens().isEmpty() ? AuthListener.Way.NONE : AuthListener.Way.REFUSED;
    }

    private @Nullable SignedIn identify(Presented presented, Supplier<Client> client) {
        SignedIn first = null;
        SignedIn other = null;
        for (Found found : find(presented)) {
            if (!hasRunOut(found)) {
                if (first == null) {
                    first = found.signedIn();
                } else if (other == null && found.user().id() != first.user().id()) {
                    other = found.signedIn();
                }
            }
        }
        if (first == null) {
            return null;
        }
        note(first, client);
        if (other == null) {
            return first;
        }
        twoAccounts.tell(first.user(), other.user(), client);
        return new SignedIn(first.user(), first.token(), first.session(), other.user());
    }

    private void note(SignedIn signedIn, Supplier<Client> client) {
        if (signedIn.session() == null) {
            lastSeen.noteLegacy(signedIn.user(), signedIn.token(), client, clock.instant());
        } else {
            lastSeen.note(signedIn.session(), client, clock.instant());
        }
    }

    private boolean hasRunOut(Found found) {
        UserSession session = found.session();
        EndReason expiry = session == null ? null : sessions.rules().expiry(session, clock.instant());
        if (session != null && expiry != null) {
            endForGood(session, expiry);
        }
        return expiry != null;
    }

    /** Why the first ended token among these has ended; null if none has. */
    public UserSessionDao.@Nullable Ending howEnded(Presented presented) {
        return database.find(handle -> sessions.howEnded(handle, presented));
    }

    private List<Found> find(Presented presented) {
        List<Found> found = database.read(handle -> find(handle, presented));
        // After somebody has rebuilt a table, what was issued meanwhile is known only once the schema is repaired.
        return found.isEmpty() && !presented.tokens().isEmpty() && database.lookAfterSchema()
                ? database.read(handle -> find(handle, presented))
                : found;
    }

    /** What each value opens, in order. One whose readings open two users' accounts opens none: nobody is guessed. */
    private List<Found> find(Handle handle, Presented presented) {
        List<SessionToken> known = sessions.known(handle, presented);
        List<Found> found = new ArrayList<>();
        for (List<SessionToken> readings : presented.values()) {
            List<Found> ofValue = new ArrayList<>();
            for (SessionToken token : readings) {
                Found each = known.contains(token) ? find(handle, token) : null;
                if (each != null) {
                    ofValue.add(each);
                }
            }
            if (ofValue.stream().map(each -> each.user().id()).distinct().count() == 1) {
                found.addAll(ofValue);
            }
        }
        return found;
    }

    /** What opens: a session, or the legacy token of a user. */
    private record Found(
            SessionToken token, User user, @Nullable UserSession session) {

        SignedIn signedIn() {
            return new SignedIn(user, token, session);
        }
    }

    private @Nullable Found find(Handle handle, SessionToken token) {
        UserSession session = sessions.find(handle, token);
        if (session == null) {
            User user = legacyTokens.owner(handle, token);
            if (user != null) {
                return new Found(token, user, null);
            }
            // A sign-in may have adopted the legacy token between the two looks; then it is a session by now. Tokens
            // only ever go that way, so a third look settles it.
            session = sessions.find(handle, token);
        }
        return session == null ? null : new Found(token, session.user(), session);
    }

    /**
     * What was once refused because it ran out stays out, also if the timeout is raised tomorrow or the old app writes a
     * fresh last_seen_at. The request is refused whether or not this can be written now.
     */
    private void endForGood(UserSession expired, EndReason reason) {
        try {
            database.execute(transaction -> sessions.end(transaction, expired, reason, null, clock.instant()));
        } catch (DatabaseException e) {
            log.warn("A session that ran out could not be ended now; it is refused all the same: {}", e.getMessage());
        }
    }
}
