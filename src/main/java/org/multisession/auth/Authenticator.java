package org.multisession.auth;

import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.session.Client;
import org.multisession.session.EndReason;
import org.multisession.session.LastSeen;
import org.multisession.session.SessionRules;
import org.multisession.session.SessionToken;
import org.multisession.session.Stage;
import org.multisession.session.UserSession;
import org.multisession.session.UserSessionDao;
import org.multisession.user.User;
import org.multisession.user.UserDao;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers "who is this?": the session of the token first, the legacy token of a user second, one SQL round each. Holds
 * nothing between requests, so an ended session is refused from the next request on. Safe for use by many threads.
 */
public final class Authenticator {

    private static final Logger log = LoggerFactory.getLogger(Authenticator.class);

    private final Database database;
    private final UserSessionDao sessions;
    private final UserDao users;
    private final SessionRules rules;
    private final Stage stage;
    private final LastSeen lastSeen;
    private final SignOut signOut;
    private final InstantSource clock;

    public Authenticator(
            Database database,
            UserSessionDao sessions,
            UserDao users,
            SessionRules rules,
            Stage stage,
            LastSeen lastSeen,
            SignOut signOut,
            InstantSource clock) {
        this.database = database;
        this.sessions = sessions;
        this.users = users;
        this.rules = rules;
        this.stage = stage;
        this.lastSeen = lastSeen;
        this.signOut = signOut;
        this.clock = clock;
    }

    /**
     * The user of the first of these tokens that is somebody's, or null. A browser may hold a stale cookie beside the
     * good one, so all are tried, in this order. The client is asked for only where its use is to be written down.
     */
    public @Nullable SignedIn authenticate(List<SessionToken> presented, Supplier<Client> client) {
        for (SessionToken token : presented) {
            SignedIn found = authenticate(token, client);
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private @Nullable SignedIn authenticate(SessionToken token, Supplier<Client> client) {
        if (token.isAHash()) {
            // Whoever has read the database must not get in by what it holds.
            return null;
        }
        Found found = database.read(handle -> find(handle, token));
        if (found.legacyUser() != null) {
            lastSeen.noteLegacy(found.legacyUser(), token, client, clock.instant());
            return new SignedIn(found.legacyUser(), token, null);
        }
        UserSession session = found.session();
        if (session == null) {
            return null;
        }
        Instant now = clock.instant();
        EndReason expiry = rules.expiry(session, now);
        if (expiry != null) {
            endForGood(session, expiry);
            return null;
        }
        lastSeen.note(session, client, now);
        return new SignedIn(session.user(), token, session);
    }

    /** Why the first of these tokens that ended did so; null if none has. */
    public UserSessionDao.@Nullable Ending howEnded(List<SessionToken> presented) {
        for (SessionToken token : presented) {
            UserSessionDao.Ending ending = database.read(
                            handle -> Optional.ofNullable(sessions.howEnded(handle, token)))
                    .orElse(null);
            if (ending != null) {
                return ending;
            }
        }
        return null;
    }

    /** What a token is: a session, a user's legacy token, or nothing. */
    private record Found(
            @Nullable UserSession session, @Nullable User legacyUser) {}

    private Found find(Handle handle, SessionToken token) throws SQLException {
        UserSession session = sessions.find(handle, token);
        if (session != null || !stage.acceptsLegacyTokens()) {
            return new Found(session, null);
        }
        User user = users.findByLegacyToken(handle, token.value());
        if (user != null) {
            return new Found(null, user);
        }
        // A sign-in may have adopted the legacy token between the two looks; then it is a session by now. Tokens only
        // ever go that way, so a third look settles it.
        return new Found(sessions.find(handle, token), null);
    }

    /**
     * What was once refused because it ran out stays out, also if the timeout is raised tomorrow or the old app writes a
     * fresh last_seen_at. The request is refused whether or not this can be written now.
     */
    private void endForGood(UserSession expired, EndReason reason) {
        try {
            signOut.expire(expired, reason);
        } catch (DatabaseException e) {
            log.warn("A session that ran out could not be ended now; it is refused all the same: {}", e.getMessage());
        }
    }
}
