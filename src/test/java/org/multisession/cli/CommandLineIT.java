package org.multisession.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.testing.Http;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** The WAR itself as a command, in a process of its own. */
class CommandLineIT {

    private static final long PATIENCE_SECONDS = 120;

    @TempDir
    Path folder;

    private Path temporary;

    private record Ended(int code, String out, String err) {}

    @BeforeEach
    void makeTheFolderForTemporaryFiles() throws IOException {
        temporary = Files.createDirectory(folder.resolve("temporary files"));
    }

    private Ended run(String... arguments) throws IOException, InterruptedException {
        return run(TomcatServer.war(), temporary, arguments);
    }

    private Ended run(Path war, Path temporaryFiles, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Djava.io.tmpdir=" + temporaryFiles));
        command.addAll(List.of("-jar", war.toString()));
        command.addAll(List.of(arguments));
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(ProcessBuilder.Redirect.PIPE)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("MULTISESSION_"));
        // Their JVM would say so on its standard error.
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"));
        Process process = builder.start();
        process.getOutputStream().close();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the command does not end: " + Files.readString(err));
        }
        return new Ended(process.exitValue(), Files.readString(out), Files.readString(err, StandardCharsets.UTF_8));
    }

    private void assertThatNothingIsLeft() {
        assertThat(temporary.toFile().list()).isEmpty();
    }

    @Test
    void the_version_names_the_commit_that_it_was_built_from() throws Exception {
        assumeTrue(Files.exists(Path.of(".git")), "not a checkout");
        assertThat(run("--version").out())
                .matches(
                        "Multi-Session \\S+ \\(commit [0-9a-f]{12}(-dirty)?\\), SQLite 3[.\\d]+ \\(driver 3[.\\d]+\\)\n");
    }

    @Test
    void every_command_does_its_work_and_leaves_no_temporary_file() throws Exception {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            String url = "--db.url=" + old.path();
            String before = old.dump();

            Ended help = run();
            assertThat(help.code()).as(help.err()).isZero();
            assertThat(help.out()).contains("Commands:").contains("migrate", "uninstall");
            assertThat(help.err()).isEmpty();
            assertThatNothingIsLeft();

            Ended checked = run("check", url);
            assertThat(checked.code()).as(checked.err()).isZero();
            assertThat(checked.out()).endsWith("\nSAFE\n");
            assertThat(checked.err()).isEmpty();
            assertThatNothingIsLeft();

            Ended dry = run("migrate", "--dry-run", url);
            assertThat(dry.code()).as(dry.err()).isZero();
            assertThat(dry.out()).startsWith("Dry run: it worked and was rolled back");
            assertThat(old.dump()).isEqualTo(before);
            assertThatNothingIsLeft();

            Ended migrated = run("migrate", url);
            assertThat(migrated.code()).as(migrated.err()).isZero();
            assertThat(migrated.out())
                    .startsWith("Migrated: ")
                    .contains("The database as it was before is in " + folder);
            assertThat(migrated.err().lines())
                    .allSatisfy(line -> assertThat(line).matches("(Database|Backup|Migration): .*"));
            assertThat(old.one("SELECT count(*) FROM multisession_tokens")).isEqualTo("0");
            assertThatNothingIsLeft();

            Ended status = run("status", url);
            assertThat(status.code()).as(status.err()).isZero();
            assertThat(status.out()).contains("\nGoing back now: 0 devices would be signed out");
            assertThatNothingIsLeft();

            Ended shown = run("uninstall", url);
            assertThat(shown.code()).as(shown.err()).isZero();
            assertThat(shown.out()).endsWith("Nothing was removed. To remove it, add --yes.\n");
            assertThatNothingIsLeft();

            Ended removed = run("uninstall", "--yes", url);
            assertThat(removed.code()).as(removed.err()).isZero();
            assertThat(removed.out()).contains("Removed: ");
            assertThat(old.dump()).isEqualTo(before);
            assertThatNothingIsLeft();
        }
    }

    @Test
    void what_cannot_run_ends_with_2_and_a_reason_and_leaves_no_temporary_file_either() throws Exception {
        Ended unknown = run("migarte");
        assertThat(unknown.code()).isEqualTo(2);
        assertThat(unknown.err()).contains("there is no command migarte; did you mean migrate?");
        assertThatNothingIsLeft();

        Ended missing = run("migrate", "--db.url=" + folder.resolve("nowhere.db"));
        assertThat(missing.code()).isEqualTo(2);
        assertThat(missing.err()).contains("there is no file").doesNotContain("\tat ");
        assertThatNothingIsLeft();

        Path elsewhere = folder.resolve("not there");
        Ended nowhere = run(TomcatServer.war(), elsewhere, "help");
        assertThat(nowhere.code()).isEqualTo(2);
        assertThat(nowhere.err())
                // A newer Java says before it what is wrong with the folder.
                .contains("multi-session: could not unpack the WAR into the folder for temporary files, " + elsewhere)
                .contains("-Djava.io.tmpdir=FOLDER");
    }

    @Test
    void it_runs_wherever_the_archive_lies_and_whatever_it_is_called() throws Exception {
        Path war = Files.createDirectory(folder.resolve("a folder, 100% own")).resolve("ROOT+1.war");
        Files.copy(TomcatServer.war(), war);
        Ended ended = run(war, temporary, "help");
        assertThat(ended.code()).as(ended.err()).isZero();
        assertThatNothingIsLeft();
    }

    @Test
    void the_archive_asks_for_native_access_and_keeps_the_launcher_at_its_root_only() throws IOException {
        try (ZipFile war = new ZipFile(TomcatServer.war().toFile())) {
            String manifest = new String(
                    war.getInputStream(Objects.requireNonNull(war.getEntry("META-INF/MANIFEST.MF")))
                            .readAllBytes(),
                    StandardCharsets.UTF_8);
            assertThat(manifest).contains("Enable-Native-Access: ALL-UNNAMED");
            assertThat(war.stream().map(Object::toString).filter(name -> name.endsWith(".class")))
                    .filteredOn(name -> !name.startsWith("WEB-INF/"))
                    .containsExactlyInAnyOrder(
                            "org/multisession/launcher/Launcher.class", "org/multisession/launcher/package-info.class");
            assertThat(war.stream().map(Object::toString))
                    .noneMatch(name -> name.startsWith("WEB-INF/classes/org/multisession/launcher/"));
        }
    }

    @ParameterizedTest
    @EnumSource(TomcatVersion.class)
    void a_stranger_cannot_fetch_the_launcher_from_a_tomcat(TomcatVersion version) throws Exception {
        try (SqliteApp old = SqliteApp.make(folder, "single");
                TomcatServer tomcat = TomcatServer.of(version).app("/", old).start()) {
            Http http = Http.to(tomcat.uri("/"));
            assertThat(http.get("org/multisession/launcher/Launcher.class").status())
                    .isEqualTo(401);
            assertThat(http.get("META-INF/MANIFEST.MF").status()).isIn(401, 404);
        }
    }

    @Test
    void who_is_revoked_from_a_shell_is_refused_by_a_running_tomcat_at_the_next_request() throws Exception {
        try (SqliteApp old = SqliteApp.make(folder, "single");
                TomcatServer tomcat =
                        TomcatServer.of(TomcatVersion.V11).app("/", old).start()) {
            Http http = Http.to(tomcat.uri("/"));
            String[] cookie = {"Cookie", "auth_token=old_token_xyz123"};
            assertThat(http.get("api/me", cookie).status()).isEqualTo(200);

            Ended counted = run("revoke", "--user=42", "--dry-run", "--db.url=" + old.path());
            assertThat(counted.out()).as(counted.err()).startsWith("Would end 0 sessions and 1 legacy token of 1 user");
            assertThat(http.get("api/me", cookie).status()).isEqualTo(200);

            Ended revoked = run("revoke", "--user=42", "--db.url=" + old.path());
            assertThat(revoked.code()).as(revoked.err()).isZero();
            assertThat(revoked.out()).isEqualTo("Ended 0 sessions and 1 legacy token of 1 user.\n");
            assertThat(http.get("api/me", cookie).status()).isEqualTo(401);
            assertThat(http.get("login", "Accept", "text/html", cookie[0], cookie[1])
                            .body())
                    .contains("The service signed you out.");
        }
    }
}
