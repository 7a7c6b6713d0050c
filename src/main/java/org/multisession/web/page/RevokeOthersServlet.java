package org.multisession.web.page;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.multisession.auth.Devices;
import org.multisession.web.Clients;
import org.multisession.web.CurrentUser;
import org.multisession.web.DoneCookie;
import org.multisession.web.DoneCookie.Done;
import org.multisession.web.DoneCookie.What;
import org.multisession.web.Redirect;
import org.multisession.web.Route;

/** {@code POST /sessions/revoke-others}: ends all of the user's devices but this one. */
public final class RevokeOthersServlet extends Route {

    private final transient Devices devices;
    private final transient DoneCookie done;

    public RevokeOthersServlet(Devices devices, DoneCookie done) {
        super("POST");
        this.devices = devices;
        this.done = done;
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) {
        int ended = devices.endOthers(CurrentUser.required(request).signedIn(), Clients.of(request));
        done.set(request, response, new Done(What.OTHERS, ended));
        Redirect.seeOther(response, request.getContextPath() + "/sessions");
    }
}
