package org.multisession.web.probe;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.Principal;
import org.multisession.web.CurrentUser;

/**
 * Has a secret, trusts the filter and checks nothing. Says in the log if somebody came who is nobody, since an answer to
 * HEAD or into a committed response would not show it.
 */
public final class ProtectedProbe extends HttpServlet {

    /** In every answer of this servlet, as a header and in the body. */
    public static final String SECRET = "the-secret-of-the-probe";

    /** What the log says if this was reached without a user. */
    public static final String ALARM = "the protected servlet was reached by nobody";

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Principal principal = request.getUserPrincipal();
        CurrentUser user = CurrentUser.of(request);
        if (principal == null || user == null) {
            System.out.println(ALARM + ": " + request.getDispatcherType() + " " + request.getMethod());
        }
        response.setHeader("X-Probe", SECRET);
        response.setContentType("text/plain;charset=UTF-8");
        response.getWriter()
                .write(SECRET
                        + " principal=" + (principal == null ? null : principal.getName())
                        + " same=" + (principal == user)
                        + " remoteUser=" + request.getRemoteUser()
                        + " authType=" + request.getAuthType()
                        + " via=" + (user == null ? null : user.via())
                        + " phone=" + (user == null ? null : user.phone())
                        + " plan=" + (user == null ? null : user.plan())
                        + " attribute=" + request.getAttribute(CurrentUser.ID_ATTRIBUTE)
                        + " dispatcher=" + request.getDispatcherType());
    }
}
