package org.multisession.check;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.multisession.session.SessionRules;

/**
 * The settings of the deploy that is checked for.
 *
 * @param stage its name, for the report
 * @param acceptsLegacyTokens whether that stage accepts {@code users.auth_token}
 * @param phoneRegion of numbers without a country code
 * @param sessions how long sessions live
 */
public record CheckRules(String stage, boolean acceptsLegacyTokens, String phoneRegion, SessionRules sessions) {

    /** The same, with idle clocks that start at this moment at the earliest. */
    CheckRules idleFrom(@Nullable Instant from) {
        return new CheckRules(stage, acceptsLegacyTokens, phoneRegion, sessions.idleFrom(from));
    }
}
