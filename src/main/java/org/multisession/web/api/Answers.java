package org.multisession.web.api;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.multisession.session.UserSession;
import org.multisession.user.User;

/** The objects that more than one answer of the API holds. */
final class Answers {

    private Answers() {}

    static Map<String, Object> user(User user) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("id", user.id());
        members.put("phone", user.phone());
        members.put("plan", user.plan());
        return members;
    }

    static @Nullable Map<String, Object> session(@Nullable UserSession session) {
        if (session == null) {
            return null;
        }
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("createdAt", time(session.createdAt()));
        members.put("lastSeenAt", time(session.lastSeenAt()));
        return members;
    }

    private static @Nullable String time(@Nullable Instant time) {
        return time == null ? null : time.toString();
    }
}
