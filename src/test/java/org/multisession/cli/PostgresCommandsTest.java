package org.multisession.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TestClock;

/** The commands on a PostgreSQL server, beside a running application: what they print, and what they leave. */
class PostgresCommandsTest {

    private static final String ANNA = "+79991234567";

    private final TestClock clock = new TestClock();
    private final Map<String, String> environment = new HashMap<>();
    private PostgresApp old;
    private String out = "";
    private String err = "";

    @BeforeEach
    void make() {
        old = PostgresApp.make("single");
    }

    @AfterEach
    void close() {
        old.close();
    }

    private int run(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(old.options());
        return runOn(all);
    }

    private int runOn(List<String> arguments) {
        CommandRun run = CommandRun.of(arguments, environment, clock);
        out = run.out();
        err = run.err();
        return run.code();
    }

    @Test
    void the_status_tells_how_far_the_move_is_beside_a_running_application() {
        assertThat(run("status")).isEqualTo(2);
        assertThat(err).contains("this database has not been migrated yet");
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            app.signIn(ANNA);
            app.signIn(ANNA);
            app.opens("DfiTF-AlNZAtEWvg8nKUp1FFM5v0r1P7NRMa6oBxoOE");
            app.phoneReading.run(() -> true);
            app.lastSeen.flush();
            String before = old.dump();
            assertThat(run("status")).as(err).isZero();
            assertThat(out)
                    .startsWith("Database: " + old.url() + "\n")
                    .contains("\nStage: coexist, last deployed ")
                    .containsPattern("\n  Sessions +3  of 1 user\n")
                    .containsPattern("\n    used in the last 30 days +1\n")
                    .contains("\nGoing back now: 2 devices would be signed out of the old app (in its single form), 6"
                            + " users would stay signed in\n")
                    .doesNotContain("Backups");
            assertThat(err).isEmpty();
            assertThat(old.dump()).isEqualTo(before);
        }
    }

    @Test
    void a_dry_run_reads_and_tells_what_would_be_made() {
        String before = old.dump();
        old.lock();
        assertThat(run("migrate", "--dry-run", "--stage=settle")).as(err).isZero();
        old.run("ROLLBACK");
        assertThat(out)
                .startsWith("In this stage 'migrate' also replaces")
                .contains("\nDry run: the database was only read; nothing was locked or tried. 'migrate' would create ")
                .contains("multisession_tokens", "user_sessions", "multisession_user_inserted")
                .contains("\nIt would note 8 users and 0 sessions, some rows at a time");
        assertThat(old.dump()).isEqualTo(before);
        NewApp.deploy(old.claim(), clock).close();
        assertThat(run("migrate", "--dry-run")).as(err).isZero();
        assertThat(out).isEqualTo("Nothing to do: the database is already migrated.\n");
    }

    @Test
    void a_dry_run_names_the_rights_that_the_account_lacks() {
        old.run("DROP ROLE IF EXISTS reader_of_commands");
        old.run("CREATE ROLE reader_of_commands LOGIN");
        old.run("GRANT SELECT ON users TO reader_of_commands");
        List<String> asReader = List.of("--db.url=" + old.url(), "--db.user=reader_of_commands");
        List<String> all = new ArrayList<>(List.of("migrate", "--dry-run"));
        all.addAll(asReader);
        assertThat(runOn(all)).isEqualTo(2);
        assertThat(err)
                .contains("1. the account reader_of_commands may make no table in this schema")
                .contains("2. the account reader_of_commands does not own the table users")
                .contains("Migrate once with the account that owns the old app's tables");
        old.run("DROP OWNED BY reader_of_commands");
        old.run("DROP ROLE reader_of_commands");
    }

    @Test
    void a_dry_run_a_migration_and_an_uninstall_count_the_same_objects() {
        assertThat(run("migrate", "--dry-run")).as(err).isZero();
        String number = out.replaceAll("(?s).*'migrate' would create (\\d+) objects:.*", "$1");
        assertThat(number).matches("\\d+");
        assertThat(run("migrate")).as(err).isZero();
        assertThat(out).startsWith("Migrated: " + number + " objects created, and nothing else changed.\n");
        assertThat(run("uninstall", "--yes")).as(err).isZero();
        assertThat(out).contains("\nRemoved: " + number + " objects, and nothing else changed.\n");
    }

    @Test
    void an_uninstall_by_an_account_that_owns_nothing_names_the_one_that_can() {
        assertThat(run("migrate")).as(err).isZero();
        old.run("DROP ROLE IF EXISTS daily_of_commands");
        old.run("CREATE ROLE daily_of_commands LOGIN");
        old.run("GRANT ALL ON ALL TABLES IN SCHEMA public TO daily_of_commands");
        List<String> asDaily = List.of("uninstall", "--yes", "--db.url=" + old.url(), "--db.user=daily_of_commands");
        assertThat(runOn(asDaily)).isEqualTo(2);
        assertThat(err)
                .contains("the account daily_of_commands does not own the table users. Uninstall with the account that"
                        + " migrated (--db.user)");
        old.run("DROP OWNED BY daily_of_commands");
        old.run("DROP ROLE daily_of_commands");
    }

    @Test
    void a_check_ends_in_a_verdict_and_an_exit_code() {
        String before = old.dump();
        assertThat(run("check")).as(err).isZero();
        assertThat(out).startsWith("Check of " + old.url()).endsWith("\nSAFE\n");
        assertThat(err).isEmpty();
        assertThat(run("check", "--format=json")).as(err).isZero();
        assertThat(out).contains("\"safe\" : true");
        old.run("UPDATE users SET auth_token = 'a-token-of-two-users' WHERE id IN (42, 43)");
        assertThat(run("check")).isEqualTo(1);
        assertThat(out)
                .contains("[shared-token]")
                .endsWith("\nNOT SAFE: 1 finding to fix before the deploy, for 2 users\n");
        old.run("UPDATE users SET auth_token = 'old_token_xyz123' WHERE id = 42");
        old.run("UPDATE users SET auth_token = 'DfiTF-AlNZAtEWvg8nKUp1FFM5v0r1P7NRMa6oBxoOE' WHERE id = 43");
        assertThat(old.dump()).isEqualTo(before);
        old.lock();
        assertThat(run("check")).as("nobody who writes is in its way").isZero();
        old.run("ROLLBACK");
    }

    @Test
    void an_uninstall_shows_all_of_it_asks_and_leaves_what_was_there_before() {
        String before = old.dump();
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            app.heartbeat.beat();
            assertThat(run("uninstall", "--yes")).isEqualTo(2);
            assertThat(err).contains("a Tomcat still runs Multi-Session on this database");
        }
        String migrated = old.dump();
        assertThat(run("uninstall")).as(err).isZero();
        assertThat(out)
                .startsWith("An uninstall removes what Multi-Session has added to this database:\n")
                .containsPattern("\n  \\d+ tables:\n")
                .contains("multisession_tokens (0 rows)", "\n  1 view:\n", "\n  14 triggers:\n", " functions:\n")
                .contains("\n  users (8 rows), untouched\n")
                .endsWith("Nothing was removed. To remove it, add --yes.\n");
        assertThat(old.dump()).isEqualTo(migrated);
        assertThat(run("uninstall", "--yes")).as(err).isZero();
        assertThat(out).contains("\nRemoved: ").doesNotContain("as it was before is in");
        assertThat(old.dump()).isEqualTo(before);
        assertThat(run("uninstall", "--yes")).as(err).isZero();
        assertThat(out).isEqualTo("This database has nothing of Multi-Session in it.\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--db.password=s3cret",
                "--multisession.db.password=s3cret",
                "--db.url=jdbc:postgresql://localhost/app?user=a&password=s3cret"
            })
    void a_password_on_the_command_line_is_refused_and_not_repeated(String option) {
        assertThat(runOn(List.of("status", option, "--db.user=a"))).isEqualTo(2);
        assertThat(err)
                .contains("would show in the list of this machine's processes; set MULTISESSION_DB_PASSWORD instead")
                .doesNotContain("s3cret");
    }

    @Test
    void a_password_comes_from_the_environment() {
        environment.put("MULTISESSION_DB_PASSWORD", "not-asked-for-here");
        NewApp.deploy(old.claim(), clock).close();
        assertThat(run("status")).as(err).isZero();
    }

    @Test
    void a_server_that_is_not_there_is_named_with_its_address() {
        assertThat(runOn(List.of("status", "--db.url=jdbc:postgresql://localhost:1/app", "--db.user=a")))
                .isEqualTo(2);
        assertThat(err)
                .isEqualTo("multi-session: status could not be done, and the database was not changed:"
                        + " jdbc:postgresql://localhost:1/app: the database cannot be reached"
                        + " (Connection to localhost:1 refused).\n");
    }

    @Test
    void a_pool_inside_tomcat_is_out_of_reach() {
        assertThat(runOn(List.of("status", "--db.url=java:comp/env/jdbc/users")))
                .isEqualTo(2);
        assertThat(err).contains("java:comp/env/jdbc/users is a pool inside Tomcat");
    }
}
