package org.multisession.web;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.ArrayList;
import java.util.List;
import org.multisession.token.CookieValue;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;
import org.multisession.web.CookieRules.Place;

/** How tokens are transported: in as a cookie or a bearer token, out as a cookie. */
public final class SessionCookie {

    private final CookieRules rules;
    private final ForgottenCookie forgotten;

    public SessionCookie(CookieRules rules) {
        this.rules = rules;
        this.forgotten = new ForgottenCookie(rules);
    }

    /**
     * Returns what this request presents: a bearer token (RFC 6750) first, then all cookies of the name, the last one
     * first, because the old app takes the last. Legacy tokens that this browser has signed out of are left out.
     */
    public Presented presented(HttpServletRequest request) {
        String authorization = request.getHeader("Authorization");
        List<String> cookies = Cookies.named(request, rules.name());
        if (authorization == null && cookies.size() == 1) {
            return forgotten.without(request, new Presented(List.of(new CookieValue(cookies.get(0)).readings())));
        }
        List<List<SessionToken>> values = new ArrayList<>(cookies.size() + 1);
        if (authorization != null && authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
            String token = authorization.substring(7).strip();
            values.add(token.isEmpty() ? List.of() : List.of(new SessionToken(token)));
        }
        for (int i = cookies.size() - 1; i >= 0; i--) {
            values.add(new CookieValue(cookies.get(i)).readings());
        }
        return forgotten.without(request, new Presented(values));
    }

    /** Gives the browser a new token. */
    public void set(HttpServletRequest request, HttpServletResponse response, SessionToken token) {
        if (rules.domain() != null) {
            // Otherwise the old app's cookie for this host would come back beside the new one forever.
            response.addCookie(cookie(request, rules.place().ofTheHost(), "", 0));
        }
        response.addCookie(cookie(
                request,
                rules.place(),
                token.value(),
                Math.toIntExact(rules.maxAge().toSeconds())));
    }

    /**
     * Makes the browser forget its token under every name, path and domain where it was or may have been set, and these
     * legacy tokens wherever else it may hold them.
     */
    public void clear(HttpServletRequest request, HttpServletResponse response, List<SessionToken> legacy) {
        for (Place place : rules.places()) {
            response.addCookie(cookie(request, place, "", 0));
        }
        forgotten.add(request, response, legacy);
    }

    /** The same for a browser that has shown pages of the account. */
    public void clearAfterSignOut(HttpServletRequest request, HttpServletResponse response, List<SessionToken> legacy) {
        clear(request, response, legacy);
        // "no-store" alone does not keep a browser from showing the page again with its back button: Chromium keeps
        // whole pages in memory for that. This makes it forget them (ASVS 5.0, 14.3.1).
        response.setHeader("Clear-Site-Data", "\"cache\"");
    }

    private Cookie cookie(HttpServletRequest request, Place place, String value, int maxAgeSeconds) {
        return Cookies.besideToken(rules, request, place, value, maxAgeSeconds);
    }
}
