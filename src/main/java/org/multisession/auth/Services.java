package org.multisession.auth;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.multisession.db.AnswerCache;
import org.multisession.db.Database;
import org.multisession.db.GroupCommit;
import org.multisession.otp.CodeLimits;
import org.multisession.otp.CodeListener;
import org.multisession.otp.CodeRules;
import org.multisession.otp.CodeTables;
import org.multisession.otp.OneTimeCodes;
import org.multisession.otp.SmsQueue;
import org.multisession.otp.SmsSender;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.ClockWatch;
import org.multisession.session.DeviceDao;
import org.multisession.session.EndedTokenDao;
import org.multisession.session.Heartbeat;
import org.multisession.session.LastSeen;
import org.multisession.session.LegacyUseDao;
import org.multisession.session.LookUpDao;
import org.multisession.session.SessionRules;
import org.multisession.session.SignInDao;
import org.multisession.session.Stage;
import org.multisession.session.StateDao;
import org.multisession.session.SweeperLease;
import org.multisession.session.Throttle;
import org.multisession.session.TokenHashing;
import org.multisession.session.TokenHashingDao;
import org.multisession.session.UserSessionDao;
import org.multisession.token.SessionToken;
import org.multisession.user.PhoneReading;
import org.multisession.user.UserColumns;
import org.multisession.user.UserDao;

/**
 * Every service between the database and the servlets, wired to one migrated database. The constructor neither reads
 * nor writes the database; {@link #begin} does, once.
 */
public final class Services {

    /**
     * What the settings say of it.
     *
     * @param region ISO 3166 code of the country of numbers typed without a country code
     * @param auditKeep how long the audit trail is kept, and what has ended
     */
    public record Rules(
            Stage stage, LoginRules login, SessionRules session, CodeRules code, String region, Duration auditKeep) {}

    /** The machine's own: chance, the wall clock and the one that only runs forward, in nanoseconds. */
    public record Surroundings(SecureRandom random, InstantSource clock, LongSupplier nanoTime) {}

    /** Who is told what happens, to count it. */
    public record Listeners(AuthListener auth, CodeListener codes) {

        /** Hear nothing. */
        public static final Listeners NONE = new Listeners(AuthListener.NONE, CodeListener.NONE);
    }

    public final PhoneNumbers phoneNumbers;
    public final UserDao users;
    public final Sessions sessions;
    public final Owners owners;
    public final ClockWatch watch;
    public final Heartbeat heartbeat;
    public final PhoneReading phoneReading;
    public final LastSeen lastSeen;
    public final RunOut runOut;
    public final SharedNumbers sharedNumbers;
    public final Authenticator authenticator;
    public final SignIn signIn;
    public final SignOut signOut;
    public final Freshness freshness;
    public final Devices devices;
    public final SmsQueue queue;
    public final CodeSignIn codeSignIn;
    public final TypedNumbers typedNumbers;
    public final Sweeper sweeper;
    public final TokenHashing hashing;
    public final Pruning pruning;
    public final SignInSweep signInSweep;
    public final DeviceSweep deviceSweep;
    public final Forgetting forgetting;
    public final CodeLimits limits;
    public final Census census;

    private final Stage stage;
    private final StateDao state = new StateDao();
    private final InstantSource clock;

    /** @param columns of the table {@code users} of this database, as the migration found them */
    public Services(
            Database database,
            UserColumns columns,
            Rules given,
            SmsSender sender,
            Throttle throttle,
            Surroundings surroundings) {
        this(database, columns, given, sender, throttle, surroundings, Listeners.NONE);
    }

    /** The same, with somebody who is told what happens. */
    public Services(
            Database database,
            UserColumns columns,
            Rules given,
            SmsSender sender,
            Throttle throttle,
            Surroundings surroundings,
            Listeners listeners) {
        database.learn(columns.words());
        stage = given.stage();
        clock = surroundings.clock();
        SecureRandom random = surroundings.random();
        watch = new ClockWatch(clock, surroundings.nanoTime());
        heartbeat = new Heartbeat(database, state, watch, clock);
        SessionRules rules = given.session().watchedBy(watch);

        phoneNumbers = new PhoneNumbers(given.region());
        phoneReading = new PhoneReading(database, phoneNumbers, clock);
        users = new UserDao(columns, phoneNumbers);
        typedNumbers = new TypedNumbers(database, users, phoneNumbers);
        AuthEventDao events = new AuthEventDao(listeners.auth());
        sharedNumbers = new SharedNumbers(database, events, clock);
        owners = new Owners(database, users, sharedNumbers, given.login());

        UserSessionDao rows = new UserSessionDao(stage);
        sessions = new Sessions(rows, events, rules, random);
        LegacyTokens legacyTokens = new LegacyTokens(users, sessions, stage);
        LegacyUseDao legacyUses = new LegacyUseDao();
        AnswerCache<SessionToken, SignedIn> answers = Authenticator.emptyCache();
        lastSeen = new LastSeen(database, answers, rows, new DeviceDao(), legacyUses, rules);
        signOut = new SignOut(database, sessions, legacyTokens, events, clock);
        runOut = new RunOut(database, sessions, clock);
        signIn = new SignIn(database, sessions, legacyTokens, owners, events, runOut, clock);
        TwoAccounts twoAccounts = new TwoAccounts(database, events, clock);
        authenticator = new Authenticator(
                answers,
                database,
                sessions,
                new LookUpDao(rows, users, stage),
                twoAccounts,
                runOut,
                lastSeen,
                clock,
                listeners.auth());

        queue = new SmsQueue(sender, listeners.codes());
        CodeTables tables = new CodeTables();
        limits = new CodeLimits(tables.requests(), given.code());
        // Each with a queue of its own: however many ask, whoever has a code gets in.
        GroupCommit asks = new GroupCommit(database);
        GroupCommit tries = new GroupCommit(database);
        OneTimeCodes codes =
                new OneTimeCodes(database, asks, tables, given.code(), limits, queue, random, clock, listeners.codes());
        codeSignIn =
                new CodeSignIn(tries, codes, signIn, owners, phoneNumbers, new StrangerTrail(database, events, clock));
        // Where the number alone signs in, asking for it again would prove nothing.
        boolean asksForProof = given.login().verification() == LoginRules.Verification.CODE;
        freshness =
                new Freshness(asksForProof ? rules.freshFor() : null, user -> codeSignIn.numberOf(user) != null, clock);
        devices = new Devices(database, sessions, legacyTokens, freshness, clock);

        SweeperLease lease = new SweeperLease(database, state, UUID.randomUUID().toString(), clock);
        sweeper = new Sweeper(database, sessions, lease, throttle, clock);
        hashing = new TokenHashing(database, new TokenHashingDao(), state, throttle);
        census = new Census(database, new CensusDao(), throttle);
        pruning = new Pruning(database, tables, events, legacyUses, given.auditKeep(), watch, clock);
        signInSweep = new SignInSweep(database, new SignInDao());
        deviceSweep = new DeviceSweep(database, new DeviceDao(), given.auditKeep(), watch, clock);
        forgetting = new Forgetting(
                database, new EndedTokenDao(state), given.auditKeep(), lease, watch, throttle, random::nextLong, clock);
    }

    /** Tells the database that this node is there, and prepares the reading of telephone numbers. May be repeated. */
    public void begin() {
        heartbeat.begin(stage);
        phoneReading.begin();
    }

    /** Does on another database, which takes the place of the first, what {@link #begin} did on that one. */
    public void beginOn(Database successor) {
        new Heartbeat(successor, state, watch, clock).begin(stage);
        new PhoneReading(successor, phoneNumbers, clock).begin();
    }
}
