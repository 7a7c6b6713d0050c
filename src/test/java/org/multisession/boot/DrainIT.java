package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.testing.Http;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** {@code multisession.shutdown.drain}: a load balancer hears of an end while requests are still answered. */
class DrainIT {

    private static final String[] COOKIE = {"Cookie", "auth_token=old_token_xyz123"};

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource
    void before_an_undeploy_and_a_stop_of_Tomcat_health_says_503_while_everybody_is_served(TomcatVersion version) {
        try (SqliteApp old = SqliteApp.make(folder, "single");
                TomcatServer tomcat = TomcatServer.of(version)
                        .app("/app", old, "multisession.shutdown.drain", "PT5S")
                        .start()) {
            assertThat(whileDraining(tomcat, server -> server.undeploy("/app"))).containsOnly("200");

            // Tomcat's own listeners stand in another order where it was running already.
            deploy(tomcat, old);
            assertThat(whileDraining(tomcat, server -> server.undeploy("/app"))).containsOnly("200");

            deploy(tomcat, old);
            tomcat.redeploy("/app");
            assertThat(Http.to(tomcat.uri("/app/")).get("health").body()).startsWith("{\"status\":\"up\"");
            assertThat(new Jvm(tomcat.pid()).instancesAfterGc(Drain.class.getName()))
                    .as("what ended before has left nothing with Tomcat")
                    .isEqualTo(1);

            assertThat(whileDraining(tomcat, TomcatServer::stop)).containsOnly("200");
            assertThat(tomcat.log()).doesNotContain("has failed to stop it");
        }
    }

    /** All requests are held back meanwhile, so nobody could see what the health says. */
    @ParameterizedTest
    @EnumSource
    void a_reload_does_not_wait(TomcatVersion version) throws IOException {
        Path watched = Files.writeString(folder.resolve("watched.txt"), "");
        try (SqliteApp old = SqliteApp.make(folder, "single");
                TomcatServer tomcat = TomcatServer.of(version)
                        .descriptor("/app", """
                                <Context docBase="%s">
                                  <WatchedResource>%s</WatchedResource>
                                  <Parameter name="multisession.db.url" value="%s"/>
                                  <Parameter name="multisession.shutdown.drain" value="PT5M"/>
                                </Context>
                                """.formatted(TomcatServer.war(), watched, old.path()))
                        .start()) {
            tomcat.reload("/app", watched);
            assertThat(status(Http.to(tomcat.uri("/app/")), "api/me")).isEqualTo("200");
            assertThat(tomcat.log()).doesNotContain("is about to stop");
            tomcat.kill();
        }
    }

    private static void deploy(TomcatServer tomcat, SqliteApp old) {
        tomcat.deploy(
                "/app",
                TomcatServer.war(),
                Map.of("multisession.db.url", old.path().toString(), "multisession.shutdown.drain", "PT5S"));
    }

    /** What somebody who is signed in is answered from the moment when the health is 503, until nothing is there any more. */
    private static List<String> whileDraining(TomcatServer tomcat, Consumer<TomcatServer> end) {
        Http http = Http.to(tomcat.uri("/app/"));
        CompletableFuture<Void> ended = CompletableFuture.runAsync(() -> end.accept(tomcat));
        List<String> answers = new ArrayList<>();
        String health = status(http, "health");
        while (health.equals("200") || health.equals("503")) {
            String answer = status(http, "api/me");
            boolean isDraining = health.equals("503");
            health = status(http, "health");
            // The last answer may have come just as it ended.
            if (isDraining && health.equals("503")) {
                answers.add(answer);
            }
        }
        ended.join();
        return answers;
    }

    private static String status(Http http, String path) {
        try {
            return String.valueOf(http.get(path, COOKIE).status());
        } catch (UncheckedIOException e) {
            return "nobody listens";
        }
    }
}
