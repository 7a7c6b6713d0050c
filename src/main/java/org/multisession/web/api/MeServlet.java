package org.multisession.web.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.multisession.auth.Devices;
import org.multisession.auth.SignedIn;
import org.multisession.session.UserSession;
import org.multisession.web.CurrentUser;
import org.multisession.web.DeviceNames;
import org.multisession.web.Messages;
import org.multisession.web.MethodServlet;

/**
 * {@code GET /api/me}: who the caller is, by which kind of token, and which devices signed in after this one. The client
 * keeps which of them it has shown.
 */
public final class MeServlet extends MethodServlet {

    private static final Messages ENGLISH = new Messages(Locale.ENGLISH);
    private static final byte[] NONE = {'[', ']'};

    private final transient Devices devices;
    private final transient DeviceNames names;

    public MeServlet(Devices devices, DeviceNames names) {
        super("GET");
        this.devices = devices;
        this.names = names;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        SignedIn signedIn = CurrentUser.required(request).signedIn();
        JsonObject me = new JsonObject()
                .with("id", signedIn.user().id())
                .with("phone", signedIn.user().phone())
                .with("plan", signedIn.user().plan())
                .with("via", signedIn.via().text());
        UserSession session = signedIn.session();
        if (session == null) {
            me.with("session", (String) null);
        } else {
            me.begin("session")
                    .with("id", session.id().text())
                    .with("createdAt", session.createdAt())
                    .with("lastSeenAt", session.lastSeenAt())
                    .with("provedAt", session.provedAt())
                    .end();
        }
        Json.write(
                response, 200, me.withJson("newSignIns", newSignIns(signedIn)).end());
    }

    private byte[] newSignIns(SignedIn signedIn) throws IOException {
        List<Devices.NewSignIn> news = devices.newSignIns(signedIn, null);
        return news.isEmpty()
                ? NONE
                : Json.bytes(news.stream().map(this::members).toList());
    }

    private Map<String, Object> members(Devices.NewSignIn signIn) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("id", signIn.device().id().text());
        members.put("device", names.of(signIn.device().device()).in(ENGLISH));
        members.put("address", signIn.device().address());
        members.put("at", Answers.time(signIn.at()));
        return members;
    }
}
