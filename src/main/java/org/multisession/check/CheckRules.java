package org.multisession.check;

import org.multisession.session.SessionRules;

/**
 * The settings of the deploy that is checked for.
 *
 * @param stage its name, for the report
 * @param acceptsLegacyTokens whether that stage accepts {@code users.auth_token}
 * @param phoneRegion of numbers without a country code
 * @param sessions how long sessions live
 */
public record CheckRules(String stage, boolean acceptsLegacyTokens, String phoneRegion, SessionRules sessions) {}
