package org.multisession.web;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How the cookie that holds the token is set. It is always {@code HttpOnly}.
 *
 * @param domain null for only the host that set it
 * @param former where the old app or other settings have set the cookie before; cleared at sign-out
 */
public record CookieRules(
        String name,
        String path,
        @Nullable String domain,
        SameSite sameSite,
        Secure secure,
        Duration maxAge,
        List<Place> former) {

    /** Rules of a cookie that was never set otherwise. */
    public CookieRules(
            String name, String path, @Nullable String domain, SameSite sameSite, Secure secure, Duration maxAge) {
        this(name, path, domain, sameSite, secure, maxAge, List.of());
    }

    /**
     * What distinguishes one cookie of a browser from another (RFC 6265, 5.3).
     *
     * @param domain null for only the host that set it
     */
    public record Place(String name, String path, @Nullable String domain) {

        /** The same for the host alone. */
        Place ofTheHost() {
            return new Place(name, path, null);
        }
    }

    /** Where the cookie is set. */
    Place place() {
        return new Place(name, path, domain == null ? null : domain.toLowerCase(Locale.ROOT));
    }

    /** Where it may be: for this host only, where it is set now, and where it was set before. */
    Set<Place> places() {
        Set<Place> places = new LinkedHashSet<>();
        places.add(place().ofTheHost());
        places.add(place());
        places.addAll(former);
        return places;
    }

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
        /** If the request came over HTTPS. */
        AUTO,
        ALWAYS,
        NEVER
    }
}
