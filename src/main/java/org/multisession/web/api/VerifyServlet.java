package org.multisession.web.api;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.multisession.auth.Authenticator;
import org.multisession.auth.SignedIn;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.multisession.web.ClientFactory;
import org.multisession.web.CurrentUser;
import org.multisession.web.HttpProblem;
import org.multisession.web.SessionCookie;

/**
 * {@code GET /verify}: tells a proxy who its caller is, in headers that it hands on to the app behind it; 200, or 401.
 *
 * <p>Each of these headers is in every answer, empty where there is nothing to say: a proxy that copies them overwrites
 * what its client sent under their names. It sets no cookie, since a proxy loses it.
 *
 * <p>Any method is answered alike. A proxy may ask by the one of its client, and takes every 2xx for a yes: a 204 to
 * {@code OPTIONS} would let it in.
 */
public final class VerifyServlet extends HttpServlet {

    static final String USER_ID = "X-Auth-User-Id";
    static final String PHONE = "X-Auth-Phone";
    static final String PLAN = "X-Auth-Plan";
    static final String VIA = "X-Auth-Via";

    private final transient Authenticator authenticator;
    private final transient SessionCookie cookie;
    private final transient PhoneNumbers phoneNumbers;
    private final transient Json json = new Json();

    public VerifyServlet(Authenticator authenticator, SessionCookie cookie, PhoneNumbers phoneNumbers) {
        this.authenticator = authenticator;
        this.cookie = cookie;
        this.phoneNumbers = phoneNumbers;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        // First, so that an answer of failure has them too.
        for (String name : new String[] {USER_ID, PHONE, PLAN, VIA}) {
            response.setHeader(name, "");
        }
        SignedIn signedIn = authenticator.authenticate(cookie.presented(request), () -> ClientFactory.of(request));
        if (signedIn == null) {
            // Not thrown: a browser would be answered with a page, which no proxy shows.
            HttpProblem failure = HttpProblem.unauthenticated();
            failure.headers().forEach(response::setHeader);
            json.respond(request, response, failure, null);
            return;
        }
        CurrentUser user = new CurrentUser(signedIn);
        request.setAttribute(CurrentUser.ID_ATTRIBUTE, user.getName());
        PhoneNumber number = phoneNumbers.parse(user.phone());
        response.setHeader(USER_ID, user.getName());
        response.setHeader(PHONE, number == null ? "" : number.text());
        response.setHeader(PLAN, HeaderText.of(user.plan()));
        response.setHeader(VIA, user.via());
    }
}
