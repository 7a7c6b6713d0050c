package org.multisession.auth;

import org.jspecify.annotations.Nullable;
import org.multisession.session.UserSession;
import org.multisession.token.SessionToken;
import org.multisession.user.User;

/**
 * The user of a request, and the token that identified them.
 *
 * @param session the session of the token; null for a legacy token, which may be many devices' at once
 * @param beside another user, whose live token the same request carries and who does not count; null for none
 */
public record SignedIn(
        User user,
        SessionToken token,
        @Nullable UserSession session,
        @Nullable User beside) {

    SignedIn(User user, SessionToken token, @Nullable UserSession session) {
        this(user, token, session, null);
    }

    /** The kind of token. */
    public enum Via {
        /** A row of {@code user_sessions}. */
        SESSION("session"),
        /** {@code users.auth_token}, from before the change. */
        LEGACY("legacy");

        private final String text;

        Via(String text) {
            this.text = text;
        }

        /** As programs read it. */
        public String text() {
            return text;
        }
    }

    public Via via() {
        return session != null ? Via.SESSION : Via.LEGACY;
    }
}
