package org.multisession.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.multisession.Product;
import org.multisession.auth.AuthEvent;
import org.multisession.auth.AuthListener;
import org.multisession.auth.Census;
import org.multisession.auth.Services;
import org.multisession.db.Database;
import org.multisession.db.DatabaseListener;
import org.multisession.db.PoolUse;
import org.multisession.db.StorageException;
import org.multisession.otp.CodeLimit;
import org.multisession.otp.CodeListener;
import org.multisession.otp.OneTimeCodes.AttemptResult;
import org.multisession.otp.OneTimeCodes.Refusal;
import org.multisession.session.EndReason;

/**
 * Everything that is measured, by the names that dashboards use. Each label takes few values, all known before: none
 * grows with users. A scrape reads what is here and asks nobody: the database least of all. Starts no thread. Safe for
 * use by many threads.
 */
public final class Meters {

    private static final Duration[] FAST = millis(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000, 5_000);
    private static final Duration[] SLOW = millis(50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000);

    /** The watch over the database file, as far as it is measured. */
    public interface FileWatch {

        /** Where the database is no file. */
        FileWatch NONE = new FileWatch() {
            @Override
            public long replacements() {
                return 0;
            }

            @Override
            public int foreignDescriptors() {
                return 0;
            }
        };

        /** How often the file was found to be replaced. */
        long replacements();

        /** How many descriptors on it somebody else in this JVM holds, another copy of SQLite most likely. */
        int foreignDescriptors();
    }

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    private final Counter hashed;
    private final Counter forgotten;

    public Meters(Product product) {
        Gauge.builder("multisession.build.info", () -> 1)
                .description("What runs here")
                .tags("version", product.version(), "commit", product.commit())
                .register(registry);
        hashed = counter("multisession.tokens.hashed", "Tokens in the place of which a hash was put", Tags.empty());
        forgotten =
                counter("multisession.tokens.forgotten", "Ended tokens that are not remembered any more", Tags.empty());
    }

    /** Everything measured up to now, in the text format of Prometheus. */
    public String text() {
        return registry.scrape();
    }

    /** Counts authentications, sign-ins, sign-outs and ended sessions. */
    public AuthListener auth() {
        Map<AuthListener.Way, Timer> ways = new EnumMap<>(AuthListener.Way.class);
        for (AuthListener.Way way : AuthListener.Way.values()) {
            ways.put(
                    way,
                    timer(
                            "multisession.authentication",
                            "Authentications of requests, by what they came in by",
                            Tags.of("way", word(way)),
                            FAST));
        }
        for (EndReason reason : EndReason.values()) {
            ended(reason.stored());
        }
        signIns("done");
        signIns("registered");
        signOuts("done");
        signOuts("device-forgot");
        return new AuthListener() {
            @Override
            public void authenticated(Way way, Duration took) {
                Timer timer = ways.get(way);
                if (timer != null) {
                    timer.record(took);
                }
            }

            @Override
            public void recorded(AuthEvent event, String outcome) {
                switch (event) {
                    case SIGN_IN -> signIns(outcome).increment();
                    case SIGN_OUT -> signOuts(outcome).increment();
                    case SESSION_ENDED -> ended(outcome).increment();
                    case CODE_REFUSED, LIMIT_HIT, TWO_ACCOUNTS, SHARED_NUMBER, USER_FORGOTTEN -> {
                        // Codes and limits are counted where they are judged: the trail sums strangers up.
                        // The outcome of the others names users.
                    }
                }
            }
        };
    }

    private Counter signIns(String outcome) {
        return counter("multisession.signins", "Sign-ins", Tags.of("outcome", outcome));
    }

    private Counter signOuts(String outcome) {
        return counter("multisession.signouts", "Sign-outs by the device itself", Tags.of("outcome", outcome));
    }

