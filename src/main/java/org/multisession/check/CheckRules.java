package org.multisession.check;

import org.multisession.session.IdleWatch;
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

    /** The same, with what the deploy will know of the time. */
    CheckRules watchedBy(IdleWatch watch) {
        return new CheckRules(stage, asksForCodes, phoneRegion, sessions.watchedBy(watch));
    }
}
