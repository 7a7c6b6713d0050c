package org.multisession.web;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.multisession.token.SessionToken;

/**
 * Carries what was done over the redirect to the page that reports it, once. It is a cookie and not a URL parameter, so
 * that nobody can link to a page that claims something was done.
 */
public final class FlashCookie {

    private static final String NAME = "multisession_done";
    private static final int MAX_AGE_SECONDS = 60;
    private static final Pattern WORDS = Pattern.compile("(one|gone|others|out|forgot|stale)(?:-([0-9]{1,6}))?");

    private final CookieRules rules;
    private final String page;

    /** For the page at this path of the application. */
    public FlashCookie(CookieRules rules, String page) {
        this.rules = rules;
        this.page = page;
    }

    /** What was done. */
    public enum What {
        /** One device was signed out. */
        ONE,
        /** The device was already signed out. */
        GONE,
        /** All others were, if there were any. */
        OTHERS,
        /** Nothing: the form was from a page of another account. */
        STALE,
        /** This device was signed out, by its own user. */
        OUT,
        /** The same, and it forgot a sign-in that other devices still use. */
        FORGOT
    }

    /** What was done, and to how many sessions. */
    public record Done(What what, int count) {

        /** This device was signed out and forgets these legacy tokens, which other devices still use. */
        public static Done signedOut(List<SessionToken> legacy) {
            return new Done(legacy.isEmpty() ? What.OUT : What.FORGOT, 1);
        }
    }

    /** Returns what the previous step did, and makes the browser forget it. Null if there was none. */
    public @Nullable Done take(HttpServletRequest request, HttpServletResponse response) {
        for (String value : Cookies.named(request, NAME)) {
            Matcher words = WORDS.matcher(value);
            if (words.matches()) {
                response.addCookie(cookie(request, "", 0));
                int count = words.group(2) == null ? 1 : Integer.parseInt(words.group(2));
                return new Done(What.valueOf(words.group(1).toUpperCase(Locale.ROOT)), count);
            }
        }
        return null;
    }

    public void set(HttpServletRequest request, HttpServletResponse response, Done done) {
        String value = done.what().name().toLowerCase(Locale.ROOT) + "-" + done.count();
        response.addCookie(cookie(request, value, MAX_AGE_SECONDS));
    }

    private Cookie cookie(HttpServletRequest request, String value, int maxAgeSeconds) {
        return Cookies.ours(rules, request, NAME, ContextPath.of(request) + page, value, maxAgeSeconds);
    }
}
