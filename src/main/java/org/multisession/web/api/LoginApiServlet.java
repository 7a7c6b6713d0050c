package org.multisession.web.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.multisession.auth.SignIn;
import org.multisession.auth.TypedNumbers;
import org.multisession.phone.PhoneNumber;
import org.multisession.web.ClientFactory;
import org.multisession.web.HttpProblem;
import org.multisession.web.MethodServlet;
import org.multisession.web.SessionCookie;

/** {@code POST /api/login} when the number alone signs in: the answer contains the token and sets the cookie. */
public final class LoginApiServlet extends MethodServlet {

    private final transient SignIn signIn;
    private final transient TypedNumbers typedNumbers;
    private final transient SessionCookie cookie;

    public LoginApiServlet(SignIn signIn, TypedNumbers typedNumbers, SessionCookie cookie) {
        super("POST");
        this.signIn = signIn;
        this.typedNumbers = typedNumbers;
        this.cookie = cookie;
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        PhoneNumber number = Answers.number(typedNumbers, Json.read(request));
        SignIn.Result result = signIn.signIn(number, ClientFactory.of(request), cookie.presented(request));
        if (result instanceof SignIn.Result.Started started) {
            cookie.set(request, response, started.token());
            Json.write(response, 200, Answers.started(request, started));
        } else if (result instanceof SignIn.Result.AmbiguousNumber) {
            throw new HttpProblem(
                    409,
                    "ambiguous-number",
                    "More than one account has this number, so nobody was signed in. Contact support.");
        } else {
            throw new HttpProblem(401, "unknown-number", "No account has this number.");
        }
    }
}
