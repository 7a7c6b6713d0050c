package org.multisession.web.page;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.CodeSignIn;
import org.multisession.code.ChallengeSecret;
import org.multisession.code.OneTimeCodes.Asked;
import org.multisession.code.OneTimeCodes.Standing;
import org.multisession.code.OneTimeCodes.Tried;
import org.multisession.user.PhoneNumber;
import org.multisession.user.PhoneNumbers;
import org.multisession.web.Browser;
import org.multisession.web.ChallengeCookie;
import org.multisession.web.Clients;
import org.multisession.web.CodeMessage;
import org.multisession.web.LocalPath;
import org.multisession.web.Redirect;
import org.multisession.web.Route;
import org.multisession.web.SessionCookie;
import org.multisession.web.TypedCode;

/**
 * {@code GET /login/code}, {@code POST /login/code}: asks for the code and signs in. The same form's second button, with
 * the field {@code resend}, sends another one.
 */
public final class CodeServlet extends Route {

    private final transient CodeSignIn codes;
    private final transient SendCode sendCode;
    private final transient CodeMessage message;
    private final transient PhoneNumbers phoneNumbers;
    private final transient ChallengeCookie challenge;
    private final transient SessionCookie cookie;

    public CodeServlet(
            CodeSignIn codes,
            SendCode sendCode,
            CodeMessage message,
            PhoneNumbers phoneNumbers,
            ChallengeCookie challenge,
            SessionCookie cookie) {
        super("GET", "POST");
        this.codes = codes;
        this.sendCode = sendCode;
        this.message = message;
        this.phoneNumbers = phoneNumbers;
        this.challenge = challenge;
        this.cookie = cookie;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        String next = LocalPath.orNull(FormBody.ofQuery(request).get("next"));
        ChallengeSecret secret = challenge.read(request);
        Standing standing = secret == null ? null : codes.standing(secret);
        if (standing == null) {
            startOver(request, response);
        } else {
            showForm(request, response, 200, standing, next, standing.end() == null ? null : errorKey(standing.end()));
        }
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        FormBody form = FormBody.read(request);
        String next = LocalPath.orNull(form.get("next"));
        ChallengeSecret secret = challenge.read(request);
        Standing standing = secret == null ? null : codes.standing(secret);
        if (secret == null || standing == null) {
            startOver(request, response);
        } else if (form.get("resend") != null) {
            Asked asked = codes.askAgain(secret, Clients.of(request), message.of(request));
            if (asked == null) {
                startOver(request, response);
            } else if (asked instanceof Asked.Limited limited && Browser.accepts(request)) {
                // A code that has arrived may still be good: its field must not go away.
                long wait = Math.max(1, sendCode.secondsUntilRetry(limited.hit()));
                response.setHeader("Retry-After", String.valueOf(wait));
                String errorKey = standing.isOver() ? "code.error.limit.over" : "code.error.limit";
                showForm(request, response, 429, standing, next, errorKey, wait);
            } else {
                sendCode.go(request, response, asked, next);
            }
        } else {
            attempt(request, response, secret, standing, form.get("code"), next);
        }
    }

    private void attempt(
            HttpServletRequest request,
            HttpServletResponse response,
            ChallengeSecret secret,
            Standing standing,
            @Nullable String typed,
            @Nullable String next)
            throws ServletException, IOException {
        String code = TypedCode.orNull(typed);
        if (code == null) {
            // A slip of the finger costs no attempt.
            showForm(request, response, 422, standing, next, "code.error.malformed");
            return;
        }
        CodeSignIn.Result result = codes.signIn(secret, code, Clients.of(request), cookie.presented(request));
        if (result instanceof CodeSignIn.Result.Started started) {
            challenge.keep(request, response, secret);
            cookie.set(request, response, started.session().token());
            Redirect.seeOther(response, Objects.requireNonNullElse(next, request.getContextPath() + "/"));
        } else if (result instanceof CodeSignIn.Result.Refused refused) {
            Standing now = Objects.requireNonNullElse(codes.standing(secret), standing);
            showForm(request, response, 422, now, next, errorKey(refused.why()));
        }
    }

    private static String errorKey(Tried why) {
        return switch (why) {
            case USED_UP -> "code.error.used-up";
            case EXPIRED -> "code.error.expired";
            default -> "code.error.wrong";
        };
    }

    /** No challenge: the cookie has gone, or it was another browser that asked. */
    private static void startOver(HttpServletRequest request, HttpServletResponse response) {
        Redirect.seeOther(response, request.getContextPath() + "/login");
    }

    private void showForm(
            HttpServletRequest request,
            HttpServletResponse response,
            int status,
            Standing standing,
            @Nullable String next,
            @Nullable String errorKey)
            throws ServletException, IOException {
        long resendIn = standing.resendIn().plusMillis(999).toSeconds();
        showForm(request, response, status, standing, next, errorKey, resendIn);
    }

    private void showForm(
            HttpServletRequest request,
            HttpServletResponse response,
            int status,
            Standing standing,
            @Nullable String next,
            @Nullable String errorKey,
            long resendIn)
            throws ServletException, IOException {
        PhoneNumber number = phoneNumbers.read(standing.number());
        Map<String, Object> model = new HashMap<>();
        model.put("next", next);
        model.put("errorKey", errorKey);
        model.put("maskedPhone", number == null ? "•••" : number.masked());
        model.put("isOver", standing.isOver());
        model.put("resendIn", resendIn);
        Pages.show(request, response, status, "code", model);
    }
}
