package org.multisession.otp;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.otp.CodeRequestDao.Stretch;
import org.multisession.otp.KnownBrowserDao.Asker;
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
 * <p>A limit by number alone would let one stranger lock the number's owner out for a day. So who has used a code of the
 * number before is judged by what they ask for themselves, whatever others do:
 *
 * <ul>
 *   <li>a browser that has used one passes the limits of the number and of the network while its own requests keep to the
 *       former;
 *   <li>another browser, on a network where one has used a code, passes those of the number while the requests from that
 *       network keep to them;
 *   <li>for anybody else one code an hour remains once the daily limit is reached, on networks with at most
 *       {@value #UNUSED_FORGIVEN} unused codes for this number within the day: a message may get lost, and a stranger who
 *       has used the number's day up has more.
 * </ul>
 */
public final class CodeLimits {

    private static final Logger log = LoggerFactory.getLogger(CodeLimits.class);

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);

    /** When to ask again while the breaker is open. */
    private static final Duration BREAKER_WAIT = Duration.ofMinutes(10);

    /** No limit counts what is older. */
    static final Duration MAX_LENGTH = DAY;

    static final int UNUSED_FORGIVEN = 2;

    /** The last digits of a number that its block leaves out. */
    private static final int BLOCK_DIGITS = 4;

    /** The exceeded limit, and when to try again. */
    public record LimitExceeded(CodeLimit limit, Instant retryAt) {

        /** How long to wait, in whole seconds, rounded up; at least one. */
        public long secondsFrom(Instant now) {
            return Math.max(1, Duration.between(now, retryAt).plusMillis(999).toSeconds());
        }
    }

    /**
     * Somebody who requests a code.
     *
     * @param browserHash of the secret that the browser holds; what it does not hold is not known
     */
    record Request(String number, String network, String browserHash, Asker asker) {}

    private final CodeRequestDao requests;
    private final CodeRules rules;
    private final AtomicBoolean breakerOpen = new AtomicBoolean();
    private volatile Instant breakerUntil = Instant.MIN;

    public CodeLimits(CodeRequestDao requests, CodeRules rules) {
        this.requests = requests;
        this.rules = rules;
    }

    /** Whether the breaker keeps codes back now, as far as the requests of this node tell. */
    public boolean isBreakerOpen(Instant now) {
        return !rules.delivery().recordOnly() && now.isBefore(breakerUntil);
    }

    static String block(String number) {
        return number.substring(0, Math.min(number.length(), Math.max(2, number.length() - BLOCK_DIGITS)));
    }

    /**
     * The limit that prevents a code; null if none does. Of several, the one that lasts longest: whoever comes back
     * when told to must not be turned away again.
     *
     * @param since what was asked for before this moment is not counted
     */
    @Nullable
    LimitExceeded check(Handle handle, Request request, Instant since, Instant now) {
        Question question = new Question(handle, request, since, now);
        LimitExceeded hit = question.number();
        if (request.asker() != Asker.KNOWN_BROWSER) {
            hit = later(hit, question.network());
        }
        hit = later(hit, question.budgets());
        return hit == null ? breaker(handle, now) : hit;
    }

    private static @Nullable LimitExceeded later(@Nullable LimitExceeded one, @Nullable LimitExceeded other) {
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        return other.retryAt().isAfter(one.retryAt()) ? other : one;
    }

    /** Answers a null where a limit is not reached. */
    private final class Question {

        private final Handle handle;
        private final Request request;
        private final Instant since;
        private final Instant now;

        Question(Handle handle, Request request, Instant since, Instant now) {
            this.handle = handle;
            this.request = request;
            this.since = since;
            this.now = now;
        }

        @Nullable
        LimitExceeded number() {
            String number = request.number();
            LimitExceeded day = hit(
                    CodeLimit.NUMBER_DAY,
                    requests.ofNumber(handle, number, in(DAY), rules.limits().numberPerDay()),
                    DAY);
            LimitExceeded all = hit(
                    CodeLimit.RESEND,
                    requests.unusedOfNumber(handle, number, in(rules.resendAfter())),
                    rules.resendAfter());
            all = later(
                    all,
                    hit(
                            CodeLimit.NUMBER_HOUR,
                            requests.ofNumber(
                                    handle, number, in(HOUR), rules.limits().numberPerHour()),
                            HOUR));
            all = later(all, day);
            return switch (request.asker()) {
                case KNOWN_BROWSER, KNOWN_NETWORK -> all == null ? null : sooner(all, own());
                // What strangers asked for within the hour is what the other two would count here.
                case STRANGER -> day != null && isReserveOpen() ? reserve() : all;
            };
        }

        /** The same limits for what this browser or network alone has asked for. */
        private @Nullable LimitExceeded own() {
            LimitExceeded hit = hit(CodeLimit.RESEND, ownUnused(in(rules.resendAfter())), rules.resendAfter());
            hit = later(hit, hit(CodeLimit.NUMBER_HOUR, own(HOUR, rules.limits().numberPerHour()), HOUR));
            return later(hit, hit(CodeLimit.NUMBER_DAY, own(DAY, rules.limits().numberPerDay()), DAY));
        }

        private @Nullable Instant own(Duration window, int n) {
            return request.asker() == Asker.KNOWN_BROWSER
                    ? requests.ofNumberByBrowser(handle, request.number(), request.browserHash(), in(window), n)
                    : requests.ofNumberByNetwork(handle, request.number(), request.network(), in(window), n);
        }

        private @Nullable Instant ownUnused(Stretch in) {
            return request.asker() == Asker.KNOWN_BROWSER
                    ? requests.unusedOfNumberByBrowser(handle, request.number(), request.browserHash(), in)
                    : requests.unusedOfNumberFrom(handle, request.number(), request.network(), in, 1);
        }

        private static @Nullable LimitExceeded sooner(LimitExceeded one, @Nullable LimitExceeded other) {
            return other == null || other.retryAt().isBefore(one.retryAt()) ? other : one;
        }

        private boolean isReserveOpen() {
            return requests.unusedOfNumberFrom(
                            handle, request.number(), request.network(), in(DAY), UNUSED_FORGIVEN + 1)
                    == null;
        }

        private @Nullable LimitExceeded reserve() {
            return hit(
                    CodeLimit.NUMBER_RESERVE, requests.ofNumberByStrangers(handle, request.number(), in(HOUR)), HOUR);
        }

        @Nullable
        LimitExceeded network() {
            return hit(
                    CodeLimit.ADDRESS_HOUR,
                    requests.ofNetwork(
                            handle, request.network(), in(HOUR), rules.limits().networkPerHour()),
                    HOUR);
        }

        @Nullable
        LimitExceeded budgets() {
            LimitExceeded hit = hit(
                    CodeLimit.PREFIX_DAY,
                    requests.ofPrefix(
                            handle,
                            block(request.number()),
                            whole(DAY),
                            rules.limits().prefixPerDay()),
                    DAY);
            return later(
                    hit,
                    hit(
                            CodeLimit.TOTAL_DAY,
                            requests.ofAll(handle, whole(DAY), rules.limits().totalPerDay()),
                            DAY));
        }

        /** The window up to now, as far as it is to be counted. */
        private Stretch in(Duration window) {
            Stretch whole = whole(window);
            return whole.after().isBefore(since) ? new Stretch(since, whole.until()) : whole;
        }

        private Stretch whole(Duration window) {
            return stretch(window, now);
        }

        /** Never longer than the window itself, whatever another node's clock has written. */
        private @Nullable LimitExceeded hit(CodeLimit limit, @Nullable Instant counted, Duration window) {
            if (counted == null) {
                return null;
            }
            return new LimitExceeded(limit, (counted.isAfter(now) ? now : counted).plus(window));
        }
    }

    private static Stretch stretch(Duration window, Instant now) {
        return new Stretch(now.minus(window), SqlTime.latestOf(now));
    }

    private @Nullable LimitExceeded breaker(Handle handle, Instant now) {
        CodeRequestDao.Use use = requests.use(handle, stretch(HOUR, now));
        boolean open = use.sent() >= rules.limits().breakerSent()
                && use.used() * 100L < use.sent() * rules.limits().breakerUsedPercent();
        if (open != breakerOpen.getAndSet(open)) {
            if (open) {
                log.error(
                        "{}: of {} in the last hour only {} were used. Somebody may be earning by messages to numbers"
                                + " of their own",
                        rules.delivery().recordOnly()
                                ? "Codes would be kept back now, if limits were applied"
                                : "No more codes are sent for now",
                        use.sent(),
                        use.used());
            } else {
                log.info("Codes are sent again: of {} in the last hour {} were used", use.sent(), use.used());
            }
        }
        breakerUntil = open ? now.plus(BREAKER_WAIT) : Instant.MIN;
        return open ? new LimitExceeded(CodeLimit.BREAKER, breakerUntil) : null;
    }
}
