package org.multisession.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.LookUpDao;
import org.multisession.session.Stage;
import org.multisession.session.UserSessionDao;
import org.multisession.token.SessionToken;
import org.multisession.user.UserColumns;
import org.multisession.user.UserDao;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * How much processor time it takes to tell whose a token is, without HTTP and without answers that are kept, and how that grows
 * with the number of sessions. It judges nothing.
 *
 * <pre>mvn -Pbench verify [-Dbench.lookups=1000,1000000]</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class LookUpBench {

    private static final UserColumns COLUMNS = UserColumns.of(Set.of("plan"));

    /** What kind of token is looked up. */
    public enum Kind {
        SESSION,
        LEGACY,
        UNKNOWN;

        private List<String> of(BenchDatabase database) {
            return switch (this) {
                case SESSION -> database.sessionTokens();
                case LEGACY -> database.legacyTokens();
                case UNKNOWN -> database.unknownTokens();
            };
        }
    }

    /** The tokens of one database, in turn. */
    @State(Scope.Thread)
    public static class Tokens {

        @Param
        Kind kind = Kind.SESSION;

        @Param("1000")
        int sessions;

        private final LookUpDao lookUps = new LookUpDao(
                new UserSessionDao(Stage.COEXIST), new UserDao(COLUMNS, new PhoneNumbers("RU")), Stage.COEXIST);
        private List<SessionToken> tokens = List.of();
        private @Nullable Database database;
        private int next;

        /** Fills the database if it is not there yet. */
        @Setup
        public void open() throws IOException, InterruptedException {
            BenchDatabase filled = database(sessions);
            Database opened =
                    Database.open(SqliteFile.claim(filled.path(), false, "/bench"), 1, Duration.ofSeconds(5));
            opened.learn(COLUMNS.words());
            database = opened;
            tokens = kind.of(filled).stream().map(SessionToken::new).toList();
        }

        @TearDown
        public void close() {
            opened().close();
        }

        private Database opened() {
            return Objects.requireNonNull(database);
        }
    }

    /** One look-up, as a request makes it whose answer is not kept. */
    @Benchmark
    public LookUpDao.Found lookUp(Tokens state) {
        state.next = (state.next + 1) % state.tokens.size();
        SessionToken token = state.tokens.get(state.next);
        return state.opened().read(handle -> state.lookUps.find(handle, token));
    }

    public static void main(String[] arguments) throws IOException, InterruptedException, RunnerException {
        List<Integer> sizes = Stream.of(
                        System.getProperty("bench.lookups", "1000,1000000").split(",", -1))
                .map(Integer::valueOf)
                .sorted()
                .toList();
        for (int size : sizes) {
            // Here, since it takes longer than JMH waits for a measurement to begin.
            var unused = database(size);
        }
        Options options = new OptionsBuilder()
                .include(LookUpBench.class.getName())
                .param("sessions", sizes.stream().map(String::valueOf).toArray(String[]::new))
                .forks(1)
                .warmupIterations(5)
                .warmupTime(TimeValue.seconds(2))
                .measurementIterations(Integer.getInteger("bench.rounds", 5))
                .measurementTime(TimeValue.seconds(2))
                .addProfiler(GCProfiler.class)
                .addProfiler(ProcessorTime.class)
                .shouldFailOnError(true)
                .build();
        Map<String, RunResult> results = new HashMap<>();
        for (RunResult result : new Runner(options).run()) {
            results.put(
                    result.getParams().getParam("kind") + result.getParams().getParam("sessions"), result);
        }
        report(sizes, results);
    }

    private static BenchDatabase database(int sessions) throws IOException, InterruptedException {
        Path folder =
                Path.of(System.getProperty("bench.folder", "target/bench")).toAbsolutePath();
        return BenchDatabase.migrated(Files.createDirectories(folder), "sessions-" + sessions, sessions);
    }

    private static void report(List<Integer> sizes, Map<String, RunResult> results) throws IOException {
        Report report = new Report();
        for (Kind kind : Kind.values()) {
            List<Double> least = List.of();
            for (int size : sizes) {
                RunResult result = Objects.requireNonNull(results.get(kind.name() + size));
                List<Double> times = each(result, ProcessorTime.NAME);
                String name = String.format(Locale.ROOT, "look-up, %s, of %,d", kind.name().toLowerCase(Locale.ROOT), size);
                report.add(new Measure(name, "µs", times, null, true));
                report.add(new Measure(name + ", allocated", "B", each(result, "gc.alloc.rate.norm"), null, true));
                if (least.isEmpty()) {
                    least = times;
                } else {
                    report.add(new Measure(
                            String.format(Locale.ROOT, "%s / of %,d", name, sizes.get(0)),
                            "×",
                            ratios(times, least),
                            1.3,
                            true));
                }
            }
        }
        report.writeJson(Path.of("target/bench.json"), "look-up");
    }

    private static List<Double> each(RunResult result, String name) {
        return iterations(result)
                .map(each -> Objects.requireNonNull(each.getSecondaryResults().get(name))
                        .getScore())
                .toList();
    }

    private static Stream<IterationResult> iterations(RunResult result) {
        return result.getBenchmarkResults().stream().flatMap(fork -> fork.getIterationResults().stream());
    }

    private static List<Double> ratios(List<Double> measured, List<Double> bases) {
        return IntStream.range(0, measured.size())
                .mapToObj(i -> measured.get(i) / bases.get(i))
                .toList();
    }
}
