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

    private final transient Devices devices;
    private final transient DeviceNames names;

    public MeServlet(Devices devices, DeviceNames names) {
        super("GET");
        this.devices = devices;
        this.names = names;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        CurrentUser user = CurrentUser.required(request);
        SignedIn signedIn = user.signedIn();
        Map<String, Object> me = Answers.user(signedIn.user());
        me.put("via", user.via());
        me.put("session", Answers.session(signedIn.session()));
        me.put("newSignIns", newSignIns(signedIn));
        Json.write(response, 200, me);
    }

    private List<Map<String, Object>> newSignIns(SignedIn signedIn) {
        return devices.newSignIns(signedIn, null).stream()
                .map(signIn -> {
                    Map<String, Object> members = new LinkedHashMap<>();
                    members.put("id", signIn.device().id().text());
                    members.put("device", names.of(signIn.device().device()).in(ENGLISH));
                    members.put("address", signIn.device().address());
                    members.put("at", Answers.time(signIn.at()));
                    return members;
                })
                .toList();
    }
}
