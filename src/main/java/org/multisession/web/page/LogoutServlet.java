package org.multisession.web.page;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import org.multisession.auth.SignOut;
import org.multisession.session.SessionToken;
import org.multisession.web.Clients;
import org.multisession.web.CurrentUser;
import org.multisession.web.DoneCookie;
import org.multisession.web.DoneCookie.Done;
import org.multisession.web.Redirect;
import org.multisession.web.Route;
import org.multisession.web.SessionCookie;

/** {@code GET /logout}: a page with a button. {@code POST /logout}: signs this device out. */
public final class LogoutServlet extends Route {

    private final transient SignOut signOut;
    private final transient SignOutNotice notice;
    private final transient SessionCookie cookie;
    private final transient DoneCookie done;

    /** {@code done} is for the sign-in page. */
    public LogoutServlet(SignOut signOut, SignOutNotice notice, SessionCookie cookie, DoneCookie done) {
        super("GET", "POST");
        this.signOut = signOut;
        this.notice = notice;
        this.cookie = cookie;
        this.done = done;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        Pages.show(
                request,
                response,
                200,
                "logout",
                notice.of(request, CurrentUser.required(request).signedIn()));
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) {
        List<SessionToken> legacy = signOut.signOut(
                CurrentUser.required(request).signedIn(), cookie.presented(request), Clients.of(request));
        cookie.clearAfterSignOut(request, response, legacy);
        done.set(request, response, Done.signedOut(legacy));
        Redirect.seeOther(response, request.getContextPath() + "/login");
    }
}
