package org.multisession.web;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import org.multisession.web.CookieRules.Place;
import org.multisession.web.CookieRules.SameSite;

/**
 * Makes cookies, and reads the {@code Cookie} header, without {@code getCookies}: Tomcat 11 keeps quotes and drops a
 * quoted value with a space, though Python quotes such values and the old app has set them; and any Tomcat logs a header
 * that it cannot read, token included.
 */
final class Cookies {

    private Cookies() {}

    /** A cookie that goes wherever the one with the token may go. */
    static Cookie besideToken(
            CookieRules rules, HttpServletRequest request, Place place, String value, int maxAgeSeconds) {
        return make(rules, rules.sameSite(), request, place, value, maxAgeSeconds);
    }

    /** A cookie for this host and our own pages below the path. */
    static Cookie ours(
            CookieRules rules, HttpServletRequest request, String name, String path, String value, int maxAgeSeconds) {
        return make(rules, SameSite.LAX, request, new Place(name, path, null), value, maxAgeSeconds);
    }

    private static Cookie make(
            CookieRules rules,
            SameSite sameSite,
            HttpServletRequest request,
            Place place,
            String value,
            int maxAgeSeconds) {
        Cookie cookie = new Cookie(place.name(), value);
        cookie.setPath(place.path());
        if (place.domain() != null) {
            cookie.setDomain(place.domain());
        }
        cookie.setMaxAge(maxAgeSeconds);
        cookie.setHttpOnly(true);
        cookie.setSecure(rules.isSecure(request.isSecure()));
        cookie.setAttribute("SameSite", sameSite.text());
        return cookie;
    }

    /** The values of all cookies of that name as they were sent, in their order. */
    static List<String> named(HttpServletRequest request, String name) {
        List<String> values = List.of();
        for (Enumeration<String> headers = request.getHeaders("Cookie"); headers.hasMoreElements(); ) {
            values = with(values, headers.nextElement(), name);
        }
        return values;
    }

    /** These values, and those of the name in this header. */
    private static List<String> with(List<String> before, String header, String name) {
        List<String> values = before;
        int from = 0;
        while (from <= header.length()) {
            int semicolon = header.indexOf(';', from);
            int to = semicolon < 0 ? header.length() : semicolon;
            int equals = header.indexOf('=', from);
            if (equals > from && equals < to && isName(header, from, equals, name)) {
                String value = header.substring(equals + 1, to).strip();
                if (values.isEmpty()) {
                    // Nearly always the only one.
                    values = List.of(value);
                } else {
                    if (values.size() == 1) {
                        values = new ArrayList<>(values);
                    }
                    values.add(value);
                }
            }
            from = to + 1;
        }
        return values;
    }

    /** Whether this part of the header is the name, with or without white space around it. */
    private static boolean isName(String header, int from, int to, String name) {
        int start = from;
        while (start < to && Character.isWhitespace(header.charAt(start))) {
            start++;
        }
        int end = to;
        while (end > start && Character.isWhitespace(header.charAt(end - 1))) {
            end--;
        }
        return end - start == name.length() && header.startsWith(name, start);
    }
}
