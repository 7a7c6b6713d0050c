package org.multisession.check;

import org.multisession.session.IdleWatch;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;

/**
 * The settings of the deploy to check for.
 *
 * @param asksForCodes whether a code proves the number at a sign-in
 * @param phoneRegion of numbers without a country code
 * @param sessions how long sessions live
 * @param makesBackup whether a SQLite file is copied before it is changed
 */
public record CheckRules(
        Stage stage, boolean asksForCodes, String phoneRegion, SessionRules sessions, boolean makesBackup) {

    /** The same, with the times that the deploy will know. */
    CheckRules watchedBy(IdleWatch watch) {
        return new CheckRules(stage, asksForCodes, phoneRegion, sessions.watchedBy(watch), makesBackup);
    }
}
