package org.multisession.otp;

import java.time.Duration;

/**
 * How codes live and how many there may be.
 *
 * @param ttl how long a code is good for
 * @param attempts how many codes may be tried against one challenge, over all its resends
 * @param resendAfter how long to wait before the next code to the same number
 * @param numberPerHour codes to one number in an hour; also per day, and for the others likewise
 * @param networkPerHour codes asked for from one address (IPv6: one /64) in an hour
 * @param prefixPerDay codes sent into one block of ten thousand numbers in a day
 * @param totalPerDay codes sent in all in a day
 * @param breakerSent from how many codes sent in an hour on the breaker looks at how many were used
 * @param breakerUsedPercent the breaker opens where fewer than so many percent of them were
 * @param delivery to whom codes go
 */
public record CodeRules(
        Duration ttl,
        int attempts,
        Duration resendAfter,
        int numberPerHour,
        int numberPerDay,
        int networkPerHour,
        int prefixPerDay,
        int totalPerDay,
        int breakerSent,
        int breakerUsedPercent,
        Delivery delivery) {

    /** With codes for everybody. */
    public CodeRules(
            Duration ttl,
            int attempts,
            Duration resendAfter,
            int numberPerHour,
            int numberPerDay,
            int networkPerHour,
            int prefixPerDay,
            int totalPerDay,
            int breakerSent,
            int breakerUsedPercent) {
        this(
                ttl,
                attempts,
                resendAfter,
                numberPerHour,
                numberPerDay,
                networkPerHour,
                prefixPerDay,
                totalPerDay,
                breakerSent,
                breakerUsedPercent,
                Delivery.PLAIN);
    }

    /** The same rules for codes that go elsewhere. */
    public CodeRules with(Delivery elsewhere) {
        return new CodeRules(
                ttl,
                attempts,
                resendAfter,
                numberPerHour,
                numberPerDay,
                networkPerHour,
                prefixPerDay,
                totalPerDay,
                breakerSent,
                breakerUsedPercent,
                elsewhere);
    }
}
