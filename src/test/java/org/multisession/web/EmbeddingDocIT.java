package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.Command;
import org.multisession.testing.Fenced;
import org.multisession.testing.Http;
import org.multisession.testing.Installed;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** The project of {@code docs/embedding.md}, built by Maven from an empty folder, offline, and served. */
class EmbeddingDocIT {

    private static final Path DOCUMENT = Path.of("docs/embedding.md");
    private static final Path MAVEN = Path.of("/usr/bin/mvn");
    private static final String OURS = "org/multisession";

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @Test
    void the_project_of_the_document_builds_from_an_empty_folder_is_served_and_is_a_command() throws IOException {
        Installed.require("Maven", "maven", MAVEN);
        Path project = Files.createDirectory(folder.resolve("project"));
        write(project.resolve("pom.xml"), Fenced.block(DOCUMENT, "xml", "<packaging>war</packaging>"));
        for (String name : List.of("HelloServlet", "AboutServlet")) {
            write(
                    project.resolve("src/main/java/com/example/" + name + ".java"),
                    Fenced.block(DOCUMENT, "java", "class " + name));
        }
        write(project.resolve("src/main/webapp/WEB-INF/web.xml"), Fenced.block(DOCUMENT, "xml", "<web-app"));

        Command build = Command.run(
                project,
                List.of(MAVEN.toString(), "-B", "-ntp", "-o", "-Dmaven.repo.local=" + repository(), "package"));
        assertThat(build.exit()).as(build.said()).isZero();
        assertThat(build.said()).doesNotContain("[WARN");

        Path war = project.resolve("target/my-app.war");
        Command help = Command.run(
                folder,
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-jar",
                        war.toString(),
                        "help"));
        assertThat(help.exit()).as(help.said()).isZero();
        try (SqliteApp database = SqliteApp.make(folder, "single");
                TomcatServer tomcat = TomcatServer.of(TomcatVersion.V11)
                        .webapp(
                                "/",
                                war,
                                Map.of("multisession.db.url", database.path().toString()))
                        .start()) {
            Http http = Http.to(tomcat.uri("/"));
            assertThat(http.get("hello", "Cookie", "auth_token=old_token_xyz123")
                            .body())
                    .startsWith("Hello, user 42 (42), by LEGACY");
            assertThat(http.get("hello").status()).isEqualTo(401);
            assertThat(http.get("about").body()).startsWith("Hello, whoever you are");
        }
    }

    /**
     * The local repository as it is after {@code mvn install} of this project, without that: links to what is there, and
     * beside it what this build has just made.
     */
    private Path repository() throws IOException {
        // As the build says, or Maven's default when a test runs alone.
        Path real = Path.of(System.getProperty(
                "test.maven.repository",
                Path.of(System.getProperty("user.home"), ".m2/repository").toString()));
        Path copy = Files.createDirectory(folder.resolve("repository"));
        linkAll(real, copy, "org");
        linkAll(real.resolve("org"), Files.createDirectory(copy.resolve("org")), "multisession");
        Path ours = copy.resolve(OURS + "/multi-session/1.0-SNAPSHOT/multi-session-1.0-SNAPSHOT");
        Files.createDirectories(ours.getParent());
        Files.copy(Path.of("pom.xml"), Path.of(ours + ".pom"));
        Files.copy(TomcatServer.war(), Path.of(ours + ".war"));
        Files.copy(
                Path.of(TomcatServer.war().toString().replaceFirst("\\.war$", "-classes.jar")),
                Path.of(ours + "-classes.jar"));
        return copy;
    }

    private static void linkAll(Path from, Path to, String but) throws IOException {
        try (Stream<Path> entries = Files.list(from)) {
            for (Path entry : entries.toList()) {
                if (!entry.getFileName().toString().equals(but)) {
                    Files.createSymbolicLink(to.resolve(entry.getFileName()), entry);
                }
            }
        }
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        Files.writeString(file, text);
    }
}
