package org.multisession.auth;

import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.LoginRules.Registration;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.FailureKind;
import org.multisession.db.Transaction;
import org.multisession.db.TransactionLostException;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.Client;
import org.multisession.session.EndReason;
import org.multisession.session.EndedTokenDao;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.session.StateDao;
import org.multisession.session.UserSession;
import org.multisession.session.UserSessionDao;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;
import org.multisession.token.StoredToken;
import org.multisession.user.SampleDao;
import org.multisession.user.User;
import org.multisession.user.UserColumns;
import org.multisession.user.UserDao;

/**
 * Tries on a database what people do, and rolls all of it back: two devices of a user sign in, are seen, and are signed
 * out, one by the other and one by itself; if registration is open, a new user registers.
 *
 * <p>It uses the application's own statements, and checks after each step what the next request would find. So a
 * constraint or a trigger of the team's that prevents a sign-in, or by which one device's sign-in ends another's, is
 * found before anybody meets it.
 */
public final class PlayedSignIn {

    private static final Client NOBODY = new Client("", "");

    /** More sessions than anybody has, so that none is evicted. */
    private static final int NO_LIMIT = 1_000_000;

    private static final int NUMBERS_TRIED = 50;

    /**
     * What cannot work.
     *
     * @param act what was played, as {@code a sign-in}
     * @param reason the statement and what the database says of it; never a value
     * @param users with whom it was tried and failed; empty for somebody new
     */
    public record Failure(String act, String reason, List<Long> users) {}

    /**
     * The outcome of a sign-in.
     *
     * @param cannotWork what failed for everybody with whom it was tried; null if nothing did
     * @param someCannot what failed for some and worked for others; null if nothing did
     */
    public record Result(
            @Nullable Failure cannotWork, @Nullable Failure someCannot) {}

    private final Database database;
    private final LoginRules login;
    private final PhoneNumbers numbers;
    private final SessionRules rules;
    private final SecureRandom random;
    private final InstantSource clock;

    public PlayedSignIn(
            Database database,
            LoginRules login,
            PhoneNumbers numbers,
            SessionRules rules,
            SecureRandom random,
            InstantSource clock) {
        this.database = database;
        this.login = login;
        this.numbers = numbers;
        this.rules = new SessionRules(rules.idleTimeout(), rules.maxLifetime(), NO_LIMIT, rules.lastSeenInterval());
        this.random = random;
        this.clock = clock;
    }

    /** Plays it as a stage does it. The transaction holds afterwards what it held before, unless it was lost. */
    public Result play(Transaction transaction, Set<String> userColumns, Stage stage) throws SQLException {
        UserColumns columns = UserColumns.of(userColumns);
        database.learn(columns.words());
        return new Play(columns, stage).all(transaction);
    }

    /** One stage of one database. */
    private final class Play {

        private final Stage stage;
        private final SampleDao samples;
        private final UserDao users;
        private final Sessions sessions;
        private final LegacyTokens legacyTokens;
        private final SignIn signIn;
        private final EndedTokenDao endedTokens = new EndedTokenDao(new StateDao());

        /** For the message of a failure. */
        private String act = "";

        /** What no message may hold, though a trigger may put it into its own. */
        private final List<String> secrets = new ArrayList<>();

        Play(UserColumns columns, Stage stage) {
            this.stage = stage;
            this.samples = new SampleDao();
            this.users = new UserDao(columns, numbers);
            AuthEventDao events = new AuthEventDao();
            this.sessions = new Sessions(new UserSessionDao(stage), events, rules, random);
            this.legacyTokens = new LegacyTokens(users, sessions, stage);
            Owners owners = new Owners(database, users, new SharedNumbers(database, events, clock), login);
            // All is undone, and nothing is left to be ended later.
            RunOut runOut = new RunOut(database, sessions, clock);
            this.signIn = new SignIn(database, sessions, legacyTokens, owners, events, runOut, clock);
        }

        Result all(Transaction transaction) throws SQLException {
            List<Failure> failed = new ArrayList<>();
            int worked = 0;
            List<User> sampled = samples.find(transaction);
            for (User user : sampled) {
                Attempt attempt = attempt(transaction, List.of(user.id()), tried -> visit(tried, user));
                if (attempt.failure() == null) {
                    worked++;
                } else {
                    failed.add(attempt.failure());
                }
                if (attempt.isLost()) {
                    // Nothing may follow in a transaction that was rolled back.
                    return new Result(attempt.failure(), null);
                }
            }
            if (!failed.isEmpty() && worked == 0) {
                return new Result(together(failed), null);
            }
            boolean isOpen = login.registration() == Registration.OPEN;
            if (isOpen || sampled.isEmpty()) {
                Attempt attempt = attempt(transaction, List.of(), this::visitByANewUser);
                boolean isOurMatter = isOpen || !act.equals(REGISTRATION);
                if (attempt.failure() != null && (isOurMatter || attempt.isLost())) {
                    return new Result(attempt.failure(), null);
                }
            }
            return new Result(null, failed.isEmpty() ? null : together(failed));
        }

        private static final String REGISTRATION = "a registration";

        private record Attempt(@Nullable Failure failure, boolean isLost) {}

