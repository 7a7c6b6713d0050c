package org.multisession.web.page;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.multisession.auth.Devices;
import org.multisession.session.UserSession;
import org.multisession.user.PhoneNumber;
import org.multisession.user.PhoneNumbers;
import org.multisession.user.User;
import org.multisession.web.Browser;
import org.multisession.web.CurrentUser;
import org.multisession.web.Route;
import org.multisession.web.Words;

/** {@code GET /}: who you are, and on how many devices. */
public final class HomeServlet extends Route {

    private final transient Devices devices;
    private final transient PhoneNumbers phoneNumbers;

    public HomeServlet(Devices devices, PhoneNumbers phoneNumbers) {
        super("GET");
        this.devices = devices;
        this.phoneNumbers = phoneNumbers;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        CurrentUser user = CurrentUser.required(request);
        Map<String, Object> model = new HashMap<>();
        model.put("userPhone", phoneNumbers.pretty(user.phone()));
        model.put("plan", user.plan());
        User beside = user.signedIn().beside();
        PhoneNumber other = beside == null ? null : phoneNumbers.parse(beside.phone());
        model.put("beside", beside == null ? null : other == null ? "•••" : other.masked());
        model.put("via", devices.isShared(user.signedIn()) ? "shared" : user.via());
        UserSession session = user.signedIn().session();
        Instant since = session == null ? null : session.createdAt();
        model.put("since", since == null ? null : Moment.time(since, new Words(Browser.language(request))));
        model.put("deviceCount", String.valueOf(devices.count(user.signedIn())));
        Pages.show(request, response, 200, "home", model);
    }
}
