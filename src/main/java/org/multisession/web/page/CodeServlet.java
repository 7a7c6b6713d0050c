package org.multisession.web.page;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.CodeSignIn;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.StorageException;
import org.multisession.otp.ChallengeSecret;
import org.multisession.otp.OneTimeCodes.ChallengeStatus;
import org.multisession.otp.OneTimeCodes.CodeRequestResult;
import org.multisession.otp.OneTimeCodes.Refusal;
import org.multisession.phone.PhoneNumbers;
import org.multisession.web.Browser;
import org.multisession.web.ChallengeCookie;
import org.multisession.web.ClientFactory;
import org.multisession.web.CodeMessage;
import org.multisession.web.ContextPath;
import org.multisession.web.EnteredCode;
import org.multisession.web.HttpProblem;
import org.multisession.web.Messages;
import org.multisession.web.MethodServlet;
import org.multisession.web.Redirect;
import org.multisession.web.SessionCookie;

/**
 * {@code GET /login/code}, {@code POST /login/code}: asks for the code and signs in. The second button of the form,
 * with the field {@code resend}, sends another code.
 */
public final class CodeServlet extends MethodServlet {

    private final transient CodeSignIn codes;
    private final transient SendCode sendCode;
    private final transient CodeMessage message;
    private final transient PhoneNumbers phoneNumbers;
    private final transient ChallengeCookie challenge;
    private final transient SessionCookie cookie;
    private final transient Brand brand;

    public CodeServlet(
            CodeSignIn codes,
            SendCode sendCode,
            CodeMessage message,
            PhoneNumbers phoneNumbers,
            ChallengeCookie challenge,
            SessionCookie cookie,
            Brand brand) {
        super("GET", "POST");
        this.codes = codes;
        this.sendCode = sendCode;
        this.message = message;
        this.phoneNumbers = phoneNumbers;
        this.challenge = challenge;
        this.cookie = cookie;
        this.brand = brand;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        CodeStep step = CodeStep.of(FormBody.ofQuery(request));
        Asked asked = latest(request);
        if (asked == null) {
            startOver(request, response, step);
        } else {
            ChallengeStatus standing = asked.standing();
            Page page = new Page(200, standing, step);
            show(request, response, standing.end() == null ? page : page.saying(errorKey(standing.end())));
        }
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        FormBody form = FormBody.read(request);
        CodeStep step = CodeStep.of(form);
        String number = form.get("number");
        Asked asked = number == null ? latest(request) : latestFor(number, request);
        if (asked == null) {
            startOver(request, response, step);
            return;
        }
        ChallengeStatus standing = asked.standing();
        boolean isResend = form.get("resend") != null;
        try {
            if (isResend) {
                resend(request, response, asked.secret(), standing, step);
            } else {
                attempt(request, response, asked.secret(), standing, form.get("code"), step);
            }
        } catch (DatabaseBusyException | StorageException e) {
            // The form stays, with its input, which the general page for 503 would lose. It speaks of the code alone,
            // because whoever only confirms is signed in all the while.
            boolean isBusy = e instanceof DatabaseBusyException;
            int seconds = isBusy ? HttpProblem.BUSY_SECONDS : HttpProblem.UNAVAILABLE_SECONDS;
            response.setHeader("Retry-After", String.valueOf(seconds));
            String errorKey = isResend
                    ? (isBusy ? "code.error.busy.resend" : "code.error.unavailable.resend")
                    : (isBusy ? "code.error.busy" : "code.error.unavailable");
            show(
                    request,
                    response,
                    new Page(503, standing, step).saying(errorKey).typed(form.get("code")));
        }
    }

    /** A request for a code that this browser has made. */
    private record Asked(ChallengeSecret secret, ChallengeStatus standing) {}

    /** The latest request; null if there is none, or it is over and forgotten. */
    private @Nullable Asked latest(HttpServletRequest request) {
        List<ChallengeSecret> held = challenge.read(request);
        return held.isEmpty() ? null : asked(held.get(0));
    }

    /**
     * The latest request for the number that the page shows. In another tab, a code for another number may have been
     * asked for since; it must not lose an attempt by what is typed here.
     */
    private @Nullable Asked latestFor(String shown, HttpServletRequest request) {
        for (ChallengeSecret secret : challenge.read(request)) {
            Asked asked = asked(secret);
            if (asked != null && shown.equals(shown(asked.standing()))) {
                return asked;
            }
        }
        return null;
    }

    private @Nullable Asked asked(ChallengeSecret secret) {
        ChallengeStatus standing = codes.standing(secret);
        return standing == null ? null : new Asked(secret, standing);
    }

