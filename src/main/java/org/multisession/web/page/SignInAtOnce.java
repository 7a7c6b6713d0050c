package org.multisession.web.page;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.SignIn;
import org.multisession.user.PhoneNumber;
import org.multisession.web.Clients;
import org.multisession.web.Redirect;
import org.multisession.web.SessionCookie;

/** The number alone signs in. */
public final class SignInAtOnce implements NumberStep {

    private final SignIn signIn;
    private final SessionCookie cookie;

    public SignInAtOnce(SignIn signIn, SessionCookie cookie) {
        this.signIn = signIn;
        this.cookie = cookie;
    }

    @Override
    public @Nullable String take(
            HttpServletRequest request, HttpServletResponse response, PhoneNumber number, @Nullable String next) {
        SignIn.Result result = signIn.signIn(number, Clients.of(request), cookie.presented(request));
        if (result instanceof SignIn.Result.Started started) {
            cookie.set(request, response, started.token());
            Redirect.seeOther(response, Objects.requireNonNullElse(next, request.getContextPath() + "/"));
            return null;
        }
        return result instanceof SignIn.Result.AmbiguousNumber ? "login.error.ambiguous" : "login.error.unknown";
    }

    @Override
    public String buttonKey() {
        return "login.submit";
    }
}
