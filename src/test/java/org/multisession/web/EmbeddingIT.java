package org.multisession.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.http.HttpServlet;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.testing.Answer;
import org.multisession.testing.Fenced;
import org.multisession.testing.Http;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;
import org.multisession.testing.WarCopy;

/**
 * The servlets of {@code docs/embedding.md}, compiled against the classes jar and the servlet API alone, in the WAR with
 * the {@code web.xml} from there.
 */
@ParameterizedClass
@EnumSource(TomcatVersion.class)
@SuppressWarnings("NullAway.Init")
class EmbeddingIT {

    private static final Path DOCUMENT = Path.of("docs/embedding.md");
    private static final Pattern CLASS = Pattern.compile("public class (\\w+)");

    private static final String[] BROWSER = {"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"};
    private static final String[] LEGACY = {"Cookie", "auth_token=old_token_xyz123"};

    /** As the document says, nobody finds it. */
    private static final String ANNOTATED = """
            package com.example;

            @jakarta.servlet.annotation.WebServlet("/annotated")
            public class AnnotatedServlet extends HelloServlet {}
            """;

    private static final String FRAGMENT = """
            <web-fragment xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
              <servlet>
                <servlet-name>fragment</servlet-name>
                <servlet-class>com.example.AboutServlet</servlet-class>
                <init-param>
                  <param-name>org.multisession.public</param-name>
                  <param-value>true</param-value>
                </init-param>
              </servlet>
              <servlet-mapping>
                <servlet-name>fragment</servlet-name>
                <url-pattern>/fragment</url-pattern>
              </servlet-mapping>
            </web-fragment>
            """;

    private static final String FILTER = """
            package com.example;

            import jakarta.servlet.*;
            import jakarta.servlet.http.*;
            import java.io.IOException;

            public class WhoFilter extends HttpFilter {
                @Override
                protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
                        throws IOException, ServletException {
                    response.setHeader("X-Who", String.valueOf(request.getRemoteUser()));
                    if ("throw".equals(request.getQueryString())) {
                        throw new IllegalStateException("for the test");
                    }
                    chain.doFilter(request, response);
                }
            }
            """;

    /** Reads what was posted in each of the ways that the servlet API has. */
    private static final String POSTED = """
            package com.example;

            import jakarta.servlet.*;
            import jakarta.servlet.http.*;
            import java.io.*;

            public class PostedServlet extends HttpServlet {
                @Override
                protected void service(HttpServletRequest request, HttpServletResponse response)
                        throws IOException, ServletException {
                    String way = request.getPathInfo();
                    if (way.equals("/busy")) {
                        response.sendError(503);
                        return;
                    }
                    String read = switch (way) {
                        case "/parameter" -> request.getParameter("name");
                        case "/reader" -> request.getReader().readLine();
                        case "/stream" -> new String(request.getInputStream().readAllBytes(), "UTF-8");
                        case "/part" -> new String(request.getPart("name").getInputStream().readAllBytes(), "UTF-8");
                        default -> throw new ServletException(way);
                    };
                    response.setContentType("text/plain;charset=UTF-8");
                    response.getWriter().print(read);
                }
            }
            """;

    private static MemoryFolder folder;
    private static SqliteApp database;
    private static Path war;
    private static TomcatServer tomcat;

    @Parameter
    TomcatVersion version;

