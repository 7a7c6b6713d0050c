package org.multisession.auth;

import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.multisession.auth.LoginRules.Registration;
import org.multisession.db.Database;
import org.multisession.db.Transaction;
import org.multisession.phone.PhoneNumber;
import org.multisession.session.Client;
import org.multisession.session.DeviceDao;
import org.multisession.session.EndReason;
import org.multisession.session.KnownTokensDao;
import org.multisession.session.LegacyUseDao;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.session.UserSession;
import org.multisession.session.UserSessionDao;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;
import org.multisession.user.User;
import org.multisession.user.UserDao;

/**
 * Starts a session for the owner of a phone number, in one transaction:
 *
 * <ol>
 *   <li>the new session is written;
 *   <li>the legacy token that the mirror is about to overwrite is adopted as a session of its own, so that the old
 *       devices which hold it stay signed in;
 *   <li>{@code users.auth_token} is set to its token (the mirror), so that the old app accepts it too;
 *   <li>the session that the same browser had until now ends: one browser, one session;
 *   <li>what is over the number of sessions that a user may have ends, the least recently seen first.
 * </ol>
 *
 * From stage {@code settle} on there is no mirror, and so nothing to adopt.
 */
public final class SignIn {

    /** What came of it. */
    public sealed interface Result {
        /** The session is on the disk. */
        record Started(User user, SessionToken token) implements Result {}

        /** No user has this number, and registration is closed. */
        record UnknownNumber() implements Result {}

        /** More than one user has this number; nobody is guessed. */
        record AmbiguousNumber() implements Result {}
    }

    private final Database database;
    private final UserSessionDao sessions;
    private final DeviceDao devices;
    private final LegacyUseDao legacyUses;
    private final KnownTokensDao knownTokens;
    private final UserDao users;
    private final AuthEventDao events;
    private final SharedNumbers sharedNumbers;
    private final LoginRules login;
    private final SessionRules rules;
    private final Stage stage;
    private final SecureRandom random;
    private final InstantSource clock;

    public SignIn(
            Database database,
            UserSessionDao sessions,
            DeviceDao devices,
            LegacyUseDao legacyUses,
            KnownTokensDao knownTokens,
            UserDao users,
            AuthEventDao events,
            SharedNumbers sharedNumbers,
            LoginRules login,
            SessionRules rules,
            Stage stage,
            SecureRandom random,
            InstantSource clock) {
        this.database = database;
        this.sessions = sessions;
        this.devices = devices;
        this.legacyUses = legacyUses;
        this.knownTokens = knownTokens;
        this.users = users;
        this.events = events;
        this.sharedNumbers = sharedNumbers;
        this.login = login;
        this.rules = rules;
        this.stage = stage;
        this.random = random;
        this.clock = clock;
    }

    /** Tells operators that these users have one number, so that nobody gets in by it. */
    void tellOfSharedNumber(List<User> owners, Client client) {
        sharedNumbers.met(owners, client);
    }

    /** Whether this number, which no user has, may become a new user's. */
    boolean mayRegister(PhoneNumber number) {
        return login.registration() == Registration.OPEN && number.isValid();
    }

    /** The users with this number. Nobody is unknown because somebody is rebuilding the table just now. */
    List<User> owners(PhoneNumber number) {
        List<User> found = database.read(handle -> users.findByPhone(handle, number));
        return found.isEmpty() && database.lookAfterSchema()
                ? database.read(handle -> users.findByPhone(handle, number))
                : found;
    }

    /**
     * Signs the owner of this number in on one more device. Nobody who is signed in already is signed out by it, up to
     * the number of sessions that a user may have; but of what this device itself presents, its own session is replaced.
     */
    public Result signIn(PhoneNumber number, Client client, Presented presented) {
        // Looked up on a reader first: a stranger's wrong guess must not take the write lock.
        List<User> seen = owners(number);
        if (seen.size() > 1) {
            sharedNumbers.met(seen, client);
            return new Result.AmbiguousNumber();
        }
        if (seen.isEmpty() && !mayRegister(number)) {
            return new Result.UnknownNumber();
        }
        return database.write(transaction -> signIn(transaction, number, client, presented));
    }

