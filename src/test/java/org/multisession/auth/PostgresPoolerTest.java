package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.multisession.db.Database;
import org.multisession.db.Source;
import org.multisession.db.Sql;
import org.multisession.db.postgres.PostgresServer;
import org.multisession.migration.postgres.PostgresUninstaller;
import org.multisession.testing.NewApp;
import org.multisession.testing.PgBouncer;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TestClock;
import org.multisession.testing.TwoNodes;

/** Two nodes through a pooler that gives each transaction another session. */
class PostgresPoolerTest {

    private static @Nullable PgBouncer pooler;

    private final TestClock clock = new TestClock();
    private PostgresApp old;

    @BeforeAll
    static void start() {
        PgBouncer.require();
        // It has to know where the server is.
        PostgresApp.empty().close();
        pooler = PgBouncer.start();
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
    }

    @BeforeEach
    void make() {
        old = PostgresApp.make("single");
    }

    @AfterEach
    void close() {
        old.close();
    }

    private String url() {
        return Objects.requireNonNull(pooler).in(old.url());
    }

    private Source claim() {
        return PostgresServer.at(url(), "postgres", "");
    }

    @Test
    void nodes_that_start_at_once_migrate_and_share_every_sign_in_and_sign_out() {
        List<NewApp> nodes =
                TwoNodes.atOnce(List.of(() -> NewApp.deploy(claim(), clock), () -> NewApp.deploy(claim(), clock)));
        try (NewApp one = nodes.get(0);
                NewApp other = nodes.get(1)) {
            List<Callable<Boolean>> people = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                NewApp here = i % 2 == 0 ? one : other;
                NewApp there = i % 2 == 0 ? other : one;
                people.add(() -> {
                    for (int n = 0; n < 15; n++) {
                        String token = here.signIn("+7 999 123-45-67");
                        assertThat(there.opens(token)).isEqualTo(42);
                        there.signOut(token);
                        assertThat(here.opens(token)).isNull();
                        assertThat(here.opens("old_token_xyz123")).isEqualTo(42);
                    }
                    return true;
                });
            }
            assertThat(TwoNodes.atOnce(people)).containsOnly(true);
            one.lastSeen.flush();
            other.sweeper.run();
            one.heartbeat.beat();
            assertThat(one.database.<String>read(one.database.source()::describe))
                    .endsWith("through a pooler");
        }
    }

    @Test
    void nothing_stays_on_the_sessions_that_others_get_afterwards() throws SQLException {
        String before = settings().toString();
        try (NewApp app = NewApp.deploy(claim(), clock)) {
            for (int i = 0; i < 10; i++) {
                app.signOut(app.signIn("+7 999 123-45-67"));
            }
            assertThat(settings()).hasToString(before).hasSize(1);
        }
        assertThat(old.one("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                        + " AND state LIKE 'idle in%'"))
                .isEqualTo("0");
    }

    @Test
    void an_uninstall_looks_at_one_moment_and_removes_everything() {
        String before = old.dump();
        NewApp.deploy(claim(), clock).close();
        try (Source source = claim();
                Database database = Database.open(source, 2, Duration.ofSeconds(5))) {
            PostgresUninstaller uninstaller = new PostgresUninstaller(database);
            uninstaller.uninstall(false, uninstaller.look(false));
        }
        assertThat(old.dump()).isEqualTo(before);
    }

    @Test
    void snapshots_leave_nothing_that_the_next_one_stumbles_over() {
        Sql count = Sql.of("count users", "SELECT count(*) AS users FROM users");
        for (int i = 0; i < 3; i++) {
            PostgresServer server = PostgresServer.at(url(), "postgres", "");
            long users = server.snapshot(handle -> {
                long found = 0;
                for (int n = 0; n < 10; n++) {
                    found = handle.query(count).one(row -> row.number("users"));
                }
                return found;
            });
            assertThat(users).isPositive();
        }
    }

    /** As the old app finds them, on every session that the pooler has. */
    private Set<String> settings() throws SQLException {
        Set<String> found = new TreeSet<>();
        List<Connection> all = new ArrayList<>();
        try {
            for (int i = 0; i < 5; i++) {
                Connection connection = DriverManager.getConnection(url() + "?prepareThreshold=0", "postgres", "");
                all.add(connection);
                connection.setAutoCommit(false);
                try (Statement statement = connection.createStatement();
                        ResultSet row = statement.executeQuery(
                                "SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings"
                                        + " WHERE name IN ('lock_timeout', 'statement_timeout', 'client_min_messages',"
                                        + " 'default_transaction_isolation', 'idle_in_transaction_session_timeout')")) {
                    row.next();
                    found.add(row.getString(1));
                }
            }
        } finally {
            for (Connection connection : all) {
                connection.rollback();
                connection.close();
            }
        }
        return found;
    }
}