        private Attempt attempt(Transaction transaction, List<Long> of, Database.Work<Transaction, Boolean> visit)
                throws SQLException {
            try {
                transaction.undone(visit);
                return new Attempt(null, false);
            } catch (SQLException e) {
                return failed(transaction, transaction.latestStatement(), e, of, e);
            } catch (DatabaseException e) {
                if (e.getCause() instanceof SQLException cause) {
                    return failed(transaction, e.statement(), cause, of, e);
                }
                if (e.kind().isOfTheStatement()) {
                    // No statement has failed, but what came of them is wrong.
                    return new Attempt(new Failure(act, String.valueOf(e.getMessage()), of), false);
                }
                throw e;
            }
        }

        /** Rethrows what does not concern the schema, such as a full disk. */
        private <E extends Exception> Attempt failed(
                Transaction transaction, @Nullable String statement, SQLException why, List<Long> of, E e) throws E {
            if (!transaction.vendor().kindOf(why).isOfTheStatement()) {
                throw e;
            }
            String text = String.valueOf(statement).strip().replaceAll("\\s+", " ");
            String reason =
                    "'" + text + "' fails: " + masked(transaction.vendor().reasonIn(why));
            return new Attempt(new Failure(act, reason, of), why instanceof TransactionLostException);
        }

        private String masked(String reason) {
            String masked = reason;
            for (String secret : secrets) {
                masked = masked.replace(secret, "•••");
            }
            return masked;
        }

        /** The first reason is reported for all of them, but not the user that it concerns. */
        private Failure together(List<Failure> failures) {
            List<Long> all = failures.stream()
                    .flatMap(failure -> failure.users().stream())
                    .toList();
            return new Failure(failures.get(0).act(), failures.get(0).reason(), all);
        }

        private boolean visitByANewUser(Transaction transaction) throws SQLException {
            act = REGISTRATION;
            PhoneNumber number = unusedNumber(transaction);
            if (number == null) {
                // Whoever has thousands of numbers in a row has a table in which this works.
                return true;
            }
            User user = users.insert(transaction, number, clock.instant());
            require(
                    users.findByPhone(transaction, number).stream().anyMatch(found -> found.id() == user.id()),
                    "the new row of users is not found by its number");
            return visit(transaction, user);
        }

        private @Nullable PhoneNumber unusedNumber(Transaction transaction) {
            PhoneNumber example = Objects.requireNonNull(numbers.parse(numbers.example()));
            String start = example.text().substring(0, example.text().length() - 4);
            for (int tries = 0; tries < NUMBERS_TRIED; tries++) {
                PhoneNumber number = numbers.parse(start + String.format(Locale.ROOT, "%04d", random.nextInt(10_000)));
                if (number != null
                        && number.isValid()
                        && users.findByPhone(transaction, number).isEmpty()) {
                    return number;
                }
            }
            return null;
        }

        private boolean visit(Transaction transaction, User user) {
            Instant now = clock.instant();
            SessionToken old = users.legacyToken(transaction, user.id());
            Stream.of(user.phone(), old == null ? null : old.value())
                    .filter(secret -> secret != null && !secret.isEmpty())
                    .forEach(secrets::add);
            if (old != null) {
                // It is also played before a large migration has recorded what was there.
                sessions.recordUnseen(transaction, old, now);
            }
            act = "a sign-in";
            SessionToken first = signIn.start(transaction, user, NOBODY, Presented.NOTHING, now)
                    .token();
            if (stage.mirrors()) {
                require(
                        first.equals(users.legacyToken(transaction, user.id())),
                        "users.auth_token does not become the new session's token");
            }
            act = "a sign-in on a second device";
            SessionToken second = signIn.start(transaction, user, NOBODY, Presented.NOTHING, now)
                    .token();
            UserSession seen = requireSession(transaction, first, user, "it ends the first device's session");
            act = "writing when a session was last seen";
            require(
                    sessions.touch(transaction, seen, NOBODY, now.plusSeconds(60)),
                    "the row of user_sessions stays as it was");
            act = "ending a session from another device";
            sessions.end(transaction, seen, EndReason.REVOKED, NOBODY, now);
            require(sessions.find(transaction, first) == null, "the session goes on");
            act = "a sign-out";
            UserSession left = requireSession(transaction, second, user, "the other device's session has ended");
            sessions.signOut(transaction, left, NOBODY, now);
            require(sessions.find(transaction, second) == null, "the session goes on");
            act = "forgetting what has ended";
            StoredToken ended = new StoredToken(second.hash());
            endedTokens.mark(transaction, ended, now);
            endedTokens.unmark(transaction, ended);
            return true;
        }

        private UserSession requireSession(Transaction transaction, SessionToken token, User user, String otherwise) {
            UserSession session = sessions.find(transaction, token);
            if (session == null || session.user().id() != user.id()) {
                throw notSo(otherwise);
            }
            return session;
        }

        private void require(boolean isSo, String otherwise) {
            if (!isSo) {
                throw notSo(otherwise);
            }
        }

        /** A step succeeded without an error, but with a wrong result. */
        private static DatabaseException notSo(String what) {
            return new DatabaseException(what, FailureKind.CONSTRAINT, null);
        }
    }
}
