package org.multisession.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.LookUpDao;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.session.UserSessionDao;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TwoNodes;
import org.multisession.token.SessionToken;
import org.multisession.user.UserColumns;
import org.multisession.user.UserDao;

/**
 * Two nodes on one PostgreSQL server of this machine: how long a look-up takes beside {@code SELECT 1} and one row of one
 * table on the same pool, without HTTP; how many sign-ins and last uses are written; and how much room a user and a
 * session take. It judges nothing.
 *
 * <pre>mvn -Pbench verify [-Dbench.sessions=200000]</pre>
 */
public final class PostgresBench {

    private static final int LOOKS = 4_000;
    private static final int WRITES = 2_000;
    private static final int THREADS_OF_A_NODE = 2;

    /** Nobody is over the limit, and every use is written. */
    private static final SessionRules RULES =
            new SessionRules(Duration.ofDays(30), Duration.ofDays(365), 1_000_000, Duration.ZERO);

    private static final Sql ONE = Sql.of("nothing but an answer", "SELECT 1");

    /** The least that can tell anything of a token. */
    private static final Sql ONE_ROW =
            Sql.of("one row by its key", "SELECT user_id FROM multisession_tokens WHERE auth_token = :token");

    private static final UserColumns COLUMNS = UserColumns.of(Set.of("plan"));

    private final LookUpDao lookUps = new LookUpDao(
            new UserSessionDao(Stage.COEXIST), new UserDao(COLUMNS, new PhoneNumbers("RU")), Stage.COEXIST);
    private final Map<String, List<Double>> times = new LinkedHashMap<>();

    /** Of this process and of the server's for these nodes; neighbours of the machine change it little. */
    private final Map<String, List<Double>> processorTimes = new LinkedHashMap<>();

    private interface Look {
        void at(Handle handle, SessionToken token);
    }

    public static void main(String[] arguments) throws IOException {
        new PostgresBench().run(Integer.getInteger("bench.sessions", 1_000_000));
    }

    private void run(int rows) throws IOException {
        try (ServerDatabase filled = ServerDatabase.filled(rows)) {
            PostgresApp old = filled.app();
            double before = filled.bytes("IN ('users', 'user_sessions')");
            long began = System.nanoTime();
            try (NewApp one = NewApp.deploy(old.claim(), RULES, InstantSource.system());
                    NewApp other = NewApp.deploy(old.claim(), RULES, InstantSource.system())) {
                System.out.printf(
                        Locale.ROOT,
                        "%,d users and as many sessions: migrated in %.0f s; before, a user and a session took %.0f"
                                + " bytes%n",
                        rows,
                        (System.nanoTime() - began) / 1e9,
                        before / rows);
                while (one.phoneReading.run(() -> true) > 0) {
                    // Until every number is read.
                }
                old.run("VACUUM ANALYZE");
                System.out.printf(
                        Locale.ROOT,
                        "What is ours of a user with a session: %.0f bytes; the team's tables, with our index: %.0f bytes%n",
                        filled.bytes("LIKE 'multisession%'") / rows,
                        filled.bytes("IN ('users', 'user_sessions')") / rows);
                lookUps(old, List.of(one.database, other.database), rows);
                writes(old, List.of(one, other), rows);
            }
        }
    }

    private void lookUps(PostgresApp old, List<Database> nodes, int rows) throws IOException {
        nodes.forEach(node -> node.learn(COLUMNS.words()));
        for (int round = -1; round < Integer.getInteger("bench.rounds", 5); round++) {
            List<Integer> users = numbers(round, rows);
            measure(
                    old,
                    round,
                    nodes,
                    "SELECT 1",
                    tokens("session", users),
                    (handle, token) -> handle.query(ONE).exists());
            measure(
                    old,
                    round,
                    nodes,
                    "one row",
                    tokens("session", users),
                    (handle, token) ->
                            handle.query(ONE_ROW).bind("token", token.value()).exists());
            measure(old, round, nodes, "session", tokens("session", users), lookUps::find);
            measure(old, round, nodes, "legacy", tokens("legacy", users), lookUps::find);
            measure(old, round, nodes, "unknown", tokens("unknown", users), lookUps::find);
        }
        Report report = new Report();
        add(report, "", times);
        add(report, ", processor time", processorTimes);
        report.writeJson(Path.of("target/bench.json"), "postgresql");
    }

