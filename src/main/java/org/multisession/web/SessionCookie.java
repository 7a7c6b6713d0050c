package org.multisession.web;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.session.SessionToken;

/** How a token travels: in as a cookie or a bearer token, out as a cookie. */
public final class SessionCookie {

    /** Each costs a look-up; a browser has two or three, a stranger's script might send hundreds. */
    private static final int MOST = 10;

    private final CookieRules rules;

    public SessionCookie(CookieRules rules) {
        this.rules = rules;
    }

    /**
     * Every token that this request carries, without repeats: a bearer token (RFC 6750) first, then all cookies of the
     * name, the last one first, as the old app takes the last.
     */
    public List<SessionToken> presented(HttpServletRequest request) {
        Set<String> values = new LinkedHashSet<>();
        String authorization = request.getHeader("Authorization");
        if (authorization != null && authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
            values.add(authorization.substring(7).strip());
        }
        List<String> cookies = Cookies.named(request, rules.name());
        Collections.reverse(cookies);
        for (String cookie : cookies) {
            values.add(unquoted(cookie));
            values.add(cookie);
        }
        return values.stream()
                .filter(value -> !value.isEmpty())
                .limit(MOST)
                .map(SessionToken::new)
                .toList();
    }

    /** Undoes the quoting of Python's {@code http.cookies}: a backslash before a character, or before three octal digits. */
    static String unquoted(String value) {
        if (value.length() < 2 || !value.startsWith("\"") || !value.endsWith("\"")) {
            return value;
        }
        StringBuilder plain = new StringBuilder();
        int end = value.length() - 1;
        for (int i = 1; i < end; i++) {
            char c = value.charAt(i);
            if (c != '\\' || i + 1 >= end) {
                plain.append(c);
            } else if (i + 3 < end && value.substring(i + 1, i + 4).matches("[0-3][0-7][0-7]")) {
                plain.append((char) Integer.parseInt(value.substring(i + 1, i + 4), 8));
                i += 3;
            } else {
                i++;
                plain.append(value.charAt(i));
            }
        }
        return plain.toString();
    }

    /** Hands the browser a new token. */
    public void set(HttpServletRequest request, HttpServletResponse response, SessionToken token) {
        if (rules.domain() != null) {
            // A cookie of the old app, for this host alone, would come back beside the new one for ever.
            response.addCookie(cookie(request, "", null, 0));
        }
        response.addCookie(cookie(
                request,
                token.value(),
                rules.domain(),
                Math.toIntExact(rules.maxAge().toSeconds())));
    }

    /** Makes the browser forget its token, under the domain it was set with and under this host alone. */
    public void clear(HttpServletRequest request, HttpServletResponse response) {
        response.addCookie(cookie(request, "", null, 0));
        if (rules.domain() != null) {
            response.addCookie(cookie(request, "", rules.domain(), 0));
        }
    }

    /** The same for a browser that has shown pages of the account. */
    public void clearAfterSignOut(HttpServletRequest request, HttpServletResponse response) {
        clear(request, response);
        // "no-store" alone does not keep a browser from showing the page again by its back button: Chromium holds whole
        // pages in memory for that. This makes it forget them (ASVS 5.0, 14.3.1).
        response.setHeader("Clear-Site-Data", "\"cache\"");
    }

    private Cookie cookie(HttpServletRequest request, String value, @Nullable String domain, int maxAgeSeconds) {
        Cookie cookie = new Cookie(rules.name(), value);
        cookie.setPath(rules.path());
        if (domain != null) {
            cookie.setDomain(domain.toLowerCase(Locale.ROOT));
        }
        cookie.setMaxAge(maxAgeSeconds);
        cookie.setHttpOnly(true);
        cookie.setSecure(rules.isSecure(request.isSecure()));
        cookie.setAttribute("SameSite", rules.sameSite().text());
        return cookie;
    }
}
