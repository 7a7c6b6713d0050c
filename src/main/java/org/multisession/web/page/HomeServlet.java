package org.multisession.web.page;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.multisession.auth.Devices;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.UserSession;
import org.multisession.web.Browser;
import org.multisession.web.CurrentUser;
import org.multisession.web.Messages;
import org.multisession.web.MethodServlet;

/** {@code GET /}: who you are, and on how many devices. */
public final class HomeServlet extends MethodServlet {

    private final transient Devices devices;
    private final transient NewSignInNotice news;
    private final transient SignOutNotice notice;
    private final transient PhoneNumbers phoneNumbers;

    public HomeServlet(Devices devices, NewSignInNotice news, SignOutNotice notice, PhoneNumbers phoneNumbers) {
        super("GET");
        this.devices = devices;
        this.news = news;
        this.notice = notice;
        this.phoneNumbers = phoneNumbers;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        CurrentUser user = CurrentUser.required(request);
        Map<String, Object> model = new HashMap<>();
        model.put("userPhone", phoneNumbers.pretty(user.phone()));
        model.put("plan", user.plan());
        model.putAll(notice.of(request, user.signedIn()));
        UserSession session = user.signedIn().session();
        Instant since = session == null ? null : session.createdAt();
        model.put("since", since == null ? null : Moment.time(since, new Messages(Browser.language(request))));
        model.put("deviceCount", String.valueOf(devices.count(user.signedIn())));
        model.putAll(news.of(request, response, user.signedIn()));
        Pages.show(request, response, 200, "home", model);
    }
}
