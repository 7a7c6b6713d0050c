package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/**
 * A wrong set-up is refused at deploy: the first error in the log says why and what to do, nothing has changed, and once
 * the cause is mended a touch of the context file deploys. All set-ups are deployed on one Tomcat, one after the other.
 */
class RefusedDeployIT {

    /** What was seen of one set-up. */
    private record Seen(
            TomcatLog refusal,
            int statusWhenRefused,
            Map<String, String> filesBefore,
            Map<String, String> filesWhenRefused,
            int statusWhenMended) {}

    @TempDir
    private static Path root;

    private static final Map<String, Seen> SEEN = new LinkedHashMap<>();

    @BeforeAll
    static void deployAllThenMendAllThenDeployAgain() throws IOException {
        List<WrongSetUp> all = WrongSetUp.all();
        TomcatServer.Builder builder = TomcatServer.of(TomcatVersion.V10_1);
        Map<String, Map<String, String>> before = new LinkedHashMap<>();
        for (WrongSetUp each : all) {
            Files.createDirectories(each.database(root).getParent());
            each.breaking().on(each.database(root));
            before.put(each.name(), files(each));
            builder.webapp("/" + each.name(), TomcatServer.war(), each.wrongParameters(root));
        }
        try (TomcatServer tomcat = builder.start()) {
            TomcatLog log = TomcatLog.of(tomcat.log());
            Map<String, Map<String, String>> refused = new LinkedHashMap<>();
            Map<String, Integer> statusWhenRefused = new LinkedHashMap<>();
            for (WrongSetUp each : all) {
                refused.put(each.name(), files(each));
                statusWhenRefused.put(each.name(), health(tomcat, each));
                each.mending().on(each.database(root));
            }
            // At once, because Tomcat looks at the descriptors once a second.
            CompletableFuture<?>[] redeploys = all.stream()
                    .map(each -> CompletableFuture.runAsync(() -> redeploy(tomcat, each)))
                    .toArray(CompletableFuture[]::new);
            CompletableFuture.allOf(redeploys).join();
            for (WrongSetUp each : all) {
                SEEN.put(
                        each.name(),
                        new Seen(
                                log.ofDeployment(each.name()),
                                statusWhenRefused.getOrDefault(each.name(), 0),
                                before.getOrDefault(each.name(), Map.of()),
                                refused.getOrDefault(each.name(), Map.of()),
                                health(tomcat, each)));
            }
        }
    }

    private static void redeploy(TomcatServer tomcat, WrongSetUp setUp) {
        if (setUp.parameters().isEmpty()) {
            tomcat.redeploy("/" + setUp.name());
        } else {
            tomcat.redeploy("/" + setUp.name(), TomcatServer.war(), setUp.rightParameters(root));
        }
    }

    private static int health(TomcatServer tomcat, WrongSetUp setUp) {
        return DeployedApp.on(tomcat, "/" + setUp.name()).http().get("health").status();
    }

