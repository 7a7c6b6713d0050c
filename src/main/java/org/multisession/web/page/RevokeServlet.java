package org.multisession.web.page;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.multisession.auth.Devices;
import org.multisession.auth.SignOut;
import org.multisession.token.SessionToken;
import org.multisession.web.ClientFactory;
import org.multisession.web.ContextPath;
import org.multisession.web.CurrentUser;
import org.multisession.web.FlashCookie;
import org.multisession.web.FlashCookie.Done;
import org.multisession.web.FlashCookie.What;
import org.multisession.web.MethodServlet;
import org.multisession.web.Redirect;
import org.multisession.web.SessionCookie;

/** {@code POST /sessions/revoke}: ends the one of the user's devices that the field {@code session} names. */
public final class RevokeServlet extends MethodServlet {

    private final transient Devices devices;
    private final transient SignOut signOut;
    private final transient FlashCookie done;
    private final transient FlashCookie signedOut;
    private final transient SessionCookie cookie;

    /** {@code done} is for the list of devices, {@code signedOut} for the sign-in page. */
    public RevokeServlet(
            Devices devices, SignOut signOut, FlashCookie done, FlashCookie signedOut, SessionCookie cookie) {
        super("POST");
        this.devices = devices;
        this.signOut = signOut;
        this.done = done;
        this.signedOut = signedOut;
        this.cookie = cookie;
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        FormBody form = FormBody.read(request);
        CurrentUser user = CurrentUser.required(request);
        if (form.isOfAnother(user)) {
            done.set(request, response, new Done(What.STALE, 1));
            Redirect.seeOther(response, ContextPath.of(request) + "/sessions");
            return;
        }
        String id = Objects.requireNonNullElse(form.get("session"), "");
        String page = Objects.requireNonNullElse(form.get("page"), "1");
        switch (devices.end(user.signedIn(), id, ClientFactory.of(request))) {
            case THIS -> {
                List<SessionToken> legacy = signOut.signOut(cookie.presented(request), ClientFactory.of(request));
                cookie.clearAfterSignOut(request, response, legacy);
                signedOut.set(request, response, Done.signedOut(legacy));
            }
            case ANOTHER -> done.set(request, response, new Done(What.ONE, 1));
            case UNKNOWN -> done.set(request, response, new Done(What.GONE, 1));
            case PROOF_NEEDED -> {
                ConfirmServlet.goBeforeEnding(request, response, id);
                return;
            }
        }
        Redirect.seeOther(
                response,
                ContextPath.of(request) + "/sessions"
                        + (page.matches("[1-9][0-9]{0,8}") && !page.equals("1") ? "?page=" + page : ""));
    }
}
