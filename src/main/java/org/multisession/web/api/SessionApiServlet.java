package org.multisession.web.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.multisession.auth.Devices;
import org.multisession.auth.Freshness;
import org.multisession.auth.SignOut;
import org.multisession.token.SessionId;
import org.multisession.web.ClientFactory;
import org.multisession.web.CurrentUser;
import org.multisession.web.HttpProblem;
import org.multisession.web.MethodServlet;
import org.multisession.web.SessionCookie;

/**
 * {@code DELETE /api/sessions/{id}}: ends one of the caller's devices. The answer for somebody else's id is the same as
 * for one that does not exist.
 */
public final class SessionApiServlet extends MethodServlet {

    private final transient Devices devices;
    private final transient Freshness freshness;
    private final transient SignOut signOut;
    private final transient SessionCookie cookie;

    public SessionApiServlet(Devices devices, Freshness freshness, SignOut signOut, SessionCookie cookie) {
        super("DELETE");
        this.devices = devices;
        this.freshness = freshness;
        this.signOut = signOut;
        this.cookie = cookie;
    }

    /** The id as it was sent: Tomcat removes parameters and dots from the path that it returns. */
    @Override
    protected void requirePath(HttpServletRequest request) {
        String below = request.getContextPath() + request.getServletPath();
        String sent = request.getRequestURI();
        if (!sent.startsWith(below + "/") || !SessionId.isWellFormed(sent.substring(below.length() + 1))) {
            throw unknown();
        }
    }

    @Override
    protected void doDelete(HttpServletRequest request, HttpServletResponse response) {
        String id = request.getPathInfo().substring(1);
        switch (devices.end(CurrentUser.required(request).signedIn(), id, ClientFactory.of(request))) {
            case THIS ->
                cookie.clear(request, response, signOut.signOut(cookie.presented(request), ClientFactory.of(request)));
            case ANOTHER -> {}
            case UNKNOWN -> throw unknown();
            case PROOF_NEEDED -> throw Answers.proofTooOld(freshness);
        }
        response.setStatus(HttpServletResponse.SC_NO_CONTENT);
    }

    private static HttpProblem unknown() {
        return HttpProblem.notFound("You have no session with this id. Nothing was ended; it may have ended before.");
    }
}
