package org.multisession.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.multisession.testing.Command;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;

/**
 * Every command of every document that begins with {@code java -jar multi-session.war}, as it stands there and in its
 * order, in a folder that holds the WAR and nothing else; only the path of the database is another one.
 */
class DocumentedCommandsIT {

    private static final Pattern COMMAND =
            Pattern.compile("^ *java -jar multi-session\\.war (\\S.*)$", Pattern.MULTILINE);
    private static final String DOCUMENTED = "/var/lib/your-app/app.db";

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    static List<Path> documents() throws IOException {
        List<Path> all = new ArrayList<>(List.of(Path.of("README.md")));
        try (Stream<Path> docs = Files.list(Path.of("docs"))) {
            docs.filter(file -> file.toString().endsWith(".md")).sorted().forEach(all::add);
        }
        List<Path> withCommands = new ArrayList<>();
        for (Path document : all) {
            if (!commands(document).isEmpty()) {
                withCommands.add(document);
            }
        }
        return withCommands;
    }

    private static List<String> commands(Path document) throws IOException {
        return COMMAND.matcher(Files.readString(document))
                .results()
                .map(command -> command.group(1).strip())
                // "COMMAND", "…": what the words around it explain.
                .filter(command -> command.matches("[a-z-].*") && !command.contains("…"))
                // CopyIT runs those that need a server.
                .filter(command -> !command.contains("jdbc:postgresql:"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("documents")
    void every_command_of_a_document_works_as_it_stands_there(Path document) throws IOException {
        Path database;
        try (SqliteApp made = SqliteApp.make(Files.createDirectory(folder.resolve("your-app")), "single")) {
            database = made.path();
        }
        Path here = Files.createDirectory(folder.resolve("here"));
        Files.copy(TomcatServer.war(), here.resolve("multi-session.war"));
        boolean migrated = false;
        for (String command : commands(document)) {
            if (command.startsWith("status") && !migrated) {
                // The document deploys before it asks this; from a shell the same is done so.
                assertWorks(document, here, "migrate --db.url=" + database);
            }
            migrated |= command.startsWith("migrate ") && !command.contains("--dry-run");
            assertWorks(document, here, command.replace(DOCUMENTED, database.toString()));
        }
    }

    private static void assertWorks(Path document, Path here, String command) {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar", "multi-session.war"));
        words.addAll(List.of(command.split(" +")));
        Command done = Command.run(here, words);
        assertThat(done.exit()).as("%s: %s%n%s", document, command, done.said()).isZero();
        assertThat(done.said()).as(command).isNotBlank();
    }
}
