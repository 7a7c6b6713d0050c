package org.multisession.web;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.multisession.otp.ChallengeSecret;
import org.multisession.otp.KnownBrowserDao;

/**
 * Binds a code to the browser that requested it, and stays there, so that the limits recognize a browser which has used
 * one. Behind the secret of the latest challenge come some of those before it: whoever has asked for another number
 * since, a mistyped one or that of somebody else in the family, is still known for theirs. They open nothing by
 * themselves, and are sent only to the sign-in pages.
 */
public final class ChallengeCookie {

    private static final String NAME = "multisession_challenge";

    private static final int MAX = 5;

    /** Anything else is none of ours, and some values could not be set again. */
    private static final Pattern SECRET = Pattern.compile("[A-Za-z0-9_-]{43}");

    private final CookieRules rules;

    public ChallengeCookie(CookieRules rules) {
        this.rules = rules;
    }

    /** All that this browser holds, the latest first. */
    public List<ChallengeSecret> read(HttpServletRequest request) {
        return Cookies.named(request, NAME).stream()
                .flatMap(value -> Arrays.stream(value.split("\\.", -1)))
                .filter(secret -> SECRET.matcher(secret).matches())
                .limit(MAX)
                .map(ChallengeSecret::new)
                .toList();
    }

    /** Leaves this one as the latest. */
    public void set(HttpServletRequest request, HttpServletResponse response, ChallengeSecret secret) {
        String value = Stream.concat(Stream.of(secret), read(request).stream())
                .distinct()
                .limit(MAX)
                .map(ChallengeSecret::value)
                .collect(Collectors.joining("."));
        response.addCookie(Cookies.ours(rules, request, NAME, ContextPath.of(request) + "/login", value, (int)
                KnownBrowserDao.KEPT.toSeconds()));
    }
}
