package org.multisession.web.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import org.multisession.auth.Devices;
import org.multisession.web.Clients;
import org.multisession.web.CurrentUser;
import org.multisession.web.Route;

/** {@code POST /api/sessions/revoke-others}: ends all of the caller's devices but this one, and says how many. */
public final class RevokeOthersApiServlet extends Route {

    private final transient Devices devices;

    public RevokeOthersApiServlet(Devices devices) {
        super("POST");
        this.devices = devices;
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        int ended = devices.endOthers(CurrentUser.required(request).signedIn(), Clients.of(request));
        Json.write(response, 200, Map.of("ended", ended));
    }
}
