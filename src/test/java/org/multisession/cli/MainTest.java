package org.multisession.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.StreamHandler;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.config.SettingSources;
import org.multisession.config.Settings;
import org.multisession.migration.Progress;
import org.multisession.session.Stage;
import org.multisession.testing.NewApp;
import org.multisession.testing.SmallDisk;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;
import org.multisession.token.TokenHash;

/** Every command in this process, on real files: what it prints, what it returns, and what it leaves. */
class MainTest {

    private static final String ANNA = "+79991234567";

    private final TestClock clock = new TestClock();
    private final ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
    private final ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
    private final Map<String, String> environment = new HashMap<>();

    private @Nullable UnaryOperator<@Nullable String> terminal;

    @TempDir
    Path folder;

    private int run(String... arguments) {
        outBytes.reset();
        errBytes.reset();
        PrintStream out = new PrintStream(outBytes, true, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(errBytes, true, StandardCharsets.UTF_8);
        return terminal == null
                ? Main.run(List.of(arguments), environment, out, err, clock)
                : Main.run(List.of(arguments), new Terminal(environment, out, err, clock, terminal));
    }

    private String out() {
        return outBytes.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return errBytes.toString(StandardCharsets.UTF_8);
    }

    private String url() {
        return "--db.url=" + folder.resolve("old-app.db");
    }

    private List<String> files() {
        return List.of(Objects.requireNonNull(folder.toFile().list()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "help", "--help", "-h", "help help", "help --help"})
    void help_names_every_command(String arguments) {
        assertThat(run(arguments.isEmpty() ? new String[0] : arguments.split(" ", -1)))
                .isZero();
        assertThat(out())
                .contains("Usage: java -jar multi-session.war COMMAND")
                .contains("\n  check ", "\n  migrate ", "\n  status ", "\n  uninstall ");
        assertThat(err()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"help migrate", "migrate --help", "migrate --db.url=/nowhere -h"})
    void help_on_a_command_tells_its_options(String arguments) {
        assertThat(run(arguments.split(" ", -1))).isZero();
        assertThat(out()).contains("migrate --db.url=FILE").contains("\n  --dry-run ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "check", "migrate", "status", "revoke", "export", "forget", "copy", "uninstall"})
    void help_fits_a_terminal(String command) {
        run("help", command.isEmpty() ? "help" : command);
        assertThat(out().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
        assertThat(out()).isASCII();
    }

    @ParameterizedTest
    @CsvSource({"migrat, migrate", "unistall, uninstall", "halp, help", "migarte, migrate", "verson, version"})
    void an_unknown_command_is_refused_with_the_nearest(String typed, String meant) {
        for (String[] arguments : List.of(new String[] {typed}, new String[] {"help", typed})) {
            assertThat(run(arguments)).isEqualTo(2);
            assertThat(err())
                    .contains("there is no command " + typed + "; did you mean " + meant + "?")
                    .contains("Try: java -jar multi-session.war help");
            assertThat(out()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"nonsense", "install", "remove", "x"})
    void a_word_that_is_near_to_nothing_is_not_taken_for_anything(String typed) {
        assertThat(run(typed)).isEqualTo(2);
        assertThat(err())
                .startsWith("multi-session: there is no command " + typed + "\n")
                .doesNotContain("did you mean");
    }

    @ParameterizedTest
    @ValueSource(strings = {"version", "--version", "-V"})
    void the_version_is_told(String argument) {
        assertThat(run(argument)).isZero();
        assertThat(out()).matches("Multi-Session \\S+( \\(commit \\S+\\))?, SQLite 3[.\\d]+ \\(driver 3[.\\d]+\\)\n");
    }

    @Test
    void the_help_lists_every_key_and_of_a_command_without_options_no_empty_list() {
        run("help");
        String listed = out();
        Settings.keys()
                .forEach(key ->
                        assertThat(listed).containsPattern("[ \n]" + Pattern.quote(key.substring(13)) + "[,\n]"));
        run("help", "status");
        assertThat(out()).doesNotContain("Options").endsWith("and no others.\n");
    }

    @Test
    void a_value_may_follow_its_option_as_a_word_of_its_own() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            assertThat(run("check", "--db.url", old.path().toString(), "--format", "json"))
                    .as(err())
                    .isZero();
            assertThat(out()).startsWith("{");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"check", "check --format=json", "migrate --dry-run", "help"})
    void a_report_that_could_not_be_written_is_exit_code_two(String command) {
        SqliteApp.make(folder, "single").close();
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("no space left on device");
            }
        };
        errBytes.reset();
        List<String> arguments = new ArrayList<>(List.of(command.split(" ", -1)));
        if (!command.equals("help")) {
            arguments.add(url());
        }
        PrintStream err = new PrintStream(errBytes, true, StandardCharsets.UTF_8);
        assertThat(Main.run(arguments, environment, new PrintStream(full), err, clock))
                .isEqualTo(2);
        assertThat(err()).endsWith("multi-session: what it had to say could not be written to standard output\n");
    }

    /** Whoever has called this would say that the archive is not whole. */
    @Test
    void a_command_that_ends_in_an_error_says_which_and_is_exit_code_two() {
        SqliteApp.make(folder, "single").close();
        PrintStream err = new PrintStream(errBytes, true, StandardCharsets.UTF_8);
        InstantSource failing = () -> {
            throw new StackOverflowError();
        };
        assertThat(Main.run(List.of("check", url()), environment, err, err, failing))
                .isEqualTo(2);
        assertThat(err())
                .startsWith("multi-session: check failed with an internal error:\njava.lang.StackOverflowError\n");
    }

    @Test
    void an_uninstall_beside_a_tomcat_that_runs_is_refused() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            try (NewApp app = NewApp.deploy(old.path(), clock)) {
                app.heartbeat.beat();
                // Killed: no last word. The claim of this process is given up by hand.
                app.kill();
            }
            String before = old.dump();
            clock.advance(Duration.ofMinutes(5));
            assertThat(run("uninstall", url(), "--yes")).isEqualTo(2);
            assertThat(err()).contains("a Tomcat still runs Multi-Session on this database", "--even-if-running");
            assertThat(old.dump()).isEqualTo(before);
            terminal = question -> "yes";
            assertThat(run("uninstall", url())).isZero();
            assertThat(old.dump()).isEqualTo(before);
            terminal = null;
            assertThat(run("uninstall", url(), "--yes", "--even-if-running", "--migration.backup=off"))
                    .isZero();
            assertThat(old.all("SELECT name FROM sqlite_master WHERE name LIKE 'multisession%'"))
                    .isEmpty();
        }
    }

