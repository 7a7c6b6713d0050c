package org.multisession.auth;

import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.multisession.code.ChallengeSecret;
import org.multisession.code.CodeLimits;
import org.multisession.code.Networks;
import org.multisession.code.OneTimeCodes;
import org.multisession.code.OneTimeCodes.Asked;
import org.multisession.code.OneTimeCodes.Standing;
import org.multisession.code.OneTimeCodes.Tried;
import org.multisession.code.SmsText;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.session.Client;
import org.multisession.session.Presented;
import org.multisession.user.PhoneNumber;
import org.multisession.user.PhoneNumbers;
import org.multisession.user.User;
import org.multisession.user.UserDao;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sign-in by a one-time code, in two steps: a code is asked for, and tried. Nothing that a stranger sees of the first
 * step depends on whether the number is somebody's.
 */
public final class CodeSignIn {

    /** What came of trying a code. */
    public sealed interface Result {
        /** The session is on the disk. */
        record Started(SignIn.Result.Started session) implements Result {}

        /** The code was not accepted. */
        record Refused(Tried why) implements Result {}
    }

    private static final Logger log = LoggerFactory.getLogger(CodeSignIn.class);

    /** A minute: a stranger at a limit gets one line in the audit trail for it, not one for each request. */
    private static final long LIMIT_EVENT_SECONDS = 60;

    private static final int LIMIT_EVENTS_REMEMBERED = 1000;

    private final Database database;
    private final OneTimeCodes codes;
    private final SignIn signIn;
    private final UserDao users;
    private final PhoneNumbers phoneNumbers;
    private final AuthEventDao events;
    private final InstantSource clock;
    private final Map<String, Long> limitEvents = new ConcurrentHashMap<>();

    public CodeSignIn(
            Database database,
            OneTimeCodes codes,
            SignIn signIn,
            UserDao users,
            PhoneNumbers phoneNumbers,
            AuthEventDao events,
            InstantSource clock) {
        this.database = database;
        this.codes = codes;
        this.signIn = signIn;
        this.users = users;
        this.phoneNumbers = phoneNumbers;
        this.events = events;
        this.clock = clock;
    }

    /**
     * Asks for a code to this number.
     *
     * @param held the secret of an earlier challenge that this browser holds, or null
     */
    public Asked ask(PhoneNumber number, Client client, @Nullable ChallengeSecret held, SmsText text) {
        List<User> owners = database.read(handle -> users.findByPhone(handle, number));
        // The owner's stored number has just been parsed; without an owner the same work is done for nothing.
        PhoneNumber unused = owners.isEmpty() ? phoneNumbers.parse(number.e164()) : number;
        boolean isDeliverable =
                unused != null && (owners.size() == 1 || (owners.isEmpty() && signIn.mayRegister(number)));
        Asked asked = codes.ask(number.e164(), isDeliverable, client.address(), held, text);
        if (asked instanceof Asked.Limited limited) {
            recordLimit(limited.hit(), client);
        }
        return asked;
    }

    /** How the challenge of this secret stands; null if there is none. */
    public @Nullable Standing standing(ChallengeSecret secret) {
        return codes.standing(secret);
    }

    /** Asks for another code for the number of a challenge; null if there is no such challenge. */
    public @Nullable Asked askAgain(ChallengeSecret held, Client client, SmsText text) {
        Standing standing = codes.standing(held);
        PhoneNumber number = standing == null ? null : phoneNumbers.parse(standing.number());
        return number == null ? null : ask(number, client, held, text);
    }

    /** Tries a code, and signs in if it is right: both in one transaction, so that a right code is never lost. */
    public Result signIn(ChallengeSecret secret, String code, Client client, Presented presented) {
        Standing standing = codes.standing(secret);
        PhoneNumber number = standing == null ? null : phoneNumbers.parse(standing.number());
        if (standing == null || number == null) {
            // Whoever makes secrets up must not take the write lock.
            return new Result.Refused(Tried.EXPIRED);
        }
        if (standing.end() != null) {
            // Nor must whoever goes on with a challenge that is over, or the audit trail would be theirs to fill.
            return new Result.Refused(standing.end());
        }
        return database.write(transaction -> {
            Tried tried = codes.attempt(transaction, secret, code);
            if (tried == Tried.RIGHT
                    && signIn.signIn(transaction, number, client, presented) instanceof SignIn.Result.Started started) {
                return new Result.Started(started);
            }
            // A right guess at a number that is nobody's is told the same as a wrong one.
            Tried told = tried == Tried.RIGHT ? Tried.WRONG : tried;
            List<User> owners = users.findByPhone(transaction, number);
            events.record(
                    transaction,
                    AuthEvent.CODE_REFUSED,
                    told.name().toLowerCase(Locale.ROOT),
                    owners.size() == 1 ? owners.get(0).id() : null,
                    client,
                    clock.instant());
            return new Result.Refused(told);
        });
    }

    private void recordLimit(CodeLimits.Hit hit, Client client) {
        if (isLimitEventDue(Networks.of(client.address()))) {
            try {
                database.write(transaction -> {
                    events.record(transaction, AuthEvent.LIMIT_HIT, hit.limit(), null, client, clock.instant());
                    return true;
                });
            } catch (DatabaseBusyException e) {
                // The answer is 429 all the same; a trail that tells of a flood may miss a line of it.
                log.warn("A limit was hit and could not be recorded: {}", e.getMessage());
            }
        }
    }

    private boolean isLimitEventDue(String network) {
        long now = clock.instant().getEpochSecond();
        if (limitEvents.size() >= LIMIT_EVENTS_REMEMBERED) {
            limitEvents.values().removeIf(recorded -> recorded + LIMIT_EVENT_SECONDS <= now);
        }
        Long recorded = limitEvents.get(network);
        if (recorded == null) {
            return limitEvents.size() < LIMIT_EVENTS_REMEMBERED && limitEvents.putIfAbsent(network, now) == null;
        }
        return recorded + LIMIT_EVENT_SECONDS <= now && limitEvents.replace(network, recorded, now);
    }
}
