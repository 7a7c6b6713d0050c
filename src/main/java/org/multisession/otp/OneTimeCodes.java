package org.multisession.otp;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.GroupCommit;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;
import org.multisession.otp.KnownBrowserDao.Asker;
import org.multisession.phone.PhoneNumber;

/**
 * Codes that prove a phone number (ASVS 5.0, 6.5 and 6.6): six digits, good for a few minutes, for one use, and only
 * from the browser or client that asked. Safe for use by many threads.
 */
public final class OneTimeCodes {

    /** The outcome of requesting a code. */
    public sealed interface CodeRequestResult {
        /** It is on its way, or would be if an account had the number: nobody is told which. */
        record Challenged(ChallengeSecret secret, Duration expiresIn, Duration resendIn) implements CodeRequestResult {}

        /** Not now. */
        record Limited(CodeLimits.LimitExceeded hit) implements CodeRequestResult {}
    }

    /** The outcome of trying a code. */
    public sealed interface AttemptResult {
        /** The number is proved. */
        record Right() implements AttemptResult {}
    }

    /** Why a code was not accepted. */
    public enum Refusal implements AttemptResult {
        WRONG,
        /** Too many wrong codes; this challenge is over. */
        USED_UP,
        /** Expired, already used, or never requested from here. */
        EXPIRED
    }

    /**
     * The status of a challenge, for display.
     *
     * @param end what has ended it, {@link Refusal#EXPIRED} or {@link Refusal#USED_UP}; null while codes can be tried
     * @param attemptsLeft how many codes can still be tried
     * @param expiresIn how long the newest code is still good for
     */
    public record ChallengeStatus(
            String number, @Nullable Refusal end, Duration resendIn, int attemptsLeft, Duration expiresIn) {

        public boolean isOver() {
            return end != null;
        }
    }

    /** As the columns have it. Nothing longer is a number, so there is no right code that would have to be tried. */
    private static final int LONGEST_NUMBER = 20;

    private final Database database;
    private final GroupCommit asks;
    private final ChallengeDao challenges;
    private final CodeRequestDao requests;
    private final KnownBrowserDao knownBrowsers;
    private final CodeRules rules;
    private final CodeLimits limits;
    private final SmsQueue queue;
    private final SecureRandom random;
    private final InstantSource clock;
    private final CodeListener listener;

    /**
     * @param asks for codes that are asked for, and for nothing else
     */
    public OneTimeCodes(
            Database database,
            GroupCommit asks,
            CodeTables tables,
            CodeRules rules,
            CodeLimits limits,
            SmsQueue queue,
            SecureRandom random,
            InstantSource clock,
            CodeListener listener) {
        this.database = database;
        this.asks = asks;
        this.challenges = tables.challenges();
        this.requests = tables.requests();
        this.knownBrowsers = tables.knownBrowsers();
        this.rules = rules;
        this.limits = limits;
        this.queue = queue;
        this.random = random;
        this.clock = clock;
        this.listener = listener;
    }

    /** The decision about one request: the limit that prevents it, or whether a code may be sent. */
    private record Decision(CodeLimits.@Nullable LimitExceeded hit, boolean maySend, boolean isKnownBrowser) {}

    /**
     * Asks for a code. The same is done for a number that gets one and for a number that does not, up to handing the
     * message over, which happens on another thread.
     *
     * @param isDeliverable whether the number may get a message
     * @param address of the asker
     * @param held the secrets that the asker holds from before, the latest first; its challenge, if it is of the same
     *     number and not over, is continued, with its count of attempts, and one that was used shows whose browser this is
     * @param text makes the message of a code
     */
    public CodeRequestResult ask(
            PhoneNumber number, boolean isDeliverable, String address, List<ChallengeSecret> held, SmsText text) {
        CodeRequestResult result = request(number, isDeliverable, Networks.of(address), held, text);
        listener.requested();
        if (result instanceof CodeRequestResult.Limited limited) {
            listener.limited(limited.hit().limit());
        }
        return result;
    }

    /**
     * Whether a code may go to a number of this region. Where it may not, that is told to nobody but the listener: a
     * message that is not sent looks like one to an unknown number.
     *
     * @param region ISO 3166; empty for a number that belongs to no country
     */
    public boolean reaches(Optional<String> region) {
        if (!rules.delivery().reaches(region)) {
            listener.limited(CodeLimit.COUNTRY);
        }
        return mayReach(region);
    }