    /**
     * The same as part of a transaction, which has the write lock: of parallel first sign-ins of one number, the second
     * finds the user that the first has made.
     */
    Result signIn(Transaction transaction, PhoneNumber number, Client client, Presented presented) throws SQLException {
        List<User> found = users.findByPhone(transaction, number);
        if (found.size() > 1) {
            return new Result.AmbiguousNumber();
        }
        if (found.isEmpty() && !mayRegister(number)) {
            return new Result.UnknownNumber();
        }
        Instant now = clock.instant();
        User user = found.isEmpty() ? users.insert(transaction, number, now) : found.get(0);
        events.record(transaction, AuthEvent.SIGN_IN, found.isEmpty() ? "registered" : "done", user.id(), client, now);
        return start(transaction, user, client, presented, now);
    }

    Result.Started start(Transaction transaction, User user, Client client, Presented presented, Instant now)
            throws SQLException {
        SessionToken token = SessionToken.random(random);
        sessions.insert(transaction, user.id(), token, now);
        devices.seen(transaction, token.hash(), client);
        if (stage.mirrors()) {
            // After the new session, which has the lower row id, and before the mirror overwrites what is adopted.
            adoptLegacyToken(transaction, user, now);
            users.mirror(transaction, user.id(), token);
        }
        endFormer(transaction, user, presented, client, now);
        evictSurplus(transaction, user, token.hash(), client, now);
        return new Result.Started(user, token);
    }

    private void adoptLegacyToken(Transaction transaction, User user, Instant now) throws SQLException {
        SessionToken legacy = users.legacyToken(transaction, user.id());
        if (legacy == null || sessions.wasIssued(transaction, legacy)) {
            return;
        }
        if (users.isShared(transaction, legacy)) {
            // It opened nobody's account. Once it stands in one row only, it would open that one for both.
            sessions.refuseForEver(transaction, user.id(), legacy, EndReason.AMBIGUOUS, now);
        } else {
            sessions.adopt(
                    transaction,
                    user.id(),
                    legacy,
                    legacyUses.find(transaction, legacy).last(),
                    now);
            devices.markShared(transaction, legacy);
        }
    }

    /**
     * Ends what this browser was signed in by until now. Not what it shares with other devices, and not what is another
     * user's: that is not this user's to end.
     */
    private void endFormer(Transaction transaction, User user, Presented presented, Client client, Instant now) {
        for (SessionToken token : knownTokens.among(transaction, presented.tokens())) {
            UserSession former = token.isAHash() ? null : sessions.find(transaction, token);
            if (former != null && former.user().id() == user.id() && !isSharedByDevices(transaction, former)) {
                sessions.end(transaction, former.token(), EndReason.REPLACED, now);
                events.record(
                        transaction, AuthEvent.SESSION_ENDED, EndReason.REPLACED.stored(), user.id(), client, now);
            }
        }
    }

    private boolean isSharedByDevices(Transaction transaction, UserSession session) {
        return devices.find(transaction, List.of(session.token())).values().stream()
                .anyMatch(DeviceDao.Device::shared);
    }

    private void evictSurplus(Transaction transaction, User user, String newestHash, Client client, Instant now) {
        List<UserSession> all = new ArrayList<>();
        for (UserSession session : sessions.ofUser(transaction, user.id())) {
            EndReason expiry = rules.expiry(session, now);
            if (expiry == null) {
                all.add(session);
            } else {
                // It must not take the place of one that lives.
                sessions.end(transaction, session.token(), expiry, now);
            }
        }
        int surplus = all.size() - rules.maxPerUser();
        if (surplus <= 0) {
            return;
        }
        List<UserSession> leastRecentlySeen = all.stream()
                .filter(session -> !session.token().hash().equals(newestHash))
                .sorted(Comparator.comparing(session -> session.lastActiveAt(now)))
                .limit(surplus)
                .toList();
        for (UserSession session : leastRecentlySeen) {
            sessions.end(transaction, session.token(), EndReason.EVICTED, now);
            events.record(transaction, AuthEvent.SESSION_ENDED, EndReason.EVICTED.stored(), user.id(), client, now);
        }
    }
}
