package org.multisession.web.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.multisession.auth.CodeSignIn;
import org.multisession.otp.ChallengeSecret;
import org.multisession.web.ClientFactory;
import org.multisession.web.EnteredCode;
import org.multisession.web.HttpProblem;
import org.multisession.web.MethodServlet;
import org.multisession.web.SessionCookie;

/** {@code POST /api/login/code}: challenge and code for a token. */
public final class CodeApiServlet extends MethodServlet {

    private final transient CodeSignIn codes;
    private final transient SessionCookie cookie;

    public CodeApiServlet(CodeSignIn codes, SessionCookie cookie) {
        super("POST");
        this.codes = codes;
        this.cookie = cookie;
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Json.Body body = Json.read(request);
        ChallengeSecret secret = new ChallengeSecret(body.string("challenge"));
        String code = EnteredCode.orNull(body.string("code"));
        if (code == null) {
            throw new HttpProblem(422, "malformed-code", "\"code\" must be six digits. No attempt was counted.");
        }
        CodeSignIn.Result result = codes.signIn(secret, code, ClientFactory.of(request), cookie.presented(request));
        if (result instanceof CodeSignIn.Result.Started started) {
            cookie.set(request, response, started.session().token());
            Json.write(response, 200, Answers.started(request, started.session()));
        } else {
            CodeSignIn.Result.Refused refused = (CodeSignIn.Result.Refused) result;
            throw switch (refused.why()) {
                case USED_UP ->
                    new HttpProblem(
                            429, "code-used-up", "Too many wrong codes. This challenge is over; request a new one.");
                case EXPIRED ->
                    new HttpProblem(401, "code-expired", "This challenge has expired or was used. Request a new one.");
                case WRONG -> new HttpProblem(401, "wrong-code", "The code is wrong.");
            };
        }
    }
}
