package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.DatabaseException;
import org.multisession.db.postgres.PostgresServer;
import org.multisession.testing.InstalledPostgres;
import org.multisession.testing.NewApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/** A server that another one takes the place of, made from a dump, while nodes run: all numbers of the catalogue are new. */
class PostgresRestoredTest {

    private static final String PHONE = "+7 999 123-45-67";

    @TempDir
    Path folder;

    private final TestClock clock = new TestClock();
    private InstalledPostgres server;

    @BeforeEach
    void make() throws IOException {
        InstalledPostgres.require();
        InstalledPostgres.giveAway(folder);
        server = InstalledPostgres.make(folder, "first");
        server.query(SqliteApp.script("postgres/multi"));
    }

    @AfterEach
    void close() {
        server.close();
    }

    private NewApp deploy() {
        return NewApp.deploy(PostgresServer.at(server.url(), "postgres", ""), clock);
    }

    /** Connections of the old server may still be on their way out. */
    private static void awaitAnswer(NewApp app) {
        while (true) {
            try {
                app.opens("anything");
                return;
            } catch (DatabaseException e) {
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void nobody_is_signed_out_and_nobody_comes_back_by_a_dump_that_is_restored_into_a_new_server_under_running_nodes()
            throws IOException {
        try (NewApp one = deploy();
                NewApp other = deploy()) {
            String live = one.signIn(PHONE);
            String ended = other.signIn(PHONE);
            one.signOut(ended);
            server = server.restoredAs("second");
            for (NewApp node : List.of(one, other)) {
                awaitAnswer(node);
                assertThat(node.opens(live)).isEqualTo(42);
                assertThat(node.opens("qZWb9gue6JnNlzkbLF61VcPc8nH_J31bzwb7VTapJho"))
                        .isEqualTo(45);
                assertThat(node.opens(ended)).isNull();
                assertThat(node.opens(node.signIn(PHONE))).isEqualTo(42);
            }
            one.signOut(live);
            assertThat(other.opens(live)).isNull();
            assertThat(other.database.<List<String>>read(other::missing)).isEmpty();
        }
    }
}
