package org.multisession.migration.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.postgres.PostgresServer;
import org.multisession.migration.Pacing;
import org.multisession.migration.Progress;
import org.multisession.migration.Trial;
import org.multisession.session.Stage;
import org.multisession.testing.ChildJvm;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.PostgresStatementLog;
import org.multisession.testing.SilentRelay;
import org.multisession.testing.TestClock;

/**
 * P5: wherever a process is killed that migrates, the old app goes on as before, nothing of ours counts, the next start
 * completes what was begun, and an uninstall takes away what there is of it, half of it or all.
 *
 * <p>{@code -Dfaults.steps.stride=N} says before each how-manieth statement it is killed; before every one with 1.
 */
@Tag("faults")
class PostgresMigrationKilledTest {

    private static final String HERE = "here";
    private static final String DONE = "done";

    /** Longer than a busy machine takes a breath. */
    private static final Duration PATIENCE = Duration.ofSeconds(6);

    private static final int STRIDE = Integer.getInteger("faults.steps.stride", 80);

    /** More than one batch is noted of either table, and the indexes of the sessions are to be made. */
    private static final String SOMETHING_TO_DO = """
            DROP INDEX idx_user_session_user_id;
            DROP INDEX idx_user_session_auth_token;
            UPDATE users SET auth_token = 'shared' WHERE id IN (47, 48);
            INSERT INTO users (id, phone, auth_token) SELECT i, '+7999200' || i, 'legacy-' || i
            FROM generate_series(5000, 6200) i;
            INSERT INTO user_sessions (user_id, auth_token) SELECT i, 'session-' || i FROM generate_series(5000, 6200) i;
            """;

    /** Every object that is not the server's own, and whether an index is whole. */
    private static final String CATALOGUE = """
            SELECT DISTINCT regexp_replace(pg_describe_object(d.classid, d.objid, d.objsubid), '[0-9]{5,}', 'N')
              || coalesce(' valid: ' || i.indisvalid, '')
            FROM pg_depend d LEFT JOIN pg_index i ON i.indexrelid = d.objid
            WHERE d.objid >= 16384 ORDER BY 1
            """;

    /** But for the last uses, which ours writes down. */
    private static final String SESSIONS = """
            SELECT concat_ws(' ', id, user_id, auth_token, created_at) FROM user_sessions ORDER BY id
            """;

    /** Who makes an index and waits for the views of the database that others have. */
    private static final String BUILDERS = """
            SELECT pid FROM pg_stat_progress_create_index
            WHERE datname = current_database() AND phase = 'waiting for old snapshots'
            """;

    private static final String USERS_INDEX = """
            SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('multisession_users_auth_token')
            """;

    @TempDir
    Path folder;

    /** What the same migration makes that nobody disturbs. */
    private static final class Undisturbed {

        static final String CATALOGUE = made();

        private static String made() {
            try (PostgresApp old = make()) {
                NewApp.deploy(old.claim(), new TestClock()).close();
                return catalogue(old);
            }
        }
    }

    private static PostgresApp make() {
        PostgresApp old = PostgresApp.make("multi");
        old.run(SOMETHING_TO_DO);
        return old;
    }

    private static String catalogue(PostgresApp old) {
        return old.all(CATALOGUE).stream().map(String::valueOf).collect(Collectors.joining("\n"));
    }