    /** Everything in the folder of a set-up, byte by byte. */
    private static Map<String, String> files(WrongSetUp setUp) {
        Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> files = Files.walk(root.resolve(setUp.name()))) {
            for (Path file : files.toList()) {
                contents.put(
                        file.toString(),
                        Files.isDirectory(file) ? "folder" : HexFormat.of().formatHex(Files.readAllBytes(file)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return contents;
    }

    private static Seen seen(WrongSetUp setUp) {
        Seen seen = SEEN.get(setUp.name());
        if (seen == null) {
            throw new AssertionError(setUp + " was not deployed");
        }
        return seen;
    }

    static List<WrongSetUp> all() {
        return WrongSetUp.all();
    }

    @ParameterizedTest
    @MethodSource("all")
    void the_first_error_in_the_log_says_why_and_what_to_do_each_fault_on_its_own_line(WrongSetUp setUp) {
        TomcatLog log = seen(setUp).refusal();

        String first = log.firstSevere().orElseThrow();
        assertThat(first.lines().count()).isEqualTo(setUp.faults() == 1 ? 1 : 1 + setUp.faults());
        assertThat(first)
                .contains("Multi-Session did not start, and the old app goes on as before: ")
                .contains(setUp.words(root));
        // Nothing of ours may push it out of sight.
        assertThat(log.before(first.lines().findFirst().orElseThrow()).stackTraces())
                .isEmpty();
        assertThat(log.stackTraces()).noneMatch(frame -> frame.contains("org.multisession"));
    }

    @ParameterizedTest
    @MethodSource("all")
    void nothing_is_served_and_no_file_is_made_or_changed(WrongSetUp setUp) {
        assertThat(seen(setUp).statusWhenRefused()).isEqualTo(404);
        assertThat(seen(setUp).filesWhenRefused()).isEqualTo(seen(setUp).filesBefore());
    }

    @ParameterizedTest
    @MethodSource("all")
    void once_the_cause_is_mended_a_touch_of_the_context_file_deploys(WrongSetUp setUp) {
        assertThat(seen(setUp).statusWhenMended()).isEqualTo(200);
    }

    @Test
    void faults_of_all_three_sources_are_named_together_each_in_its_own_spelling() {
        Path file;
        try (SqliteApp database = SqliteApp.make(root, "single")) {
            file = database.path();
        }
        try (TomcatServer tomcat = TomcatServer.of(TomcatVersion.V11)
                .webapp(
                        "/app",
                        TomcatServer.war(),
                        Map.of(
                                "multisession.db.url",
                                file.toString(),
                                "multisession.cookie.pth",
                                "/",
                                "multisession.login.verification",
                                "none"))
                .systemProperty("multisession.db.poolsize", "4")
                .environment("MULTISESSION_LOGIN_VERIFICATON", "none")
                .environment("MULTISESSION_SESSION_MAX_PER_USER", "many")
                .start()) {
            assertThat(TomcatLog.of(tomcat.log()).firstSevere().orElseThrow())
                    .contains("4 settings are wrong:")
                    .contains("no setting multisession.cookie.pth; did you mean multisession.cookie.path?")
                    .contains("the system property multisession.db.poolsize has no effect;"
                            + " did you mean multisession.db.pool-size?")
                    .contains("no setting MULTISESSION_LOGIN_VERIFICATON;"
                            + " did you mean MULTISESSION_LOGIN_VERIFICATION?")
                    .contains("multisession.session.max-per-user = 'many'"
                            + " (environment variable MULTISESSION_SESSION_MAX_PER_USER) must be a whole number");
            assertThat(tomcat.isDeployed("/app")).isFalse();
        }
    }

    @Test
    void a_folder_that_the_native_library_cannot_be_loaded_by_is_named_with_the_property_to_change()
            throws IOException {
        Path folder = Files.createDirectory(root.resolve("native"));
        Path file;
        try (SqliteApp database = SqliteApp.make(folder, "single")) {
            file = database.path();
        }
        Path unusable = folder.resolve("not-there");
        try (TomcatServer tomcat = TomcatServer.of(TomcatVersion.V10_1)
                .webapp(
                        "/app",
                        TomcatServer.war(),
                        Map.of("multisession.db.url", file.toString(), "multisession.login.verification", "none"))
                .systemProperty("org.sqlite.tmpdir", unusable.toString())
                .start()) {
            assertThat(TomcatLog.of(tomcat.log()).firstSevere().orElseThrow())
                    .contains("Multi-Session did not start")
                    .contains("native library could not be loaded through the folder " + unusable)
                    .contains("must be writable and not mounted noexec")
                    .contains("system property org.sqlite.tmpdir");
        }
    }

    @Test
    void one_file_is_open_once_in_a_tomcat_whatever_path_or_context_it_comes_by() throws IOException {
        Path folder = Files.createDirectory(root.resolve("one-file"));
        Path file;
        try (SqliteApp database = SqliteApp.make(folder, "single")) {
            file = database.path();
        }
        Path link = Files.createSymbolicLink(root.resolve("link.db"), file);
        try (TomcatServer tomcat = TomcatServer.of(TomcatVersion.V11)
                .webapp(
                        "/first",
                        TomcatServer.war(),
                        Map.of("multisession.db.url", file.toString(), "multisession.login.verification", "none"))
                .start()) {
            assertRefusedFor(tomcat, "/second", file);
            assertRefusedFor(tomcat, "/third", link);
            assertRefusedFor(tomcat, "/first##002", file);
            assertThat(DeployedApp.on(tomcat, "/first").opens("old_token_xyz123"))
                    .isEqualTo("200 legacy");

            tomcat.undeploy("/first##002");
            tomcat.undeploy("/first");
            tomcat.redeploy("/third");
            assertThat(DeployedApp.on(tomcat, "/third").opens("old_token_xyz123"))
                    .isEqualTo("200 legacy");
        }
    }

    /** Tomcat's parallel deployment: two versions of one application at once. */
    @Test
    @Tag("faults")
    void a_second_version_beside_the_first_is_refused_until_that_is_gone_and_everyone_stays_signed_in()
            throws IOException {
        Path folder = Files.createDirectory(root.resolve("versions"));
        Path file;
        try (SqliteApp database = SqliteApp.make(folder, "single")) {
            file = database.path();
        }
        Map<String, String> parameters =
                Map.of("multisession.db.url", file.toString(), "multisession.login.verification", "none");
        try (TomcatServer tomcat = TomcatServer.of(TomcatVersion.V10_1)
                .webapp("/app##001", TomcatServer.war(), parameters)
                .start()) {
            DeployedApp app = DeployedApp.on(tomcat, "/app");
            String token = app.signIn(DeployedApp.ANNA);
            tomcat.deploy("/app##002", TomcatServer.war(), parameters);
            assertThat(tomcat.isDeployed("/app##002")).isFalse();
            assertThat(TomcatLog.of(tomcat.log())
                            .ofDeployment("app##002")
                            .firstSevere()
                            .orElseThrow())
                    .contains(file + " is already open in this Tomcat");
            // The first version goes on: for who is signed in, and for new sign-ins.
            assertThat(app.opens(token)).isEqualTo("200 session");
            String another = app.signIn(DeployedApp.ANNA);
            assertThat(app.opens(another)).isEqualTo("200 session");

            tomcat.undeploy("/app##001");
            tomcat.redeploy("/app##002");
            assertThat(List.of(app.opens(token), app.opens(another), app.opens("old_token_xyz123")))
                    .containsOnly("200 session");
        }
    }

    private static void assertRefusedFor(TomcatServer tomcat, String context, Path path) {
        tomcat.deploy(
                context,
                TomcatServer.war(),
                Map.of("multisession.db.url", path.toString(), "multisession.login.verification", "none"));
        assertThat(tomcat.isDeployed(context)).isFalse();
        assertThat(TomcatLog.of(tomcat.log())
                        .ofDeployment(context.substring(1))
                        .firstSevere()
                        .orElseThrow())
                .contains("Multi-Session did not start")
                .contains(path + " is already open in this Tomcat, in the application at '/first'")
                .contains("Undeploy");
    }
}
