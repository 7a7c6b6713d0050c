package org.multisession.auth;

import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import org.multisession.db.Database;
import org.multisession.db.Transaction;
import org.multisession.session.Client;
import org.multisession.session.EndReason;
import org.multisession.session.UserSession;
import org.multisession.session.UserSessionDao;

/**
 * Ends sessions. {@code users.auth_token} is never touched: it may hold the same token as a mirror, and the memory of
 * issued tokens keeps it from coming back through the fallback.
 */
public final class SignOut {

    private final Database database;
    private final UserSessionDao sessions;
    private final AuthEventDao events;
    private final InstantSource clock;

    public SignOut(Database database, UserSessionDao sessions, AuthEventDao events, InstantSource clock) {
        this.database = database;
        this.sessions = sessions;
        this.events = events;
        this.clock = clock;
    }

    /**
     * Signs this device out. A session has ended, on the disk, when this returns. A legacy token is shared by all old
     * devices of its user, so here nothing ends: the device forgets it, and the others stay signed in.
     */
    public void signOut(SignedIn signedIn, Client client) {
        database.write(transaction -> {
            Instant now = clock.instant();
            boolean isSession = signedIn.session() != null;
            if (signedIn.session() != null) {
                sessions.end(transaction, signedIn.session().token(), EndReason.SIGNED_OUT, now);
            }
            events.record(
                    transaction,
                    AuthEvent.SIGN_OUT,
                    isSession ? "done" : "device-forgot",
                    signedIn.user().id(),
                    client,
                    now);
            return true;
        });
    }

    /** Ends a session that has run out. */
    void expire(UserSession expired, EndReason reason) {
        database.write(transaction -> {
            expire(transaction, expired, reason);
            return true;
        });
    }

    /** The same as part of a transaction. */
    void expire(Transaction transaction, UserSession expired, EndReason reason) throws SQLException {
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
