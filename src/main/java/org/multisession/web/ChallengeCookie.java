package org.multisession.web;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;
import org.multisession.otp.ChallengeSecret;
import org.multisession.otp.KnownBrowserDao;

/**
 * Binds a code to the browser that requested it, and stays there once the code was used. It opens nothing by itself,
 * and is sent only to the sign-in pages.
 */
public final class ChallengeCookie {

    private static final String NAME = "multisession_challenge";

    /** Longer than any code lives, so that the page can say that it has expired. */
    private static final int MAX_AGE_SECONDS = 3600;

    private final CookieRules rules;

    public ChallengeCookie(CookieRules rules) {
        this.rules = rules;
    }

    public @Nullable ChallengeSecret read(HttpServletRequest request) {
        for (String value : Cookies.named(request, NAME)) {
            if (!value.isEmpty()) {
                return new ChallengeSecret(value);
            }
        }
        return null;
    }

    public void set(HttpServletRequest request, HttpServletResponse response, ChallengeSecret secret) {
        response.addCookie(cookie(request, secret.value(), MAX_AGE_SECONDS));
    }

    /** Leaves the secret with the browser whose code was right, so that the limits recognize it. */
    public void keep(HttpServletRequest request, HttpServletResponse response, ChallengeSecret used) {
        response.addCookie(cookie(request, used.value(), (int) KnownBrowserDao.KEPT.toSeconds()));
    }

    private Cookie cookie(HttpServletRequest request, String value, int maxAgeSeconds) {
        return Cookies.ours(rules, request, NAME, ContextPath.of(request) + "/login", value, maxAgeSeconds);
    }
}
