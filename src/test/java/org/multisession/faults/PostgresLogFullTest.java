package org.multisession.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.DatabaseException;
import org.multisession.db.postgres.PostgresServer;
import org.multisession.session.Stage;
import org.multisession.testing.InstalledPostgres;
import org.multisession.testing.NewApp;
import org.multisession.testing.SmallDisk;
import org.multisession.testing.SqliteApp;

/**
 * P6: a server that has no room for its log of changes stops, by its own design. Nobody gets a wrong answer meanwhile,
 * and once there is room and it is started again, whoever was told of a sign-in or a sign-out is signed in or out.
 */
@Tag("faults")
class PostgresLogFullTest {

    private static final String ANNA = "+79991234567";

    /** What the script {@code multi} has. */
    private static final String SESSION = "xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic";

    /** More than there is room for in the pieces of the log that are there already. */
    private static final int MANY = 20_000;

    /** For a connection to the server that has stopped. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    @TempDir
    Path folder;

    private SmallDisk disk;
    private InstalledPostgres server;

    @BeforeEach
    void make() throws IOException {
        InstalledPostgres.require();
        disk = SmallDisk.mount(16);
        InstalledPostgres.giveAway(disk.path());
        InstalledPostgres.giveAway(folder);
        server = InstalledPostgres.make(
                folder, "server", "--wal-segsize=1", "--waldir=" + disk.path().resolve("log"));
        server.query(SqliteApp.script("postgres/multi"));
        // Whoever runs it may not care about what others have in it: what we acknowledge is in the log all the same.
        server.query("ALTER SYSTEM SET synchronous_commit = off");
        server.query("ALTER SYSTEM SET wal_writer_delay = '10s'");
        server.query("SELECT pg_reload_conf()");
    }

    @AfterEach
    void close() {
        if (server != null) {
            server.close();
        }
        if (disk != null) {
            disk.close();
        }
    }

    @Test
    void nobody_gets_a_wrong_answer_and_what_was_acknowledged_is_there_when_the_server_runs_again() throws IOException {
        List<String> told = new ArrayList<>();
        try (NewApp app = NewApp.deploy(claim(), AppAtWork.RULES, Stage.COEXIST, PATIENCE, InstantSource.system())) {
            String ended = app.signIn(ANNA);
            app.signOut(ended);
            disk.fill();
            Throwable thrown = null;
            while (thrown == null && told.size() < MANY) {
                thrown = catchThrowable(() -> told.add(app.signIn(ANNA)));
            }
            assertThat(thrown).isInstanceOf(DatabaseException.class);
            assertThat(server.says("No space left on device")).isTrue();
            assertThat(opened(app, SESSION)).isIn(42L, "not now");
            assertThat(opened(app, told.get(told.size() - 1))).isIn(42L, "not now");
            assertThat(opened(app, ended)).isIn("nobody", "not now");
            assertThat(catchThrowable(() -> told.add(app.signIn(ANNA)))).isInstanceOf(DatabaseException.class);

            disk.makeRoom();
            server.restart();
            while (opened(app, SESSION).equals("not now")) {
                Thread.onSpinWait();
            }
            assertThatCode(() -> told.add(app.signIn(ANNA))).doesNotThrowAnyException();
            assertThat(app.opens(SESSION)).isEqualTo(42);
            assertThat(app.opens(ended)).isNull();
            assertThat(told).allMatch(token -> Long.valueOf(42).equals(app.opens(token)));
        }
    }

    private PostgresServer claim() {
        return PostgresServer.at(server.url(), "postgres", "");
    }

    private static Object opened(NewApp app, String token) {
        try {
            Long user = app.opens(token);
            return user == null ? "nobody" : user;
        } catch (DatabaseException e) {
            return "not now";
        }
    }
}
