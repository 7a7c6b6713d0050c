package org.multisession.web.page;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.SignIn;
import org.multisession.phone.PhoneNumber;
import org.multisession.web.ClientFactory;
import org.multisession.web.ContextPath;
import org.multisession.web.Redirect;
import org.multisession.web.SessionCookie;

/** The number alone signs in. */
public final class DirectSignIn implements PhoneStep {

    private final SignIn signIn;
    private final SessionCookie cookie;
    private final Brand brand;

    public DirectSignIn(SignIn signIn, SessionCookie cookie, Brand brand) {
        this.signIn = signIn;
        this.cookie = cookie;
        this.brand = brand;
    }

    @Override
    public @Nullable Refusal take(
            HttpServletRequest request, HttpServletResponse response, PhoneNumber number, @Nullable String next) {
        SignIn.Result result = signIn.signIn(number, ClientFactory.of(request), cookie.presented(request));
        if (result instanceof SignIn.Result.Started started) {
            cookie.set(request, response, started.token());
            Redirect.seeOther(response, next != null ? next : brand.afterSignIn(ContextPath.of(request)));
            return null;
        }
        return Refusal.of(
                result instanceof SignIn.Result.AmbiguousNumber ? "login.error.ambiguous" : "login.error.unknown");
    }

    @Override
    public @Nullable String latestNumber(HttpServletRequest request) {
        return null;
    }

    @Override
    public String buttonKey() {
        return "login.submit";
    }
}
