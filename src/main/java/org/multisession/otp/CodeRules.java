package org.multisession.otp;

import java.time.Duration;

/**
 * How codes live, and how many there may be.
 *
 * @param ttl how long a code is good for
 * @param attempts how many codes may be tried against one challenge, over all its resends
 * @param resendAfter how long to wait before the next code to the same number
 * @param limits how many codes there may be
 * @param delivery to whom codes go
 */
public record CodeRules(Duration ttl, int attempts, Duration resendAfter, Limits limits, Delivery delivery) {

    /**
     * How many codes there may be.
     *
     * @param numberPerHour codes to one number in an hour; also per day, and for the others likewise
     * @param networkPerHour codes asked for from one address (IPv6: one /64) in an hour
     * @param prefixPerDay codes sent into one block of ten thousand numbers in a day
     * @param totalPerDay codes sent in all in a day
     * @param breakerSent from how many codes sent in an hour on the breaker looks at how many were used
     * @param breakerUsedPercent the breaker opens where fewer than so many percent of them were
     */
    public record Limits(
            int numberPerHour,
            int numberPerDay,
            int networkPerHour,
            int prefixPerDay,
            int totalPerDay,
            int breakerSent,
            int breakerUsedPercent) {}

    /** The same rules for codes that go elsewhere. */
    public CodeRules with(Delivery elsewhere) {
        return new CodeRules(ttl, attempts, resendAfter, limits, elsewhere);
    }

    /** The same rules with other limits. */
    public CodeRules with(Limits others) {
        return new CodeRules(ttl, attempts, resendAfter, others, delivery);
    }
}