    private static void add(Report report, String what, Map<String, List<Double>> measured) {
        List<Double> bare = measured.getOrDefault("SELECT 1", List.of());
        report.add(new Measure("PostgreSQL, SELECT 1" + what, "µs", bare, null, true));
        for (String kind : List.of("one row", "session", "legacy", "unknown")) {
            List<Double> of = measured.getOrDefault(kind, List.of());
            List<Double> ratios = IntStream.range(0, of.size())
                    .mapToObj(i -> of.get(i) / bare.get(i))
                    .toList();
            report.add(new Measure("PostgreSQL, look-up, " + kind + what, "µs", of, null, true));
            report.add(new Measure(
                    "PostgreSQL, " + kind + " / SELECT 1" + what,
                    "×",
                    ratios,
                    kind.equals("session") ? 1.5 : null,
                    true));
        }
    }

    /** Far apart from each other, and other ones in each round. */
    private static List<Integer> numbers(int round, int rows) {
        return IntStream.range(0, LOOKS)
                .mapToObj(n -> 1 + Math.floorMod(n * 7919L + round * 104_729L, rows))
                .toList();
    }

    private static List<SessionToken> tokens(String kind, List<Integer> users) {
        return users.stream()
                .map(user -> new SessionToken(ServerDatabase.token(kind, user)))
                .toList();
    }

    /** All nodes and threads at once; the first round, before number 0, does not count. */
    private void measure(
            PostgresApp old, int round, List<Database> nodes, String name, List<SessionToken> tokens, Look look) {
        List<Callable<Boolean>> threads = new ArrayList<>();
        for (int i = 0; i < nodes.size() * THREADS_OF_A_NODE; i++) {
            Database node = nodes.get(i % nodes.size());
            threads.add(() -> {
                for (SessionToken token : tokens) {
                    node.<Boolean>read(handle -> {
                        look.at(handle, token);
                        return true;
                    });
                }
                return true;
            });
        }
        double processor = processorSeconds(old);
        long began = System.nanoTime();
        TwoNodes.atOnce(threads);
        double micros = seconds(began) * 1e6 / LOOKS;
        double processorMicros = (processorSeconds(old) - processor) * 1e6 / LOOKS / threads.size();
        if (round >= 0) {
            times.computeIfAbsent(name, key -> new ArrayList<>()).add(micros);
            processorTimes.computeIfAbsent(name, key -> new ArrayList<>()).add(processorMicros);
        }
    }

    /** What this process and the server's processes for this database have used so far, as Linux counts it. */
    private static double processorSeconds(PostgresApp old) {
        double seconds =
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime() / 1e9;
        for (String pid : old.all("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")) {
            try {
                String stat = Files.readString(Path.of("/proc", String.valueOf(pid), "stat"));
                String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
                seconds += (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return seconds;
    }

    private static void writes(PostgresApp old, List<NewApp> nodes, int rows) {
        long began = System.nanoTime();
        TwoNodes.atOnce(nodes.stream()
                .<Callable<Boolean>>map(node -> () -> {
                    for (int i = 0; i < WRITES / nodes.size(); i++) {
                        node.signIn(ServerDatabase.phone(1 + (i * 31 + nodes.indexOf(node) * 7) % rows));
                    }
                    return true;
                })
                .toList());
        System.out.printf(
                Locale.ROOT, "Sign-ins, one at a time on each of two nodes: %.0f a second%n", WRITES / seconds(began));
        NewApp node = nodes.get(0);
        for (int i = 1; i <= WRITES; i++) {
            node.opens(ServerDatabase.token(ServerDatabase.SESSION, 1 + i * 37 % rows));
        }
        began = System.nanoTime();
        String lsn = old.one("SELECT pg_current_wal_insert_lsn()");
        node.lastSeen.flush();
        double seconds = seconds(began);
        System.out.printf(
                Locale.ROOT,
                "Last uses of sessions: %.0f a second by one node, %.0f bytes of log for each%n",
                WRITES / seconds,
                Double.parseDouble(old.one("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), ?::pg_lsn)", lsn))
                        / WRITES);
    }

    private static double seconds(long began) {
        return (System.nanoTime() - began) / 1e9;
    }
}
