package org.multisession.auth;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.multisession.db.GroupCommit;
import org.multisession.otp.ChallengeSecret;
import org.multisession.otp.OneTimeCodes;
import org.multisession.otp.OneTimeCodes.AttemptResult;
import org.multisession.otp.OneTimeCodes.ChallengeStatus;
import org.multisession.otp.OneTimeCodes.CodeRequestResult;
import org.multisession.otp.OneTimeCodes.Refusal;
import org.multisession.otp.SmsText;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.Client;
import org.multisession.token.Presented;
import org.multisession.user.User;

/**
 * Sign-in by a one-time code, in two steps: requesting a code, and trying it. The first step shows a stranger nothing
 * that depends on whether an account has the number.
 */
public final class CodeSignIn {

    /** The outcome of trying a code. */
    public sealed interface Result {
        /** The session is on disk. */
        record Started(SignIn.Result.Started session) implements Result {}

        /** The code was not accepted. */
        record Refused(Refusal why) implements Result {}
    }

    private final GroupCommit tries;
    private final OneTimeCodes codes;
    private final SignIn signIn;
    private final Owners owners;
    private final PhoneNumbers phoneNumbers;
    private final StrangerTrail trail;

    /**
     * @param tries for codes that are tried, and for nothing else: a challenge was counted when it was asked for, so a
     *     flood of requests must not stand in the way of who types a code
     */
    public CodeSignIn(
            GroupCommit tries,
            OneTimeCodes codes,
            SignIn signIn,
            Owners owners,
            PhoneNumbers phoneNumbers,
            StrangerTrail trail) {
        this.tries = tries;
        this.codes = codes;
        this.signIn = signIn;
        this.owners = owners;
        this.phoneNumbers = phoneNumbers;
        this.trail = trail;
    }

    /**
     * Asks for a code to this number.
     *
     * @param held the secrets of earlier challenges that this browser holds, the latest first
     */
    public CodeRequestResult ask(PhoneNumber number, Client client, List<ChallengeSecret> held, SmsText text) {
        List<User> found = owners.of(number);
        // The owner's stored number has just been parsed; without an owner the same work is done in vain, to take as
        // long.
        PhoneNumber unused = found.isEmpty() ? phoneNumbers.read(number.text()) : number;
        boolean reaches = codes.reaches(phoneNumbers.regionOf(number));
        boolean isDeliverable = unused != null
                && reaches
                && number.isSendable()
                && (found.size() == 1 || (found.isEmpty() && owners.mayRegister(number)));
        if (found.size() > 1) {
            owners.tellOfSharedNumber(found, client);
        }
        CodeRequestResult asked = codes.ask(number, isDeliverable, client.address(), held, text);
        if (asked instanceof CodeRequestResult.Limited limited) {
            trail.limitHit(limited.hit().limit().toString(), client);
        }
        return asked;
    }

    /** The number by which this user can prove who they are; null if no code can be sent, or would prove somebody else. */
    public @Nullable PhoneNumber numberOf(User user) {
        PhoneNumber number = phoneNumbers.read(user.phone());
        if (number == null || !number.isSendable() || !codes.mayReach(phoneNumbers.regionOf(number))) {
            return null;
        }
        List<User> found = owners.of(number);
        return found.size() == 1 && found.get(0).id() == user.id() ? number : null;
    }

    private @Nullable PhoneNumber read(ChallengeStatus standing) {
        return phoneNumbers.read(standing.number());
    }

    /** The status of this secret's challenge; null if there is none. */
    public @Nullable ChallengeStatus standing(ChallengeSecret secret) {
        return codes.standing(secret);
    }

    /** Asks for another code for the number of a challenge; null if there is no such challenge. */
    public @Nullable CodeRequestResult askAgain(ChallengeSecret held, Client client, SmsText text) {
        ChallengeStatus standing = codes.standing(held);
        PhoneNumber number = standing == null ? null : read(standing);
        return number == null ? null : ask(number, client, List.of(held), text);
    }

    /** Tries a code, and signs in if it is right: both in one transaction, so that a right code is never lost. */
    public Result signIn(ChallengeSecret secret, String code, Client client, Presented presented) {
        ChallengeStatus standing = codes.standing(secret);
        PhoneNumber number = standing == null ? null : read(standing);
        if (standing == null || number == null) {
            // Invented secrets must not take the write lock.
            return new Result.Refused(Refusal.EXPIRED);
        }
        if (standing.end() != null) {
            // Nor must attempts at a challenge that is over, or anybody could fill the audit trail.
            return new Result.Refused(standing.end());
        }
        return tries.write(transaction -> {
            AttemptResult tried = codes.attempt(transaction, secret, code, client.address());
            if (tried instanceof AttemptResult.Right
                    && signIn.signIn(transaction, number, client, presented) instanceof SignIn.Result.Started started) {
                return new Result.Started(started);
            }
            // A right guess for an unknown number gets the same answer as a wrong one.
            Refusal told = tried instanceof Refusal refusal ? refusal : Refusal.WRONG;
            String outcome = told.name().toLowerCase(Locale.ROOT).replace('_', '-');
            trail.codeRefused(transaction, outcome, owners.of(transaction, number), client);
            return new Result.Refused(told);
        });
    }

    /** Writes what is pending about strangers to the audit trail. Call it every few minutes, and at the end. */
    public void tellOfStrangers() {
        trail.flush();
    }
}
