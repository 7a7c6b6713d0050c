package org.multisession.web.page;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.CodeSignIn;
import org.multisession.code.CodeLimits;
import org.multisession.code.OneTimeCodes.Asked;
import org.multisession.user.PhoneNumber;
import org.multisession.web.ChallengeCookie;
import org.multisession.web.Clients;
import org.multisession.web.CodeMessage;
import org.multisession.web.Redirect;
import org.multisession.web.RequestFailure;

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
    public @Nullable String take(
            HttpServletRequest request, HttpServletResponse response, PhoneNumber number, @Nullable String next)
            throws IOException, ServletException {
        go(
                request,
                response,
                codes.ask(number, Clients.of(request), challenge.read(request), message.of(request)),
                next);
        return null;
    }

    /** Goes on to the code page, by a redirect, so that a reload there sends nothing. */
    void go(HttpServletRequest request, HttpServletResponse response, Asked asked, @Nullable String next) {
        if (asked instanceof Asked.Limited limited) {
            throw RequestFailure.tooMany(secondsUntilRetry(limited.hit()));
        }
        if (asked instanceof Asked.Challenged challenged) {
            challenge.set(request, response, challenged.secret());
        }
        Redirect.seeOther(response, codePage(request, next));
    }

    static String codePage(HttpServletRequest request, @Nullable String next) {
        String page = request.getContextPath() + "/login/code";
        return next == null ? page : page + "?next=" + URLEncoder.encode(next, StandardCharsets.UTF_8);
    }

    /** How long to wait, in whole seconds, rounded up. */
    long secondsUntilRetry(CodeLimits.Hit hit) {
        return Duration.between(clock.instant(), hit.retryAt()).plusMillis(999).toSeconds();
    }

    @Override
    public String buttonKey() {
        return "login.submit.code";
    }
}
