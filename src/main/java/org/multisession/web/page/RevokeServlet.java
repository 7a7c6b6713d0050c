package org.multisession.web.page;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.multisession.auth.Devices;
import org.multisession.auth.SignOut;
import org.multisession.session.SessionToken;
import org.multisession.web.Clients;
import org.multisession.web.CurrentUser;
import org.multisession.web.DoneCookie;
import org.multisession.web.DoneCookie.Done;
import org.multisession.web.DoneCookie.What;
import org.multisession.web.Redirect;
import org.multisession.web.Route;
import org.multisession.web.SessionCookie;

/** {@code POST /sessions/revoke}: ends the one of the user's devices that the field {@code session} names. */
public final class RevokeServlet extends Route {

    private final transient Devices devices;
    private final transient SignOut signOut;
    private final transient DoneCookie done;
    private final transient DoneCookie signedOut;
    private final transient SessionCookie cookie;

    /** {@code done} is for the page of devices, {@code signedOut} for the sign-in page. */
    public RevokeServlet(
            Devices devices, SignOut signOut, DoneCookie done, DoneCookie signedOut, SessionCookie cookie) {
        super("POST");
        this.devices = devices;
        this.signOut = signOut;
        this.done = done;
        this.signedOut = signedOut;
        this.cookie = cookie;
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        FormBody form = FormBody.read(request);
        String handle = Objects.requireNonNullElse(form.get("session"), "");
        String page = Objects.requireNonNullElse(form.get("page"), "1");
        switch (devices.end(CurrentUser.required(request).signedIn(), handle, Clients.of(request))) {
            case THIS -> {
                List<SessionToken> legacy = signOut.signOut(cookie.presented(request), Clients.of(request));
                cookie.clearAfterSignOut(request, response, legacy);
                signedOut.set(request, response, Done.signedOut(legacy));
            }
            case ANOTHER -> done.set(request, response, new Done(What.ONE, 1));
            case UNKNOWN -> done.set(request, response, new Done(What.GONE, 1));
        }
        Redirect.seeOther(
                response,
                request.getContextPath() + "/sessions"
                        + (page.matches("[1-9][0-9]{0,8}") && !page.equals("1") ? "?page=" + page : ""));
    }
}
