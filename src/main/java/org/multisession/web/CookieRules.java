package org.multisession.web;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How the cookie that holds the token is set. It is always {@code HttpOnly}.
 *
 * @param domain null for the host that set it alone
 */
public record CookieRules(
        String name, String path, @Nullable String domain, SameSite sameSite, Secure secure, Duration maxAge) {

    /** Whether a cookie that is set on this request is only for HTTPS. */
    boolean isSecure(boolean requestIsSecure) {
        return secure == Secure.ALWAYS || (secure == Secure.AUTO && requestIsSecure);
    }

    /** The attribute of that name (RFC 6265bis). */
    public enum SameSite {
        STRICT("Strict"),
        LAX("Lax"),
        NONE("None");

        private final String text;

        SameSite(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    /** When the attribute of that name is set. */
    public enum Secure {
        /** Where the request came over HTTPS. */
        AUTO,
        ALWAYS,
        NEVER
    }
}
