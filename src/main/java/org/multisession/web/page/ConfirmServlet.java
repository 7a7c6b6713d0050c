package org.multisession.web.page;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.CodeSignIn;
import org.multisession.auth.Freshness;
import org.multisession.auth.SignedIn;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.multisession.web.Browser;
import org.multisession.web.ContextPath;
import org.multisession.web.CurrentUser;
import org.multisession.web.HttpProblem;
import org.multisession.web.LocalPath;
import org.multisession.web.MaxAge;
import org.multisession.web.Messages;
import org.multisession.web.MethodServlet;
import org.multisession.web.Redirect;

/**
 * {@code GET /login/confirm}, {@code POST /login/confirm}: asks a signed-in user to prove anew who they are, by a code to
 * their own number, and goes on to {@code next}. Whoever has proved it recently enough, within {@code max-age} seconds or
 * {@code multisession.session.fresh-for}, goes on at once.
 */
public final class ConfirmServlet extends MethodServlet {

    static final String PATH = "/login/confirm";

    private final transient CodeSignIn codes;
    private final transient SendCode sendCode;
    private final transient Freshness freshness;
    private final transient PhoneNumbers phoneNumbers;

    public ConfirmServlet(CodeSignIn codes, SendCode sendCode, Freshness freshness, PhoneNumbers phoneNumbers) {
        super("GET", "POST");
        this.codes = codes;
        this.sendCode = sendCode;
        this.freshness = freshness;
        this.phoneNumbers = phoneNumbers;
    }

    /** Redirects here, and from here to the list of devices, which then offers to end this one. */
    static void goBeforeEnding(HttpServletRequest request, HttpServletResponse response, String end) {
        String next = ContextPath.of(request) + "/sessions?end=" + end;
        Redirect.seeOther(
                response, ContextPath.of(request) + PATH + "?next=" + URLEncoder.encode(next, StandardCharsets.UTF_8));
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        SignedIn signedIn = CurrentUser.required(request).signedIn();
        String next = LocalPath.orNull(FormBody.ofQuery(request).get("next"));
        Duration given = MaxAge.of(request);
        Duration maxAge = given == null ? freshness.freshFor() : given;
        if (maxAge != null && freshness.isProvedWithin(signedIn, maxAge)) {
            Redirect.seeOther(response, orDevices(request, next));
        } else {
            show(request, response, signedIn, next, null);
        }
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        SignedIn signedIn = CurrentUser.required(request).signedIn();
        String next = LocalPath.orNull(FormBody.read(request).get("next"));
        PhoneNumber number = codes.numberOf(signedIn.user());
        PhoneStep.Refusal refusal = number == null
                ? PhoneStep.Refusal.of("confirm.error.unreachable")
                : sendCode.take(request, response, number, step(request, next));
        if (refusal != null) {
            show(request, response, signedIn, next, refusal);
        }
    }

    private static CodeStep step(HttpServletRequest request, @Nullable String next) {
        return CodeStep.confirmation(orDevices(request, next));
    }

    private static String orDevices(HttpServletRequest request, @Nullable String next) {
        return next == null ? ContextPath.of(request) + "/sessions" : next;
    }

    private void show(
            HttpServletRequest request,
            HttpServletResponse response,
            SignedIn signedIn,
            @Nullable String next,
            PhoneStep.@Nullable Refusal refusal)
            throws ServletException, IOException {
        if (refusal != null && refusal.status() == 429 && !Browser.accepts(request)) {
            throw HttpProblem.tooMany(refusal.retryIn());
        }
        Map<String, Object> model = new HashMap<>();
        model.put("next", next);
        model.put("number", phoneNumbers.pretty(signedIn.user().phone()));
        if (refusal != null) {
            model.put("errorKey", refusal.errorKey());
            model.put("wait", Wait.ofSeconds(refusal.retryIn(), new Messages(Browser.language(request))));
            if (refusal.status() == 429) {
                response.setHeader("Retry-After", String.valueOf(refusal.retryIn()));
                String codePage = codePage(request, signedIn, next);
                model.put("codePage", codePage);
                model.put("errorKey", codePage == null ? PhoneStep.Refusal.WAIT_ELSEWHERE : refusal.errorKey());
            }
        }
        Pages.show(request, response, refusal == null ? 200 : refusal.status(), "confirm", model);
    }

    /** Where a code that is on its way to this number can be entered; null if this browser has asked for none. */
    private @Nullable String codePage(HttpServletRequest request, SignedIn signedIn, @Nullable String next) {
        PhoneNumber number = codes.numberOf(signedIn.user());
        return number != null && number.text().equals(sendCode.latestNumber(request))
                ? step(request, next).url(request)
                : null;
    }
}
