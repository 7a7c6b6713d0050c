package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.multisession.testing.Answer;
import org.multisession.testing.Fenced;
import org.multisession.testing.Http;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/**
 * The same WAR on each Tomcat and each JDK of this machine, at the root, under a path and under a versioned name, put
 * there by copying, by a context file and by Tomcat's manager. One deployment after the other, all on one database: who
 * was signed in before is signed in after.
 *
 * <p>{@code mvn -Pmatrix verify} ({@code -Dmatrix=full}) plays every cell and prints the table; otherwise this plays the
 * manager's on the newest Tomcat.
 */
class MatrixIT {

    private static final boolean IS_FULL = "full".equals(System.getProperty("matrix"));
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String[] LEGACY = {"Cookie", "auth_token=old_token_of_dora"};
    private static final String MANAGER = "deployer:a-password-of-the-test";

    @TempDir
    Path folder;

    private final List<String> tokens = new ArrayList<>();
    private int stops;

    /** How the WAR gets into a Tomcat, and out of it. */
    private interface Way {
        void deploy(TomcatServer tomcat, Place place);

        void undeploy(TomcatServer tomcat, Place place);
    }

    /** Where an application is: its path, and how Tomcat's files and its manager call that. */
    private enum Place {
        ROOT("/", "ROOT", "path=/"),
        PATH("/auth/", "auth", "path=/auth"),
        VERSION("/auth/", "auth##7", "path=/auth&version=7");

        private final String path;
        private final String file;
        private final String query;

        Place(String path, String file, String query) {
            this.path = path;
            this.file = file;
            this.query = query;
        }
    }

    static Stream<Arguments> servers() {
        List<Arguments> servers = new ArrayList<>();
        Map<String, Path> javas = IS_FULL ? installed() : Map.of(own(), Path.of(System.getProperty("java.home")));
        for (TomcatVersion version : IS_FULL ? TomcatVersion.values() : new TomcatVersion[] {TomcatVersion.V11}) {
            javas.forEach((name, home) -> servers.add(Arguments.of(version, name, home)));
        }
        return servers.stream();
    }

    private static String own() {
        return System.getProperty("java.version");
    }