    @Test
    void a_process_that_is_killed_before_any_statement_leaves_what_the_next_start_completes_and_an_uninstall_removes()
            throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            int killed = 0;
            int tried = 0;
            for (int statement = 1; killed == tried; statement += 2 * STRIDE) {
                int one = statement;
                int other = statement + STRIDE;
                tried += 2;
                // Starting a process is what takes the time, so two go at once. One in two is uninstalled half-way.
                for (Future<Boolean> each : threads.invokeAll(
                        List.<Callable<Boolean>>of(() -> killAt(one, false), () -> killAt(other, true)))) {
                    killed += each.get() ? 1 : 0;
                }
            }
            assertThat(killed).as("kills in one migration").isGreaterThan(3);
            System.out.printf("Killed while migrating PostgreSQL: %d times; each was gone on with%n", killed);
        } finally {
            threads.shutdownNow();
        }
    }

    /** Kills a process at a moment of its migration and checks what it leaves; false if that moment never came. */
    private boolean killAt(int statement, boolean isUninstalledHalfWay) {
        try (PostgresApp old = make()) {
            String before = catalogue(old);
            String users = old.rows("users");
            String sessions = old.rows("user_sessions");
            boolean isKilled;
            try (ChildJvm child = ChildJvm.start(folder, Child.class, old.url(), String.valueOf(statement))) {
                String said = child.hear();
                assertThat(said).isIn(HERE, DONE);
                isKilled = said.equals(HERE);
                if (isKilled) {
                    assertThat(child.kill()).isEmpty();
                }
            }
            assertThat(old.rows("users")).isEqualTo(users);
            assertThat(old.rows("user_sessions")).isEqualTo(sessions);
            goOn(old);
            String usersThen = old.rows("users");
            List<String> sessionsThen = old.all(SESSIONS);
            if (isUninstalledHalfWay) {
                uninstall(old);
                assertThat(catalogue(old))
                        .as("uninstalled, killed at %s", statement)
                        .isEqualTo(before);
            }
            assertNextStartCompletes(old, statement);
            assertThat(catalogue(old)).as("killed at %s", statement).isEqualTo(Undisturbed.CATALOGUE);
            uninstall(old);
            assertThat(catalogue(old)).isEqualTo(before);
            assertThat(old.rows("users")).isEqualTo(usersThen);
            assertThat(old.all(SESSIONS)).isEqualTo(sessionsThen);
            return isKilled;
        }
    }

    /** All that the old app does in its two forms. */
    private static void goOn(PostgresApp old) {
        old.signInMulti(43, "signed-in-after-the-kill", new TestClock().instant());
        old.signInSingle(44, "single-after-the-kill");
        old.signOut("xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic");
        old.signOut("session-6000");
        old.seen("session-5001", new TestClock().instant());
        old.deleteUser(46);
        old.addUserAs(46, "+79990000046", "somebody-else");
    }

    private static void assertNextStartCompletes(PostgresApp old, int statement) {
        try (NewApp app = NewApp.deploy(old.claim(), new TestClock())) {
            assertThat(app.opens("PnPhVuUbI2iYOrRZS5FojsQS92kC363qlzjashHqfYI"))
                    .as("killed at %s", statement)
                    .isEqualTo(42);
            assertThat(app.opens("qZWb9gue6JnNlzkbLF61VcPc8nH_J31bzwb7VTapJho")).isEqualTo(45);
            assertThat(app.opens("session-5000")).isEqualTo(5000);
            assertThat(app.opens("legacy-6200")).isEqualTo(6200);
            assertThat(app.opens("signed-in-after-the-kill")).isEqualTo(43);
            assertThat(app.opens("single-after-the-kill")).isEqualTo(44);
            assertThat(app.opens("somebody-else")).isEqualTo(46);
            for (String nobodys : List.of(
                    "xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic",
                    "session-6000",
                    "x_bTIrwgXybeFTmZ6NkjtjuSYc40vLDvG5xxH4Q-BdU",
                    "ZQuaz__-gp3SX4WhNy8s3S58lNzkMmCQ8D09OnLdhQc",
                    "shared")) {
                assertThat(app.opens(nobodys))
                        .as("%s, killed at %s", nobodys, statement)
                        .isNull();
            }
        }
    }

    private static void uninstall(PostgresApp old) {
        try (Database database = Database.open(old.claim(), 2, Duration.ofSeconds(5))) {
            PostgresUninstaller uninstaller = new PostgresUninstaller(database);
            uninstaller.uninstall(false, uninstaller.look(false));
        }
    }

    /**
     * A process that stands still is not gone to the server. It has lost its turn after a while, and once it goes on again
     * it keeps nothing.
     */
    @Test
    void a_process_that_stands_still_before_any_statement_keeps_no_other_from_migrating_and_does_no_harm_afterwards() {
        boolean isReached = true;
        int frozen = 0;
        for (int statement = 40; isReached; statement += 2 * STRIDE) {
            isReached = freezeAt(statement);
            frozen += isReached ? 1 : 0;
        }
        assertThat(frozen).as("times in one migration").isGreaterThan(1);
        System.out.printf("Frozen while migrating PostgreSQL: %d times; another one migrated%n", frozen);
    }

    private boolean freezeAt(int statement) {
        try (PostgresApp old = make();
                ChildJvm child = ChildJvm.start(folder, Child.class, old.url(), String.valueOf(statement), "frozen")) {
            if (child.hear().equals(DONE)) {
                return false;
            }
            child.freeze();
            // All that the old app does must not wait for what stands still.
            goOn(old);
            assertNextStartCompletes(old, statement);
            assertThat(catalogue(old)).as("frozen at %s", statement).isEqualTo(Undisturbed.CATALOGUE);
            child.thaw();
            child.say("go on");
            assertThat(child.hear())
                    .as("frozen at %s: %s", statement, child.logged())
                    .isEqualTo(DONE);
            assertNextStartCompletes(old, statement);
            assertThat(catalogue(old)).as("frozen at %s", statement).isEqualTo(Undisturbed.CATALOGUE);
            assertThat(old.one("SELECT count(*) FROM multisession_state WHERE name = 'migration'"))
                    .isEqualTo("0");
            return true;
        }
    }

    /** By itself a server only notices that nobody waits for it any more when it has an answer. */
    @Test
    void an_index_that_the_server_still_makes_for_one_who_was_killed_is_given_up_and_made_anew() throws Exception {
        try (PostgresApp old = make();
                PostgresApp reader = old.another()) {
            String before = catalogue(old);
            // For this one's view of the database every index that is made CONCURRENTLY has to wait.
            reader.run("BEGIN ISOLATION LEVEL REPEATABLE READ");
            reader.all("SELECT 1");
            List<String> orphan = List.of();
            try (ChildJvm child = ChildJvm.start(folder, Child.class, old.url(), String.valueOf(Integer.MAX_VALUE))) {
                while (orphan.isEmpty()) {
                    orphan = old.all(BUILDERS);
                }
                child.kill();
            }
            assertThat(old.one("SELECT count(*) FROM pg_index WHERE NOT indisvalid"))
                    .isEqualTo("1");
            goOn(old);
            // The patience of a request is no measure for this.
            CompletableFuture<NewApp> next = CompletableFuture.supplyAsync(() ->
                    NewApp.deploy(old.claim(), NewApp.RULES, Stage.COEXIST, Duration.ofSeconds(2), new TestClock()));
            List<String> builders = orphan;
            while (!next.isDone() && (builders.isEmpty() || builders.equals(orphan))) {
                builders = old.all(BUILDERS);
            }
            assertThat(next).isNotDone();
            reader.run("COMMIT");
            next.get(60, TimeUnit.SECONDS).close();
            assertThat(old.one(USERS_INDEX)).isEqualTo("t");
            assertThat(catalogue(old)).isEqualTo(Undisturbed.CATALOGUE);
            uninstall(old);
            assertThat(catalogue(old)).isEqualTo(before);
        }
    }

    @Test
    void an_outage_while_an_index_is_made_holds_a_migration_up_and_no_more() throws Exception {
        try (PostgresApp old = make();
                PostgresApp reader = old.another()) {
            reader.run("BEGIN ISOLATION LEVEL REPEATABLE READ");
            reader.all("SELECT 1");
            CompletableFuture<Void> ours = CompletableFuture.runAsync(() -> Child.migrate(old.url()));
            while (old.all(BUILDERS).isEmpty()) {
                assertThat(ours).isNotDone();
            }
            old.cutOthers();
            ours.get(60, TimeUnit.SECONDS);
            assertThat(catalogue(old)).isEqualTo(Undisturbed.CATALOGUE);
        }
    }

    /** The server has made the index, and nobody tells the one who waits for it. */
    @Test
    void a_migration_whose_connections_are_lost_without_a_word_is_gone_on_with_by_the_same_process() throws Exception {
        try (PostgresApp old = make();
                PostgresApp reader = old.another();
                SilentRelay relay = SilentRelay.to(PostgresApp.port())) {
            reader.run("BEGIN ISOLATION LEVEL REPEATABLE READ");
            reader.all("SELECT 1");
            CompletableFuture<Void> ours = CompletableFuture.runAsync(() -> Child.migrate(relay.in(old.url())));
            while (old.all(BUILDERS).isEmpty()) {
                assertThat(ours).isNotDone();
            }
            relay.loseConnections();
            reader.run("COMMIT");
            ours.get(60, TimeUnit.SECONDS);
            assertThat(catalogue(old)).isEqualTo(Undisturbed.CATALOGUE);
        }
    }

    /** Migrates, but waits before a statement by its number, for its death or a word. */
    static final class Child {

        private Child() {}

        public static void main(String[] arguments) {
            Logger.getLogger("org.multisession").setLevel(Level.WARNING);
            int fatal = Integer.parseInt(arguments[1]);
            AtomicInteger statements = new AtomicInteger();
            PostgresStatementLog.watch(
                    () -> {
                        if (statements.incrementAndGet() == fatal) {
                            if (arguments.length > 2) {
                                ChildJvm.waitForWord(HERE);
                            } else {
                                ChildJvm.waitForDeath(HERE);
                            }
                        }
                    },
                    () -> migrate(arguments[0]));
            System.out.println(DONE);
        }

        private static boolean isMigrated(PostgresMigrator migrator) {
            try {
                return !migrator.migrate().isEmpty();
            } catch (DatabaseBusyException e) {
                return false;
            }
        }

        private static void migrate(String url) {
            try (PostgresServer server = PostgresServer.at(url, "postgres", "");
                    Database database = Database.open(server, 2, Duration.ofSeconds(5))) {
                PostgresMigrator migrator = new PostgresMigrator(
                        database, InstantSource.system(), Progress.NONE, Trial.NONE, Pacing.besideOthers(), PATIENCE);
                while (!isMigrated(migrator)) {
                    // As a deploy does it.
                    Thread.onSpinWait();
                }
            }
        }
    }
}
