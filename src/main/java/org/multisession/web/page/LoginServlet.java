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
import org.multisession.db.DatabaseBusyException;
import org.multisession.user.PhoneNumber;
import org.multisession.user.PhoneNumbers;
import org.multisession.web.Clients;
import org.multisession.web.LocalPath;
import org.multisession.web.OriginalUri;
import org.multisession.web.Redirect;
import org.multisession.web.Route;
import org.multisession.web.SessionCookie;

/**
 * {@code GET /login}, {@code POST /login}: the phone form. What becomes of the number is the {@link NumberStep}'s. Asked
 * by a proxy in place of something else ({@link OriginalUri}), it sends the browser here, to come back there.
 */
public final class LoginServlet extends Route {

    /** The servlet that does the same for programs. */
    public static final String API = "api-login";

    private final transient NumberStep step;
    private final transient Authenticator authenticator;
    private final transient EndingNotice ending;
    private final transient PhoneNumbers phoneNumbers;
    private final transient SessionCookie cookie;

    public LoginServlet(
            NumberStep step,
            Authenticator authenticator,
            EndingNotice ending,
            PhoneNumbers phoneNumbers,
            SessionCookie cookie) {
        super("GET", "POST");
        this.step = step;
        this.authenticator = authenticator;
        this.ending = ending;
        this.phoneNumbers = phoneNumbers;
        this.cookie = cookie;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        String next = FormBody.ofQuery(request).get("next");
        String original = next == null ? OriginalUri.of(request) : null;
        if (original != null) {
            // The browser shall see the address of this form, or it would stay at one that it may not have.
            Redirect.toSignIn(request, response, LocalPath.orNull(original));
            return;
        }
        showForm(request, response, 200, LocalPath.orNull(next), null, null);
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
        PhoneNumber number = phoneNumbers.parse(typed);
        if (number == null) {
            showForm(request, response, 422, next, typed, "login.error.malformed");
            return;
        }
        try {
            String errorKey = step.take(request, response, number, next);
            if (errorKey != null) {
                showForm(request, response, 422, next, typed, errorKey);
            }
        } catch (DatabaseBusyException e) {
            // The number stays in the field; on the general page for 503 it would be gone.
            response.setHeader("Retry-After", "1");
            showForm(request, response, 503, next, typed, "login.error.busy");
        }
    }

    /** A program that knows this address from before there was an API. */
    private static boolean isJson(HttpServletRequest request) {
        return String.valueOf(request.getContentType()).toLowerCase(Locale.ROOT).startsWith("application/json");
    }

    private void showForm(
            HttpServletRequest request,
            HttpServletResponse response,
            int status,
            @Nullable String next,
            @Nullable String typed,
            @Nullable String errorKey)
            throws ServletException, IOException {
        Map<String, Object> model = new HashMap<>();
        model.put("next", next);
        model.put("phone", typed);
        model.put("errorKey", errorKey);
        model.put("phoneExample", phoneNumbers.example());
        model.put("submitKey", step.buttonKey());
        SignedIn signedIn = authenticator.authenticate(cookie.presented(request), () -> Clients.of(request));
        if (signedIn != null) {
            PhoneNumber own = phoneNumbers.parse(signedIn.user().phone());
            model.put("signedInAs", own == null ? "•••" : own.masked());
        } else {
            model.putAll(ending.of(request));
        }
        Pages.show(request, response, status, "login", model);
    }
}