    /** The same where no code is asked for, so nobody is told. */
    public boolean mayReach(Optional<String> region) {
        return rules.delivery().reaches(region) || rules.delivery().recordOnly();
    }

    /** How this number is written in the tables of codes. */
    public static String written(PhoneNumber number) {
        return number.text().substring(0, Math.min(LONGEST_NUMBER, number.text().length()));
    }

    private CodeRequestResult request(
            PhoneNumber to, boolean isDeliverable, String network, List<ChallengeSecret> all, SmsText text) {
        String number = written(to);
        ChallengeSecret held = heldFor(number, network, all);
        // On a reader first: whoever is over a limit must not take the write lock.
        Decision early = database.read(handle -> decide(handle, number, network, held, clock.instant()));
        boolean recordOnly = rules.delivery().recordOnly();
        if (early.hit() != null && recordOnly) {
            listener.limited(early.hit().limit());
        } else if (early.hit() != null) {
            return new CodeRequestResult.Limited(early.hit());
        }
        Optional<String> testCode = rules.delivery().testCode(number, clock.instant());
        String code = testCode.orElseGet(() -> String.format(Locale.ROOT, "%06d", random.nextInt(1_000_000)));
        // Nobody can guess this one: a number that is nobody's has no right code, so none has to be explained away.
        String noCode = ChallengeSecret.random(random).value();
        AtomicBoolean isSent = new AtomicBoolean();
        CodeRequestResult asked = asks.write(transaction -> {
            transaction.lock("codes");
            // Under the lock, so that no request that is counted already lies ahead of it.
            Instant now = clock.instant();
            Decision decision = decide(transaction, number, network, held, now);
            if (decision.hit() != null && !recordOnly) {
                return new CodeRequestResult.Limited(decision.hit());
            }
            boolean sends = isDeliverable && (decision.maySend() || recordOnly);
            isSent.set(sends);
            ChallengeSecret secret =
                    challenge(transaction, number, sends, sends ? code : noCode, held, decision.isKnownBrowser(), now);
            if (sends) {
                requests.insert(
                        transaction, number, CodeLimits.block(number), network, secret.hash(), testCode.isEmpty(), now);
            } else {
                requests.insertStranger(transaction, number, network, now);
            }
            return new CodeRequestResult.Challenged(secret, rules.ttl(), rules.resendAfter());
        });
        if (asked instanceof CodeRequestResult.Challenged) {
            queue.hand(to, code, text, isSent.get() && testCode.isEmpty());
        }
        return asked;
    }

    /** The secret that this number was proved with, or else the latest that it was asked for with; the latest if none was. */
    private @Nullable ChallengeSecret heldFor(String number, String network, List<ChallengeSecret> all) {
        if (all.size() < 2) {
            return all.isEmpty() ? null : all.get(0);
        }
        Instant now = clock.instant();
        return database.read(handle -> all.stream()
                .filter(secret ->
                        knownBrowsers.asker(handle, number, secret.hash(), network, now) == Asker.KNOWN_BROWSER)
                .findFirst()
                .or(() -> all.stream()
                        .filter(secret -> isOf(number, challenges.find(handle, secret.hash())))
                        .findFirst())
                .orElse(all.get(0)));
    }

    private static boolean isOf(String number, @Nullable Challenge challenge) {
        return challenge != null && challenge.number().equals(number);
    }

    /**
     * What strangers are told rests on what is still known of everybody alike. After a flood that is less than what is
     * known of numbers that get codes, which goes on to decide whether one is sent.
     */
    private Decision decide(Handle handle, String number, String network, @Nullable ChallengeSecret held, Instant now) {
        String browser = held == null ? "" : held.hash();
        Asker asker = knownBrowsers.asker(handle, number, browser, network, now);
        CodeLimits.Request request = new CodeLimits.Request(number, network, browser, asker);
        boolean isKnownBrowser = asker == Asker.KNOWN_BROWSER;
        Instant horizon = requests.horizon(handle, now);
        boolean isFlooded = horizon != null && horizon.isAfter(now.minus(CodeLimits.MAX_LENGTH)) && !isKnownBrowser;
        CodeLimits.LimitExceeded hit =
                limits.check(handle, request, isFlooded && horizon != null ? horizon : Instant.EPOCH, now);
        boolean maySend = hit == null && (!isFlooded || limits.check(handle, request, Instant.EPOCH, now) == null);
        return new Decision(hit, maySend, isKnownBrowser);
    }