    private Counter ended(String reason) {
        return counter(
                "multisession.sessions.ended",
                "Sessions that ended otherwise than by sign-out",
                Tags.of("reason", reason));
    }

    private Counter tried(String result) {
        return counter("multisession.codes.tried", "Codes that were tried", Tags.of("result", result));
    }

    /** Counts codes and what becomes of them. */
    public CodeListener codes() {
        Counter requested = counter("multisession.codes.requested", "Codes that were asked for", Tags.empty());
        Counter right = tried("right");
        Map<Refusal, Counter> refused = new EnumMap<>(Refusal.class);
        for (Refusal refusal : Refusal.values()) {
            refused.put(refusal, tried(word(refusal)));
        }
        Map<CodeLimit, Counter> limited = new EnumMap<>(CodeLimit.class);
        for (CodeLimit limit : CodeLimit.values()) {
            limited.put(
                    limit,
                    counter(
                            "multisession.codes.limited",
                            "Requests for a code over a limit",
                            Tags.of("limit", limit.toString())));
        }
        String description = "Messages handed to the gateway";
        Timer sent = timer("multisession.gateway", description, Tags.of("outcome", "sent"), SLOW);
        Timer failed = timer("multisession.gateway", description, Tags.of("outcome", "failed"), SLOW);
        return new CodeListener() {
            @Override
            public void requested() {
                requested.increment();
            }

            @Override
            public void limited(CodeLimit limit) {
                Objects.requireNonNull(limited.get(limit)).increment();
            }

            @Override
            public void tried(AttemptResult result) {
                Counter counter = result instanceof Refusal refusal ? refused.get(refusal) : right;
                Objects.requireNonNull(counter).increment();
            }

            @Override
            public void sent(Duration took) {
                sent.record(took);
            }

            @Override
            public void failed(Duration took) {
                failed.record(took);
            }
        };
    }

    /** Counts what work on the database waits for. */
    public DatabaseListener database() {
        Timer writer = timer(
                "multisession.writer.wait",
                "Waits of transactions for the writing connection, which others of this application had",
                Tags.empty(),
                FAST);
        Timer lock = timer(
                "multisession.lock.wait",
                "Waits of transactions for the write lock, which other programs may have had",
                Tags.empty(),
                FAST);
        Counter busy =
                counter("multisession.database.busy", "Work given up because the database was busy", Tags.empty());
        Counter storage = counter(
                "multisession.database.storage.failures",
                "Work that failed because the disk of the database is full or fails, it is damaged, or may not be written",
                Tags.empty());
        return new DatabaseListener() {
            @Override
            public void waitedForWriter(Duration wait) {
                writer.record(wait);
            }

            @Override
            public void waitedForLock(Duration wait) {
                lock.record(wait);
            }

            @Override
            public void gaveUp() {
                busy.increment();
            }

            @Override
            public void failed(StorageException failure) {
                storage.increment();
            }
        };
    }

    /** Shows at each scrape whether requests are served, from the start on. */
    public void watch(BooleanSupplier isServing) {
        gauge(
                "multisession.serving",
                "1 while requests are served; 0 while a migration is under way or has failed, the file was replaced, or the"
                        + " server of the database cannot be reached",
                () -> isServing.getAsBoolean() ? 1 : 0);
    }

    /**
     * Shows at each scrape how far a migration is that goes on behind the deploy.
     *
     * @param done how many rows of its present step are done
     * @param all how many rows that step has; 0 while there is no migration
     */
    public void watchMigration(LongSupplier done, LongSupplier all) {
        String description = "Rows of the present step of a migration that is under way";
        migrationRows("done", done, description);
        migrationRows("all", all, description);
    }

    private void migrationRows(String which, LongSupplier rows, String description) {
        Gauge.builder("multisession.migration.rows", rows::getAsLong)
                .description(description)
                .tags("which", which)
                .register(registry);
    }

