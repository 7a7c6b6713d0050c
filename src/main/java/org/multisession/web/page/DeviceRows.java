package org.multisession.web.page;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.Devices.Device;
import org.multisession.auth.SignedIn;
import org.multisession.web.DeviceKind;
import org.multisession.web.DeviceNames;
import org.multisession.web.Messages;

/** A device as pages show it. */
public record DeviceRows(DeviceNames names) {

    /** What a page shows of a device, as device.tag takes it. */
    Map<String, Object> of(Device device, Messages messages, Instant now) {
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
}
