package org.multisession.boot;

import jakarta.servlet.ServletContext;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.multisession.Product;
import org.multisession.auth.LoginRules.Verification;
import org.multisession.auth.Services;
import org.multisession.config.SettingSources;
import org.multisession.config.Settings;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Source;
import org.multisession.metrics.Meters;
import org.multisession.migration.Migrator;
import org.multisession.migration.Pacing;
import org.multisession.migration.Progress;
import org.multisession.otp.Delivery;
import org.multisession.otp.FallbackSender;
import org.multisession.otp.HttpSender;
import org.multisession.otp.LogSender;
import org.multisession.otp.SmsSender;
import org.multisession.session.RestingThrottle;
import org.multisession.session.Stage;
import org.multisession.user.UserColumns;
import org.multisession.web.Readiness;
import org.multisession.web.RequestIds;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The running application: settings, then the database, then the migration, then the routes; and all of it closed. */
final class Application implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Application.class);

    /** As long as the old app waits (the default of Python's sqlite3). */
    private static final Duration BUSY_TIMEOUT = Duration.ofSeconds(5);

    /**
     * On a server nobody needs a lock for long. With the wait for a connection and for a network that says nothing any more,
     * a request is answered within five seconds.
     */
    private static final Duration BUSY_TIMEOUT_OF_A_SERVER = Duration.ofSeconds(2);

    /** How long a deploy waits for a locked database, perhaps during another node's migration. */
    private static final Duration DEPLOY_PATIENCE = Duration.ofSeconds(15);

    private final Database database;
    private final Services services;
    private final Housekeeping housekeeping;
    private final RestingThrottle throttle;
    private final RequestLog requestLog;

    /** Null where there was nothing to wait for. */
    private final @Nullable LongMove move;

    private Application(
            Database database,
            Services services,
            Housekeeping housekeeping,
            RestingThrottle throttle,
            RequestLog requestLog,
            @Nullable LongMove move) {
        this.database = database;
        this.services = services;
        this.housekeeping = housekeeping;
        this.throttle = throttle;
        this.requestLog = requestLog;
        this.move = move;
    }

    /** Starts, or leaves nothing open. */
    static Application start(ServletContext context, InstantSource clock) {
        return start(context, clock, BUSY_TIMEOUT, DEPLOY_PATIENCE);
    }

    /**
     * The same with other times.
     *
     * @param busyTimeout how long to wait for the lock of a file at a time
     * @param deployPatience how long to retry altogether
     */
    static Application start(
            ServletContext context, InstantSource clock, Duration busyTimeout, Duration deployPatience) {
        log.info("{} on Java {}, {}", Product.ours(), Runtime.version(), context.getServerInfo());
        Settings.Read read = Settings.read(SettingSources.ofDeploy(parameters(context)));
        Settings settings = read.settings();
        log.info("Settings:\n  {}", String.join("\n  ", read.effective()));
        read.warnings().forEach(warning -> log.warn("Settings: {}", warning));
        Source source = Sources.claim(settings.database(), settings.createDatabase(), owner(context));
        LockRetry retry = new LockRetry(clock, deployPatience);
        Duration wait = settings.database().file().isPresent() ? busyTimeout : BUSY_TIMEOUT_OF_A_SERVER;
        Database database;
        try {
            database = retry.until(() -> Database.open(source, settings.poolSize(), wait));
        } catch (RuntimeException | Error e) {
            source.close();
            throw e;
        }
        try {
            return start(context, clock, settings, database, retry);
        } catch (RuntimeException | Error e) {
            database.close();
            throw e;
        }
    }

    private static Application start(
            ServletContext context, InstantSource clock, Settings settings, Database database, LockRetry retry) {
        describe(database, retry);
        OwnClasses.load(context);
        Readiness readiness = new Readiness();
        Pacing pacing = Pacing.besideOthers();
        MigrationRun run =
                new MigrationRun(settings, database, clock, retry, new DeployProgress(readiness, clock), pacing);
        Migrator.Move move = run.begin();
        UserColumns columns = UserColumns.of(move.isShort() ? run.finish(move).userColumns() : move.userColumns());
        SchemaWatch schema = SchemaWatch.of(database, clock);
        RestingThrottle throttle = new RestingThrottle();
        SecureRandom random = new SecureRandom();
        RequestIds requestIds = new RequestIds();
        Meters meters = new Meters(Product.ours());
        meters.watch(() ->
                readiness.state() instanceof Readiness.State.Serving && !database.isReplaced() && !database.isAway());
        meters.watchMigration(readiness::rowsDone, readiness::rowsOfStep);
        StorageWatch storage = new StorageWatch(meters.database(), System::nanoTime);
        database.listenBy(storage);
        Services services = new Services(
                database,
                columns,
                settings.rules(),
                sender(settings.sms()),
                throttle,
                new Services.Surroundings(random, clock, System::nanoTime),
                new Services.Listeners(meters.auth(), meters.codes()));

        DatabaseWatch fileWatch = settings.database()
                .file()
                .map(file -> new DatabaseWatch(
                        database,
                        file,
                        owner(context),
                        successor -> take(settings, successor, columns, services, clock)))
                .orElse(null);

        if (!move.isShort()) {
            readiness.migrating("looking at the database", 0, 1);
        }
        BooleanSupplier isShared = fileWatch == null ? () -> false : fileWatch::isSharedInJvm;
        new Routes(
                        settings,
                        database,
                        services,
                        readiness,
                        schema.missing(),
                        isShared,
                        storage::state,
                        meters,
                        requestIds,
                        random,
                        clock)
                .register(context);

        RequestLog requestLog = new RequestLog(requestIds);
        Housekeeping housekeeping = new Housekeeping(meters, database::isAway);
        Runnable serve = () -> {
            database.guardBy(schema.guard());
            new LockRetry(clock, DEPLOY_PATIENCE).until(() -> {
                services.begin();
                return true;
            });
            meters.watch(services, database, fileWatch == null ? Meters.FileWatch.NONE : fileWatch, clock);
            Schedule schedule = new Schedule(housekeeping);
            schedule.watch(database, fileWatch, schema);
            schedule.work(services, settings.stage(), throttle, random, meters);
            schedule.tryToWrite(storage, services.heartbeat);
            readiness.serving();
            warnOfSettings(settings, clock);
            log.info("Multi-Session is ready at '{}'", owner(context));
        };
        LongMove behind = null;
        if (move.isShort()) {
            try {
                serve.run();
            } catch (RuntimeException | Error e) {
                housekeeping.close();
                requestLog.close();
                throw e;
            }
        } else {
            log.info("Migration: the database is large, so it is migrated in steps while others go on using it;"
                    + " until it is done, requests are answered with 503");
            behind = LongMove.start(() -> run.finish(move), serve, readiness, pacing);
        }
        return new Application(database, services, housekeeping, throttle, requestLog, behind);
    }

    private static void warnOfSettings(Settings settings, InstantSource clock) {
        if (settings.login().verification() == Verification.CODE
                && settings.sms().gateway() == null) {
            log.warn("multisession.sms.sender = log: codes go to this log and to nobody's phone."
                    + " Use this only for trying things out");
        }
        if (settings.login().verification() == Verification.CODE) {
            warnOf(settings.code().delivery(), clock);
        }
        if (settings.login().verification() == Verification.NONE) {
            log.warn("multisession.login.verification = none: anyone who knows a phone number can sign in with it."
                    + " Use this only in closed networks");
        }
        if (settings.login().verification() == Verification.CODE && settings.stage() == Stage.COEXIST) {
            log.warn(
                    "multisession.login.verification = code proves nothing if the old app signs in by the number alone:"
                            + " its sessions are accepted here. Have the proxy send its sign-in here, as docs/proxy.md shows");
        }
    }

    private static void warnOf(Delivery delivery, InstantSource clock) {
        if (delivery.recordOnly()) {
            log.warn("multisession.limit.record-only = true: limits are counted and not applied. Codes may cost any"
                    + " amount of money");
        }
        for (Delivery.TestNumber test : delivery.testNumbers()) {
            if (test.isOver(clock.instant())) {
                log.warn(
                        "multisession.login.test-numbers: the last day of one, {}, is over, and it is an ordinary number"
                                + " now. Remove it",
                        test.until());
            } else {
                log.warn(
                        "multisession.login.test-numbers: whoever knows the code of one can sign in with it until {}",
                        test.until());
            }
        }
    }

    /** The name of this application in messages about who has the database. */
    private static String owner(ServletContext context) {
        return context.getContextPath().isEmpty() ? "/" : context.getContextPath();
    }

    /** Goes on with a file that was put in the place of ours. */
    private static void take(
            Settings settings, Database successor, UserColumns columns, Services services, InstantSource clock) {
        UserColumns itsColumns = prepare(settings, successor, clock, new LockRetry(clock, DEPLOY_PATIENCE));
        if (!itsColumns.equals(columns)) {
            throw new DatabaseException(
                    "its table users has other columns than the one in the previous file. Deploy this application again",
                    null);
        }
        services.beginOn(successor);
    }

    /** Migrates a database that has just been opened. */
    private static UserColumns prepare(Settings settings, Database database, InstantSource clock, LockRetry retry) {
        describe(database, retry);
        return UserColumns.of(new MigrationRun(settings, database, clock, retry, Progress.NONE)
                .migrate()
                .userColumns());
    }

    private static void describe(Database database, LockRetry retry) {
        log.info("Database: {}", retry.until(() -> database.read(database.source()::describe)));
        retry.until(() -> database.read(database.source()::warning)).ifPresent(log::warn);
    }

    private static Map<String, String> parameters(ServletContext context) {
        Map<String, String> parameters = new LinkedHashMap<>();
        context.getInitParameterNames()
                .asIterator()
                .forEachRemaining(name -> parameters.put(name, context.getInitParameter(name)));
        return parameters;
    }

    private static SmsSender sender(Settings.Sms sms) {
        if (sms.gateway() == null) {
            return new LogSender();
        }
        SmsSender first = new HttpSender(sms.gateway());
        return sms.fallback() == null ? first : new FallbackSender(first, new HttpSender(sms.fallback()));
    }

    private static void beforeTheEnd(String what, Runnable write) {
        try {
            write.run();
        } catch (DatabaseException e) {
            // The last heartbeat is some minutes old at most; that is close enough.
            log.warn("Could not write {} while stopping: {}", what, e.getMessage());
        }
    }

    /** Writes what is still pending, then closes the database, whatever fails before: another start wants to open it. */
    @Override
    public void close() {
        try {
            endWork();
        } finally {
            database.close();
            requestLog.close();
        }
        log.info("Multi-Session has stopped; the database is closed");
    }

    private void endWork() {
        throttle.stop();
        boolean isServing = move == null || move.stop();
        housekeeping.close();
        services.queue.close();
        if (isServing) {
            beforeTheEnd("the last uses of sessions", services.lastSeen::flush);
            beforeTheEnd("the end of sessions that have run out", services.runOut::flush);
            beforeTheEnd("the last heartbeat", services.heartbeat::leave);
        }
    }
}