    /** Shows how things stand in these at each scrape, by values that they keep. */
    public void watch(Services services, Database database, FileWatch file, InstantSource clock) {
        Census census = services.census;
        gauge("multisession.sessions.live", "Sessions, at the latest census", () -> number(census, Count.SESSIONS));
        gauge(
                "multisession.users.moved",
                "Users who have a session, at the latest census",
                () -> number(census, Count.MOVED));
        gauge(
                "multisession.users.legacy",
                "Users whose legacy token opens their account, at the latest census",
                () -> number(census, Count.LEGACY));
        gauge(
                "multisession.codes.breaker.open",
                "1 while the breaker keeps codes back",
                () -> services.limits.isBreakerOpen(clock.instant()) ? 1 : 0);
        gauge("multisession.lastseen.backlog", "Uses of sessions to be written yet", services.lastSeen::backlog);
        if (database.hasOneWriter()) {
            pool("readers", database::readers);
            pool("writer", database::writer);
        } else {
            pool("all", database::readers);
        }
        gauge(
                "multisession.database.foreign.descriptors",
                "Descriptors on the database file that another copy of SQLite in this JVM holds",
                file::foreignDescriptors);
        FunctionCounter.builder("multisession.database.replaced", file, FileWatch::replacements)
                .description("How often the open database file was replaced by another")
                .register(registry);
    }

    private enum Count {
        SESSIONS,
        MOVED,
        LEGACY
    }

    private static Number number(Census census, Count which) {
        return census.latest()
                .<Number>map(count -> switch (which) {
                    case SESSIONS -> count.sessions();
                    case MOVED -> count.usersMoved();
                    case LEGACY -> count.usersLegacy();
                })
                .orElse(Double.NaN);
    }

    private void pool(String name, Supplier<PoolUse> use) {
        String description = "Connections to the database";
        Tags pool = Tags.of("pool", name);
        Gauge.builder("multisession.pool.connections", () -> use.get().active())
                .description(description)
                .tags(pool.and("state", "active"))
                .register(registry);
        Gauge.builder("multisession.pool.connections", () -> use.get().idle())
                .description(description)
                .tags(pool.and("state", "idle"))
                .register(registry);
        Gauge.builder("multisession.pool.waiting", () -> use.get().waiting())
                .description("Threads that wait for a connection to the database")
                .tags(pool)
                .register(registry);
    }

    /** The same task, with its time and its failures measured under this name. */
    public Runnable measured(String task, Runnable work) {
        Tags tags = Tags.of("task", task);
        Timer timer = timer("multisession.housekeeping", "Rounds of work by the clock", tags, SLOW);
        Counter failures = counter("multisession.housekeeping.failures", "Rounds of it that failed", tags);
        return () -> {
            long began = System.nanoTime();
            try {
                work.run();
            } catch (Throwable e) {
                failures.increment();
                throw e;
            } finally {
                timer.record(Duration.ofNanos(System.nanoTime() - began));
            }
        };
    }

    /** Counts so many tokens as hashed. */
    public void hashed(int tokens) {
        hashed.increment(tokens);
    }

    /** Counts so many tokens as forgotten. */
    public void forgotten(int tokens) {
        forgotten.increment(tokens);
    }

    private void gauge(String name, String description, Supplier<Number> value) {
        Gauge.builder(name, value).description(description).register(registry);
    }

    private Counter counter(String name, String description, Tags tags) {
        return Counter.builder(name).description(description).tags(tags).register(registry);
    }

    private Timer timer(String name, String description, Tags tags, Duration[] bounds) {
        return Timer.builder(name)
                .description(description)
                .tags(tags)
                .serviceLevelObjectives(bounds)
                .register(registry);
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static Duration[] millis(double... millis) {
        Duration[] durations = new Duration[millis.length];
        for (int i = 0; i < millis.length; i++) {
            durations[i] = Duration.ofNanos(Math.round(millis[i] * 1_000_000));
        }
        return durations;
    }
}
