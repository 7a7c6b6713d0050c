package org.multisession.session;

import java.time.Instant;

/**
 * What a session shows that has surely not run out, so that the database can tell it. Of any other, {@link
 * SessionRules#expiry} decides.
 *
 * @param begunFrom our tables knew it at this moment at the earliest
 * @param usedFrom they did so, or it was last used, at this moment at the earliest
 * @param to and none of these times is later than this moment
 */
public record SurelyLive(Instant begunFrom, Instant usedFrom, Instant to) {}
