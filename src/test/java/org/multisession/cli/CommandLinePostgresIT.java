package org.multisession.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.Command;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TomcatServer;

/** What {@code docs/operations.md} says of a PostgreSQL server, followed word by word with the WAR itself. */
class CommandLinePostgresIT {

    private static final Pattern COMMAND =
            Pattern.compile("^ +java -jar multi-session\\.war (\\S.*jdbc:postgresql:.*)$", Pattern.MULTILINE);

    @TempDir
    Path folder;

    private Path temporary;

    @BeforeEach
    void makeTheFolderForTemporaryFiles() throws IOException {
        temporary = Files.createDirectory(folder.resolve("temporary files"));
    }

    private Command run(PostgresApp old, String command) {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Djava.io.tmpdir=" + temporary,
                "-jar",
                TomcatServer.war().toString()));
        words.addAll(List.of(command.replace("jdbc:postgresql://db.example.com/app", old.url())
                .replace("--db.user=owner", "--db.user=postgres")
                .split(" +")));
        Command done = Command.run(folder, words);
        assertThat(temporary.toFile().list()).as(command).isEmpty();
        return done;
    }

    @Test
    void from_the_check_to_the_way_back_each_command_does_what_it_says() throws IOException {
        List<String> commands = COMMAND.matcher(Files.readString(Path.of("docs/operations.md")))
                .results()
                .map(command -> command.group(1))
                .toList();
        assertThat(commands).hasSize(6);
        try (PostgresApp old = PostgresApp.make("single")) {
            String before = old.dump();

            Command checked = run(old, commands.get(0));
            assertThat(checked.exit()).as(checked.said()).isZero();
            assertThat(checked.said()).startsWith("Check of " + old.url()).endsWith("\nSAFE\n");

            Command rehearsed = run(old, commands.get(1));
            assertThat(rehearsed.exit()).as(rehearsed.said()).isZero();
            assertThat(rehearsed.said()).contains("Dry run: the database was only read");
            assertThat(old.dump()).isEqualTo(before);

            Command migrated = run(old, commands.get(2));
            assertThat(migrated.exit()).as(migrated.said()).isZero();
            assertThat(migrated.said()).contains("\nMigrated: ").doesNotContain("as it was before is in");

            String token;
            try (NewApp app = NewApp.deploy(old.claim(), InstantSource.system())) {
                assertThat(app.opens("old_token_xyz123")).isEqualTo(42);
                token = app.signIn("+79991234567");
            }
            Command status = run(old, commands.get(3));
            assertThat(status.exit()).as(status.said()).isZero();
            assertThat(status.said()).contains("\nGoing back now: 1 device would be signed out of the old app");

            Command revoked = run(old, commands.get(4));
            assertThat(revoked.exit()).as(revoked.said()).isZero();
            assertThat(revoked.said()).endsWith("Ended 2 sessions and 0 legacy tokens of 1 user.\n");
            try (NewApp app = NewApp.deploy(old.claim(), InstantSource.system())) {
                assertThat(app.opens("old_token_xyz123")).isNull();
                assertThat(app.opens(token)).isNull();
            }

            String users = old.rows("users");
            Command shown = run(old, commands.get(5));
            assertThat(shown.exit()).as(shown.said()).isZero();
            assertThat(shown.said()).endsWith("Nothing was removed. To remove it, add --yes.\n");
            Command removed = run(old, commands.get(5) + " --yes");
            assertThat(removed.exit()).as(removed.said()).isZero();
            assertThat(removed.said()).contains("\nRemoved: ");
            assertThat(old.rows("users")).isEqualTo(users);
            assertThat(old.dump()).doesNotContain("multisession", "user_sessions");
        }
    }
}
