package org.multisession.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/** What the command says, and its exit codes. */
class CopyCommandTest {

    private final TestClock clock = new TestClock();
    private final Map<String, String> environment = new HashMap<>();

    @TempDir
    Path folder;

    private PostgresApp target;
    private Path file;
    private String out = "";
    private String err = "";

    @BeforeEach
    void make() {
        target = PostgresApp.empty();
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            file = old.path();
        }
        NewApp.deploy(file, clock).close();
    }

    @AfterEach
    void close() {
        target.close();
    }

    private int run(String... arguments) {
        CommandRun run = CommandRun.of(List.of(arguments), environment, clock);
        out = run.out();
        err = run.err();
        return run.code();
    }

    private int copy(String... more) {
        String[] arguments = new String[more.length + 4];
        arguments[0] = "copy";
        arguments[1] = "--db.url=" + file;
        arguments[2] = "--to=" + target.url();
        arguments[3] = "--to.user=postgres";
        System.arraycopy(more, 0, arguments, 4, more.length);
        return run(arguments);
    }

    @Test
    void a_copy_tells_of_each_table_what_was_carried_and_a_second_one_that_nothing_was() {
        environment.put("MULTISESSION_TO_PASSWORD", "any");
        assertThat(copy()).as(err).isZero();
        assertThat(out)
                .containsPattern("\\nusers +8 +8 +0 +0 +\\d")
                .containsPattern("\\nuser_sessions +4 +4 +0 +0 +\\d")
                .contains("and every row of them are the same.");
        assertThat(copy()).isZero();
        assertThat(out).containsPattern("\\nusers +8 +0 +0 +0 +\\d");
        try (SqliteApp old = SqliteApp.open(file)) {
            old.run("UPDATE users SET name = 'x' WHERE id = 44");
            old.run("DELETE FROM users WHERE id = 49");
        }
        assertThat(copy()).isZero();
        assertThat(out).containsPattern("\\nusers +7 +0 +1 +1 +\\d");
    }

    @Test
    void the_way_back_leads_to_a_file() throws IOException {
        Path password = Files.writeString(folder.resolve("password"), "any\n");
        assertThat(copy("--to.password-file=" + password)).as(err).isZero();
        Path back = folder.resolve("back.db");
        assertThat(run("copy", "--db.url=" + target.url(), "--db.user=postgres", "--to=" + back))
                .as(err)
                .isZero();
        try (NewApp app = NewApp.deploy(back, clock)) {
            assertThat(app.opens("-A6tUtDu7WZs9HQH3FEG9lQoOs3fMdH5sthHDXX5nQo")).isEqualTo(44);
        }
    }

    @Test
    void what_is_wrong_with_the_target_is_told_by_the_options_that_name_it() {
        target.run("DROP ROLE IF EXISTS copy_locked; CREATE ROLE copy_locked LOGIN PASSWORD 'right'");
        PostgresApp.requirePasswordOf("copy_locked");
        environment.put("MULTISESSION_TO_PASSWORD", "wrong");
        assertThat(run("copy", "--db.url=" + file, "--to=" + target.url(), "--to.user=copy_locked"))
                .isEqualTo(2);
        assertThat(err).contains("Check --to.user and MULTISESSION_TO_PASSWORD").doesNotContain("multisession.db");
        assertThat(run("copy", "--db.url=" + file, "--to=" + target.url() + "x", "--to.user=postgres"))
                .isEqualTo(2);
        assertThat(err)
                .contains("there is no such database")
                .contains("Check --to.")
                .doesNotContain("multisession.db");
        assertThat(run("copy", "--db.url=" + target.url(), "--db.user=postgres", "--to=" + folder))
                .isEqualTo(2);
        assertThat(err).contains("is not a plain file. Check --to.");
    }

    @Test
    void what_cannot_be_held_is_listed_with_what_to_do_and_without_the_value() {
        try (SqliteApp old = SqliteApp.open(file)) {
            old.run("UPDATE users SET balance = 'a secret' WHERE id = 44");
        }
        assertThat(run("copy", "--dry-run", "--db.url=" + file)).isEqualTo(1);
        assertThat(out)
                .contains("What PostgreSQL cannot hold, 1 finding:")
                .contains("  users, id 44: balance is text, not a whole number. What to do: put the right value there,"
                        + " or NULL.");
        String listed = out;
        assertThat(run("check", "--for=postgresql", "--db.url=" + file)).isEqualTo(1);
        assertThat(out).isEqualTo(listed);
        assertThat(run("check", "--for=oracle", "--db.url=" + file)).isEqualTo(2);
        assertThat(copy()).isEqualTo(1);
        assertThat(out).contains("users, id 44: balance is text").contains("Nothing was carried.");
        assertThat(out + err).doesNotContain("a secret");
        assertThat(target.one("SELECT count(*) FROM users")).isEqualTo("0");
        try (SqliteApp old = SqliteApp.open(file)) {
            old.run("UPDATE users SET balance = NULL WHERE id = 44");
        }
        assertThat(run("copy", "--dry-run", "--db.url=" + file)).isZero();
        assertThat(out).isEqualTo("PostgreSQL can hold every row of this database.\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--to=jdbc:postgresql://db/app?password=hush",
                "--to=jdbc:postgresql://me:hush@db/app",
                "--to.password=hush"
            })
    void a_password_on_the_command_line_is_refused_and_not_repeated(String argument) {
        assertThat(run("copy", "--db.url=" + file, argument)).isEqualTo(2);
        assertThat(err)
                .contains("would show in the list of this machine's processes")
                .contains("--to.password-file=FILE");
        assertThat(out + err).doesNotContain("hush");
    }

    @Test
    void without_a_target_or_with_another_file_as_target_nothing_is_done() {
        assertThat(run("copy", "--db.url=" + file)).isEqualTo(2);
        assertThat(err).contains("no target was named");
        assertThat(run("copy", "--db.url=" + file, "--to=" + folder.resolve("other.db")))
                .isEqualTo(2);
        assertThat(err).contains("between two SQLite files");
        assertThat(run("copy", "--db.url=" + file, "--to=mysql://db/app")).isEqualTo(2);
        assertThat(folder.resolve("other.db")).doesNotExist();
    }

    @Test
    void a_file_with_letters_that_the_locale_does_not_have_is_refused_with_what_to_do() {
        assertThat(run("copy", "--db.url=" + target.url(), "--db.user=postgres", "--to=/srv/\uD800.db"))
                .isEqualTo(2);
        assertThat(err)
                .contains("copy was not started: '/srv/", "runs in the encoding", "Start it with LC_ALL=C.UTF-8");
    }

    @Test
    void a_server_that_is_away_and_a_missing_file_are_told() {
        assertThat(run("copy", "--db.url=" + file, "--to=jdbc:postgresql://127.0.0.1:1/app"))
                .isEqualTo(2);
        assertThat(err).contains("copy could not be done, and no row of the target was changed");
        assertThat(run("copy", "--db.url=" + folder.resolve("none.db"), "--to=" + target.url(), "--to.user=postgres"))
                .isEqualTo(2);
        assertThat(folder.resolve("none.db")).doesNotExist();
    }

    @Test
    void a_target_that_a_tomcat_has_used_is_overwritten_only_if_that_is_asked_for() {
        copy();
        clock.advance(java.time.Duration.ofMinutes(1));
        NewApp.deploy(target.claim(), clock).close();
        assertThat(copy()).isEqualTo(2);
        assertThat(err).contains("--overwrite");
        assertThat(copy("--overwrite")).isZero();
    }
}
