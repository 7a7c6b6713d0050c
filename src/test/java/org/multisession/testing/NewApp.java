package org.multisession.testing;

import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.Authenticator;
import org.multisession.auth.Census;
import org.multisession.auth.DeviceSweep;
import org.multisession.auth.Devices;
import org.multisession.auth.Forgetting;
import org.multisession.auth.Freshness;
import org.multisession.auth.LoginRules;
import org.multisession.auth.Owners;
import org.multisession.auth.RunOut;
import org.multisession.auth.Services;
import org.multisession.auth.Sessions;
import org.multisession.auth.SharedNumbers;
import org.multisession.auth.SignIn;
import org.multisession.auth.SignInSweep;
import org.multisession.auth.SignOut;
import org.multisession.auth.SignedIn;
import org.multisession.auth.Sweeper;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.db.Source;
import org.multisession.db.postgres.PostgresSource;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.migration.Migrator;
import org.multisession.migration.SchemaGuard;
import org.multisession.migration.postgres.PostgresMigrator;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.Client;
import org.multisession.session.ClockWatch;
import org.multisession.session.Heartbeat;
import org.multisession.session.LastSeen;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.session.StateDao;
import org.multisession.session.TokenHashing;
import org.multisession.session.TokenHashingDao;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;
import org.multisession.user.PhoneReading;
import org.multisession.user.UserColumns;
import org.multisession.user.UserDao;

/** Our app without its web layer, deployed on a database; closing it is undeploying it. */
public final class NewApp implements AutoCloseable {

    /** The rules of the defaults. */
    public static final SessionRules RULES =
            new SessionRules(Duration.ofDays(30), Duration.ofDays(365), 50, Duration.ofMinutes(1));

    /** Who comes, where a test does not care. */
    public static final Client CLIENT = new Client("192.0.2.1", "a test");

    private static final Duration BUSY_TIMEOUT = Duration.ofSeconds(5);

    private static final PhoneNumbers NUMBERS = new PhoneNumbers("RU");

    public final Database database;
    public final Authenticator authenticator;
    public final SignIn signIn;
    public final SharedNumbers sharedNumbers;
    public final SignOut signOut;
    public final Freshness freshness;
    public final Devices devices;
    public final SignInSweep signInSweep;
    public final DeviceSweep deviceSweep;
    public final Sweeper sweeper;
    public final Forgetting forgetting;
    public final Census census;
    public final LastSeen lastSeen;
    public final RunOut runOut;
    public final Sessions sessions;
    public final Owners owners;
    public final UserDao users;
    public final Migrator migrator;
    public final SchemaGuard guard;
    public final PhoneReading phoneReading;

    private final Source source;
    private final InstantSource clock;
    private final Services services;
    public final Heartbeat heartbeat;
    public final ClockWatch watch;
    private boolean closed;

    private NewApp(
            Source source,
            LoginRules login,
            SessionRules rules,
            Stage stage,
            Duration busyTimeout,
            InstantSource clock) {
        this.source = source;
        this.clock = clock;
        try {
            database = Database.open(source, 2, busyTimeout);
        } catch (RuntimeException e) {
            source.close();
            throw e;
        }
        migrator = new Migrator(database, clock);
        PostgresMigrator postgres = source instanceof PostgresSource ? new PostgresMigrator(database, clock) : null;
        UserColumns columns;
        try {
            columns = UserColumns.of(postgres == null ? migrator.migrate().userColumns() : postgres.migrate());
            if (!stage.storesPlainTokens()) {
                new TokenHashing(database, new TokenHashingDao(), new StateDao(), () -> true).run();
            }
        } catch (RuntimeException e) {
            database.close();
            source.close();
            throw e;
        }
        guard = new SchemaGuard(migrator, clock);
        database.guardBy(postgres == null ? guard : postgres.guard());
        services = new Services(
                database,
                columns,
                new Services.Rules(stage, login, rules, CodeApp.RULES, "RU", Duration.ofDays(180)),
                (number, code, text) -> {
                    throw new AssertionError("a message was sent");
                },
                () -> true,
                new Services.Surroundings(
                        new SecureRandom(), clock, clock instanceof TestClock test ? test::nanos : System::nanoTime));
        services.begin();
        watch = services.watch;
        heartbeat = services.heartbeat;
        phoneReading = services.phoneReading;
        users = services.users;
        sessions = services.sessions;
        owners = services.owners;
        lastSeen = services.lastSeen;
        runOut = services.runOut;
        sharedNumbers = services.sharedNumbers;
        authenticator = services.authenticator;
        signIn = services.signIn;
        signOut = services.signOut;
        freshness = services.freshness;
        devices = services.devices;
        signInSweep = services.signInSweep;
        deviceSweep = services.deviceSweep;
        sweeper = services.sweeper;
        forgetting = services.forgetting;
        census = services.census;
    }

    /** Deploys with the default rules, for known numbers only. */
    public static NewApp deploy(Source source, InstantSource clock) {
        return deploy(source, RULES, clock);
    }

    /** Deploys for known numbers only. */
    public static NewApp deploy(Source source, SessionRules rules, InstantSource clock) {
        return deploy(source, rules, Stage.COEXIST, clock);
    }

