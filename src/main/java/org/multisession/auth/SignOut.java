package org.multisession.auth;

import java.time.InstantSource;
import org.multisession.db.Database;
import org.multisession.session.EndReason;
import org.multisession.session.SessionToken;
import org.multisession.session.UserSessionDao;

/**
 * Ends sessions. {@code users.auth_token} is never touched: it may hold the same token as a mirror, and the memory of
 * issued tokens keeps it from coming back through the fallback.
 */
public final class SignOut {

    private final Database database;
    private final UserSessionDao sessions;
    private final InstantSource clock;

    public SignOut(Database database, UserSessionDao sessions, InstantSource clock) {
        this.database = database;
        this.sessions = sessions;
        this.clock = clock;
    }

    /**
     * Signs this device out. A session has ended, on the disk, when this returns. A legacy token is shared by all old
     * devices of its user, so here nothing ends: the device forgets it, and the others stay signed in.
     */
    public void signOut(SignedIn signedIn) {
        if (signedIn.via() == SignedIn.Via.SESSION) {
            end(signedIn.token(), EndReason.SIGNED_OUT);
        }
    }

    void end(SessionToken token, EndReason reason) {
        database.write(transaction -> sessions.end(transaction, token, reason, clock.instant()));
    }
}
