package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.testing.Answer;
import org.multisession.testing.Command;
import org.multisession.testing.Fenced;
import org.multisession.testing.Http;
import org.multisession.testing.Installed;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/**
 * Follows {@code docs/install.md} word for word, on a Tomcat as it is unpacked, with its own applications in
 * {@code webapps}. Only the folders differ.
 */
class InstallIT {

    private static final Path DOCUMENT = Path.of("docs/install.md");
    private static final String[] LEGACY = {"Cookie", "auth_token=old_token_xyz123"};

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @BeforeAll
    static void needsUnzip() {
        Installed.require("unzip", "unzip", Path.of("/usr/bin/unzip"));
    }

    @ParameterizedTest
    @EnumSource
    void at_the_root_it_takes_the_place_of_tomcats_welcome_page(TomcatVersion version) throws IOException {
        try (TomcatServer tomcat = install(version, "ROOT")) {
            assertServed(tomcat, "/");

            Files.delete(tomcat.base().resolve("conf/Catalina/localhost/ROOT.xml"));
            tomcat.awaitLog("Multi-Session has stopped");
            assertThat(folder.resolve("multi-session/1.0/WEB-INF/web.xml"))
                    .as("an undeploy leaves the folder alone")
                    .exists();
        }
    }

    @ParameterizedTest
    @EnumSource
    void under_a_path_of_its_own_it_leaves_everything_else_as_it_was(TomcatVersion version) throws IOException {
        try (TomcatServer tomcat = install(version, "auth")) {
            assertServed(tomcat, "/auth/");
            assertThat(Http.to(tomcat.uri("/")).get("").body()).contains("Apache Tomcat");
        }
    }

    /** By the two valves of docs/proxy.md; the test plays the proxy. */
    @ParameterizedTest
    @EnumSource
    void behind_a_proxy_the_access_log_has_the_clients_address(TomcatVersion version) throws IOException {
        Path proxyDocument = Path.of("docs/proxy.md");
        String remoteIp = Fenced.block(proxyDocument, "xml", "RemoteIpValve");
        String accessLog =
                Fenced.block(proxyDocument, "xml", "requestAttributesEnabled").strip();
        TomcatServer tomcat = install(version, "auth", base -> {
            Path serverXml = base.resolve("conf/server.xml");
            String xml = Files.readString(serverXml);
            Matcher stock = Pattern.compile("<Valve className=\"org.apache.catalina.valves.AccessLogValve\"[^>]*/>")
                    .matcher(xml);
            assertThat(stock.find()).isTrue();
            Files.writeString(serverXml, Fenced.replaced(xml, stock.group(), accessLog));
            Path context = base.resolve("conf/Catalina/localhost/auth.xml");
            Files.writeString(
                    context, Fenced.replaced(Files.readString(context), "</Context>", remoteIp + "</Context>"));
        });
        try (tomcat) {
            Http http = Http.to(tomcat.uri("/auth/"));
            String[] client = {"X-Forwarded-For", "203.0.113.9", LEGACY[0], LEGACY[1]};
            assertThat(http.get("api/me", client).status()).isEqualTo(200);
            tomcat.stop();
            try (Stream<Path> logs = Files.list(tomcat.base().resolve("logs"))) {
                Path log = logs.filter(file -> file.getFileName().toString().startsWith("localhost_access_log"))
                        .findFirst()
                        .orElseThrow();
                assertThat(Files.readString(log)).startsWith("203.0.113.9 - 42 [");
            }
        }
    }

    /** Tomcat then unpacks it to webapps/ROOT, finds its welcome application there, and says that it has finished. */
    @Test
    void the_document_does_not_give_tomcat_the_file_itself() {
        assertThat(context()).doesNotContain(".war");
    }

    private static void assertServed(TomcatServer tomcat, String path) {
        Http http = Http.to(tomcat.uri(path));
        assertThat(tomcat.log()).contains("Multi-Session is ready at");
        assertThat(tomcat.log())
                .as("of the old app's own sign-in, while it may be running")
                .contains("multisession.login.verification = code proves nothing if the old app signs in by the number"
                        + " alone");
        assertThat(http.get("health").body()).contains("\"status\":\"up\"");
        assertThat(http.get("api/me", LEGACY).body()).contains("\"id\":42").contains("\"via\":\"legacy\"");
        Answer page = http.get("login", "Accept", "text/html");
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.body()).contains("name=\"phone\"");
        assertThat(http.get("static/app.css").status()).isEqualTo(200);
        Answer home = http.get("", "Accept", "text/html");
        assertThat(home.status()).isEqualTo(303);
        assertThat(home.header("Location").orElseThrow()).startsWith(path + "login");
        assertThat(Http.to(tomcat.uri("/")).get("manager/html").status())
                .as("the manager is still there")
                .isEqualTo(401);
    }

    private TomcatServer install(TomcatVersion version, String name) throws IOException {
        return install(version, name, base -> {});
    }

    private TomcatServer install(TomcatVersion version, String name, TomcatServer.Preparation more) throws IOException {
        Path database;
        try (SqliteApp made = SqliteApp.make(Files.createDirectory(folder.resolve("your-app")), "single")) {
            database = made.path();
        }
        Path downloads = Files.createDirectory(folder.resolve("downloads"));
        Files.copy(TomcatServer.war(), downloads.resolve("multi-session.war"));
        String unpack = Fenced.block(DOCUMENT, "bash", "unzip").replace("/opt/", folder + "/");
        Command done = Command.run(downloads, List.of("sh", "-e", "-c", "umask 077\n" + unpack));
        assertThat(done.exit()).as(done.said()).isZero();
        for (String each : List.of("multi-session", "multi-session/1.0", "multi-session/1.0/WEB-INF")) {
            assertThat(Files.getPosixFilePermissions(folder.resolve(each)))
                    .as("Tomcat's account can enter %s, also where root has a strict umask", each)
                    .contains(PosixFilePermission.OTHERS_EXECUTE);
        }
        String xml = Fenced.replaced(context(), "/opt/", folder + "/");
        String context = Fenced.replaced(xml, "/var/lib/your-app/app.db", database.toString());
        return TomcatServer.startStock(version, base -> {
            Path descriptors = Files.createDirectories(base.resolve("conf/Catalina/localhost"));
            Files.writeString(descriptors.resolve(name + ".xml"), context);
            more.on(base);
        });
    }

    private static String context() {
        return Fenced.block(DOCUMENT, "xml", "<Context docBase");
    }
}
