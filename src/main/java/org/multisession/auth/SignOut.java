package org.multisession.auth;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.multisession.db.Database;
import org.multisession.db.GroupCommit;
import org.multisession.db.Transaction;
import org.multisession.session.Client;
import org.multisession.session.UserSession;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;
import org.multisession.user.User;

/**
 * Ends sessions. {@code users.auth_token} is never touched: it may hold the same token as a mirror, and the memory of
 * issued tokens keeps it from coming back through the fallback.
 */
public final class SignOut {

    private final Database database;
    private final GroupCommit together;
    private final Sessions sessions;
    private final LegacyTokens legacyTokens;
    private final AuthEventDao events;
    private final InstantSource clock;

    /** Whether a session that ends was once a legacy token, so that other old devices may be signed out too. */
    public enum Shared {
        NONE,
        /** The session of this request. */
        THIS,
        /** Another one that the request presents. */
        ANOTHER
    }

    public SignOut(
            Database database, Sessions sessions, LegacyTokens legacyTokens, AuthEventDao events, InstantSource clock) {
        this.database = database;
        this.together = GroupCommit.unlimited(database);
        this.sessions = sessions;
        this.legacyTokens = legacyTokens;
        this.events = events;
        this.clock = clock;
    }

    /**
     * Signs this device out: every session among what it presented has ended, on the disk, when this returns. A legacy
     * token is shared by all old devices of its user, so that one does not end: the device is to forget it, and the others
     * stay signed in.
     *
     * @return the legacy tokens to forget; none in a stage in which they open nothing
     */
    public List<SessionToken> signOut(SignedIn signedIn, Presented presented, Client client) {
        return together.write(transaction -> {
            List<SessionToken> legacy = new ArrayList<>();
            if (signedIn.session() == null) {
                // Another sign-in may have adopted it by now; this device was told that it forgets a legacy token.
                legacy.add(signedIn.token());
                recordForgotten(transaction, signedIn.user(), client);
            } else {
                sessions.signOut(transaction, signedIn.session(), client, clock.instant());
            }
            endAll(transaction, presented, client, legacy);
            return legacy;
        });
    }

    /** The same for a device whose own session has already ended: ends what else it presented. */
    public List<SessionToken> signOut(Presented presented, Client client) {
        return together.write(transaction -> {
            List<SessionToken> legacy = new ArrayList<>();
            endAll(transaction, presented, client, legacy);
            return legacy;
        });
    }

    /** What {@link #signOut} would end for others as well. */
    public Shared shared(SignedIn signedIn, Presented presented) {
        return database.read(handle -> {
            UserSession own = signedIn.session();
            if (own != null && sessions.isShared(handle, own)) {
                return Shared.THIS;
            }
            for (SessionToken token : sessions.known(handle, presented.tokens())) {
                UserSession other = sessions.find(handle, token);
                if (other != null && sessions.isShared(handle, other)) {
                    return Shared.ANOTHER;
                }
            }
            return Shared.NONE;
        });
    }

    private void endAll(Transaction transaction, Presented presented, Client client, List<SessionToken> legacy) {
        for (SessionToken token : sessions.known(transaction, presented.tokens())) {
            if (legacy.contains(token)) {
                continue;
            }
            UserSession session = sessions.find(transaction, token);
            if (session != null) {
                sessions.signOut(transaction, session, client, clock.instant());
                continue;
            }
            User user = legacyTokens.owner(transaction, token);
            if (user != null) {
                legacy.add(token);
                recordForgotten(transaction, user, client);
            }
        }
    }

    private void recordForgotten(Transaction transaction, User user, Client client) {
        events.record(transaction, AuthEvent.SIGN_OUT, "device-forgot", user.id(), client, clock.instant());
    }
}
