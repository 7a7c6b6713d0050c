package org.multisession.web;

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
import org.multisession.web.CookieRules.Place;

/**
 * Remembers in the browser which legacy tokens it has signed out of, by their ids, which open nothing. Such a token
 * does not end, because the user's other old devices use it, and a cookie that another application has set for another
 * path or domain may survive any attempt to clear it.
 */
final class ForgottenCookie {

    private static final String NAME = "multisession_forgotten";

    /** As many as one request may present; the oldest go first. */
    private static final int MAX = Presented.MAX_VALUES;

    /** Anything else was put there by somebody else, and a value with a space or a comma could not be set again. */
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{22}");

    private final CookieRules rules;

    ForgottenCookie(CookieRules rules) {
        this.rules = rules;
    }

    /** Returns what is presented, without the tokens that this browser has forgotten. */
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
        response.addCookie(Cookies.besideToken(
                rules,
                request,
                new Place(NAME, "/", rules.place().domain()),
                ids.stream().skip(Math.max(0, ids.size() - MAX)).collect(Collectors.joining(".")),
                Math.toIntExact(rules.maxAge().toSeconds())));
    }

    private static Set<String> read(HttpServletRequest request) {
        List<String> values = Cookies.named(request, NAME);
        return values.isEmpty() ? new LinkedHashSet<>() : ids(values);
    }

    private static Set<String> ids(List<String> values) {
        return values.stream()
                .flatMap(value -> Arrays.stream(value.split("\\.", -1)))
                .filter(piece -> ID.matcher(piece).matches())
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private static String id(SessionToken token) {
        return SessionId.of(token.hash()).text();
    }
}
