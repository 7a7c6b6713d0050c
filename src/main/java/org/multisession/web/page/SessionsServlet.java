package org.multisession.web.page;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.Devices;
import org.multisession.auth.Devices.Device;
import org.multisession.auth.SignedIn;
import org.multisession.web.Browser;
import org.multisession.web.CurrentUser;
import org.multisession.web.DeviceKind;
import org.multisession.web.DeviceNames;
import org.multisession.web.FlashCookie;
import org.multisession.web.FlashCookie.Done;
import org.multisession.web.Messages;
import org.multisession.web.MethodServlet;

/** {@code GET /sessions}: the user's devices, a page of them ({@code ?page=}), each with a button that ends it. */
public final class SessionsServlet extends MethodServlet {

    private static final int ROWS_OF_A_PAGE = 20;

    private final transient Devices devices;
    private final transient SignOutNotice notice;
    private final transient DeviceNames names;
    private final transient FlashCookie done;
    private final transient InstantSource clock;

    public SessionsServlet(
            Devices devices, SignOutNotice notice, DeviceNames names, FlashCookie done, InstantSource clock) {
        super("GET");
        this.devices = devices;
        this.notice = notice;
        this.names = names;
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
        model.put("current", current == null ? null : row(current, messages, now));
        model.put(
                "others",
                page.others().stream().map(device -> row(device, messages, now)).toList());
        model.put("othersInAll", String.valueOf(page.othersInAll()));
        model.put("page", page.number());
        model.put("pages", page.pages());
        Done what = done.take(request, response);
        if (what != null) {
            model.put("doneKey", doneKey(what));
            model.put("doneCount", messages.counted(what.count(), "sessions.done.others.count"));
        }
        Pages.show(request, response, 200, "sessions", model);
    }

    private static int pageNumber(HttpServletRequest request) {
        String asked = Objects.requireNonNullElse(FormBody.ofQuery(request).get("page"), "1");
        return asked.matches("[0-9]{1,9}") ? Integer.parseInt(asked) : 1;
    }

    private Map<String, Object> row(Device device, Messages messages, Instant now) {
        Map<String, Object> row = new HashMap<>();
        row.put("id", device.id().text());
        row.put("name", name(device, messages));
        row.put(
                "kind",
                device.isShared() ? "several" : DeviceKind.of(device.device()).word());
        row.put("isCurrent", device.isCurrent());
        row.put("isShared", device.isShared());
        row.put("isLegacy", device.via() == SignedIn.Via.LEGACY);
        row.put("address", parts(device.address()));
        Instant seen = device.lastSeenAt();
        row.put("seen", seen == null ? null : Moment.ago(seen, now, messages));
        // The session of a shared one began on the day of its adoption; nobody knows when the devices signed in.
        Instant since = device.isShared() ? null : device.createdAt();
        row.put("since", since == null ? null : Moment.date(since, messages));
        return row;
    }

    /** An address that may break only after its colons. */
    private static List<String> parts(@Nullable String address) {
        return address == null ? List.of() : List.of(address.split("(?<=:)(?!:)", -1));
    }

    private String name(Device device, Messages messages) {
        if (device.isShared()) {
            return messages.of("sessions.shared");
        }
        return Objects.requireNonNullElse(names.of(device.device()).in(messages), messages.of("sessions.unknown"));
    }

    private static String doneKey(Done done) {
        return switch (done.what()) {
            case ONE -> "sessions.done.one";
            case GONE, OUT, FORGOT -> "sessions.done.gone";
            case OTHERS -> done.count() > 0 ? "sessions.done.others" : "sessions.done.no-others";
        };
    }
}
