package org.multisession.web.page;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.multisession.auth.Devices;
import org.multisession.auth.Devices.NewSignIn;
import org.multisession.auth.SignedIn;
import org.multisession.web.Browser;
import org.multisession.web.Messages;
import org.multisession.web.ToldCookie;

/**
 * Tells users on their devices that another one has signed in, once on each: the browser keeps until when it has been told,
 * so nothing of it is stored here.
 */
public final class NewSignInNotice {

    /** More of them at once are rare, and all are in the list of devices. */
    private static final int ROWS = 3;

    private final Devices devices;
    private final DeviceRows rows;
    private final ToldCookie told;
    private final InstantSource clock;

    public NewSignInNotice(Devices devices, DeviceRows rows, ToldCookie told, InstantSource clock) {
        this.devices = devices;
        this.rows = rows;
        this.told = told;
        this.clock = clock;
    }

    /** What the page shows; the browser is told of it herewith. */
    Map<String, Object> of(HttpServletRequest request, HttpServletResponse response, SignedIn signedIn) {
        long user = signedIn.user().id();
        List<NewSignIn> news = devices.newSignIns(signedIn, told.read(request, user));
        if (news.isEmpty()) {
            return Map.of();
        }
        if (!isPrefetch(request)) {
            told.set(request, response, user, news.get(0).at());
        }
        Messages messages = new Messages(Browser.language(request));
        Instant now = clock.instant();
        return Map.of(
                "news",
                news.stream()
                        .limit(ROWS)
                        .map(signIn -> row(signIn, messages, now))
                        .toList());
    }

    private Map<String, Object> row(NewSignIn signIn, Messages messages, Instant now) {
        Map<String, Object> row = new HashMap<>(rows.of(signIn.device(), messages, now));
        row.put("at", Moment.ago(signIn.at(), now, messages));
        return row;
    }

    /** Nobody has seen what a browser loads ahead. */
    private static boolean isPrefetch(HttpServletRequest request) {
        String purpose = request.getHeader("Sec-Purpose");
        return purpose != null && purpose.startsWith("prefetch");
    }
}