    private ChallengeSecret challenge(
            Transaction transaction,
            String number,
            boolean sends,
            String code,
            @Nullable ChallengeSecret held,
            boolean isKnownBrowser,
            Instant now) {
        Instant expires = now.plus(rules.ttl());
        Challenge before = held == null ? null : challenges.find(transaction, held.hash());
        boolean goesOn = before != null && isOf(number, before) && end(before, now) == null;
        if (held != null && before != null && goesOn && !(before.isStrangers() && sends)) {
            challenges.resend(transaction, before, held.mac(code), expires, now);
            return held;
        }
        // A known browser keeps its secret.
        boolean keeps = held != null && (goesOn || isKnownBrowser);
        if (keeps && before != null) {
            challenges.delete(transaction, before);
        }
        ChallengeSecret secret = held != null && keeps ? held : ChallengeSecret.random(random);
        int attempts = before != null && goesOn ? before.attempts() : 0;
        challenges.insert(transaction, secret.hash(), !sends, number, secret.mac(code), expires, attempts, now);
        return secret;
    }

    /** The challenge of this secret; null if there is none. */
    public @Nullable ChallengeStatus standing(ChallengeSecret secret) {
        Instant now = clock.instant();
        Challenge challenge = database.find(handle -> challenges.find(handle, secret.hash()));
        return challenge == null ? null : standing(challenge, now);
    }

    private ChallengeStatus standing(Challenge challenge, Instant now) {
        return new ChallengeStatus(
                challenge.number(),
                end(challenge, now),
                within(Duration.between(now, challenge.sentAt().plus(rules.resendAfter())), rules.resendAfter()),
                Math.max(0, rules.attempts() - challenge.attempts()),
                within(Duration.between(now, challenge.codeExpiresAt()), rules.ttl()));
    }

    /** A time in the past, or further ahead than possible because of a wrong clock, means no wait. */
    private static Duration within(Duration left, Duration longest) {
        return left.isNegative() || left.compareTo(longest) > 0 ? Duration.ZERO : left;
    }

    private @Nullable Refusal end(Challenge challenge, Instant now) {
        if (challenge.isExpired(now)) {
            return Refusal.EXPIRED;
        }
        return challenge.attempts() >= rules.attempts() ? Refusal.USED_UP : null;
    }

    /**
     * Tries a code, as part of the transaction that signs in if it is right. An attempt is counted before the code is
     * looked at, and of many that come with the right code at once exactly one is told so. That one's browser, and the
     * network of this address, are known to the limits from then on.
     */
    public AttemptResult attempt(Transaction transaction, ChallengeSecret secret, String code, String address) {
        AttemptResult result = judge(transaction, secret, code, address);
        transaction.afterCommit(() -> listener.tried(result));
        return result;
    }

    private AttemptResult judge(Transaction transaction, ChallengeSecret secret, String code, String address) {
        Instant now = clock.instant();
        Challenge challenge = challenges.find(transaction, secret.hash());
        if (challenge == null || challenge.isExpired(now)) {
            return Refusal.EXPIRED;
        }
        if (!challenges.takeAttempt(transaction, challenge, rules.attempts())) {
            return Refusal.USED_UP;
        }
        if (!challenge.accepts(secret, code, now)) {
            return challenge.attempts() + 1 >= rules.attempts() ? Refusal.USED_UP : Refusal.WRONG;
        }
        if (!challenges.delete(transaction, challenge)) {
            return Refusal.EXPIRED;
        }
        CodeRequestDao.Stretch whileGood = new CodeRequestDao.Stretch(now.minus(rules.ttl()), SqlTime.latestOf(now));
        requests.markUsed(transaction, challenge.number(), challenge.hash(), whileGood);
        knownBrowsers.used(transaction, challenge.number(), challenge.hash(), Networks.of(address), now);
        return new AttemptResult.Right();
    }
}
