package org.multisession.bench;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
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

/**
 * How much processor time the database takes to tell whose a token is, without HTTP and without answers that are kept, and
 * how that grows with the number of sessions. Sizes follow each other in turn, round by round. It judges nothing.
 *
 * <pre>mvn -Pbench verify [-Dbench.lookups=1000,1000000]</pre>
 */
public final class LookUpBench {

    private static final int LOOKS = 20_000;

    private static final UserColumns COLUMNS = UserColumns.of(Set.of("plan"));

    private final LookUpDao lookUps = new LookUpDao(
            new UserSessionDao(Stage.COEXIST), new UserDao(COLUMNS, new PhoneNumbers("RU")), Stage.COEXIST);

    /** By the kind of token and the number of sessions, in microseconds of processor time, round by round. */
    private final Map<String, List<Double>> times = new LinkedHashMap<>();

    private final Map<String, List<Double>> bytes = new LinkedHashMap<>();

    /** One database, open. */
    private record Size(int sessions, BenchDatabase of, Database database) {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path folder =
                Path.of(System.getProperty("bench.folder", "target/bench")).toAbsolutePath();
        Files.createDirectories(folder);
        new LookUpBench().run(folder);
    }

    private void run(Path folder) throws IOException, InterruptedException {
        Set<Integer> wanted = new TreeSet<>(
                Stream.of(System.getProperty("bench.lookups", "1000,1000000").split(",", -1))
                        .map(Integer::valueOf)
                        .toList());
        List<Size> sizes = new ArrayList<>();
        for (int number : wanted) {
            BenchDatabase of = BenchDatabase.migrated(folder, "sessions-" + number, number);
            Database database = Database.open(SqliteFile.claim(of.path(), false, "/bench"), 1, Duration.ofSeconds(5));
            database.learn(COLUMNS.words());
            sizes.add(new Size(number, of, database));
        }
        try {
            for (int round = -1; round < Integer.getInteger("bench.rounds", 5); round++) {
                for (Size size : sizes) {
                    measure(round, size, "session", size.of().sessionTokens());
                    measure(round, size, "legacy", size.of().legacyTokens());
                    measure(round, size, "unknown", size.of().unknownTokens());
                }
            }
        } finally {
            sizes.forEach(size -> size.database().close());
        }
        report(wanted);
    }

    /** The first round, before number 0, does not count. */
    private void measure(int round, Size size, String kind, List<String> values) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        List<SessionToken> tokens = Stream.generate(values::stream)
                .flatMap(each -> each)
                .skip(Math.max(0, round) * (long) LOOKS % values.size())
                .limit(LOOKS)
                .map(SessionToken::new)
                .toList();
        long allocated = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        long begin = threads.getCurrentThreadCpuTime();
        for (SessionToken token : tokens) {
            size.database().<Boolean>read(handle -> {
                lookUps.find(handle, token);
                return true;
            });
        }
        double micros = (threads.getCurrentThreadCpuTime() - begin) / 1000.0 / LOOKS;
        if (round >= 0) {
            String name = name(kind, size.sessions());
            times.computeIfAbsent(name, key -> new ArrayList<>()).add(micros);
            bytes.computeIfAbsent(name, key -> new ArrayList<>())
                    .add((double) (threads.getThreadAllocatedBytes(
                                            Thread.currentThread().getId())
                                    - allocated)
                            / LOOKS);
        }
    }

    private static String name(String kind, int sessions) {
        return "look-up, " + kind + ", of " + String.format("%,d", sessions);
    }

    private void report(Set<Integer> sizes) throws IOException {
        Report report = new Report();
        int least = sizes.iterator().next();
        for (int number : sizes) {
            for (String kind : List.of("session", "legacy", "unknown")) {
                List<Double> measured = of(times, name(kind, number));
                if (number != least) {
                    List<Double> ratios = new ArrayList<>();
                    for (int i = 0; i < measured.size(); i++) {
                        ratios.add(
                                measured.get(i) / of(times, name(kind, least)).get(i));
                    }
                    report.add(new Measure(
                            name(kind, number) + " / of " + String.format("%,d", least), "×", ratios, 1.3, true));
                }
                report.add(new Measure(name(kind, number), "µs", measured, null, true));
                report.add(new Measure(
                        name(kind, number) + ", allocated", "B", of(bytes, name(kind, number)), null, true));
            }
        }
        report.writeJson(Path.of("target/bench.json"), "look-up");
    }

    private static List<Double> of(Map<String, List<Double>> figures, @Nullable String name) {
        return figures.getOrDefault(name, List.of());
    }
}