    @BeforeParameterizedClassInvocation
    static void start(TomcatVersion version) throws IOException {
        folder = new MemoryFolder();
        database = SqliteApp.make(folder.path(), "single");
        database.run("UPDATE users SET phone = '8 (999) 123-45-67' WHERE id = 42");
        WarCopy copy = WarCopy.unpack(folder.path().resolve("app"));
        war = copy.path();
        compile(
                war.resolve("WEB-INF/classes"),
                Fenced.block(DOCUMENT, "java", "class HelloServlet"),
                Fenced.block(DOCUMENT, "java", "class AboutServlet"),
                ANNOTATED,
                FILTER,
                POSTED);
        Files.writeString(war.resolve("WEB-INF/web.xml"), Fenced.block(DOCUMENT, "xml", "<web-app"));
        copy.describe("""
                <filter>
                  <filter-name>who</filter-name>
                  <filter-class>com.example.WhoFilter</filter-class>
                </filter>
                <filter-mapping>
                  <filter-name>who</filter-name>
                  <url-pattern>/*</url-pattern>
                </filter-mapping>
                <servlet>
                  <servlet-name>posted</servlet-name>
                  <servlet-class>com.example.PostedServlet</servlet-class>
                  <multipart-config/>
                </servlet>
                <servlet-mapping>
                  <servlet-name>posted</servlet-name>
                  <url-pattern>/posted/*</url-pattern>
                </servlet-mapping>
                """);
        Files.writeString(war.resolve("price-list.html"), "<p>secret prices</p>");
        Files.writeString(war.resolve("price-list.jsp"), "secret prices");
        Files.writeString(war.resolve("static/logo.txt"), "a logo");
        try (JarOutputStream jar =
                new JarOutputStream(Files.newOutputStream(war.resolve("WEB-INF/lib/some-library.jar")))) {
            jar.putNextEntry(new JarEntry("META-INF/web-fragment.xml"));
            jar.write(FRAGMENT.getBytes(UTF_8));
        }
        tomcat = TomcatServer.of(version)
                .webapp("/", war, settings(database.path()))
                .start();
        assertThat(tomcat.isDeployed("/")).as(tomcat.log()).isTrue();
    }

    private static Map<String, String> settings(Path file) {
        return Map.of("multisession.db.url", file.toString(), "multisession.login.verification", "none");
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        try {
            tomcat.close();
        } finally {
            database.close();
            folder.close();
        }
    }

