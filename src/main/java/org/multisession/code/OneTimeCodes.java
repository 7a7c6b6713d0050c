package org.multisession.code;

import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.Transaction;

/**
 * Codes that prove a phone number (ASVS 5.0, 6.5 and 6.6): six digits, good for a few minutes, for one use, and only
 * from the browser or client that asked. Safe for use by many threads.
 */
public final class OneTimeCodes {

    /** What came of asking for a code. */
    public sealed interface Asked {
        /** It is on its way, or would be if the number were one of ours: nobody is told which. */
        record Challenged(ChallengeSecret secret, Duration expiresIn, Duration resendIn) implements Asked {}

        /** Not now. */
        record Limited(CodeLimits.Hit hit) implements Asked {}
    }

    /** What came of trying a code. */
    public enum Tried {
        RIGHT,
        WRONG,
        /** Too many wrong ones; this challenge is over. */
        USED_UP,
        /** Run out, used already, or never asked for from here. */
        EXPIRED
    }

    /**
     * How a challenge stands, to show it.
     *
     * @param end what has ended it, {@link Tried#EXPIRED} or {@link Tried#USED_UP}; null while codes can be tried
     */
    public record Standing(String number, @Nullable Tried end, Duration resendIn) {

        public boolean isOver() {
            return end != null;
        }
    }

    private final Database database;
    private final ChallengeDao challenges;
    private final CodeRequestDao requests;
    private final CodeLimits limits;
    private final CodeRules rules;
    private final SmsQueue queue;
    private final SecureRandom random;
    private final InstantSource clock;

    public OneTimeCodes(
            Database database,
            ChallengeDao challenges,
            CodeRequestDao requests,
            CodeLimits limits,
            CodeRules rules,
            SmsQueue queue,
            SecureRandom random,
            InstantSource clock) {
        this.database = database;
        this.challenges = challenges;
        this.requests = requests;
        this.limits = limits;
        this.rules = rules;
        this.queue = queue;
        this.random = random;
        this.clock = clock;
    }

    /**
     * Asks for a code. The same is done for a number that gets one and for a number that does not, up to handing the
     * message over, which happens on another thread.
     *
     * @param number E.164
     * @param isDeliverable whether the number may get a message
     * @param address of the asker
     * @param held the secret that the asker holds from before, or null; a challenge of the same number that is not
     *     over is continued, with its count of attempts
     * @param text makes the message of a code
     */
    public Asked ask(
            String number, boolean isDeliverable, String address, @Nullable ChallengeSecret held, SmsText text) {
        String network = Networks.of(address);
        Instant now = clock.instant();
        // On a reader first: who is over a limit must not take the write lock.
        Optional<CodeLimits.Hit> early =
                database.read(handle -> Optional.ofNullable(limits.check(handle, number, network, now)));
        if (early.isPresent()) {
            return new Asked.Limited(early.get());
        }
        String code = String.format(Locale.ROOT, "%06d", random.nextInt(1_000_000));
        // Nobody can guess this one: a number that is nobody's has no right code, so none has to be explained away.
        String noCode = ChallengeSecret.random(random).value();
        Asked asked = database.write(transaction -> {
            CodeLimits.Hit hit = limits.check(transaction, number, network, now);
            if (hit != null) {
                return new Asked.Limited(hit);
            }
            ChallengeSecret secret = challenge(transaction, number, isDeliverable ? code : noCode, held, now);
            requests.insert(transaction, number, CodeLimits.block(number), network, secret.hash(), isDeliverable, now);
            return new Asked.Challenged(secret, rules.ttl(), rules.resendAfter());
        });
        if (asked instanceof Asked.Challenged) {
            queue.hand(number, code, text, isDeliverable);
        }
        return asked;
    }

    private ChallengeSecret challenge(
            Transaction transaction, String number, String code, @Nullable ChallengeSecret held, Instant now)
            throws SQLException {
        Instant expires = now.plus(rules.ttl());
        Challenge before = held == null ? null : challenges.find(transaction, held.hash());
        if (held != null && before != null && before.number().equals(number) && end(before, now) == null) {
            challenges.resend(transaction, before.hash(), held.mac(code), expires, now);
            return held;
        }
        ChallengeSecret secret = ChallengeSecret.random(random);
        challenges.insert(transaction, secret.hash(), number, secret.mac(code), expires, now);
        return secret;
    }

    /** The challenge that this secret belongs to; null if there is none. */
    public @Nullable Standing standing(ChallengeSecret secret) {
        Instant now = clock.instant();
        return database.read(handle -> Optional.ofNullable(challenges.find(handle, secret.hash())))
                .map(challenge -> new Standing(challenge.number(), end(challenge, now), resendIn(challenge, now)))
                .orElse(null);
    }

    private Duration resendIn(Challenge challenge, Instant now) {
        Duration left = Duration.between(now, challenge.sentAt().plus(rules.resendAfter()));
        return left.isNegative() ? Duration.ZERO : left;
    }

    private @Nullable Tried end(Challenge challenge, Instant now) {
        if (challenge.isExpired(now)) {
            return Tried.EXPIRED;
        }
        return challenge.attempts() >= rules.attempts() ? Tried.USED_UP : null;
    }

    /**
     * Tries a code, as part of the transaction that signs in if it is right. An attempt is counted before the code is
     * looked at, and of many that come with the right code at once exactly one is told so.
     */
    public Tried attempt(Transaction transaction, ChallengeSecret secret, String code) throws SQLException {
        Instant now = clock.instant();
        Challenge challenge = challenges.find(transaction, secret.hash());
        if (challenge == null || challenge.isExpired(now)) {
            return Tried.EXPIRED;
        }
        if (!challenges.takeAttempt(transaction, challenge.hash(), rules.attempts())) {
            return Tried.USED_UP;
        }
        if (!challenge.accepts(secret, code, now)) {
            return challenge.attempts() + 1 >= rules.attempts() ? Tried.USED_UP : Tried.WRONG;
        }
        if (!challenges.delete(transaction, challenge.hash())) {
            return Tried.EXPIRED;
        }
        requests.markUsed(transaction, challenge.number(), challenge.hash());
        return Tried.RIGHT;
    }
}