    /** Every JDK where Debian puts them, by its version, and the one that this runs on. */
    private static Map<String, Path> installed() {
        Map<String, Path> found = new LinkedHashMap<>(Map.of(own(), Path.of(System.getProperty("java.home"))));
        try (Stream<Path> homes = Files.list(Path.of("/usr/lib/jvm"))) {
            for (Path home : homes.filter(Files::isDirectory).sorted().toList()) {
                Path release = home.resolve("release");
                if (Files.isExecutable(home.resolve("bin/java")) && Files.isRegularFile(release)) {
                    Properties facts = new Properties();
                    try (InputStream in = Files.newInputStream(release)) {
                        facts.load(in);
                    }
                    found.putIfAbsent(String.valueOf(facts.get("JAVA_VERSION")).replace("\"", ""), home);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    private Map<String, Way> ways() {
        Map<String, Way> ways = new LinkedHashMap<>();
        ways.put("by Tomcat's manager", new ByManager());
        if (IS_FULL) {
            ways.put("by copying the WAR", new ByCopy());
            ways.put("by a context file", new ByContextFile());
        }
        return ways;
    }

    @ParameterizedTest(name = "{0}, Java {1}")
    @MethodSource("servers")
    void whoever_was_signed_in_before_a_deployment_is_signed_in_after_it(TomcatVersion version, String java, Path home)
            throws IOException {
        List<String> table = new ArrayList<>();
        try (SqliteApp old = SqliteApp.make(Files.createDirectory(folder.resolve("db")), "single")) {
            old.run(
                    "INSERT INTO users (id, phone, auth_token, plan) VALUES (70, ?, ?, 'pro')",
                    "8 (999) 777-66-55",
                    "old_token_of_dora");
            try (TomcatServer tomcat = TomcatServer.startStock(version, home, base -> prepare(base, old))) {
                for (Map.Entry<String, Way> way : ways().entrySet()) {
                    for (Place place : Place.values()) {
                        play(tomcat, way.getValue(), place);
                        table.add(String.format(
                                "  Tomcat %s, Java %s, %s, %s",
                                version.name().substring(1).replace('_', '.'), java, way.getKey(), place.file));
                    }
                }
                assertThat(tomcat.log())
                        .doesNotContain("has failed to stop it")
                        .doesNotContain("is still processing a request that has yet to finish")
                        .doesNotContain("SEVERE");
            }
        }
        System.out.println("Deployed, used and undeployed:\n" + String.join("\n", table));
    }

    private static void prepare(Path base, SqliteApp old) throws IOException {
        try (Stream<Path> files = Files.walk(base.resolve("webapps/ROOT"))) {
            for (Path file : files.sorted((one, other) -> other.compareTo(one)).toList()) {
                Files.delete(file);
            }
        }
        Path serverXml = base.resolve("conf/server.xml");
        Files.writeString(
                serverXml,
                Fenced.replaced(
                        Files.readString(serverXml),
                        "<Engine name=\"Catalina\" defaultHost=\"localhost\">",
                        "<Engine name=\"Catalina\" defaultHost=\"localhost\" backgroundProcessorDelay=\"1\">"));
        String[] user = MANAGER.split(":", -1);
        Files.writeString(
                base.resolve("conf/tomcat-users.xml"),
                "<tomcat-users><user username=\"%s\" password=\"%s\" roles=\"manager-script\"/></tomcat-users>"
                        .formatted(user[0], user[1]));
        Path properties = base.resolve("conf/catalina.properties");
        Files.writeString(
                properties,
                Files.readString(properties) + "\nmultisession.db.url=" + old.path()
                        + "\nmultisession.login.verification=none\n");
        Files.createDirectories(base.resolve("conf/Catalina/localhost"));
    }

    private void play(TomcatServer tomcat, Way way, Place place) {
        way.deploy(tomcat, place);
        Http http = Http.to(tomcat.uri(place.path));
        await(() -> http.get("health").status() == 200, tomcat);
        assertThat(http.get("api/me", LEGACY).body()).contains("\"id\":70", "\"via\":\"legacy\"");
        for (String token : tokens) {
            assertThat(http.get("api/me", "Authorization", "Bearer " + token).status())
                    .isEqualTo(200);
        }
        tokens.add(signIn(http));
        String ended = signIn(http);
        assertThat(http.send("POST", "api/logout", "", "Authorization", "Bearer " + ended)
                        .status())
                .isEqualTo(204);
        assertThat(http.get("api/me", "Authorization", "Bearer " + ended).status())
                .isEqualTo(401);
        Answer page = http.get("login", "Accept", "text/html");
        assertThat(page.body()).contains("name=\"phone\"");

        way.undeploy(tomcat, place);
        stops++;
        await(() -> count(tomcat.log(), "Multi-Session has stopped") == stops, tomcat);
        await(() -> http.get("health").status() == 404, tomcat);
    }

    private static String signIn(Http http) {
        Answer answer = http.postJson("api/login", "{\"phone\":\"+79991234567\"}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return answer.body().replaceAll(".*\"token\":\"([^\"]+)\".*", "$1");
    }

    private static long count(String log, String text) {
        return Pattern.compile(Pattern.quote(text)).matcher(log).results().count();
    }

    private static void await(BooleanSupplier condition, TomcatServer tomcat) {
        Instant end = Instant.now().plus(PATIENCE);
        while (!condition.getAsBoolean()) {
            assertThat(Instant.now()).as(tomcat.log()).isBefore(end);
            Thread.onSpinWait();
        }
    }

    private static final class ByManager implements Way {

        private final HttpClient client = HttpClient.newHttpClient();

        @Override
        public void deploy(TomcatServer tomcat, Place place) {
            try {
                ask(
                        tomcat,
                        "deploy?" + place.query,
                        HttpRequest.newBuilder().PUT(HttpRequest.BodyPublishers.ofFile(TomcatServer.war())));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void undeploy(TomcatServer tomcat, Place place) {
            ask(tomcat, "undeploy?" + place.query, HttpRequest.newBuilder().GET());
        }

        private void ask(TomcatServer tomcat, String command, HttpRequest.Builder request) {
            String credentials = Base64.getEncoder().encodeToString(MANAGER.getBytes(StandardCharsets.UTF_8));
            URI uri = tomcat.uri("/manager/text/" + command);
            try {
                HttpResponse<String> answer = client.send(
                        request.uri(uri)
                                .header("Authorization", "Basic " + credentials)
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                assertThat(answer.body()).as(command).startsWith("OK - ");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }

    private static final class ByCopy implements Way {

        @Override
        public void deploy(TomcatServer tomcat, Place place) {
            Path webapps = tomcat.base().resolve("webapps");
            try {
                // Under another name first, so that Tomcat does not find half a file.
                Path part = Files.copy(TomcatServer.war(), webapps.resolve(place.file + ".part"));
                Files.move(part, war(tomcat, place));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void undeploy(TomcatServer tomcat, Place place) {
            delete(war(tomcat, place));
        }

        private static Path war(TomcatServer tomcat, Place place) {
            return tomcat.base().resolve("webapps").resolve(place.file + ".war");
        }
    }

    private final class ByContextFile implements Way {

        @Override
        public void deploy(TomcatServer tomcat, Place place) {
            Path unpacked = folder.resolve("unpacked");
            try {
                if (!Files.exists(unpacked)) {
                    unpack(unpacked);
                }
                Files.writeString(descriptor(tomcat, place), "<Context docBase=\"" + unpacked + "\"/>");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void undeploy(TomcatServer tomcat, Place place) {
            delete(descriptor(tomcat, place));
        }

        private static Path descriptor(TomcatServer tomcat, Place place) {
            return tomcat.base().resolve("conf/Catalina/localhost").resolve(place.file + ".xml");
        }

        private static void unpack(Path target) throws IOException {
            try (ZipInputStream war = new ZipInputStream(Files.newInputStream(TomcatServer.war()))) {
                for (ZipEntry entry = war.getNextEntry(); entry != null; entry = war.getNextEntry()) {
                    Path file = target.resolve(entry.getName());
                    if (entry.isDirectory()) {
                        Files.createDirectories(file);
                    } else {
                        Files.createDirectories(file.getParent());
                        Files.copy(war, file);
                    }
                }
            }
        }
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
