package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.multisession.boot.DeployedApp.ANNA;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.Answer;
import org.multisession.testing.Http;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** Another application of the same Tomcat on the same database: by one driver for both it works, by its own it is told. */
class SharedDriverIT {

    private static final int WRITES = 40;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @TempDir
    private Path folder;

    private Path made() {
        try (SqliteApp database = SqliteApp.make(folder, "single")) {
            database.all("PRAGMA journal_mode=WAL");
            return database.path();
        }
    }

    /** An unpacked application of one page. */
    private Path application(String page) throws IOException {
        Path application = Files.createDirectory(folder.resolve("other"));
        Files.createDirectories(application.resolve("WEB-INF/lib"));
        Files.writeString(application.resolve("index.jsp"), page);
        return application;
    }

    private static Path driver() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(entry -> entry.contains("sqlite-jdbc-"))
                .map(Path::of)
                .findFirst()
                .orElseThrow();
    }

    /** The descriptors of docs/files.md, with the paths of this test. */
    private List<String> descriptors(Path database, Path other) throws IOException {
        return Pattern.compile("```xml\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("docs/files.md")))
                .results()
                .map(block -> block.group(1)
                        .replace("/opt/multi-session/1.0", TomcatServer.war().toString())
                        .replace("/var/lib/your-app/app.db", database.toString())
                        .replace("/opt/other/other.war", other.toString())
                        .replace(
                                "</Context>",
                                "<Parameter name=\"multisession.login.verification\" value=\"none\""
                                        + " override=\"false\"/></Context>"))
                .toList();
    }

    @Test
    void two_applications_that_share_the_driver_in_tomcats_lib_write_at_once_and_lose_nothing() throws IOException {
        Path database = made();
        Path other = application("""
                <%@ page import="javax.naming.InitialContext,javax.sql.DataSource,java.sql.*" %><%
                DataSource source = (DataSource) new InitialContext().lookup("java:comp/env/jdbc/app");
                try (Connection connection = source.getConnection(); Statement statement = connection.createStatement()) {
                    out.print(statement.executeUpdate("UPDATE users SET balance = balance + 1 WHERE id = 42"));
                }
                %>""");
        List<String> descriptors = descriptors(database, other);
        assertThat(descriptors).hasSize(2);
        try (TomcatServer tomcat = TomcatServer.of(TomcatVersion.V11)
                .library(driver())
                .descriptor("/auth", descriptors.get(0))
                .descriptor("/other", descriptors.get(1))
                .start()) {
            DeployedApp app = DeployedApp.on(tomcat, "/auth");
            Http neighbour = Http.to(tomcat.uri("/other/"));
            CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < WRITES; i++) {
                    assertThat(neighbour.get("").body().strip()).isEqualTo("1");
                }
            });
            List<String> tokens = new ArrayList<>();
            while (!writing.isDone()) {
                tokens.add(app.signIn(ANNA));
            }
            writing.join();
            assertThat(tokens.stream().skip(Math.max(0, tokens.size() - 20)).map(app::opens))
                    .containsOnly("200 session");
            assertThat(app.http().get("health").status()).isEqualTo(200);
            assertThat(tomcat.log()).doesNotContain("Somebody else in this JVM has", "malformed");
        }
        try (SqliteApp old = SqliteApp.open(database)) {
            assertThat(old.one("SELECT balance FROM users WHERE id = 42")).isEqualTo(String.valueOf(WRITES));
            assertThat(old.one("PRAGMA integrity_check")).isEqualTo("ok");
        }
    }

    @Test
    void a_neighbour_with_a_driver_of_its_own_is_an_error_in_the_log_and_on_health_until_it_lets_go()
            throws IOException {
        Path database = made();
        Path other = application("""
                <%%@ page import="java.sql.*" %%><%%
                Connection before = (Connection) application.getAttribute("connection");
                if (before != null) {
                    before.close();
                    application.removeAttribute("connection");
                } else {
                    Connection connection = new org.sqlite.JDBC().connect("jdbc:sqlite:%s", new java.util.Properties());
                    try (Statement statement = connection.createStatement()) {
                        statement.executeQuery("SELECT count(*) FROM users").close();
                    }
                    application.setAttribute("connection", connection);
                }
                %%>""".formatted(database));
        Files.copy(driver(), other.resolve("WEB-INF/lib").resolve(driver().getFileName()));
        try (TomcatServer tomcat = TomcatServer.of(TomcatVersion.V10_1)
                .webapp("/other", other)
                .webapp(
                        "/auth",
                        TomcatServer.war(),
                        Map.of("multisession.db.url", database.toString(), "multisession.login.verification", "none"))
                .start()) {
            DeployedApp app = DeployedApp.on(tomcat, "/auth");
            assertThat(app.http().get("health").status()).isEqualTo(200);
            assertThat(Http.to(tomcat.uri("/other/")).get("").status()).isEqualTo(200);
            tomcat.awaitLog("Somebody else in this JVM has " + database + " open as well");
            Answer health = app.http().get("health");
            assertThat(health.status()).isEqualTo(503);
            assertThat(health.body()).contains("\"database\":\"shared-in-jvm\"");

            assertThat(Http.to(tomcat.uri("/other/")).get("").status()).isEqualTo(200);
            Instant end = Instant.now().plus(PATIENCE);
            while (app.http().get("health").status() != 200) {
                assertThat(Instant.now()).isBefore(end);
            }
        }
    }
}
