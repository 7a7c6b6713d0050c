package org.multisession.web.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import org.multisession.auth.SignedIn;
import org.multisession.web.CurrentUser;
import org.multisession.web.MethodServlet;

/** {@code GET /api/me}: who the caller is, and by which kind of token. */
public final class MeServlet extends MethodServlet {

    public MeServlet() {
        super("GET");
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        CurrentUser user = CurrentUser.required(request);
        SignedIn signedIn = user.signedIn();
        Map<String, Object> me = Answers.user(signedIn.user());
        me.put("via", user.via());
        me.put("session", Answers.session(signedIn.session()));
        Json.write(response, 200, me);
    }
}
