package org.multisession.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.multisession.copy.CopyReport;
import org.multisession.copy.DatabaseCopy;
import org.multisession.migration.Progress;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TestClock;

/**
 * How long {@code copy} takes to carry a database to PostgreSQL, verified row by row, beside PostgreSQL's own {@code
 * COPY} of the same rows from files into the same tables with the same indexes; and how long a second run takes that
 * finds nothing to carry.
 *
 * <pre>mvn -Pbench verify [-Dcopy.sessions=2000000]</pre>
 */
public final class CopyBench {

    private CopyBench() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        int sessions = Integer.getInteger("copy.sessions", 2_000_000);
        Path folder = Path.of(System.getProperty("bench.folder", "target/bench"));
        BenchDatabase database = BenchDatabase.migrated(folder, "copy-" + sessions, sessions);
        try (PostgresApp target = PostgresApp.empty()) {
            DatabaseCopy copy = new DatabaseCopy(new TestClock(), Progress.NONE, false);
            long begin = System.nanoTime();
            CopyReport report = copy.toPostgres(database.path(), target.claim());
            double first = secondsSince(begin);
            long rows =
                    report.tables().stream().mapToLong(CopyReport.Table::rows).sum();
            begin = System.nanoTime();
            copy.toPostgres(database.path(), target.claim());
            double second = secondsSince(begin);
            double bare = bareCopy(target, folder);
            System.out.printf(
                    Locale.ROOT,
                    "%,d users, %,d rows in all: copy %.1f s, COPY of the same rows %.1f s, ratio %.2f (goal: at most 3);"
                            + " a second run %.1f s%n",
                    database.users(),
                    rows,
                    first,
                    bare,
                    first / bare,
                    second);
        }
    }

    /** The rows out into files, the tables emptied, and the rows in again, with every index and foreign key in place. */
    private static double bareCopy(PostgresApp target, Path folder) {
        target.run("SET session_replication_role = replica");
        List<String> tables = target
                .all("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                        + " AND tablename <> 'multisession_locks' ORDER BY 1")
                .stream()
                .map(String::valueOf)
                .toList();
        for (String table : tables) {
            target.run("COPY " + table + " TO '" + file(folder, table) + "'");
        }
        target.run("TRUNCATE " + String.join(", ", tables));
        // Foreign keys are checked by triggers.
        target.run("SET session_replication_role = origin");
        target.run("ALTER TABLE users DISABLE TRIGGER USER; ALTER TABLE user_sessions DISABLE TRIGGER USER");
        long begin = System.nanoTime();
        target.run("BEGIN");
        for (String table : List.of("users", "user_sessions")) {
            target.run("COPY " + table + " FROM '" + file(folder, table) + "'");
        }
        for (String table : tables) {
            if (!table.startsWith("user")) {
                target.run("COPY " + table + " FROM '" + file(folder, table) + "'");
            }
        }
        target.run("COMMIT");
        double seconds = secondsSince(begin);
        tables.forEach(table -> target.run("COPY (SELECT 1 WHERE false) TO '" + file(folder, table) + "'"));
        return seconds;
    }

    private static Path file(Path folder, String table) {
        return Path.of("/dev/shm").toFile().canWrite()
                ? Path.of("/dev/shm/multisession-copy-" + table)
                : folder.toAbsolutePath().resolve(table + ".copy");
    }

    private static double secondsSince(long begin) {
        return (System.nanoTime() - begin) / 1e9;
    }
}
