package org.multisession.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.multisession.cli.Main;
import org.multisession.testing.ChildJvm;

/**
 * How long another program has to wait while a large database is migrated, in both journal modes: it writes and reads
 * fifty times a second, in a process of its own, while each command runs in another one.
 */
public final class WaitBench {

    private static final double GOAL_MILLIS = 1000;

    private final Path folder;
    private final int rows;
    private final Report report = new Report();

    private WaitBench(Path folder, int rows) {
        this.folder = folder;
        this.rows = rows;
    }

    public static void main(String[] arguments) throws Exception {
        int rows = Integer.getInteger("bench.rows", 1_000_000);
        Path folder = Files.createDirectories(Path.of(System.getProperty("bench.folder", "target/bench")));
        List<String> modes =
                List.of(System.getProperty("bench.journals", "WAL,DELETE").split(",", -1));
        WaitBench bench = new WaitBench(folder, rows);
        Path filled = bench.filled();
        for (String mode : modes) {
            bench.measure(filled, mode);
        }
        bench.report.writeJson(Path.of("target/bench.json"), "waits");
    }

    private Path filled() throws SQLException, IOException {
        Path filled = folder.resolve("waits-" + rows + ".db");
        if (Files.exists(filled)) {
            return filled;
        }
        // Every third user has signed in last in the multi form, whose mirror is a session's token.
        BenchDatabase.fill(filled, rows, rows, i -> i % 3 == 0 ? BenchDatabase.token(i) : BenchDatabase.legacyToken(i));
        return filled;
    }

    private void measure(Path filled, String mode) throws Exception {
        removeAll("move.db");
        Path file = folder.resolve("move.db");
        Files.copy(filled, file);
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode=" + mode);
        }
        System.out.printf("%n%s, %,d users, %,d sessions, %,d MB%n", mode, rows, rows, Files.size(file) >> 20);
        try (ChildJvm bystander = ChildJvm.start(folder, Bystander.class, file.toString(), Integer.toString(rows))) {
            var unused = bystander.hear();
            for (String step : System.getProperty(
                            "bench.commands", "alone,check,migrate,migrate,migrate --stage=settle,uninstall --yes")
                    .split(",", -1)) {
                run(bystander, file, mode, step);
            }
        } finally {
            removeAll("move.db");
        }
    }

    private void run(ChildJvm bystander, Path file, String mode, String command) throws Exception {
        var unused = bystander.ask("tell");
        long start = System.nanoTime();
        if (command.equals("alone")) {
            Thread.sleep(5000);
        } else {
            child(command, file);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        String[] waits = bystander.ask("tell").split(" ", 3);
        if (waits.length > 2 && !waits[2].isBlank()) {
            System.out.println("    " + waits[2].replace("; ", "\n    "));
        }
        String name = mode + ", " + command;
        report.add(new Measure(
                name + ": longest wait of a writer", "ms", List.of(Double.valueOf(waits[0])), GOAL_MILLIS, true));
        report.add(new Measure(
                name + ": longest wait of a reader", "ms", List.of(Double.valueOf(waits[1])), GOAL_MILLIS, true));
        report.add(new Measure(name + ": whole run", "s", List.of(seconds), null, true));
    }

    private static void child(String command, Path file) throws Exception {
        List<String> call = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Djava.io.tmpdir=" + file.toAbsolutePath().getParent(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        call.addAll(List.of(command.split(" ", -1)));
        call.add("--db.url=" + file);
        Process process = new ProcessBuilder(call).redirectErrorStream(true).start();
        process.getOutputStream().close();
        try (BufferedReader out = process.inputReader()) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                System.out.printf(
                        Locale.ROOT, "  %s %s%n", LocalTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.MILLIS), line);
            }
        }
        System.out.println("  exit " + process.waitFor());
    }

    private void removeAll(String name) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, name + "*")) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
    }
}
