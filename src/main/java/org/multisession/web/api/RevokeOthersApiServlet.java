package org.multisession.web.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import org.multisession.auth.Devices;
import org.multisession.auth.Freshness;
import org.multisession.web.ClientFactory;
import org.multisession.web.CurrentUser;
import org.multisession.web.MethodServlet;

/** {@code POST /api/sessions/revoke-others}: ends all of the caller's devices but this one, and says how many. */
public final class RevokeOthersApiServlet extends MethodServlet {

    private final transient Devices devices;
    private final transient Freshness freshness;

    public RevokeOthersApiServlet(Devices devices, Freshness freshness) {
        super("POST");
        this.devices = devices;
        this.freshness = freshness;
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        int ended = devices.endOthers(CurrentUser.required(request).signedIn(), ClientFactory.of(request))
                .orElseThrow(() -> Answers.proofTooOld(freshness));
        Json.write(response, 200, Map.of("ended", ended));
    }
}
