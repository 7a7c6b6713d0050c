package org.multisession.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.faults.CutConnections.Outcome;
import org.multisession.faults.Scene.Act;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TestClock;

/**
 * A connection that is cut, a lock that somebody else holds, a server that takes no writes: at whatever statement it
 * comes, nothing of what was under way is kept, the client is asked to come back, no message holds a secret, and the same
 * pool of the same process does it once the fault is gone. {@link
 * PostgresDiskFullTest} has a full disk.
 *
 * <p>A migration is many transactions: what was cut off is gone on with, and every token opens what it opened. {@code
 * -Dfaults.migration-step=N} says at each how-manieth of its statements it is cut.
 */
@Tag("faults")
class PostgresEveryStatementTest {

    private static final int MIGRATION_STEP = Integer.getInteger("faults.migration-step", 61);

    private static final Sql ONE = Sql.of("use a connection", "SELECT 1");

    /** What the script {@code multi} has. */
    private static final String SESSION = "-A6tUtDu7WZs9HQH3FEG9lQoOs3fMdH5sthHDXX5nQo";

    private static final String LEGACY = "x_bTIrwgXybeFTmZ6NkjtjuSYc40vLDvG5xxH4Q-BdU";

    private static int cuts;

    @AfterAll
    static void tell() {
        System.out.printf(
                "Connections cut at every statement: %d times; each time nothing was kept, and a next try went"
                        + " through%n",
                cuts);
    }

    /** Other devices end one by one: those that have ended stay so. */
    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "MIGRATION")
    void whatever_statement_finds_its_connection_cut_nothing_is_kept_and_a_next_try_goes_through(Act act) {
        int nth = 1;
        boolean isReached = true;
        while (isReached) {
            try (Scene scene = Scene.ofPostgres(act)) {
                String before = scene.dump();
                Outcome outcome = new Outcome(true, null);
                while (outcome.reached()) {
                    outcome = CutConnections.during(nth, (PostgresApp) scene.old, scene::play);
                    useAllConnections(scene.database);
                    isReached = outcome.reached();
                    if (!outcome.reached() || isDoneAllTheSame(outcome, act, scene, before)) {
                        break;
                    }
                    if (!act.swallows()) {
                        assertAskedToComeBack(scene, outcome.thrown());
                    }
                    if (act != Act.END_OTHERS) {
                        assertThat(scene.dump()).as("cut at statement %s", nth).isEqualTo(before);
                    }
                    cuts++;
                    nth++;
                }
                scene.assertDone();
                nth++;
            }
        }
        assertThat(nth).as("statements that could be cut").isGreaterThan(2);
    }

    /** What came behind the work, such as a check of an idle connection, was cut. */
    private static boolean isDoneAllTheSame(Outcome outcome, Act act, Scene scene, String before) {
        return outcome.thrown() == null && (!act.swallows() || !scene.dump().equals(before));
    }

    private static void assertAskedToComeBack(Scene scene, @Nullable Throwable thrown) {
        assertThat(thrown).isInstanceOf(DatabaseBusyException.class);
        scene.assertTellsNoSecret(thrown);
    }

    /** Those of the pool that are broken are replaced when they are used. */
    static void useAllConnections(Database database) {
        Database.Work<Handle, Boolean> look = handle -> handle.query(ONE).exists();
        DatabaseException last = null;
        for (int tries = 0; tries < 10; tries++) {
            try {
                database.<Boolean>read(handle -> look.run(handle) && database.<Boolean>read(look));
                return;
            } catch (DatabaseException e) {
                last = e;
            }
        }
        throw new AssertionError("the connections stay broken", last);
    }

    @Test
    void a_migration_that_is_cut_off_anywhere_is_gone_on_with_and_every_token_opens_what_it_opened() {
        boolean isReached = true;
        for (int nth = 1; isReached; nth += MIGRATION_STEP) {
            try (Scene scene = Scene.ofPostgres(Act.MIGRATION)) {
                String users = scene.old.rows("users");
                String sessions = scene.old.rows("user_sessions");
                Outcome outcome = CutConnections.during(nth, (PostgresApp) scene.old, scene::play);
                isReached = outcome.reached();
                useAllConnections(scene.database);
                if (outcome.thrown() != null) {
                    assertAskedToComeBack(scene, outcome.thrown());
                    scene.play();
                    cuts++;
                }
                scene.assertDone();
                assertThat(scene.old.rows("users")).isEqualTo(users);
                assertThat(scene.old.rows("user_sessions")).isEqualTo(sessions);
                try (NewApp app = NewApp.deploy(scene.old.claim(), new TestClock())) {
                    assertThat(app.opens(SESSION))
                            .as("cut at statement %s", nth)
                            .isEqualTo(44);
                    assertThat(app.opens(LEGACY)).as("cut at statement %s", nth).isEqualTo(44);
                }
            }
        }
    }

    /** Moves wait for others again and again, and take their time. */
    @ParameterizedTest
    @EnumSource(
            mode = Mode.EXCLUDE,
            names = {"MIGRATION", "HASHING", "LOOK_UP"})
    void tables_that_somebody_else_holds_are_busy_and_free_once_he_lets_go(Act act) {
        try (Scene scene = Scene.ofPostgres(act);
                PostgresApp other = ((PostgresApp) scene.old).another()) {
            String before = scene.dump();
            other.lock();
            Throwable thrown = catchThrowable(scene::play);
            other.run("ROLLBACK");
            if (!act.swallows()) {
                assertAskedToComeBack(scene, thrown);
            }
            assertThat(scene.dump()).isEqualTo(before);
            scene.play();
            scene.assertDone();
        }
    }

    /** As one that has become a standby, or whose disk is nearly full and which its operator has set so. */
    @ParameterizedTest
    @EnumSource(
            mode = Mode.EXCLUDE,
            names = {"MIGRATION", "LOOK_UP"})
    void a_server_that_takes_no_writes_keeps_nothing_and_is_written_to_once_it_does(Act act) {
        try (Scene scene = Scene.ofPostgres(act)) {
            String before = scene.dump();
            setReadOnly(scene, "on");
            Throwable thrown = catchThrowable(scene::play);
            if (!act.swallows()) {
                assertAskedToComeBack(scene, thrown);
            }
            assertThat(scene.dump()).isEqualTo(before);
            setReadOnly(scene, "off");
            useAllConnections(scene.database);
            scene.play();
            scene.assertDone();
        }
    }

    private static void setReadOnly(Scene scene, String value) {
        scene.old.run("ALTER DATABASE " + scene.old.one("SELECT current_database()")
                + " SET default_transaction_read_only = " + value);
        ((PostgresApp) scene.old).cutOthers();
    }
}
