package org.multisession.web.page;

import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.Authenticator;
import org.multisession.session.EndReason;
import org.multisession.session.UserSessionDao.Ending;
import org.multisession.web.Browser;
import org.multisession.web.DeviceNames;
import org.multisession.web.Messages;
import org.multisession.web.SessionCookie;

/**
 * Tells whoever presents an ended token when it ended, and why. Whoever holds the token may know that; nothing else of
 * the account is revealed.
 */
public final class SignedOutNotice {

    private final Authenticator authenticator;
    private final SessionCookie cookie;
    private final DeviceNames names;
    private final InstantSource clock;

    public SignedOutNotice(Authenticator authenticator, SessionCookie cookie, DeviceNames names, InstantSource clock) {
        this.authenticator = authenticator;
        this.cookie = cookie;
        this.names = names;
        this.clock = clock;
    }

    /** What the page shows; empty if no ended token was presented. */
    Map<String, Object> of(HttpServletRequest request) {
        Ending ending = authenticator.howEnded(cookie.presented(request));
        if (ending == null) {
            return Map.of();
        }
        Messages messages = new Messages(Browser.language(request));
        String by = ending.reason() == EndReason.REVOKED ? names.of(ending.by()).in(messages) : null;
        Instant at = ending.at();
        boolean isOwn = ending.reason() == EndReason.SIGNED_OUT && !ending.shared();
        Map<String, Object> model = new HashMap<>();
        model.put("endedTitle", messages.of(isOwn ? "ended.title.own" : "ended.title"));
        model.put("endedWhy", isOwn ? null : why(ending, by, messages));
        model.put("endedAt", at == null ? null : Moment.ago(at, clock.instant(), messages));
        return model;
    }

    private static String why(Ending ending, @Nullable String by, Messages messages) {
        EndReason reason = ending.reason();
        if (reason == null) {
            return messages.of("ended.other");
        }
        return switch (reason) {
            case REPLACED -> messages.of("ended.replaced");
            case SIGNED_OUT -> messages.of("ended.signed-out.shared");
            case REVOKED -> by == null ? messages.of("ended.revoked") : messages.of("ended.revoked.by", by);
            case IDLE -> messages.of("ended.idle");
            case LIFETIME -> messages.of("ended.lifetime");
            case EVICTED -> messages.of("ended.evicted");
            case OPERATOR -> messages.of("ended.operator");
            case AMBIGUOUS -> messages.of("ended.ambiguous");
            case ROW_DELETED -> messages.of("ended.row-deleted");
            case ROW_CHANGED -> messages.of("ended.row-changed");
            case UNWITNESSED -> messages.of("ended.unwitnessed");
            case USER_REPLACED -> messages.of("ended.user-replaced");
        };
    }
}
