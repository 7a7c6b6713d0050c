package org.multisession.web.page;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.Authenticator;
import org.multisession.auth.SignedIn;
import org.multisession.auth.TypedNumbers;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.StorageException;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.multisession.web.Browser;
import org.multisession.web.ClientFactory;
import org.multisession.web.FlashCookie;
import org.multisession.web.FlashCookie.Done;
import org.multisession.web.FlashCookie.What;
import org.multisession.web.HttpProblem;
import org.multisession.web.LocalPath;
import org.multisession.web.Messages;
import org.multisession.web.MethodServlet;
import org.multisession.web.OriginalUri;
import org.multisession.web.Redirect;
import org.multisession.web.SessionCookie;
import org.multisession.web.page.PhoneStep.Refusal;

/**
 * {@code GET /login}, {@code POST /login}: the phone form. {@link PhoneStep} decides what happens to the number. If a
 * proxy asks in place of another page ({@link OriginalUri}), it redirects the browser here, and back there after the
 * sign-in.
 */
public final class LoginServlet extends MethodServlet {

    /** The servlet for programs. */
    public static final String API = "api-login";

    /** The parameter of the address to which the code page sends a browser that has no request for a code. */
    static final String LOST = "lost";

    private final transient PhoneStep step;
    private final transient Authenticator authenticator;
    private final transient SignedOutNotice ending;
    private final transient SignOutNotice notice;
    private final transient TypedNumbers typedNumbers;
    private final transient PhoneNumbers phoneNumbers;
    private final transient SessionCookie cookie;
    private final transient FlashCookie done;

    public LoginServlet(
            PhoneStep step,
            Authenticator authenticator,
            SignedOutNotice ending,
            SignOutNotice notice,
            TypedNumbers typedNumbers,
            PhoneNumbers phoneNumbers,
            SessionCookie cookie,
            FlashCookie done) {
        super("GET", "POST");
        this.step = step;
        this.authenticator = authenticator;
        this.ending = ending;
        this.notice = notice;
        this.typedNumbers = typedNumbers;
        this.phoneNumbers = phoneNumbers;
        this.cookie = cookie;
        this.done = done;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        String next = FormBody.ofQuery(request).get("next");
        String original = next == null ? OriginalUri.of(request) : null;
        if (original != null) {
            // The browser must go to the address of this form, or it would stay at one that it may not see.
            Redirect.toSignIn(request, response, LocalPath.orNull(original));
            return;
        }
        showForm(request, response, LocalPath.orNull(next), numberToMend(request), null);
    }

    /** Coming back from the code page with "Wrong number?", people find the number in the field. */
    private @Nullable String numberToMend(HttpServletRequest request) {
        boolean isAsked = FormBody.ofQuery(request).get("edit") != null;
        return isAsked ? phoneNumbers.pretty(step.latestNumber(request)) : null;
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        if (isJson(request)) {
            RequestDispatcher api = request.getServletContext().getNamedDispatcher(API);
            if (api == null) {
                throw new IllegalStateException("there is no servlet " + API);
            }
            api.forward(request, response);
            return;
        }
        FormBody form = FormBody.read(request);
        String typed = form.get("phone");
        String next = LocalPath.orNull(form.get("next"));
        PhoneNumber number = typedNumbers.read(typed);
        if (number == null) {
            boolean isEmpty = typed == null || typed.isBlank();
            String errorKey = isEmpty ? "login.error.empty" : "login.error.malformed";
            showForm(request, response, next, typed, Refusal.of(errorKey));
            return;
        }
        try {
            Refusal refusal = step.take(request, response, number, next);
            if (refusal != null) {
                showForm(request, response, next, typed, refusal);
            }
        } catch (DatabaseBusyException e) {
            // The number stays in the field; the general page for 503 would lose it.
            showForm(request, response, next, typed, new Refusal(503, "login.error.busy", HttpProblem.BUSY_SECONDS));
        } catch (StorageException e) {
            showForm(
                    request,
                    response,
                    next,
                    typed,
                    new Refusal(503, "login.error.unavailable", HttpProblem.UNAVAILABLE_SECONDS));
        }
    }

    /** A program that uses this address from before there was an API. */
    private static boolean isJson(HttpServletRequest request) {
        return String.valueOf(request.getContentType()).toLowerCase(Locale.ROOT).startsWith("application/json");
    }

    private void showForm(
            HttpServletRequest request,
            HttpServletResponse response,
            @Nullable String next,
            @Nullable String number,
            @Nullable Refusal refusal)
            throws ServletException, IOException {
        if (refusal != null && !Browser.accepts(request) && refusal.status() == 429) {
            throw HttpProblem.tooMany(refusal.retryIn());
        }
        Map<String, Object> model = new HashMap<>();
        model.put("next", next);
        model.put("phone", number);
        if (refusal != null) {
            model.put("errorKey", refusal.errorKey());
            // The number may be right; only the wait is in the way.
            model.put("isNumberWrong", refusal.retryIn() == 0);
            model.put("wait", Wait.ofSeconds(refusal.retryIn(), new Messages(Browser.language(request))));
            if (refusal.retryIn() > 0) {
                response.setHeader("Retry-After", String.valueOf(refusal.retryIn()));
            }
            PhoneNumber refused = refusal.status() == 429 ? phoneNumbers.read(number) : null;
            if (refused != null && refused.text().equals(step.latestNumber(request))) {
                model.put("codePage", CodeStep.signIn(next).url(request));
            } else if (refused != null) {
                model.put("errorKey", PhoneStep.Refusal.WAIT_ELSEWHERE);
            }
        }
        model.put("phoneExample", phoneNumbers.example());
        model.put("submitKey", step.buttonKey());
        Done signedOut = done.take(request, response);
        SignedIn signedIn = authenticator.authenticate(cookie.presented(request), () -> ClientFactory.of(request));
        if (signedIn != null) {
            PhoneNumber own = phoneNumbers.parse(signedIn.user().phone());
            model.put("signedInAs", own == null ? "•••" : own.masked());
            model.putAll(notice.of(request, signedIn));
        } else {
            model.put("hasSignedOut", signedOut != null);
            model.put("hasForgotten", signedOut != null && signedOut.what() == What.FORGOT);
            model.putAll(ending.of(request));
            model.put("isCodeLost", refusal == null && FormBody.ofQuery(request).get(LOST) != null);
        }
        Pages.show(request, response, refusal == null ? 200 : refusal.status(), "login", model);
    }
}
