package org.multisession.web;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.Devices;

/** Keeps with a browser up to which moment its user has been told of other devices that signed in. It opens nothing. */
public final class ToldCookie {

    private static final String NAME = "multisession_told";

    /** The user's id, so that one user's notices are not another's, and microseconds since 1970. */
    private static final Pattern FORM = Pattern.compile("(-?[0-9]{1,19})\\.([0-9]{1,17})");

    private final CookieRules rules;

    public ToldCookie(CookieRules rules) {
        this.rules = rules;
    }

    /** Until when this user was told in this browser; null if never. */
    public @Nullable Instant read(HttpServletRequest request, long userId) {
        Instant told = null;
        for (String value : Cookies.named(request, NAME)) {
            Matcher matcher = FORM.matcher(value);
            if (matcher.matches() && matcher.group(1).equals(String.valueOf(userId))) {
                told = Instant.EPOCH.plus(Long.parseLong(matcher.group(2)), ChronoUnit.MICROS);
            }
        }
        return told;
    }

    /** Keeps the moment for as long as such a sign-in is told at all. */
    public void set(HttpServletRequest request, HttpServletResponse response, long userId, Instant told) {
        String root = ContextPath.of(request);
        response.addCookie(Cookies.ours(
                rules,
                request,
                NAME,
                root.isEmpty() ? "/" : root,
                userId + "." + ChronoUnit.MICROS.between(Instant.EPOCH, told),
                (int) Devices.NEWS.toSeconds()));
    }
}
