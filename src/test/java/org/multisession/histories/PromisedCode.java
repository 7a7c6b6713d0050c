package org.multisession.histories;

import java.time.Instant;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.multisession.db.SqlTime;
import org.multisession.otp.ChallengeSecret;
import org.multisession.otp.CodeRules;
import org.multisession.otp.OneTimeCodes.Refusal;

/** What the model knows of a challenge, and of the codes that were sent for it. */
final class PromisedCode {

    private record Sent(String code, Instant at) {}

    final ChallengeSecret secret;
    final String number;
    private final CodeRules rules;
    private Sent newest;
    private @Nullable Sent previous;
    private int tries;

    /** Whether it was used, or is known to nobody any more. */
    boolean isOver;

    PromisedCode(ChallengeSecret secret, String number, CodeRules rules, String code, Instant now) {
        this.secret = secret;
        this.number = number;
        this.rules = rules;
        this.newest = new Sent(code, now);
    }

    /** Another one; a challenge that is over begins anew. */
    void isSent(String code, Instant now) {
        boolean goesOn = !hasExpired(now) && tries < rules.attempts();
        previous = goesOn ? newest : null;
        tries = goesOn ? tries : 0;
        newest = new Sent(code, now);
    }

    /** A time that is ahead counts for nothing. */
    private boolean hasExpired(Instant now) {
        return isTooLate(newest, now) || SqlTime.isAhead(newest.at(), now);
    }

    private boolean isTooLate(Sent sent, Instant now) {
        return !sent.at().plus(rules.ttl()).isAfter(now);
    }

    /** One that was sent, or a wrong one. */
    String some(Random random) {
        Sent before = previous;
        return switch (random.nextInt(4)) {
            case 0 -> "wrong!";
            case 1 -> before == null ? newest.code() : before.code();
            default -> newest.code();
        };
    }

    /** Tries a code, and says why it is refused; null if it is right. */
    @Nullable
    Refusal attempt(String code, Instant now) {
        if (isOver || hasExpired(now)) {
            return Refusal.EXPIRED;
        }
        if (tries >= rules.attempts()) {
            return Refusal.USED_UP;
        }
        tries++;
        boolean isPrevious = previous != null && code.equals(previous.code()) && !isTooLate(previous, now);
        if (code.equals(newest.code()) || isPrevious) {
            isOver = true;
            return null;
        }
        return tries >= rules.attempts() ? Refusal.USED_UP : Refusal.WRONG;
    }

    PromisedCode copy() {
        PromisedCode copy = new PromisedCode(secret, number, rules, newest.code(), newest.at());
        copy.previous = previous;
        copy.tries = tries;
        copy.isOver = isOver;
        return copy;
    }
}