    /** In full, for whoever typed it: the challenge belongs to this browser only. */
    private @Nullable String shown(ChallengeStatus standing) {
        return phoneNumbers.pretty(standing.number());
    }

    private void resend(
            HttpServletRequest request,
            HttpServletResponse response,
            ChallengeSecret secret,
            ChallengeStatus standing,
            CodeStep step)
            throws ServletException, IOException {
        CodeRequestResult asked = codes.askAgain(secret, ClientFactory.of(request), message.of(request));
        if (asked == null) {
            startOver(request, response, step);
        } else if (asked instanceof CodeRequestResult.Limited limited) {
            long wait = sendCode.secondsUntilRetry(limited);
            if (!Browser.accepts(request)) {
                throw HttpProblem.tooMany(wait);
            }
            // A code that has arrived may still be valid, so its field must stay.
            String errorKey = standing.isOver() ? "code.error.limit.over" : "code.error.limit";
            show(
                    request,
                    response,
                    new Page(429, standing, step).saying(errorKey).waiting(wait));
        } else {
            sendCode.go(request, response, (CodeRequestResult.Challenged) asked, step);
        }
    }

    private void attempt(
            HttpServletRequest request,
            HttpServletResponse response,
            ChallengeSecret secret,
            ChallengeStatus standing,
            @Nullable String typed,
            CodeStep step)
            throws ServletException, IOException {
        String code = EnteredCode.orNull(typed);
        if (code == null) {
            // A typo costs no attempt.
            show(request, response, new Page(422, standing, step).saying("code.error.malformed"));
            return;
        }
        CodeSignIn.Result result = codes.signIn(secret, code, ClientFactory.of(request), cookie.presented(request));
        if (result instanceof CodeSignIn.Result.Started started) {
            cookie.set(request, response, started.session().token());
            Redirect.seeOther(response, step.next() != null ? step.next() : brand.afterSignIn(ContextPath.of(request)));
        } else {
            CodeSignIn.Result.Refused refused = (CodeSignIn.Result.Refused) result;
            ChallengeStatus now = Objects.requireNonNullElse(codes.standing(secret), standing);
            show(request, response, new Page(422, now, step).saying(errorKey(refused.why())));
        }
    }

    private static String errorKey(Refusal why) {
        return switch (why) {
            case USED_UP -> "code.error.used-up";
            case EXPIRED -> "code.error.expired";
            case WRONG -> "code.error.wrong";
        };
    }

    /** No challenge: the cookie is gone, or another browser requested the code. A program reads no page. */
    private static void startOver(HttpServletRequest request, HttpServletResponse response, CodeStep step) {
        Redirect.seeOther(response, Browser.accepts(request) ? step.startOver(request) : step.start(request));
    }

    /** What the page shows. */
    private record Page(
            int status,
            ChallengeStatus standing,
            CodeStep step,
            @Nullable String errorKey,
            long resendIn,
            @Nullable String typed) {

        Page(int status, ChallengeStatus standing, CodeStep step) {
            this(
                    status,
                    standing,
                    step,
                    null,
                    standing.resendIn().plusMillis(999).toSeconds(),
                    null);
        }

        Page saying(String newErrorKey) {
            return new Page(status, standing, step, newErrorKey, resendIn, typed);
        }

        Page waiting(long newResendIn) {
            return new Page(status, standing, step, errorKey, newResendIn, typed);
        }

        Page typed(@Nullable String newTyped) {
            return new Page(status, standing, step, errorKey, resendIn, newTyped);
        }
    }

    private void show(HttpServletRequest request, HttpServletResponse response, Page page)
            throws ServletException, IOException {
        ChallengeStatus standing = page.standing();
        Messages messages = new Messages(Browser.language(request));
        Map<String, Object> model = new HashMap<>();
        model.put("next", page.step().next());
        model.put("isConfirming", page.step().isConfirming());
        model.put("errorKey", page.errorKey());
        model.put("isCodeWrong", page.status() == 422);
        model.put("typed", page.typed());
        model.put("number", shown(standing));
        model.put("isOver", standing.isOver());
        model.put("attemptsLeft", standing.attemptsLeft());
        model.put("goodFor", Wait.of(standing.expiresIn(), messages));
        model.put("resend", Wait.ofSeconds(page.resendIn(), messages));
        if (page.status() == 429) {
            response.setHeader("Retry-After", String.valueOf(page.resendIn()));
        }
        Pages.show(request, response, page.status(), "code", model);
    }
}
