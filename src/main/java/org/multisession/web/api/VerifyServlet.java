package org.multisession.web.api;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.multisession.auth.Authenticator;
import org.multisession.auth.Freshness;
import org.multisession.auth.SignedIn;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.multisession.phone.RememberedNumbers;
import org.multisession.session.UserSession;
import org.multisession.web.ClientFactory;
import org.multisession.web.CurrentUser;
import org.multisession.web.HttpProblem;
import org.multisession.web.MaxAge;
import org.multisession.web.SessionCookie;

/**
 * {@code GET /verify}: tells a proxy who its caller is, in headers that it passes on to the app behind it; 200, or 401.
 *
 * <p>Each of these headers is in every answer, empty if there is nothing to say, so that a proxy that copies them
 * overwrites what its client sent under their names. It sets no cookie, because a proxy would lose it.
 *
 * <p>With {@code ?max-age=SECONDS} the answer is 401 as well where the user proved longer ago who they are, or never did
 * here.
 *
 * <p>Every method gets the same answer. A proxy may ask with its client's method, and takes every 2xx for a yes: a 204
 * to {@code OPTIONS} would let the client in.
 */
public final class VerifyServlet extends HttpServlet {

    static final String USER_ID = "X-Auth-User-Id";
    static final String PHONE = "X-Auth-Phone";
    static final String PLAN = "X-Auth-Plan";
    static final String VIA = "X-Auth-Via";
    static final String TIME = "X-Auth-Time";
    static final String SESSION = "X-Auth-Session";

    private static final String[] IDENTITY = {USER_ID, PHONE, PLAN, VIA, TIME, SESSION};

    private final transient Authenticator authenticator;
    private final transient SessionCookie cookie;
    private final transient Freshness freshness;
    private final transient RememberedNumbers numbers;
    private final transient Json json = new Json();

    public VerifyServlet(
            Authenticator authenticator, SessionCookie cookie, Freshness freshness, PhoneNumbers phoneNumbers) {
        this.authenticator = authenticator;
        this.cookie = cookie;
        this.freshness = freshness;
        // Each takes some 250 bytes, all together a few hundredths of the memory.
        this.numbers = new RememberedNumbers(
                phoneNumbers, (int) Math.min(1_000_000, Runtime.getRuntime().maxMemory() / 10_000));
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            answer(request, response);
        } catch (RuntimeException | Error e) {
            // Whoever answers in its place leaves the headers as they are.
            tellNobody(response);
            throw e;
        }
    }

    private void answer(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Duration maxAge = MaxAge.of(request);
        SignedIn signedIn = authenticator.authenticate(cookie.presented(request), () -> ClientFactory.of(request));
        if (signedIn == null) {
            refuse(request, response, HttpProblem.unauthenticated());
            return;
        }
        if (maxAge != null && !freshness.isProvedWithin(signedIn, maxAge)) {
            refuse(request, response, HttpProblem.proofTooOld(maxAge));
            return;
        }
        CurrentUser user = new CurrentUser(signedIn);
        request.setAttribute(CurrentUser.ID_ATTRIBUTE, user.getName());
        PhoneNumber number = numbers.parse(user.phone());
        Instant proved = Freshness.provedAt(signedIn);
        UserSession session = signedIn.session();
        response.setHeader(USER_ID, user.getName());
        response.setHeader(PHONE, number == null ? "" : number.text());
        response.setHeader(PLAN, HeaderText.of(user.plan()));
        response.setHeader(VIA, user.via());
        response.setHeader(TIME, proved == null ? "" : IsoTime.of(proved.truncatedTo(ChronoUnit.SECONDS)));
        response.setHeader(SESSION, session == null ? "" : session.id().text());
    }

    private static void tellNobody(HttpServletResponse response) {
        for (String name : IDENTITY) {
            response.setHeader(name, "");
        }
    }

    /** Not thrown, because a browser would get a page, which no proxy shows. */
    private void refuse(HttpServletRequest request, HttpServletResponse response, HttpProblem failure)
            throws IOException {
        tellNobody(response);
        failure.headers().forEach(response::setHeader);
        json.respond(request, response, failure, null);
    }
}
