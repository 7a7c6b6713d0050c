package org.multisession.web.page;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.Authenticator;
import org.multisession.auth.SignIn;
import org.multisession.auth.SignedIn;
import org.multisession.user.PhoneNumber;
import org.multisession.user.PhoneNumbers;
import org.multisession.web.LocalPath;
import org.multisession.web.Redirect;
import org.multisession.web.Route;
import org.multisession.web.SessionCookie;

/** {@code GET /login}, {@code POST /login}: the phone form. */
public final class LoginServlet extends Route {

    private final transient SignIn signIn;
    private final transient Authenticator authenticator;
    private final transient PhoneNumbers phoneNumbers;
    private final transient SessionCookie cookie;

    public LoginServlet(SignIn signIn, Authenticator authenticator, PhoneNumbers phoneNumbers, SessionCookie cookie) {
        super("GET", "POST");
        this.signIn = signIn;
        this.authenticator = authenticator;
        this.phoneNumbers = phoneNumbers;
        this.cookie = cookie;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        showForm(request, response, 200, LocalPath.orNull(request.getParameter("next")), null, null);
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        FormBody form = FormBody.read(request);
        String typed = form.get("phone");
        String next = LocalPath.orNull(form.get("next"));
        PhoneNumber number = phoneNumbers.parse(typed);
        if (number == null) {
            showForm(request, response, 422, next, typed, "login.error.malformed");
            return;
        }
        SignIn.Result result = signIn.signIn(number);
        if (result instanceof SignIn.Result.Started started) {
            cookie.set(request, response, started.token());
            Redirect.seeOther(response, Objects.requireNonNullElse(next, request.getContextPath() + "/"));
        } else if (result instanceof SignIn.Result.AmbiguousNumber) {
            showForm(request, response, 422, next, typed, "login.error.ambiguous");
        } else {
            showForm(request, response, 422, next, typed, "login.error.unknown");
        }
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
        SignedIn signedIn = authenticator.authenticate(cookie.presented(request));
        if (signedIn != null) {
            PhoneNumber own = phoneNumbers.parse(signedIn.user().phone());
            model.put("signedInAs", own == null ? "•••" : own.masked());
        }
        Pages.show(request, response, status, "login", model);
    }
}
