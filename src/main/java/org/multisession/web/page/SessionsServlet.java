package org.multisession.web.page;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.multisession.auth.Devices;
import org.multisession.auth.Devices.Device;
import org.multisession.auth.Freshness;
import org.multisession.auth.SignedIn;
import org.multisession.token.SessionId;
import org.multisession.web.Browser;
import org.multisession.web.CurrentUser;
import org.multisession.web.FlashCookie;
import org.multisession.web.FlashCookie.Done;
import org.multisession.web.Messages;
import org.multisession.web.MethodServlet;

/**
 * {@code GET /sessions}: the user's devices, a page of them ({@code ?page=}), each with a button that ends it. Whoever had
 * to prove first who they are comes back with {@code ?end=}, the id of the one they wanted to end.
 */
public final class SessionsServlet extends MethodServlet {

    private static final int ROWS_OF_A_PAGE = 20;

    /** In place of an id, all but this one. */
    static final String OTHERS = "others";

    private final transient Devices devices;
    private final transient Freshness freshness;
    private final transient NewSignInNotice news;
    private final transient SignOutNotice notice;
    private final transient DeviceRows rows;
    private final transient FlashCookie done;
    private final transient InstantSource clock;

    public SessionsServlet(
            Devices devices,
            Freshness freshness,
            NewSignInNotice news,
            SignOutNotice notice,
            DeviceRows rows,
            FlashCookie done,
            InstantSource clock) {
        super("GET");
        this.devices = devices;
        this.freshness = freshness;
        this.news = news;
        this.notice = notice;
        this.rows = rows;
        this.done = done;
        this.clock = clock;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        Messages messages = new Messages(Browser.language(request));
        Instant now = clock.instant();
        SignedIn signedIn = CurrentUser.required(request).signedIn();
        Devices.Page page = devices.page(signedIn, pageNumber(request), ROWS_OF_A_PAGE);
        Map<String, Object> model = new HashMap<>(notice.of(request, signedIn));
        Device current = page.current();
        model.put("current", current == null ? null : rows.of(current, messages, now));
        model.put(
                "others",
                page.others().stream()
                        .map(device -> rows.of(device, messages, now))
                        .toList());
        model.put("othersInAll", String.valueOf(page.othersInAll()));
        model.put("page", page.number());
        model.put("pages", page.pages());
        boolean isProofNeeded = freshness.isProofNeeded(signedIn);
        model.put("isProofNeeded", isProofNeeded);
        if (!isProofNeeded) {
            goOnEnding(request, signedIn, model, messages, now);
        }
        model.putAll(news.of(request, response, signedIn));
        Done what = done.take(request, response);
        if (what != null) {
            model.put("doneKey", doneKey(what));
            model.put("doneCount", messages.counted(what.count(), "sessions.done.others.count"));
        }
        Pages.show(request, response, 200, "sessions", model);
    }

    /** Offers what the user wanted to end before they were asked to prove who they are. */
    private void goOnEnding(
            HttpServletRequest request, SignedIn signedIn, Map<String, Object> model, Messages messages, Instant now) {
        String end = Objects.requireNonNullElse(FormBody.ofQuery(request).get("end"), "");
        Device device = SessionId.isWellFormed(end) ? devices.find(signedIn, end) : null;
        if (device != null && !device.isCurrent()) {
            model.put("ending", rows.of(device, messages, now));
        }
        model.put("isEndingOthers", end.equals(OTHERS));
    }

    private static int pageNumber(HttpServletRequest request) {
        String asked = Objects.requireNonNullElse(FormBody.ofQuery(request).get("page"), "1");
        return asked.matches("[0-9]{1,9}") ? Integer.parseInt(asked) : 1;
    }

    private static String doneKey(Done done) {
        return switch (done.what()) {
            case ONE -> "sessions.done.one";
            case GONE, OUT, FORGOT -> "sessions.done.gone";
            case STALE -> "sessions.done.stale";
            case OTHERS -> done.count() > 0 ? "sessions.done.others" : "sessions.done.no-others";
        };
    }
}
