package org.multisession.web.page;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import org.multisession.auth.SignOut;
import org.multisession.token.SessionToken;
import org.multisession.web.ClientFactory;
import org.multisession.web.ContextPath;
import org.multisession.web.CurrentUser;
import org.multisession.web.FlashCookie;
import org.multisession.web.FlashCookie.Done;
import org.multisession.web.MethodServlet;
import org.multisession.web.Redirect;
import org.multisession.web.SessionCookie;

/** {@code GET /logout}: a page with a button. {@code POST /logout}: signs this device out. */
public final class LogoutServlet extends MethodServlet {

    private final transient SignOut signOut;
    private final transient SignOutNotice notice;
    private final transient SessionCookie cookie;
    private final transient FlashCookie done;

    /** {@code done} is for the sign-in page. */
    public LogoutServlet(SignOut signOut, SignOutNotice notice, SessionCookie cookie, FlashCookie done) {
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
                CurrentUser.required(request).signedIn(), cookie.presented(request), ClientFactory.of(request));
        cookie.clearAfterSignOut(request, response, legacy);
        done.set(request, response, Done.signedOut(legacy));
        Redirect.seeOther(response, ContextPath.of(request) + "/login");
    }
}
