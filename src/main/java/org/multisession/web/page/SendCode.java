package org.multisession.web.page;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.CodeSignIn;
import org.multisession.code.ChallengeSecret;
import org.multisession.code.CodeLimits;
import org.multisession.code.OneTimeCodes.Asked;
import org.multisession.code.OneTimeCodes.Standing;
import org.multisession.user.PhoneNumber;
import org.multisession.web.ChallengeCookie;
import org.multisession.web.Clients;
import org.multisession.web.CodeMessage;
import org.multisession.web.Redirect;

/** A code is sent to the number, and the browser goes on to the page that asks for it. */
public final class SendCode implements NumberStep {

    private final CodeSignIn codes;
    private final ChallengeCookie challenge;
    private final CodeMessage message;
    private final InstantSource clock;

    public SendCode(CodeSignIn codes, ChallengeCookie challenge, CodeMessage message, InstantSource clock) {
        this.codes = codes;
        this.challenge = challenge;
        this.message = message;
        this.clock = clock;
    }

    @Override
    public @Nullable Refusal take(
            HttpServletRequest request, HttpServletResponse response, PhoneNumber number, @Nullable String next) {
        Asked asked = codes.ask(number, Clients.of(request), challenge.read(request), message.of(request));
        if (asked instanceof Asked.Limited limited) {
            return new Refusal(429, "login.error.wait", secondsUntilRetry(limited.hit()));
        }
        go(request, response, asked, next);
        return null;
    }

    @Override
    public @Nullable String latestNumber(HttpServletRequest request) {
        ChallengeSecret secret = challenge.read(request);
        Standing standing = secret == null ? null : codes.standing(secret);
        return standing == null ? null : standing.number();
    }

    /** Goes on to the code page, by a redirect, so that a reload there sends nothing. */
    void go(HttpServletRequest request, HttpServletResponse response, Asked asked, @Nullable String next) {
        if (asked instanceof Asked.Challenged challenged) {
            challenge.set(request, response, challenged.secret());
        }
        Redirect.seeOther(response, codePage(request, next));
    }

    static String codePage(HttpServletRequest request, @Nullable String next) {
        String page = request.getContextPath() + "/login/code";
        return next == null ? page : page + "?next=" + URLEncoder.encode(next, StandardCharsets.UTF_8);
    }

    /** How long to wait, in whole seconds, rounded up; one at least. */
    long secondsUntilRetry(CodeLimits.Hit hit) {
        return Math.max(
                1,
                Duration.between(clock.instant(), hit.retryAt()).plusMillis(999).toSeconds());
    }

    @Override
    public String buttonKey() {
        return "login.submit.code";
    }
}
