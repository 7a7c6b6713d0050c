package org.multisession.web.page;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.HashMap;
import java.util.Map;
import org.multisession.session.UserSession;
import org.multisession.user.PhoneNumbers;
import org.multisession.web.Browser;
import org.multisession.web.CurrentUser;
import org.multisession.web.Route;

/** {@code GET /}: who you are. */
public final class HomeServlet extends Route {

    private final transient PhoneNumbers phoneNumbers;

    public HomeServlet(PhoneNumbers phoneNumbers) {
        super("GET");
        this.phoneNumbers = phoneNumbers;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        CurrentUser user = CurrentUser.required(request);
        Map<String, Object> model = new HashMap<>();
        model.put("userPhone", phoneNumbers.pretty(user.phone()));
        model.put("plan", user.plan());
        model.put("via", user.via());
        UserSession session = user.signedIn().session();
        Instant since = session == null ? null : session.createdAt();
        if (since != null) {
            model.put(
                    "since",
                    DateTimeFormatter.ofLocalizedDateTime(FormatStyle.MEDIUM, FormatStyle.SHORT)
                                    .withLocale(Browser.language(request))
                                    .format(since.atZone(ZoneOffset.UTC))
                            + "\u00a0UTC");
        }
        Pages.show(request, response, 200, "home", model);
    }
}
