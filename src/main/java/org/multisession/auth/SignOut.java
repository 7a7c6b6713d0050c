package org.multisession.auth;

import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;
import org.multisession.session.Client;
import org.multisession.session.DeviceDao;
import org.multisession.session.EndReason;
import org.multisession.session.KnownTokensDao;
import org.multisession.session.Stage;
import org.multisession.session.UserSession;
import org.multisession.session.UserSessionDao;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;
import org.multisession.user.User;
import org.multisession.user.UserDao;

/**
 * Ends sessions. {@code users.auth_token} is never touched: it may hold the same token as a mirror, and the memory of
 * issued tokens keeps it from coming back through the fallback.
 */
public final class SignOut {

    private final Database database;
    private final UserSessionDao sessions;
    private final DeviceDao devices;
    private final UserDao users;
    private final KnownTokensDao knownTokens;
    private final AuthEventDao events;
    private final Stage stage;
    private final InstantSource clock;

    /** Whether a session that ends was a legacy token once, so that other old devices may be signed out by it. */
    public enum Shared {
        NONE,
        /** The one that the request came by. */
        THIS,
        /** Another one that the request presents. */
        ANOTHER
    }

    public SignOut(
            Database database,
            UserSessionDao sessions,
            DeviceDao devices,
            UserDao users,
            KnownTokensDao knownTokens,
            AuthEventDao events,
            Stage stage,
            InstantSource clock) {
        this.database = database;
        this.sessions = sessions;
        this.devices = devices;
        this.users = users;
        this.knownTokens = knownTokens;
        this.events = events;
        this.stage = stage;
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
        return database.write(transaction -> {
            List<SessionToken> legacy = new ArrayList<>();
            if (signedIn.session() == null) {
                // By now another sign-in may have adopted it; this device was told that it forgets a legacy token.
                legacy.add(signedIn.token());
                record(transaction, signedIn.user(), "device-forgot", client);
            } else {
                sessions.end(transaction, signedIn.session().token(), EndReason.SIGNED_OUT, clock.instant());
                record(transaction, signedIn.user(), "done", client);
            }
            endAll(transaction, presented, client, legacy);
            return legacy;
        });
    }

    /** The same for a device whose own way in has ended already: what else it presented. */
    public List<SessionToken> signOut(Presented presented, Client client) {
        return database.write(transaction -> {
            List<SessionToken> legacy = new ArrayList<>();
            endAll(transaction, presented, client, legacy);
            return legacy;
        });
    }

    /** What {@link #signOut} would end for others as well. */
    public Shared shared(SignedIn signedIn, Presented presented) {
        return database.read(handle -> {
            UserSession own = signedIn.session();
            if (own != null && isShared(handle, own)) {
                return Shared.THIS;
            }
            for (SessionToken token : knownTokens.among(handle, presented.tokens())) {
                UserSession other = token.isAHash() ? null : sessions.find(handle, token);
                if (other != null && isShared(handle, other)) {
                    return Shared.ANOTHER;
                }
            }
            return Shared.NONE;
        });
    }

    private boolean isShared(Handle handle, UserSession session) {
        return devices.find(handle, List.of(session.token())).values().stream().anyMatch(DeviceDao.Device::shared);
    }

    private void endAll(Transaction transaction, Presented presented, Client client, List<SessionToken> legacy)
            throws SQLException {
        for (SessionToken token : knownTokens.among(transaction, presented.tokens())) {
            if (token.isAHash() || legacy.contains(token)) {
                continue;
            }
            UserSession session = sessions.find(transaction, token);
            if (session != null) {
                sessions.end(transaction, session.token(), EndReason.SIGNED_OUT, clock.instant());
                record(transaction, session.user(), "done", client);
                continue;
            }
            User user = stage.acceptsLegacyTokens() ? users.findByLegacyToken(transaction, token) : null;
            if (user != null) {
                legacy.add(token);
                record(transaction, user, "device-forgot", client);
            }
        }
    }

    private void record(Transaction transaction, User user, String outcome, Client client) {
        events.record(transaction, AuthEvent.SIGN_OUT, outcome, user.id(), client, clock.instant());
    }

    /** Ends a session that has run out. */
    void expire(UserSession expired, EndReason reason) {
        database.execute(transaction -> expire(transaction, expired, reason));
    }

    /** The same as part of a transaction. */
    void expire(Transaction transaction, UserSession expired, EndReason reason) {
        Instant now = clock.instant();
        if (sessions.end(transaction, expired.token(), reason, now)) {
            events.record(
                    transaction,
                    AuthEvent.SESSION_ENDED,
                    reason.stored(),
                    expired.user().id(),
                    null,
                    now);
        }
    }
}
