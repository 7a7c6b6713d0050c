package org.multisession.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.management.OperatingSystemMXBean;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.multisession.auth.SignedIn;
import org.multisession.cli.Main;
import org.multisession.testing.NewApp;

/**
 * How work that grows with the database grows: the processor time of each, in seconds, by the number of users, of which
 * each has a session. Processor time, because on a shared machine nothing else can be compared. It judges nothing.
 *
 * <pre>mvn -Pbench verify [-Dbench.growth=10000,100000]</pre>
 */
public final class GrowthBench {

    /** Of one user, whose page of devices is looked at. */
    private static final int DEVICES = 10_000;

    private static final int PAGE = 50;

    /** After the times of all sessions, and not so long after that one runs out. */
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2026-11-02T12:00:00Z"));

    private final Path folder;
    private final Report report = new Report();

    private GrowthBench(Path folder) {
        this.folder = folder;
    }

    private interface Work {
        void run() throws SQLException;
    }

    public static void main(String[] arguments) throws IOException, SQLException {
        Path folder = Files.createDirectories(Path.of(System.getProperty("bench.folder", "target/bench")));
        GrowthBench bench = new GrowthBench(folder);
        List<Integer> sizes = Stream.of(
                        System.getProperty("bench.growth", "10000,100000").split(",", -1))
                .map(Integer::valueOf)
                .toList();
        // Everything is compiled before anything counts.
        bench.measure(Objects.requireNonNull(sizes.get(0)), false);
        for (int size : sizes) {
            bench.measure(size, true);
        }
        bench.report.writeJson(Path.of("target/bench.json"), "growth");
    }

    private void measure(int users, boolean counts) throws IOException, SQLException {
        removeAll();
        Path file = folder.resolve("growth.db");
        BenchDatabase.fill(file, users, users, BenchDatabase::legacyToken);
        try {
            String url = "--db.url=" + file;
            note(counts, "check", users, () -> command("check", url));
            note(counts, "migrate", users, () -> command("migrate", url, "--migration.backup=off"));
            note(counts, "status", users, () -> command("status", url));
            try (NewApp app = NewApp.deploy(file, CLOCK)) {
                note(counts, "a round of the sweeper", users, () -> sweep(app, users));
                String token = app.signIn(BenchDatabase.phone(0));
                addDevices(file);
                note(counts, "a page of " + DEVICES + " devices", users, () -> page(app, token));
            }
            note(counts, "settle", users, () -> command("migrate", url, "--stage=settle", "--migration.backup=off"));
        } finally {
            removeAll();
        }
    }

    private void note(boolean counts, String name, int users, Work work) throws SQLException {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long before = system.getProcessCpuTime();
        work.run();
        double seconds = (system.getProcessCpuTime() - before) / 1e9;
        if (counts) {
            report.add(new Measure(name + ", " + String.format("%,d", users), "s", List.of(seconds), null, true));
        }
    }

    private static void command(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(out, true, UTF_8);
        if (Main.run(List.of(arguments), Map.of(), print, print, CLOCK) != 0) {
            throw new IllegalStateException(out.toString(UTF_8));
        }
    }

    /** From the first session to the last; each turn of the sweeper looks at a part of them. */
    private static void sweep(NewApp app, int sessions) {
        int perTurn = 20_000;
        for (int done = 0; done < sessions; done += perTurn) {
            if (app.sweeper.run() > 0) {
                throw new IllegalStateException("none has run out");
            }
        }
    }

    /** Signed in by the old app. */
    private static void addDevices(Path file) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement()) {
            statement.executeUpdate(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + DEVICES
                            + ") INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at)"
                            + " SELECT 1, 'device-' || i, '2026-11-02 11:00:00.000000', '2026-11-02 11:00:00.000000' FROM n");
        }
    }

    private static void page(NewApp app, String token) {
        SignedIn signedIn = Objects.requireNonNull(app.who(token));
        if (app.devices.page(signedIn, 3, PAGE).others().size() != PAGE) {
            throw new IllegalStateException("no page");
        }
    }

    private void removeAll() throws IOException {
        List<Path> all = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "growth.db*")) {
            files.forEach(all::add);
        }
        for (Path each : all) {
            Files.delete(each);
        }
    }
}
