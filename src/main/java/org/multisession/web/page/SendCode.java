package org.multisession.web.page;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.CodeSignIn;
import org.multisession.otp.ChallengeSecret;
import org.multisession.otp.OneTimeCodes.ChallengeStatus;
import org.multisession.otp.OneTimeCodes.CodeRequestResult;
import org.multisession.phone.PhoneNumber;
import org.multisession.web.ChallengeCookie;
import org.multisession.web.ClientFactory;
import org.multisession.web.CodeMessage;
import org.multisession.web.Redirect;

/** Sends a code to the number and redirects the browser to the page that asks for it. */
public final class SendCode implements PhoneStep {

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
        return take(request, response, number, CodeStep.signIn(next));
    }

    /** The same for what the code page is to be shown for. */
    @Nullable
    Refusal take(HttpServletRequest request, HttpServletResponse response, PhoneNumber number, CodeStep step) {
        CodeRequestResult asked =
                codes.ask(number, ClientFactory.of(request), challenge.read(request), message.of(request));
        if (asked instanceof CodeRequestResult.Limited limited) {
            return new Refusal(429, "login.error.wait", secondsUntilRetry(limited));
        }
        go(request, response, (CodeRequestResult.Challenged) asked, step);
        return null;
    }

    /** How long to wait, in whole seconds. */
    long secondsUntilRetry(CodeRequestResult.Limited limited) {
        return limited.hit().secondsFrom(clock.instant());
    }

    @Override
    public @Nullable String latestNumber(HttpServletRequest request) {
        List<ChallengeSecret> held = challenge.read(request);
        ChallengeStatus standing = held.isEmpty() ? null : codes.standing(held.get(0));
        return standing == null ? null : standing.number();
    }

    /** Redirects to the code page, so that a reload there sends nothing. */
    void go(
            HttpServletRequest request,
            HttpServletResponse response,
            CodeRequestResult.Challenged challenged,
            CodeStep step) {
        challenge.set(request, response, challenged.secret());
        Redirect.seeOther(response, step.url(request));
    }

    @Override
    public String buttonKey() {
        return "login.submit.code";
    }
}
