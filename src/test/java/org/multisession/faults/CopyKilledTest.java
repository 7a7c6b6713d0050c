package org.multisession.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.copy.DatabaseCopy;
import org.multisession.db.Source;
import org.multisession.migration.Progress;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.SqliteApp;

/**
 * A copy onto an older copy, killed with signal 9 at any moment, any number of times: source and target stay as they
 * were to the last row, and the copy that is let through opens for every token what the source opens.
 *
 * <p>{@code -Dfaults.copy-kills=N} says how many in each direction, {@code -Dfaults.seed=N} which.
 */
@Tag("faults")
class CopyKilledTest {

    private static final int KILLS = Integer.getInteger("faults.copy-kills", 3);
    private static final long SEED = Long.getLong("faults.seed", 1);
    private static final String ANNA = "+79991234567";

    @TempDir
    Path folder;

    private final List<String> tokens = new ArrayList<>();

    @Test
    void a_server_is_what_it_was_and_then_what_the_file_is() throws IOException {
        try (SqliteApp file = SqliteApp.make(folder, "multi");
                PostgresApp server = PostgresApp.empty()) {
            use(file.claim());
            copy().toPostgres(file.path(), server.claim());
            use(file.claim());
            killed(file, file, server, "server");
            copy().toPostgres(file.path(), server.claim());
            assertThat(opened(server.claim())).isEqualTo(opened(file.claim())).doesNotContain((Long) null);
        }
    }

    @Test
    void a_file_is_what_it_was_and_then_what_the_server_is() throws IOException {
        Path made = folder.resolve("back.db");
        try (PostgresApp server = PostgresApp.make("multi")) {
            use(server.claim());
            copy().toSqlite(server.claim(), made);
            use(server.claim());
            try (SqliteApp file = SqliteApp.open(made)) {
                killed(file, server, file, "file");
            }
            copy().toSqlite(server.claim(), made);
            try (SqliteApp file = SqliteApp.open(made)) {
                assertThat(opened(file.claim()))
                        .isEqualTo(opened(server.claim()))
                        .doesNotContain((Long) null);
            }
        }
    }

    private static DatabaseCopy copy() {
        return new DatabaseCopy(InstantSource.system(), Progress.NONE, true);
    }

    private void use(Source database) {
        try (NewApp app = NewApp.deploy(database, InstantSource.system())) {
            for (int i = 0; i < 20; i++) {
                tokens.add(app.signIn(ANNA));
            }
        }
    }

    private void killed(SqliteApp file, OldApp source, OldApp target, String which) throws IOException {
        PostgresApp server = (PostgresApp) (which.equals("server") ? target : source);
        int reports = reportsOfACopy(file, server, which);
        String sourceBefore = source.dump();
        String targetBefore = target.dump();
        Random random = new Random(SEED);
        for (int kill = 0; kill < KILLS; kill++) {
            String fatal = String.valueOf(1 + random.nextInt(reports));
            try (ChildJvm child =
                    ChildJvm.start(folder, CopyUpTo.class, file.path().toString(), server.url(), which, fatal)) {
                assertThat(child.hear()).as(child.logged()).isEqualTo("here");
                child.kill();
            }
            assertThat(target.dump())
                    .as("the target, killed at %s of %s", fatal, reports)
                    .isEqualTo(targetBefore);
            assertThat(source.dump()).isEqualTo(sourceBefore);
        }
        System.out.printf("Killed while copying: %d kills at any of %d places; both sides stayed%n", KILLS, reports);
    }

    /** Counted by a copy between others of the same content. */
    private int reportsOfACopy(SqliteApp file, PostgresApp server, String which) throws IOException {
        Path home = Files.createDirectory(folder.resolve("counted"));
        Path same = home.resolve("same.db");
        file.run("VACUUM INTO '" + same + "'");
        try (PostgresApp other = PostgresApp.empty()) {
            if (which.equals("file")) {
                // Onto an older file, from the server itself, which is only read.
                return reports(same, server, which);
            }
            copy().toPostgres(same, other.claim());
            return reports(same, other, which);
        }
    }

    private int reports(Path file, PostgresApp server, String which) {
        try (ChildJvm child = ChildJvm.start(
                folder, CopyUpTo.class, file.toString(), server.url(), which, String.valueOf(Integer.MAX_VALUE))) {
            return Integer.parseInt(child.hear());
        }
    }

    private List<Long> opened(Source database) {
        try (NewApp app = NewApp.deploy(database, InstantSource.system())) {
            List<Long> opened = new ArrayList<>();
            tokens.forEach(token -> opened.add(app.opens(token)));
            return opened;
        }
    }
}
