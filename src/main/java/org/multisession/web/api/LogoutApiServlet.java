package org.multisession.web.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import org.multisession.auth.SignOut;
import org.multisession.token.SessionToken;
import org.multisession.web.ClientFactory;
import org.multisession.web.CurrentUser;
import org.multisession.web.MethodServlet;
import org.multisession.web.SessionCookie;

/** {@code POST /api/logout}: signs the caller out. */
public final class LogoutApiServlet extends MethodServlet {

    private final transient SignOut signOut;
    private final transient SessionCookie cookie;

    public LogoutApiServlet(SignOut signOut, SessionCookie cookie) {
        super("POST");
        this.signOut = signOut;
        this.cookie = cookie;
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) {
        List<SessionToken> legacy = signOut.signOut(
                CurrentUser.required(request).signedIn(), cookie.presented(request), ClientFactory.of(request));
        cookie.clear(request, response, legacy);
        response.setStatus(HttpServletResponse.SC_NO_CONTENT);
    }
}
