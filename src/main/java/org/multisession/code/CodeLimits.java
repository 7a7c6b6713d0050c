package org.multisession.code;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides whether one more code may be asked for, by counting in the database, so that limits survive a restart and hold
 * across nodes. Known and unknown numbers are counted alike: an answer tells nothing.
 *
 * <p>By number, so that a botnet cannot flood a phone or guess at its codes; by network, so that one machine cannot walk
 * through numbers; by block of numbers and in all, because messages cost money and fraudsters earn by them (SMS pumping);
 * and a breaker, for when hardly any code that is sent comes back.
 *
 * <p>A limit by number alone would let one stranger lock the number's owner out for a day. So once the daily limit is
 * reached, one code an hour remains for a network that has asked for no code for this number within the day, or has used
 * each: the stranger has asked and cannot use them, the owner can.
 */
public final class CodeLimits {

    private static final Logger log = LoggerFactory.getLogger(CodeLimits.class);

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);

    /** The last digits of a number that its block of numbers leaves out. */
    private static final int BLOCK_DIGITS = 4;

    /** What was hit, and when to try again. */
    public record Hit(String limit, Instant retryAt) {}

    private final CodeRequestDao requests;
    private final CodeRules rules;
    private final AtomicBoolean breakerOpen = new AtomicBoolean();
    private final AtomicLong breakerTrips = new AtomicLong();

    public CodeLimits(CodeRequestDao requests, CodeRules rules) {
        this.requests = requests;
        this.rules = rules;
    }

    /** How often the breaker has opened since the start. */
    public long breakerTrips() {
        return breakerTrips.get();
    }

    static String block(String e164) {
        return e164.substring(0, Math.max(2, e164.length() - BLOCK_DIGITS));
    }

    /**
     * The limit that stands in the way of a code to this number, asked for from this network; null if none does. Of
     * several, the one that lasts longest: whoever comes back when they are told to must not be sent away again.
     */
    @Nullable
    Hit check(Handle handle, String number, String network, Instant now) throws SQLException {
        Hit hit = window("resend", requests.nthOfNumber(handle, number, 1), rules.resendAfter(), now);
        hit = later(hit, window("number-hour", requests.nthOfNumber(handle, number, rules.numberPerHour()), HOUR, now));
        hit = later(hit, day(handle, number, network, now));
        hit = later(
                hit, window("address-hour", requests.nthOfNetwork(handle, network, rules.networkPerHour()), HOUR, now));
        hit = later(
                hit, window("prefix-day", requests.nthOfPrefix(handle, block(number), rules.prefixPerDay()), DAY, now));
        hit = later(hit, window("total-day", requests.nthOfAll(handle, rules.totalPerDay()), DAY, now));
        return hit == null ? breaker(handle, now) : hit;
    }

    private static @Nullable Hit later(@Nullable Hit one, @Nullable Hit other) {
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        return other.retryAt().isAfter(one.retryAt()) ? other : one;
    }

    private @Nullable Hit day(Handle handle, String number, String network, Instant now) throws SQLException {
        Hit hit = window("number-day", requests.nthOfNumber(handle, number, rules.numberPerDay()), DAY, now);
        if (hit == null) {
            return null;
        }
        Instant asked = requests.latestUnusedOfNumberFrom(handle, number, network);
        boolean isNewcomer = asked == null || !asked.plus(DAY).isAfter(now);
        if (!isNewcomer) {
            return hit;
        }
        return window("number-reserve", requests.nthOfNumber(handle, number, 1), HOUR, now);
    }

    private static @Nullable Hit window(String limit, @Nullable Instant nthLatest, Duration window, Instant now) {
        return nthLatest == null || !nthLatest.plus(window).isAfter(now)
                ? null
                : new Hit(limit, nthLatest.plus(window));
    }

    private @Nullable Hit breaker(Handle handle, Instant now) throws SQLException {
        CodeRequestDao.Use use = requests.since(handle, now.minus(HOUR));
        boolean open =
                use.sent() >= rules.breakerSent() && use.used() * 100L < (long) use.sent() * rules.breakerUsedPercent();
        if (open != breakerOpen.getAndSet(open)) {
            if (open) {
                breakerTrips.incrementAndGet();
                log.error(
                        "No more codes are sent for now: of {} in the last hour only {} were used. Somebody may be"
                                + " earning by messages to numbers of their own",
                        use.sent(),
                        use.used());
            } else {
                log.info("Codes are sent again: of {} in the last hour {} were used", use.sent(), use.used());
            }
        }
        return open ? new Hit("breaker", now.plus(Duration.ofMinutes(10))) : null;
    }
}
