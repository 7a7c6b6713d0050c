package org.multisession.check;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;

/**
 * The settings of the deploy that is checked for.
 *
 * @param asksForCodes whether a sign-in proves the number by a code
 * @param phoneRegion of numbers without a country code
 * @param sessions how long sessions live
 */
public record CheckRules(Stage stage, boolean asksForCodes, String phoneRegion, SessionRules sessions) {

    /** The same, with idle clocks that start at this moment at the earliest. */
    CheckRules idleFrom(@Nullable Instant from) {
        return new CheckRules(stage, asksForCodes, phoneRegion, sessions.idleFrom(from));
    }
}
