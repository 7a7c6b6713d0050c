package org.multisession.boot;

import jakarta.servlet.ServletContext;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.multisession.Product;
import org.multisession.auth.Services;
import org.multisession.config.SettingSources;
import org.multisession.config.Settings;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Source;
import org.multisession.metrics.Meters;
import org.multisession.migration.Migration;
import org.multisession.migration.Pacing;
import org.multisession.migration.Progress;
import org.multisession.otp.FallbackSender;
import org.multisession.otp.HttpSender;
import org.multisession.otp.LogSender;
import org.multisession.otp.SmsSender;
import org.multisession.session.RestingThrottle;
import org.multisession.user.UserColumns;
import org.multisession.web.Readiness;
import org.multisession.web.RequestIds;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The running application. It starts with the settings, then the database, the migration and the routes. */
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

    private final Settings settings;
    private final InstantSource clock;
    private final Database database;
    private final UserColumns columns;
    private final Readiness readiness;
    private final SchemaWatch schema;
    private final StorageWatch storage;

    /** Null where the database is no file. */
    private final @Nullable DatabaseWatch fileWatch;

    private final Services services;
    private final Meters meters = new Meters(Product.ours());
    private final SecureRandom random = new SecureRandom();
    private final RestingThrottle throttle = new RestingThrottle();
    private final RequestIds requestIds = new RequestIds();
    private final Housekeeping housekeeping;
    private final RequestLog requestLog;

    /** Null where there was nothing to wait for. */
    private @Nullable LongMove move;

    /** Null where an undeploy is to wait for nobody. */
    private @Nullable Drain drain;

    /** Wires it to a database that was migrated, or is about to be. Starts no thread, and registers nothing with Tomcat. */
    private Application(
            Settings settings,
            InstantSource clock,
            Database database,
            UserColumns columns,
            Readiness readiness,
            String name) {
        this.settings = settings;
        this.clock = clock;
        this.database = database;
        this.columns = columns;
        this.readiness = readiness;
        schema = SchemaWatch.of(database, clock);
        storage = new StorageWatch(meters.database(), System::nanoTime);
        services = new Services(
                database,
                columns,
                settings.rules(),
                sender(settings.sms()),
                throttle,
                new Services.Surroundings(random, clock, System::nanoTime),
                new Services.Listeners(meters.auth(), meters.codes()));
        fileWatch = settings.database()
                .file()
                .map(file -> new DatabaseWatch(database, file, name, this::prepareSuccessor))
                .orElse(null);
        housekeeping = new Housekeeping(meters, database::isAway);
        // The last, because it registers itself with the log.
        requestLog = new RequestLog(requestIds);
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
        if (!settings.drain().isZero()) {
            Drain.requireTomcat(context);
        }
        Source source = Sources.claim(settings.database(), settings.createDatabase(), name(context));
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
        Migration.Move move = run.begin();
        UserColumns columns = UserColumns.of(move.isShort() ? run.finish(move).userColumns() : move.userColumns());
        String name = name(context);
        Application application = new Application(settings, clock, database, columns, readiness, name);
        try {
            if (!settings.drain().isZero()) {
                application.drain = Drain.begin(context, settings.drain(), readiness);
            }
            if (!move.isShort()) {
                readiness.migrating("looking at the database", 0, 1);
            }
            application.register(context);
            if (move.isShort()) {
                application.serve(name);
            } else {
                log.info("Migration: the database is large, so it is migrated in steps while others go on using it;"
                        + " until it is done, requests are answered with 503");
                application.move =
                        LongMove.start(() -> run.finish(move), () -> application.serve(name), readiness, pacing);
            }
        } catch (RuntimeException | Error e) {
            application.leaveTomcat();
            application.housekeeping.close();
            application.requestLog.close();
            throw e;
        }
        return application;
    }

    private void register(ServletContext context) {
        meters.watch(() -> readiness.state() instanceof Readiness.State.Serving
                && !readiness.isDraining()
                && !database.isReplaced()
                && !database.isAway());
        meters.watchMigration(readiness::rowsDone, readiness::rowsOfStep);
        database.listenBy(storage);
        new Routes(
                        settings,
                        database,
                        services,
                        readiness,
                        schema.missing(),
                        () -> fileWatch != null && fileWatch.isSharedInJvm(),
                        storage::state,
                        meters,
                        requestIds,
                        random,
                        clock)
                .register(context);
    }

    /** Begins to serve on a migrated database. */
    private void serve(String name) {
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
        RiskySettings.warnOf(settings, clock.instant());
        log.info("Multi-Session is ready at '{}'", name);
    }

    /** The name of this application in messages about who has the database. */
    private static String name(ServletContext context) {
        return context.getContextPath().isEmpty() ? "/" : context.getContextPath();
    }

    /** Brings a file that was put in the place of ours to where a deploy would bring it. */
    private void prepareSuccessor(Database successor) {
        LockRetry retry = new LockRetry(clock, DEPLOY_PATIENCE);
        describe(successor, retry);
        UserColumns itsColumns = UserColumns.of(new MigrationRun(settings, successor, clock, retry, Progress.NONE)
                .migrate()
                .userColumns());
        if (!itsColumns.equals(columns)) {
            throw new DatabaseException(
                    "its table users has other columns than the one in the previous file. Deploy this application again",
                    null);
        }
        services.beginOn(successor);
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

    private void leaveTomcat() {
        if (drain != null) {
            drain.close();
        }
    }

    private void endWork() {
        leaveTomcat();
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
