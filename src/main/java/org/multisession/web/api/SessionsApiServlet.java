package org.multisession.web.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.multisession.auth.Devices;
import org.multisession.web.CurrentUser;
import org.multisession.web.DeviceNames;
import org.multisession.web.Messages;
import org.multisession.web.MethodServlet;

/** {@code GET /api/sessions}: the caller's devices, this one first. Their names are always in English. */
public final class SessionsApiServlet extends MethodServlet {

    private final transient Devices devices;
    private final transient DeviceNames names;

    public SessionsApiServlet(Devices devices, DeviceNames names) {
        super("GET");
        this.devices = devices;
        this.names = names;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Messages english = new Messages(Locale.ENGLISH);
        Json.write(
                response,
                200,
                Map.of(
                        "sessions",
                        devices.of(CurrentUser.required(request).signedIn()).stream()
                                .map(device -> members(device, english))
                                .toList()));
    }

    private Map<String, Object> members(Devices.Device device, Messages english) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("id", device.id().text());
        members.put("current", device.isCurrent());
        members.put("kind", device.via().text());
        members.put("device", names.of(device.device()).in(english));
        members.put("address", device.address());
        members.put("createdAt", Answers.time(device.createdAt()));
        members.put("lastSeenAt", Answers.time(device.lastSeenAt()));
        return members;
    }
}