    @Test
    void the_servlet_sees_its_user_by_an_old_cookie() {
        Answer answer = http().get("hello", LEGACY);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body().lines())
                .containsExactly("Hello, user 42 (42), by LEGACY", "42 8 (999) 123-45-67 pro legacy");
    }

    @Test
    void the_servlet_sees_its_user_by_a_session() {
        String token = http().postJson("api/login", "{\"phone\":\"+79991234568\"}")
                .body()
                .replaceFirst(".*\"token\":\"([^\"]*)\".*", "$1");
        assertThat(http().get("hello", "Authorization", "Bearer " + token)
                        .body()
                        .lines())
                .containsExactly("Hello, user 43 (43), by SESSION", "43 +79991234568 free session");
    }

    @Test
    void nobody_else_reaches_it() {
        Answer program = http().get("hello");
        assertThat(program.status()).isEqualTo(401);
        assertThat(program.header("Content-Type")).contains("application/problem+json");
        Answer browser = http().get("hello?a=1&b=2", BROWSER);
        assertThat(browser.status()).isEqualTo(303);
        assertThat(browser.header("Location")).contains("/login?next=%2Fhello%3Fa%3D1%26b%3D2");
    }

    @Test
    void the_public_servlet_is_for_everybody_and_knows_nobody() {
        for (String[] headers : List.of(BROWSER, LEGACY)) {
            Answer answer = http().get("about", headers);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo("Hello, whoever you are\n");
            assertThat(answer.header("X-Who")).contains("null");
        }
    }

    @Test
    void a_filter_of_the_team_sees_the_user_and_no_stranger_passes_it() {
        assertThat(http().get("hello", LEGACY).header("X-Who")).contains("42");
        assertThat(http().get("hello").headers("X-Who")).isEmpty();
    }

    @Test
    void what_is_not_in_web_xml_is_not_served() {
        assertThat(http().get("annotated", LEGACY).status()).isEqualTo(404);
        assertThat(http().get("fragment", LEGACY).status()).isEqualTo(404);
        assertThat(http().get("fragment").status()).isEqualTo(401);
    }

    @Test
    void files_and_pages_of_the_team_are_protected_too() {
        for (String path : List.of("price-list.html", "price-list.jsp")) {
            assertThat(http().get(path).status()).as(path).isEqualTo(401);
            assertThat(http().get(path, LEGACY).body()).as(path).contains("secret prices");
        }
        assertThat(http().get("static/logo.txt").body()).isEqualTo("a logo");
    }

    @Test
    void the_servlet_reads_what_was_posted_in_every_way() {
        String many = "x".repeat(20_000);
        for (String text : List.of("anna", many)) {
            assertThat(http().postForm("posted/parameter", Map.of("name", text), LEGACY)
                            .body())
                    .isEqualTo(text);
            for (String way : List.of("posted/reader", "posted/stream")) {
                assertThat(http().send("POST", way, text, LEGACY[0], LEGACY[1], "Content-Type", "text/plain")
                                .body())
                        .as(way)
                        .isEqualTo(text);
            }
            String multipart =
                    "--limit\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\n" + text + "\r\n--limit--\r\n";
            assertThat(http().send(
                                    "POST",
                                    "posted/part",
                                    multipart,
                                    LEGACY[0],
                                    LEGACY[1],
                                    "Content-Type",
                                    "multipart/form-data; boundary=limit")
                            .body())
                    .isEqualTo(text);
        }
    }

    @Test
    void where_the_servlet_is_busy_its_own_page_is_what_one_tries_again() {
        assertThat(http().get("posted/busy?page=2", LEGACY[0], LEGACY[1], "Accept", "text/html")
                        .body())
                .contains("href=\"/posted/busy?page=2\">Try again</a>");
        Answer form = http().postForm(
                        "posted/busy",
                        Map.of("name", "anna"),
                        LEGACY[0],
                        LEGACY[1],
                        "Accept",
                        "text/html",
                        "Referer",
                        tomcat.uri("/hello?page=3").toString());
        assertThat(form.status()).isEqualTo(503);
        assertThat(form.body()).contains("href=\"/hello?page=3\">Try again</a>");
    }

    @Test
    void requests_of_other_sites_and_failures_are_dealt_with() {
        Answer foreign = http().send(
                        "POST",
                        "hello",
                        "x",
                        LEGACY[0],
                        LEGACY[1],
                        "Sec-Fetch-Site",
                        "cross-site",
                        "Content-Type",
                        "x/y");
        assertThat(foreign.status()).isEqualTo(403);
        Answer failed = http().get("hello?throw", LEGACY);
        assertThat(failed.status()).isEqualTo(500);
        assertThat(failed.body()).contains("\"reference\"").doesNotContain("for the test");
    }

    @Test
    void an_address_of_ours_is_not_given_to_another_servlet() throws IOException {
        for (String mapping : List.of("/login", "/verify")) {
            Path taken = folder.path().resolve("taken" + mapping.replace('/', '-'));
            WarCopy.unpack(taken).describe("""
                    <servlet>
                      <servlet-name>mine</servlet-name>
                      <servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class>
                    </servlet>
                    <servlet-mapping>
                      <servlet-name>mine</servlet-name>
                      <url-pattern>%s</url-pattern>
                    </servlet-mapping>
                    """.formatted(mapping));
            try (SqliteApp other = SqliteApp.open(taken.resolve("app.db"))) {
                other.run(SqliteApp.script("single"));
                tomcat.deploy("/taken", taken, settings(other.path()));
                assertThat(tomcat.isDeployed("/taken")).isFalse();
                assertThat(tomcat.log()).contains("web.xml already has a servlet for " + mapping);
            }
            tomcat.undeploy("/taken");
        }
    }

    private static Http http() {
        return Http.to(tomcat.uri("/"));
    }

    /** Compiles as a team would: the two jars, and nothing else of ours. */
    private static void compile(Path classes, String... sources) throws IOException {
        Path classesJar = Path.of(TomcatServer.war().toString().replaceFirst("\\.war$", "-classes.jar"));
        assertThat(classesJar).isRegularFile();
        Path folderOfSources = Files.createDirectories(folder.path().resolve("src/com/example"));
        List<String> command = new ArrayList<>(List.of(
                "-proc:none",
                "--release",
                "17",
                "-d",
                classes.toString(),
                "-classpath",
                classesJar + File.pathSeparator + servletApi()));
        for (String source : sources) {
            Matcher name = CLASS.matcher(source);
            assertThat(name.find()).isTrue();
            Path file = folderOfSources.resolve(name.group(1) + ".java");
            command.add(Files.writeString(file, source).toString());
        }
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        int exit = ToolProvider.getSystemJavaCompiler().run(null, said, said, command.toArray(String[]::new));
        assertThat(exit).as(said.toString(UTF_8)).isZero();
    }

    private static Path servletApi() {
        try {
            return Path.of(HttpServlet.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
