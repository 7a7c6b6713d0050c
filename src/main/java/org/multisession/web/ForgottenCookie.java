package org.multisession.web;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.multisession.token.Presented;
import org.multisession.token.SessionId;
import org.multisession.token.SessionToken;

/**
 * Remembers in the browser which legacy tokens it has signed out of. Such a token goes on for the user's other old
 * devices, so it does not end; and a cookie that another application has set, for another path or domain, may outlive
 * any attempt to clear it. Named by their ids, which open nothing.
 */
final class ForgottenCookie {

    private static final String NAME = "multisession_forgotten";

    /** As many as one request presents; the oldest go first. */
    private static final int MAX = Presented.MAX_VALUES;

    /** What is none was put there by somebody else, and a value with a blank or a comma could not be set again. */
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{22}");

    private final CookieRules rules;

    ForgottenCookie(CookieRules rules) {
        this.rules = rules;
    }

    /** What is presented without the tokens that this browser has forgotten. */
    Presented without(HttpServletRequest request, Presented presented) {
        Set<String> ids = read(request);
        if (ids.isEmpty()) {
            return presented;
        }
        return new Presented(presented.values().stream()
                .map(readings -> readings.stream()
                        .filter(token -> !ids.contains(id(token)))
                        .toList())
                .toList());
    }

    /** Has the browser forget these as well. */
    void add(HttpServletRequest request, HttpServletResponse response, List<SessionToken> tokens) {
        if (tokens.isEmpty()) {
            return;
        }
        Set<String> forgottenNow = tokens.stream().map(ForgottenCookie::id).collect(Collectors.toSet());
        Set<String> ids = read(request);
        ids.removeAll(forgottenNow);
        ids.addAll(forgottenNow);
        Cookie cookie = new Cookie(
                NAME, ids.stream().skip(Math.max(0, ids.size() - MAX)).collect(Collectors.joining(".")));
        // Wherever the token may come along.
        cookie.setPath("/");
        if (rules.place().domain() != null) {
            cookie.setDomain(rules.place().domain());
        }
        cookie.setMaxAge(Math.toIntExact(rules.maxAge().toSeconds()));
        cookie.setHttpOnly(true);
        cookie.setSecure(rules.isSecure(request.isSecure()));
        cookie.setAttribute("SameSite", rules.sameSite().text());
        response.addCookie(cookie);
    }

    private static Set<String> read(HttpServletRequest request) {
        return Cookies.named(request, NAME).stream()
                .flatMap(value -> Arrays.stream(value.split("\\.", -1)))
                .filter(piece -> ID.matcher(piece).matches())
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private static String id(SessionToken token) {
        return SessionId.of(token.hash()).text();
    }
}
