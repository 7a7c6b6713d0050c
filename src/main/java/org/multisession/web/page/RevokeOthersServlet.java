package org.multisession.web.page;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.OptionalInt;
import org.multisession.auth.Devices;
import org.multisession.web.ClientFactory;
import org.multisession.web.ContextPath;
import org.multisession.web.CurrentUser;
import org.multisession.web.FlashCookie;
import org.multisession.web.FlashCookie.Done;
import org.multisession.web.FlashCookie.What;
import org.multisession.web.MethodServlet;
import org.multisession.web.Redirect;

/** {@code POST /sessions/revoke-others}: ends all of the user's devices but this one. */
public final class RevokeOthersServlet extends MethodServlet {

    private final transient Devices devices;
    private final transient FlashCookie done;

    public RevokeOthersServlet(Devices devices, FlashCookie done) {
        super("POST");
        this.devices = devices;
        this.done = done;
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        CurrentUser user = CurrentUser.required(request);
        if (FormBody.readIfAny(request).isOfAnother(user)) {
            done.set(request, response, new Done(What.STALE, 1));
            Redirect.seeOther(response, ContextPath.of(request) + "/sessions");
            return;
        }
        OptionalInt ended = devices.endOthers(user.signedIn(), ClientFactory.of(request));
        if (ended.isEmpty()) {
            ConfirmServlet.goBeforeEnding(request, response, SessionsServlet.OTHERS);
            return;
        }
        done.set(request, response, new Done(What.OTHERS, ended.getAsInt()));
        Redirect.seeOther(response, ContextPath.of(request) + "/sessions");
    }
}