    /** Deploys for known numbers only, in this stage. */
    public static NewApp deploy(Source source, SessionRules rules, Stage stage, InstantSource clock) {
        return deploy(source, rules, stage, BUSY_TIMEOUT, clock);
    }

    /** The same with less patience for somebody else's lock. */
    public static NewApp deploy(
            Source source, SessionRules rules, Stage stage, Duration busyTimeout, InstantSource clock) {
        return new NewApp(
                source,
                new LoginRules(LoginRules.Verification.NONE, LoginRules.Registration.CLOSED),
                rules,
                stage,
                busyTimeout,
                clock);
    }

    /** Deploys for known numbers only, where codes prove who somebody is; the test signs them in without one. */
    public static NewApp deployProving(Source source, SessionRules rules, Stage stage, InstantSource clock) {
        return new NewApp(
                source,
                new LoginRules(LoginRules.Verification.CODE, LoginRules.Registration.CLOSED),
                rules,
                stage,
                BUSY_TIMEOUT,
                clock);
    }

    /** Deploys with the default rules, for everybody. */
    public static NewApp deployOpen(Source source, InstantSource clock) {
        return deployOpen(source, RULES, Stage.COEXIST, clock);
    }

    /** Deploys for everybody. */
    public static NewApp deployOpen(Source source, SessionRules rules, Stage stage, InstantSource clock) {
        return new NewApp(
                source,
                new LoginRules(LoginRules.Verification.NONE, LoginRules.Registration.OPEN),
                rules,
                stage,
                BUSY_TIMEOUT,
                clock);
    }

    /** Deploys on a SQLite file, with the default rules, for known numbers only. */
    public static NewApp deploy(Path path, InstantSource clock) {
        return deploy(path, RULES, clock);
    }

    /** The same with rules. */
    public static NewApp deploy(Path path, SessionRules rules, InstantSource clock) {
        return deploy(path, rules, Stage.COEXIST, clock);
    }

    /** The same in a stage. */
    public static NewApp deploy(Path path, SessionRules rules, Stage stage, InstantSource clock) {
        return deploy(SqliteFile.claim(path, false, "/test"), rules, stage, clock);
    }

    /** What the schema lacks. */
    public List<String> missing(Handle handle) throws SQLException {
        return source instanceof PostgresSource ? PostgresMigrator.missing(handle) : Migrator.missing(handle);
    }

    /** Whose account a token opens; null if nobody's. */
    public @Nullable Long opens(String token) {
        SignedIn signedIn = who(token);
        return signedIn == null ? null : signedIn.user().id();
    }

    /** The way in of a token, which must be somebody's. */
    public SignedIn.Via via(String token) {
        return Objects.requireNonNull(who(token)).via();
    }

    /** Who comes by this token; null if nobody. */
    public @Nullable SignedIn who(String token) {
        return who(token, CLIENT);
    }

    /** The same from a certain device. */
    public @Nullable SignedIn who(String token, Client client) {
        return authenticator.authenticate(Presented.of(new SessionToken(token)), () -> client);
    }

    /** Signs in by a number, which must go well, and gives the token of the new session. */
    public String signIn(String phone) {
        return signIn(phone, CLIENT);
    }

    /** The same on a certain device. */
    public String signIn(String phone, Client client) {
        return signIn(phone, client, Presented.NOTHING);
    }

    /** The same in a browser that presents something. */
    public String signIn(String phone, Client client, Presented presented) {
        SignIn.Result result = signIn.signIn(number(phone), client, presented);
        if (result instanceof SignIn.Result.Started started) {
            return started.token().value();
        }
        throw new AssertionError("sign-in ended as " + result);
    }

    public SignIn.Result trySignIn(String phone) {
        return signIn.signIn(number(phone), CLIENT, Presented.NOTHING);
    }

    /** Signs out the device that holds this token, which must be signed in. */
    public void signOut(String token) {
        signOut(Presented.of(new SessionToken(token)));
    }

    /** Signs out the device that presents this, which must be signed in; gives the legacy tokens that it is to forget. */
    public List<SessionToken> signOut(Presented presented) {
        SignedIn signedIn = Objects.requireNonNull(authenticator.authenticate(presented, () -> CLIENT));
        return signOut.signOut(signedIn, presented, CLIENT);
    }

    public static PhoneNumber number(String phone) {
        return Objects.requireNonNull(NUMBERS.parse(phone));
    }

    /** Goes on with the file that was put in the place of the open one, as {@code boot.Application} does. */
    public void goOnWithSuccessor() {
        Database successor = database.openSuccessor("/test");
        new Migrator(successor, clock).migrate();
        services.beginOn(successor);
        database.continueOn(successor);
    }

    /** Lets go of the database without a last word, as a process that is killed does. */
    public void kill() {
        closed = true;
        database.close();
        source.close();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            lastSeen.flush();
            runOut.flush();
            heartbeat.leave();
        } catch (DatabaseException e) {
            // Some tests take the database away first.
        }
        database.close();
        source.close();
    }
}
