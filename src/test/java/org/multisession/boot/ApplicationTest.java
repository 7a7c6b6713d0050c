package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyString;
import static org.mockito.Mockito.RETURNS_DEEP_STUBS;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import jakarta.servlet.Filter;
import jakarta.servlet.Servlet;
import jakarta.servlet.ServletContext;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.config.SetupRefusedException;
import org.multisession.db.DatabaseBusyException;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.SmallDisk;
import org.multisession.testing.SqliteApp;

/** A deploy meets a database that another process has locked: only for writing, or for reading too. */
class ApplicationTest {

    private static final Duration BUSY_TIMEOUT = Duration.ofMillis(20);

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"IMMEDIATE", "EXCLUSIVE"})
    void a_database_that_stays_locked_is_refused_with_a_word_on_what_to_do_and_can_be_started_later(String lock) {
        try (SqliteApp other = SqliteApp.make(folder, "single")) {
            String before = other.dump();
            other.run("BEGIN " + lock);
            assertThatThrownBy(() -> start(other.path(), Duration.ZERO))
                    .isInstanceOf(DatabaseBusyException.class)
                    .hasMessageContaining("another process locked the database for longer than 0 seconds")
                    .hasMessageContaining("Find out which one (fuser, lsof), let it finish, and try again");
            other.run("ROLLBACK");

            assertThat(other.dump()).isEqualTo(before);
            // On a busy machine a new connection may take longer than the timeout above.
            start(other.path(), Duration.ofMinutes(1)).close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"IMMEDIATE", "EXCLUSIVE"})
    void a_lock_that_is_given_up_while_the_deploy_waits_does_no_harm(String lock) {
        try (SqliteApp other = SqliteApp.make(folder, "single")) {
            other.run("BEGIN " + lock);
            Logger log = Logger.getLogger(LockRetry.class.getName());
            Handler giveUp = new OnMessage("waiting", () -> other.run("ROLLBACK"));
            log.addHandler(giveUp);
            try {
                start(other.path(), Duration.ofMinutes(1)).close();
            } finally {
                log.removeHandler(giveUp);
            }

            assertThat(other.all("SELECT name FROM sqlite_master WHERE name = 'user_sessions'"))
                    .hasSize(1);
        }
    }

    /** P7: a wait that nobody would observe is refused, before anything is changed. */
    @Test
    void a_drain_where_there_is_no_Tomcat_to_be_asked_is_refused_and_nothing_is_changed() {
        try (SqliteApp other = SqliteApp.make(folder, "single")) {
            ServletContext context = context(other.name());
            when(context.getInitParameterNames())
                    .thenReturn(Collections.enumeration(List.of("multisession.db.url", "multisession.shutdown.drain")));
            when(context.getInitParameter("multisession.shutdown.drain")).thenReturn("PT10S");
            assertThatThrownBy(() -> Application.start(context, InstantSource.system()))
                    .isInstanceOf(SetupRefusedException.class)
                    .hasMessageContaining("multisession.shutdown.drain cannot be had here")
                    .hasMessageContaining("take the node out of the load balancer");
            assertThat(other.all("SELECT name FROM sqlite_master WHERE name = 'user_sessions'"))
                    .isEmpty();
        }
    }

    /** As where the WAR is written over while it is deployed, or Tomcat may start no more threads. */
    @Test
    void a_deploy_that_ends_in_an_error_lets_go_of_the_database_and_can_be_tried_again() {
        try (SqliteApp other = SqliteApp.make(folder, "single")) {
            Error error = new NoClassDefFoundError("one of ours");
            ServletContext context = context(other.name());
            when(context.addFilter(anyString(), any(Filter.class))).thenThrow(error);
            assertThatThrownBy(() -> Application.start(context, InstantSource.system()))
                    .isSameAs(error);

            start(other.path(), Duration.ofMinutes(1)).close();
        }
    }

    /** As where the WAR is written over while it is deployed, and a class is needed at the end for the first time. */
    @Test
    void an_undeploy_that_ends_in_an_error_lets_go_of_the_database() {
        AtomicReference<Error> error = new AtomicReference<>();
        InstantSource clock = () -> {
            if (error.get() != null) {
                throw error.get();
            }
            return Instant.now();
        };
        try (SqliteApp other = SqliteApp.make(folder, "single")) {
            Application application =
                    Application.start(context(other.name()), clock, Duration.ofMinutes(1), Duration.ofMinutes(1));
            error.set(new NoClassDefFoundError("one of ours"));
            assertThatThrownBy(application::close).isSameAs(error.get());

            start(other.path(), Duration.ofMinutes(1)).close();
        }
    }

    @Test
    void a_migration_in_steps_goes_on_by_itself_after_a_lock_that_lasted_longer_than_a_deploy_waits() throws Exception {
        try (SqliteApp other = SqliteApp.make(folder, "single")) {
            other.run("WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 22000)"
                    + " INSERT INTO users (id, phone) SELECT i, 'x' || i FROM n");
            assertThat(comesOfAMove(other.name(), () -> other.run("BEGIN IMMEDIATE"), () -> other.run("ROLLBACK")))
                    .isEqualTo("is ready");
        }
    }

    /** Before the copy is made, and once it is there: what is written then finds no room. */
    @ParameterizedTest
    @ValueSource(strings = {"is large", "verified: 21000 users"})
    void a_migration_in_steps_goes_on_by_itself_once_there_is_room_on_a_disk_that_was_full(String when)
            throws Exception {
        try (SmallDisk disk = SmallDisk.mount(64)) {
            try (SqliteApp other = SqliteApp.make(disk.path(), "single")) {
                other.run("DELETE FROM users");
                other.run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 21000)"
                        + " INSERT INTO users (id, phone) SELECT i, 'x' || i FROM n");
                assertThat(comesOfAMove(other.name(), when, disk::fill, disk::makeRoom))
                        .isEqualTo("is ready");
                assertThat(disk.path().toFile().list((in, name) -> name.contains(".backup-")))
                        .hasSize(1);
            }
        }
    }

    @Test
    void a_migration_in_steps_goes_on_by_itself_after_an_outage_of_the_server() throws Exception {
        try (PostgresApp other = PostgresApp.make("single")) {
            other.run("INSERT INTO users (id, phone) SELECT i, 'x' || i FROM generate_series(1000, 22000) i");
            String admits = "UPDATE pg_database SET datallowconn = ? WHERE datname = current_database()";
            Runnable outage = () -> {
                other.run(admits, false);
                other.cutOthers();
            };
            assertThat(comesOfAMove(other.url() + "?user=postgres", outage, () -> other.run(admits, true)))
                    .isEqualTo("is ready");
        }
    }

    /** Of a deploy that waits for nobody, with something in the way of the move, and out of it once the log tells of it. */
    private static String comesOfAMove(String database, Runnable inTheWay, Runnable outOfIt) throws Exception {
        return comesOfAMove(database, "is large", inTheWay, outOfIt);
    }

    /** The same once the log says this. */
    private static String comesOfAMove(String database, String when, Runnable inTheWay, Runnable outOfIt)
            throws Exception {
        CompletableFuture<String> end = new CompletableFuture<>();
        List<Handler> handlers = List.of(
                new OnMessage(when, inTheWay),
                new OnMessage("held up", outOfIt),
                new OnMessage("is ready", () -> end.complete("is ready")),
                new OnMessage("out of service", () -> end.complete("out of service")));
        Logger log = Logger.getLogger("org.multisession");
        handlers.forEach(log::addHandler);
        Application application = start(database, Duration.ZERO);
        try {
            return end.get();
        } finally {
            application.close();
            handlers.forEach(log::removeHandler);
        }
    }

    private static Application start(Path file, Duration retry) {
        return start(file.toString(), retry);
    }

    private static Application start(String database, Duration retry) {
        return Application.start(context(database), InstantSource.system(), BUSY_TIMEOUT, retry);
    }

    private static ServletContext context(String database) {
        ServletContext context = mock(ServletContext.class, RETURNS_DEEP_STUBS);
        when(context.getContextPath()).thenReturn("/app");
        when(context.getInitParameterNames()).thenReturn(Collections.enumeration(List.of("multisession.db.url")));
        when(context.getInitParameter("multisession.db.url")).thenReturn(database);
        // No address is taken by a servlet of somebody else's.
        when(context.addServlet(anyString(), any(Servlet.class)).addMapping(any(String[].class)))
                .thenReturn(Set.of());
        return context;
    }

    /** Does something once, on the thread that logs, when a message comes that contains a word. */
    private static final class OnMessage extends Handler {

        private final String word;
        private final Runnable reaction;
        private boolean done;

        OnMessage(String word, Runnable reaction) {
            this.word = word;
            this.reaction = reaction;
        }

        @Override
        public void publish(LogRecord logged) {
            if (!done && logged.getMessage().contains(word)) {
                done = true;
                reaction.run();
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
