package org.multisession.auth;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;
import org.multisession.session.EndReason;
import org.multisession.session.LegacyUseDao;
import org.multisession.session.Stage;
import org.multisession.token.SessionToken;
import org.multisession.user.User;
import org.multisession.user.UserDao;

/**
 * The legacy token of each user, in {@code users.auth_token}: whose account it opens, and how a sign-in mirrors its own
 * token there.
 */
public final class LegacyTokens {

    private final UserDao users;
    private final Sessions sessions;
    private final LegacyUseDao uses = new LegacyUseDao();
    private final Stage stage;

    public LegacyTokens(UserDao users, Sessions sessions, Stage stage) {
        this.users = users;
        this.sessions = sessions;
        this.stage = stage;
    }

    /** The user whose account this token opens; null if it opens none, as in a stage that refuses legacy tokens. */
    @Nullable
    User owner(Handle handle, SessionToken token) {
        return stage.acceptsLegacyTokens() && !token.isAHash() ? users.findByLegacyToken(handle, token) : null;
    }

    /** The token of this user if it opens the account: it may be a session by now, or have ended, or be two users'. */
    @Nullable
    SessionToken of(Handle handle, User user) {
        SessionToken token = stage.acceptsLegacyTokens() ? inRow(handle, user) : null;
        User owner = token == null ? null : owner(handle, token);
        return owner != null && owner.id() == user.id() ? token : null;
    }

    /** What stands in the user's row, whatever it opens; null if nothing that could be a token. */
    @Nullable
    SessionToken inRow(Handle handle, User user) {
        return users.legacyToken(handle, user.id());
    }

    /** Whether it stands in the rows of several users. */
    boolean isShared(Transaction transaction, SessionToken token) {
        return users.isShared(transaction, token);
    }

    /** When it was used here. */
    LegacyUseDao.Use use(Handle handle, SessionToken token) {
        return uses.find(handle, token);
    }

    /** Whether a sign-in writes its token into the user's row. */
    boolean areMirrored() {
        return stage.mirrors();
    }

    /**
     * Locks the user's row, and returns what stands there. The old app may be writing another token at this moment, which
     * must not be overwritten unseen. To be called before a row is added that refers to the user's, because the old app may
     * do so too, and each would then wait for the other before it may change the user's row.
     */
    @Nullable
    SessionToken lock(Transaction transaction, User user) {
        return users.legacyTokenToChange(transaction, user.id());
    }

    /**
     * Sets the user's row to this session's token, so that the old app accepts it too. What stands there until now and is
     * no session yet becomes one, so that the old devices which hold it stay signed in.
     *
     * @param overwritten what {@link #lock} has returned
     * @return what has become a session; null if nothing has
     */
    @Nullable
    SessionToken mirror(
            Transaction transaction, User user, @Nullable SessionToken overwritten, SessionToken token, Instant now) {
        // A hash in a row of sessions would let in whoever has the token that it is of.
        boolean isAdopted = overwritten != null
                && !overwritten.isAHash()
                && !sessions.wasIssued(transaction, overwritten)
                && adopt(transaction, user, overwritten, now);
        users.mirror(transaction, user.id(), token);
        return isAdopted ? overwritten : null;
    }

    private boolean adopt(Transaction transaction, User user, SessionToken legacy, Instant now) {
        if (isShared(transaction, legacy)) {
            // It opened nobody's account. Once it stands in one row only, it would open that one for both.
            sessions.refuseForEver(transaction, user, legacy, EndReason.AMBIGUOUS, now);
            return false;
        }
        return sessions.adopt(
                transaction, user, legacy, use(transaction, legacy).last(), now);
    }
}