    @Test
    void an_uninstall_goes_on_where_the_last_sign_of_life_is_old_or_was_the_last() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            NewApp.deploy(old.path(), clock).kill();
            clock.advance(Duration.ofMinutes(13));
            assertThat(run("uninstall", url(), "--yes", "--migration.backup=off"))
                    .as(err())
                    .isZero();
            NewApp.deploy(old.path(), clock).close();
            assertThat(run("uninstall", url(), "--yes", "--migration.backup=off"))
                    .as(err())
                    .isZero();
        }
    }

    @Test
    void an_uninstall_tells_of_the_sessions_that_opened_nothing_which_it_has_removed() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            try (NewApp app = NewApp.deploy(old.claim(), clock)) {
                long bob = old.addUser("+79990000001", null);
                app.signIn("+79990000001");
                old.deleteUser(bob);
            }
            assertThat(run("uninstall", url(), "--yes")).as(err()).isZero();
            assertThat(out()).contains("and 1 session that opened nothing any more; nothing else changed.");
            NewApp.deploy(old.path(), clock).close();
            assertThat(run("uninstall", url(), "--yes")).as(err()).isZero();
            assertThat(out()).contains(" objects, and nothing else changed.");
        }
    }

    @Test
    void every_fault_of_a_call_is_named_at_once_and_nothing_is_touched() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            String before = old.dump();
            environment.put("MULTISESSION_SMS_HOSST", "x");
            assertThat(run(
                            "migrate",
                            url(),
                            "--db.ulr=x",
                            "--dryrun",
                            "now",
                            "--dry-run=yes",
                            "--cookie.name",
                            "--multisession.db.pool-size=99",
                            url()))
                    .isEqualTo(2);
            assertThat(err().lines())
                    .containsExactly(
                            "multi-session: migrate was not started:",
                            "  - there is no option --db.ulr; did you mean --db.url?",
                            "  - there is no option --dryrun; did you mean --dry-run?",
                            "  - 'now' is no option; options begin with --",
                            "  - --dry-run takes no value",
                            "  - --cookie.name needs a value: --cookie.name=...",
                            "  - --db.url was given twice",
                            "  - multisession.db.pool-size = '99' (option --db.pool-size) must be a whole number from"
                                    + " 1 to 64",
                            "  - there is no setting MULTISESSION_SMS_HOSST; did you mean MULTISESSION_SMS_HOST?",
                            "Try: java -jar multi-session.war help migrate");
            assertThat(old.dump()).isEqualTo(before);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"migrate", "uninstall"})
    void a_call_that_names_no_database_is_refused(String command) {
        assertThat(run(command)).isEqualTo(2);
        assertThat(err()).contains("no database was named; give --db.url=FILE, or set MULTISESSION_DB_URL");
    }

    @ParameterizedTest
    @ValueSource(strings = {"migrate", "migrate --dry-run", "uninstall", "uninstall --yes"})
    void a_file_that_is_not_there_is_refused_and_not_made(String command) {
        List<String> arguments = new ArrayList<>(List.of(command.split(" ", -1)));
        arguments.add(url());
        assertThat(run(arguments.toArray(String[]::new))).isEqualTo(2);
        assertThat(err())
                .contains("could not be done, and "
                        + (command.startsWith("migrate")
                                ? "the old app goes on as before"
                                : "nothing of the app's own was changed")
                        + ": there is no file " + folder.resolve("old-app.db"));
        assertThat(files()).isEmpty();
    }

    /** With the setting that was advised, it was told the same once more. */
    @ParameterizedTest
    @ValueSource(strings = {"check", "status", "uninstall", "revoke --user=1", "export --user=1"})
    void a_file_that_is_not_there_is_no_reason_to_advise_a_setting_that_makes_none(String command) {
        List<String> arguments = new ArrayList<>(List.of(command.split(" ", -1)));
        arguments.addAll(List.of(url(), "--db.create=true"));
        assertThat(run(arguments.toArray(String[]::new))).isEqualTo(2);
        assertThat(err())
                .contains("there is no file " + folder.resolve("old-app.db")
                        + ". Check multisession.db.url; only a deploy and 'migrate' make a new database");
        assertThat(files()).isEmpty();
    }

    @Test
    void the_database_may_be_named_by_the_environment_and_by_the_whole_key() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            environment.put("MULTISESSION_DB_URL", old.path().toString());
            assertThat(run("migrate", "--dry-run")).isZero();
            environment.clear();
            assertThat(run("migrate", "--multisession.db.url=jdbc:sqlite:" + old.path(), "--dry-run"))
                    .isZero();
        }
    }

    @Test
    void what_the_driver_warns_of_is_shown_with_its_values() {
        assertThat(run("status", "--db.url=jdbc:postgresql://127.0.0.1:99999/app", "--db.user=app"))
                .isEqualTo(2);
        assertThat(err()).contains("Warning: JDBC URL port: 99999 not valid").doesNotContain("{0}");
    }

    @Test
    void an_export_is_in_utf_8_whatever_the_locale_of_the_shell() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            old.run("UPDATE users SET phone = 'тел. +7 999 123-45-67' WHERE id = 42");
            run("migrate", url());
            outBytes.reset();
            PrintStream ascii = new PrintStream(outBytes, true, StandardCharsets.US_ASCII);
            Main.run(List.of("export", "--user=42", url()), environment, ascii, ascii, clock);
            assertThat(out()).contains("\"phone\" : \"тел. +7 999 123-45-67\"").endsWith("\n}\n");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"check", "migrate"})
    void a_password_that_was_exported_for_a_copy_is_in_no_other_commands_way(String command) {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            environment.put("MULTISESSION_TO_PASSWORD", "any");
            assertThat(run(command, "--db.url=" + old.path())).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"single, delete", "multi, wal", "dirty, delete"})
    void a_dry_run_says_what_would_be_made_and_leaves_everything_as_it_was(String form, String mode) {
        try (SqliteApp old = SqliteApp.make(folder, form)) {
            old.run("PRAGMA journal_mode=" + mode);
            String before = old.dump();
            String header = old.journalBytes();
            assertThat(run("migrate", "--dry-run", url())).isZero();
            assertThat(out())
                    .startsWith(
                            "Dry run: it worked and was rolled back; the database is as it was. 'migrate' would create")
                    .contains("multisession_tokens", "auth_events");
            assertThat(err()).contains("Migration: verified: ").doesNotContain("committed", "Backup");
            assertThat(old.dump()).isEqualTo(before);
            assertThat(old.journalBytes()).isEqualTo(header);
            assertThat(files()).allMatch(name -> name.matches("old-app.db(-wal|-shm)?"));
        }
    }

    @Test
    void a_dry_run_on_a_database_that_would_be_refused_is_refused_in_the_same_words() {
        SqliteApp.makeBy(folder, "CREATE TABLE customers (id INTEGER PRIMARY KEY)")
                .close();
        assertThat(run("migrate", url())).isEqualTo(2);
        String words = err().lines().reduce((first, last) -> last).orElseThrow();
        assertThat(words).contains("there is no table users, but there are others (customers)");
        assertThat(run("migrate", "--dry-run", url())).isEqualTo(2);
        assertThat(err()).endsWith(words + "\n");
    }

    @Test
    void a_dry_run_is_refused_like_a_migration_where_the_disk_has_no_room_for_one() {
        try (SmallDisk disk = SmallDisk.mount(10)) {
            SqliteApp.make(disk.path(), "single").close();
            String there = "--db.url=" + disk.path().resolve("old-app.db");
            assertThat(run("migrate", there)).isEqualTo(2);
            assertThat(err()).contains(" of free space, and a copy of the database");
            String words = err().lines().reduce((first, last) -> last).orElseThrow();
            assertThat(run("migrate", "--dry-run", there)).isEqualTo(2);
            assertThat(err()).endsWith(words + "\n");
        }
    }

    @Test
    void a_dry_run_makes_no_new_database() {
        assertThat(run("migrate", "--dry-run", "--db.create=true", url())).isZero();
        assertThat(out()).contains("'migrate' would make a new database there; a dry run makes none");
        assertThat(files()).isEmpty();
        assertThat(run("migrate", "--db.create=true", url())).isZero();
        assertThat(files()).containsExactly("old-app.db");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void a_new_database_that_cannot_be_made_is_told_with_the_setting_that_names_it() {
        assertThat(run("migrate", "--db.create=true", "--db.url=/proc/new.db")).isEqualTo(2);
        assertThat(err()).contains("could not create /proc/new.db (multisession.db.url, or its default): ");
    }

    @Test
    void options_before_the_command_are_told_to_come_after_it() {
        assertThat(run(url(), "check")).isEqualTo(2);
        assertThat(err())
                .startsWith("multi-session: there is no command " + url()
                        + "; the command comes first, then its options\n");
    }

    @Test
    void a_migration_says_what_was_made_and_where_the_backup_lies_and_a_second_one_that_all_is_there() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            assertThat(run("migrate", url())).isZero();
            assertThat(err().lines())
                    .filteredOn(line -> line.startsWith("Migration: made "))
                    .satisfiesExactly(
                            line -> assertThat(line)
                                    .matches("Migration: made \\d\\d tables: user_sessions, multisession_tokens, .*"),
                            line -> assertThat(line)
                                    .matches("Migration: made \\d\\d indexes: idx_user_session_user_id, .*"),
                            line -> assertThat(line).matches("Migration: made \\d\\d triggers: multisession_.*"));
            assertThat(err().lines()).allSatisfy(line -> assertThat(line).matches("(Database|Backup|Migration): .*"));
            String backup = out().lines()
                    .filter(line -> line.startsWith("The database as it was before is in "))
                    .findFirst()
                    .orElseThrow()
                    .replace("The database as it was before is in ", "");
            assertThat(Path.of(backup)).exists().hasParent(folder);
            try (NewApp app = NewApp.deploy(old.path(), clock)) {
                assertThat(app.migrator.missing()).isEmpty();
                assertThat(app.opens("old_token_xyz123")).isEqualTo(42);
            }

            assertThat(run("migrate", url())).isZero();
            assertThat(out()).isEqualTo("Nothing to do: the database is already migrated.\n");
            assertThat(run("migrate", "--dry-run", url())).isZero();
            assertThat(out()).isEqualTo("Nothing to do: the database is already migrated.\n");
            assertThat(files()).hasSize(2);
        }
    }

    @Test
    void a_backup_can_be_switched_off() {
        SqliteApp.make(folder, "single").close();
        assertThat(run("migrate", url(), "--migration.backup=off")).isZero();
        assertThat(out()).startsWith("Migrated: ").doesNotContain("as it was before");
        assertThat(run("uninstall", "--yes", url(), "--migration.backup=off")).isZero();
        assertThat(files()).containsExactly("old-app.db");
    }

    @Test
    void a_migration_for_open_registration_asks_whether_users_can_be_added() {
        SqliteApp.makeBy(
                        folder,
                        "CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT, city TEXT NOT NULL)")
                .close();
        assertThat(run("migrate", url(), "--login.registration=open")).isEqualTo(2);
        assertThat(err()).contains("a new row of users needs a value for city");
        assertThat(run("migrate", url())).isZero();
    }

    @Test
    void the_status_names_numbers_that_more_than_one_user_has() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            try (NewApp app = NewApp.deploy(old.path(), clock)) {
                old.run("INSERT INTO users (id, phone) VALUES (77, '8-999-123-45-67')");
                app.phoneReading.run(() -> true);
                app.trySignIn(ANNA);
                app.sharedNumbers.flush();
            }
            assertThat(run("status", url())).isZero();
            assertThat(out())
                    .contains("\nNumbers that more than one user has: 1. ")
                    .contains("; the audit trail mentions it 1 time\n  users 42, 77\n");
        }
    }

    @Test
    void the_status_tells_how_far_the_move_is_and_what_each_way_would_cost() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            assertThat(run("status", url())).isEqualTo(2);
            assertThat(err())
                    .contains("this database has not been migrated yet")
                    .contains("'check' tells");
            try (NewApp app = NewApp.deploy(old.path(), clock)) {
                app.signIn(ANNA);
                app.signIn(ANNA);
                app.opens("DfiTF-AlNZAtEWvg8nKUp1FFM5v0r1P7NRMa6oBxoOE");
                app.phoneReading.run(() -> true);
            }
            String before = old.dump();
            assertThat(run("status", url())).isZero();
            assertThat(out())
                    .contains("\nStage: coexist, last deployed ")
                    .containsPattern("\n  Sessions +3  of 1 user\n")
                    .containsPattern("\n  Legacy tokens that open an account +5  one per user")
                    .containsPattern("\n    used in the last 30 days +1\n")
                    .containsPattern("\n    not used here yet +4\n")
                    .contains("\nNext stage: settle signs nobody out here; it stores 3 sessions as hashes")
                    .contains(
                            "\nSafe to retire: no, 1 user used a legacy token in the last 30 days, of 5 users who have one\n")
                    .contains(
                            "\nGoing back now: 2 devices would be signed out of the old app (in its single form), 6 users would stay signed in\n");
            assertThat(err()).isEmpty();
            assertThat(old.dump()).isEqualTo(before);
            assertThat(run("status", url(), "--session.idle-timeout=P7D")).isZero();
            assertThat(out()).containsPattern("\n    used in the last 7 days +1\n");
        }
    }

    /** As an operator meets it who has unpacked a newer version and not deployed it yet. */
    @Test
    void a_command_of_another_version_than_the_deployed_one_says_which_to_use() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            assertThat(run("migrate", url())).isZero();
            old.run("DROP TRIGGER multisession_user_deleted");
            old.run("CREATE TRIGGER multisession_user_deleted AFTER DELETE ON users BEGIN SELECT 1; END");
            assertThat(run("revoke", url(), "--user=42")).isEqualTo(2);
            assertThat(err())
                    .contains(
                            "it lacks multisession_user_deleted",
                            ", or has that from another version. Use the WAR that is deployed, or deploy this one.");
            assertThat(run("status", url())).isZero();
            assertThat(out())
                    .contains("\nSchema: lacks multisession_user_deleted", ", or has that from another version than");
        }
    }

    @Test
    void the_status_says_when_the_last_legacy_cookie_is_gone() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            try (NewApp app = NewApp.deploy(old.path(), NewApp.RULES, Stage.SETTLE, clock)) {
                app.opens("DfiTF-AlNZAtEWvg8nKUp1FFM5v0r1P7NRMa6oBxoOE");
                clock.advance(Duration.ofDays(31));
            }
            assertThat(run("status", url())).isZero();
            assertThat(out())
                    .contains("\nNext stage: retire signs out 6 users at most, see below\n")
                    .contains(
                            "\nSafe to retire: yes, 0 users of the last 30 days; 6 users with a legacy token were not");
            clock.advance(Duration.ofHours(2));
            assertThat(run("status", url())).isZero();
            assertThat(out()).contains("\nSafe to retire: no, up to 6 users: Multi-Session has not run for 30 days");
            old.run("UPDATE users SET auth_token = NULL");
            NewApp.deploy(old.path(), NewApp.RULES, Stage.RETIRE, clock).close();
            assertThat(run("status", url())).isZero();
            assertThat(out())
                    .contains("\nNext stage: none, this is the last\n")
                    .contains("\nSafe to retire: yes, 0 users: no legacy token opens an account\n");
        }
    }

    @Test
    void a_migration_in_a_later_stage_hashes_the_tokens_as_a_deploy_does() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            assertThat(run("migrate", url(), "--stage=settle")).isZero();
            assertThat(old.all("SELECT auth_token FROM user_sessions"))
                    .hasSize(4)
                    .allMatch(token -> TokenHash.isOne(String.valueOf(token)));
        }
    }

    @ParameterizedTest
    @CsvSource({"single, 0, SAFE", "dirty, 1, 'NOT SAFE: 1 finding to fix before the deploy, for 2 users'"})
    void a_check_ends_in_its_verdict(String script, int code, String verdict) {
        try (SqliteApp old = SqliteApp.make(folder, script)) {
            String before = old.dump();
            assertThat(run("check", url())).isEqualTo(code);
            assertThat(out()).endsWith("\n" + verdict + "\n");
            assertThat(run("check", url(), "--format=json")).isEqualTo(code);
            assertThat(out()).startsWith("{");
            assertThat(run("check", url(), "--format=markdown")).isEqualTo(code);
            assertThat(out()).startsWith("# ");
            assertThat(run("check", url(), "--format=pdf")).isEqualTo(2);
            assertThat(err()).contains("--format must be text, markdown or json");
            assertThat(old.dump()).isEqualTo(before);
        }
    }

    @Test
    void an_uninstall_shows_and_only_with_yes_does_it() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            String before = old.dump();
            run("migrate", url(), "--migration.backup=off");
            String migrated = old.dump();

            assertThat(run("uninstall", url())).isZero();
            assertThat(out())
                    .contains("user_sessions (0 rows)", "12 triggers:", "users (8 rows), untouched")
                    .contains("6 users can go on in the old app")
                    .contains("Undeploy the WAR first")
                    .endsWith("Nothing was removed. To remove it, add --yes.\n");
            assertThat(old.dump()).isEqualTo(migrated);
            assertThat(files()).containsExactly("old-app.db");

            assertThat(run("uninstall", url(), "--yes")).isZero();
            assertThat(out()).contains("Removed: ", "The database as it was before is in " + folder);
            assertThat(old.dump()).isEqualTo(before);

            assertThat(run("uninstall", url(), "--yes")).isZero();
            assertThat(out()).isEqualTo("This database has nothing of Multi-Session in it.\n");
        }
    }

    @ParameterizedTest
    @CsvSource({"yes, true", "' YES ', true", "y, false", "no, false", "'', false"})
    void at_a_terminal_an_uninstall_asks_and_only_a_whole_yes_counts(String answer, boolean done) {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            run("migrate", url(), "--migration.backup=off");
            terminal = question -> answer;
            assertThat(run("uninstall", url())).isZero();
            assertThat(old.all("SELECT name FROM sqlite_master WHERE name LIKE 'multisession%'")
                            .isEmpty())
                    .isEqualTo(done);
            assertThat(out()).contains(done ? "Removed: " : "\nNothing was removed.\n");
        }
    }

    @Test
    void an_uninstall_says_who_falls_out_and_what_it_cannot_take_back() {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            try (NewApp app = NewApp.deploy(old.path(), clock)) {
                app.signIn(ANNA);
                app.signIn(ANNA);
                app.signOut(app.signIn("+79991234568"));
            }
            run("uninstall", url());
            assertThat(out())
                    .contains("Of 4 sessions here, 3 will have to sign in again there.")
                    .contains(
                            "For 1 user that token was signed out here; the old app does not know, and would accept it.");
            run("uninstall", url(), "--keep-sessions");
            assertThat(out())
                    .contains("It leaves:\n", "\n  user_sessions (4 rows)\n")
                    .doesNotContain("sign in again");
        }
    }

    @Test
    void nothing_secret_is_ever_printed() {
        StringBuilder printed = new StringBuilder();
        try (SqliteApp old = SqliteApp.make(folder, "dirty")) {
            for (String call : List.of("migrate --dry-run", "migrate", "migrate", "uninstall", "uninstall --yes")) {
                List<String> arguments = new ArrayList<>(List.of(call.split(" ", -1)));
                arguments.add(url());
                assertThat(run(arguments.toArray(String[]::new))).isZero();
                printed.append(out()).append(err());
            }
            for (String secret : old.all("SELECT auth_token FROM users WHERE length(auth_token) > 5"
                    + " UNION SELECT auth_token FROM user_sessions UNION SELECT phone FROM users WHERE phone > ''")) {
                assertThat(printed).doesNotContain(Objects.requireNonNull(secret));
            }
        }
        assertThat(printed).doesNotContain("\tat ", "Exception");
    }

    @Test
    void the_log_is_as_it_was_when_a_command_is_done() {
        SqliteApp.make(folder, "single").close();
        Logger root = Logger.getLogger("");
        List<String> logged = new ArrayList<>();
        Handler own = new StreamHandler() {
            @Override
            public synchronized void publish(LogRecord entry) {
                logged.add(entry.getMessage());
            }
        };
        root.addHandler(own);
        try {
            run("migrate", url());
            run("migrate", "--nonsense");
            assertThat(logged).isEmpty();
            assertThat(root.getHandlers()).contains(own);
        } finally {
            root.removeHandler(own);
        }
    }

    @Test
    void a_long_step_is_shown_as_lines_or_on_a_terminal_as_a_bar_that_goes_away() {
        SqliteApp.makeBy(folder, """
                CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT);
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
                INSERT INTO users SELECT i, '+7' || (9000000000 + i), 'token-' || i FROM n;
                """).close();
        run("migrate", "--dry-run", url());
        assertThat(err().lines())
                .contains("  noting users: 60,000 of 60,000")
                .anyMatch(line -> line.matches("  noting users: [345]\\d,\\d{3} of 60,000"));
        terminal = question -> "";
        run("migrate", "--dry-run", url());
        assertThat(err())
                .containsPattern("\r  \\[#{3,27} +\\]  \\d\\d%  noting users *\r")
                .containsPattern("\r +\rMigration: tried out and undone");
        assertThat(Files.exists(folder.resolve("old-app.db"))).isTrue();
    }

    @Test
    void a_bar_says_how_long_its_step_still_takes() {
        ByteArrayOutputStream shown = new ByteArrayOutputStream();
        TestClock ticking = new TestClock();
        ProgressDisplay display =
                new ProgressDisplay(new PrintStream(shown, true, StandardCharsets.UTF_8), true, ticking);
        display.at("noting users", 0, 600_000);
        ticking.advance(Duration.ofSeconds(30));
        display.at("noting users", 150_000, 600_000);
        assertThat(shown.toString(StandardCharsets.UTF_8))
                .endsWith("\r  [#######                       ]  25%  noting users, 1:30 left");
    }

    @Test
    void the_dry_run_of_a_large_database_happens_on_a_copy_and_tells_how_long_others_would_wait() throws IOException {
        SqliteApp.makeBy(folder, """
                CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT);
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 21000)
                INSERT INTO users SELECT i, '+7' || (9000000000 + i), 'token-' || i FROM n;
                """).close();
        byte[] before = Files.readAllBytes(folder.resolve("old-app.db"));
        assertThat(run("migrate", "--dry-run", url())).isZero();
        assertThat(out())
                .contains("Dry run: it worked and happened on a copy; the database is as it was.")
                .containsPattern("Longest wait of other programs meanwhile: (less than a second|about \\d+ seconds)");
        assertThat(Files.readAllBytes(folder.resolve("old-app.db"))).isEqualTo(before);
        assertThat(folder.toFile().list()).containsExactly("old-app.db");
    }

    @ParameterizedTest
    @CsvSource({
        "100, delete, auto, about 7 seconds (copying the database). Many programs give up after 5",
        "21000, delete, auto, about 7 seconds (copying the database). Many programs give up after 5",
        "100, wal, auto, less than a second",
        "100, delete, off, less than a second",
        "21000, delete, off, less than a second"
    })
    void the_copy_that_a_migration_makes_first_counts_among_the_waits_of_a_dry_run(
            int users, String journal, String backup, String wait) {
        SqliteApp.makeBy(folder, """
                PRAGMA journal_mode=%s;
                CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT);
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
                INSERT INTO users SELECT i, '+7' || (9000000000 + i), 'token-' || i FROM n;
                """.formatted(journal, users)).close();
        List<String> before = files();
        AtomicLong nanos = new AtomicLong();
        PrintStream out = new PrintStream(outBytes, true, StandardCharsets.UTF_8);
        Settings settings = Settings.read(SettingSources.ofCommand(
                        Map.of(
                                "multisession.db.url",
                                folder.resolve("old-app.db").toString(),
                                "multisession.migration.backup",
                                backup),
                        Map.of()))
                .settings();
        Call call =
                new Call(new Terminal(Map.of(), out, out, clock, null), settings, Map.of("dry-run", ""), Progress.NONE);
        assertThat(new MigrateCommand(() -> nanos.addAndGet(7_000_000_000L)).run(call))
                .isZero();
        assertThat(out()).contains("Longest wait of other programs meanwhile: " + wait);
        assertThat(files()).isEqualTo(before);
    }
}
