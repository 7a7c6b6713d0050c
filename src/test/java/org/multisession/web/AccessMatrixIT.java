package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.testing.Answer;
import org.multisession.testing.Http;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.RawConnection;
import org.multisession.testing.RawHttp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;
import org.multisession.testing.WarCopy;
import org.multisession.web.probe.ProtectedProbe;
import org.multisession.web.probe.PublicProbe;

/**
 * Every route, by every spelling of its path, every method and every kind of dispatch: without a token nothing that is
 * protected ever answers. The WAR has a team's own servlets in it, which check nothing themselves.
 */
@ParameterizedClass
@EnumSource(TomcatVersion.class)
@SuppressWarnings("NullAway.Init")
class AccessMatrixIT {

    private static final String LEGACY_TOKEN = "old_token_xyz123";
    private static final String WITH_TOKEN = "Cookie: auth_token=" + LEGACY_TOKEN;
    private static final String BROWSER = "Accept: text/html,application/xhtml+xml,*/*;q=0.8";

    /** What belongs to user 42, or to the servlet with the secret. */
    private static final List<String> PROTECTED_DATA = List.of(
            ProtectedProbe.SECRET, "79991234567", "999 123-45-67", "\"id\":42", "\"via\"", "pro</dd>", LEGACY_TOKEN);

    private static final List<String> PROTECTED_ROUTES = List.of(
            "/",
            "/logout",
            "/api/me",
            "/api/logout",
            "/verify",
            "/sessions",
            "/sessions/revoke",
            "/sessions/revoke-others",
            "/api/sessions",
            "/api/sessions/revoke-others",
            "/api/sessions/AAAAAAAAAAAAAAAAAAAAAA",
            "/secret",
            "/secret/deep",
            "/api",
            "/api/nothing",
            "/nothing-here",
            "/nothing.jsp",
            "/openness",
            "/WEB-INF/web.xml",
            "/WEB-INF/jsp/home.jsp",
            "/WEB-INF/classes/messages.properties",
            "/META-INF/MANIFEST.MF",
            "/web-inf/web.xml",
            "/static/../WEB-INF/web.xml");

    private static final List<String> PUBLIC_ROUTES = List.of(
            "/login",
            "/api/login",
            "/health",
            "/health/live",
            "/metrics",
            "/static/app.css",
            "/static/",
            "/static/nothing",
            "/error",
            // These only look as if they led to something protected.
            "/static/%252e%252e/secret",
            "/static/..;x=/static/app.css/secret",
            "/secret/..;/login",
            "/secret;x=/../login",
            "/static/WEB-INF/web.xml");

    private static final List<String> METHODS =
            List.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "FROBNICATE");

    /** How to write one path in many ways, some of which mean the same to Tomcat and some of which are refused by it. */
    private static final Map<String, UnaryOperator<String>> SHAPES = shapes();

    /** Those of them which Tomcat must lead to the servlet: should it stop to, the matrix would no longer test much. */
    private static final List<String> SHAPES_THAT_ARRIVE = List.of(
            "plain",
            "path parameter in the first segment",
            "session id",
            "empty parameter",
            "through static, with a parameter",
            "through static",
            "through static, encoded dots",
            "through login, with a parameter",
            "first letter encoded",
            "all encoded",
            "double slashes",
            "dot segments",
            "there and back",
            "query",
            "absolute");

    private static MemoryFolder folder;
    private static SqliteApp database;
    private static TomcatServer tomcat;

    @Parameter
    TomcatVersion version;

    private RawConnection connection;

    private static Map<String, UnaryOperator<String>> shapes() {
        Map<String, UnaryOperator<String>> shapes = new LinkedHashMap<>();
        shapes.put("plain", path -> path);
        shapes.put("path parameter in the first segment", path -> inFirstSegment(path, ";x=1"));
        shapes.put("path parameter before", path -> "/;x=1" + path);
        shapes.put("session id", path -> path + ";jsessionid=0123456789ABCDEF0123456789ABCDEF");
        shapes.put("empty parameter", path -> path + ";");
        shapes.put("parameter and slash", path -> path + ";/");
        shapes.put("parameter with a path", path -> path + ";x=login");
        shapes.put("parameter that climbs", path -> path + ";/../login/.." + path);
        shapes.put("through static, with a parameter", path -> "/static/..;" + path);
        shapes.put("through static, with a value", path -> "/static/..;x=app.css" + path);
        shapes.put("through static", path -> "/static/.." + path);
        shapes.put("through static, encoded dots", path -> "/static/%2e%2e" + path);
        shapes.put("through static, mixed dots", path -> "/static/.%2E;x" + path);
        shapes.put("through static, encoded slash", path -> "/static/..%2f" + path.substring(1));
        shapes.put("through static, backslash", path -> "/static/..%5c" + path.substring(1));
        shapes.put("through login, with a parameter", path -> "/login;/.." + path);
        shapes.put("through login, encoded parameter", path -> "/login/..%3b" + path);
        shapes.put("through health", path -> "/health/..;/." + path);
        shapes.put("through the open servlet", path -> "/open/.." + path);
        shapes.put("above the root", path -> "/.." + path);
        shapes.put("first letter encoded", path -> "/" + encodedFirst(path.substring(1)));
        shapes.put("all encoded", AccessMatrixIT::encodedLetters);
        shapes.put("twice encoded", path -> encodedLetters(path).replace("%", "%25"));
        shapes.put("double slashes", path -> path.replace("/", "//"));
        shapes.put("slashes in front", path -> "///" + path);
        shapes.put("dot segments", path -> path.replace("/", "/./"));
        shapes.put("there and back", path -> "/x/.." + path);
        shapes.put("trailing slash", path -> path + "/");
        shapes.put("trailing slashes", path -> path + "//");
        shapes.put("trailing dot segment", path -> path + "/.");
        shapes.put("trailing encoded dot", path -> path + "/%2e/");
        shapes.put("trailing dots", path -> path + "/x/..");
        shapes.put("trailing encoded dots", path -> path + "/%2e%2e/");
        shapes.put("trailing dots, with a parameter", path -> path + "/x/..;x");
        shapes.put("full stop", path -> path + ".");
        shapes.put("extension of a style sheet", path -> path + ".css");
        shapes.put("path of a style sheet", path -> path + "/x/static/app.css");
        shapes.put("extension of a page", path -> path + ".jsp");
        shapes.put("null byte", path -> path + "%00");
        shapes.put("null byte and extension", path -> path + "%00.css");
        shapes.put("line end", path -> path + "%0a");
        shapes.put("header", path -> path + "%0d%0aX-Probe:%20the-secret");
        shapes.put("space", path -> path + "%20");
        shapes.put("tab in front", path -> "/%09" + path);
        shapes.put("encoded slash behind", path -> path + "%2f");
        shapes.put("encoded slashes", path -> "/" + path.substring(1).replace("/", "%2f"));
        shapes.put("encoded question mark", path -> path + "%3fx");
        shapes.put("encoded number sign", path -> path + "%23");
        shapes.put("number sign", path -> path + "#x");
        shapes.put("upper case", path -> path.toUpperCase(Locale.ROOT));
        shapes.put("backslash", path -> path.replace('/', '\\'));
        shapes.put("backslash behind a slash", path -> "/" + path.replace('/', '\\'));
        shapes.put("encoded backslash", path -> "/%5c" + path);
        shapes.put("overlong slash", path -> "/" + path.substring(1).replace("/", "%c0%af"));
        shapes.put("overlong dots", path -> "/static/%c0%ae%c0%ae" + path);
        shapes.put("full-width slash", path -> "/" + path.substring(1).replace("/", "%ef%bc%8f"));
        shapes.put("percent u", path -> "/static/%u002e%u002e" + path);
        shapes.put("broken percent", path -> path + "%");
        shapes.put("long path", path -> path + "/" + "a".repeat(3000));
        shapes.put("too long", path -> path + "?" + "a".repeat(9000));
        shapes.put("query", path -> path + "?x=1");
        shapes.put("query with a public path", path -> path + "?/login");
        shapes.put("absolute", path -> "http://127.0.0.1:PORT" + path);
        shapes.put("absolute, other host", path -> "http://evil.example" + path);
        return shapes;
    }

    private static String inFirstSegment(String path, String text) {
        int slash = path.indexOf('/', 1);
        return slash < 0 ? path + text : path.substring(0, slash) + text + path.substring(slash);
    }

    private static String encodedFirst(String text) {
        return text.isEmpty() ? text : encodedLetters(text.substring(0, 1)) + text.substring(1);
    }

    private static String encodedLetters(String path) {
        return path.chars()
                .mapToObj(c -> c == '/' ? "/" : "%%%02x".formatted(c))
                .collect(Collectors.joining());
    }

    @BeforeParameterizedClassInvocation
    static void start(TomcatVersion version) throws IOException {
        folder = new MemoryFolder();
        database = SqliteApp.make(folder.path(), "single");
        Path app = WarCopy.unpack(folder.path().resolve("app"))
                .add(ProtectedProbe.class)
                .add(PublicProbe.class)
                .describe("""
                        <servlet>
                          <servlet-name>secret</servlet-name>
                          <servlet-class>org.multisession.web.probe.ProtectedProbe</servlet-class>
                          <async-supported>true</async-supported>
                        </servlet>
                        <servlet-mapping>
                          <servlet-name>secret</servlet-name>
                          <url-pattern>/secret/*</url-pattern>
                        </servlet-mapping>
                        <servlet>
                          <servlet-name>open</servlet-name>
                          <servlet-class>org.multisession.web.probe.PublicProbe</servlet-class>
                          <init-param>
                            <param-name>org.multisession.public</param-name>
                            <param-value>true</param-value>
                          </init-param>
                          <async-supported>true</async-supported>
                        </servlet>
                        <servlet-mapping>
                          <servlet-name>open</servlet-name>
                          <url-pattern>/open/*</url-pattern>
                        </servlet-mapping>
                        <error-page>
                          <error-code>418</error-code>
                          <location>/secret</location>
                        </error-page>
                        <error-page>
                          <error-code>419</error-code>
                          <location>/api/me</location>
                        </error-page>
                        """)
                .path();
        tomcat = TomcatServer.of(version).start();
        // The default context of every application in this Tomcat.
        Files.writeString(tomcat.base().resolve("conf/context.xml"), """
                <Context>
                  <Valve className="org.apache.catalina.valves.AccessLogValve" directory="logs" prefix="access"
                         suffix=".log" fileDateFormat="" rotatable="false" buffered="false"
                         pattern="user=%{org.multisession.userId}r line=%r"/>
                </Context>
                """);
        tomcat.deploy(
                "/",
                app,
                Map.of("multisession.db.url", database.path().toString(), "multisession.login.verification", "none"));
        assertThat(tomcat.isDeployed("/")).as(tomcat.log()).isTrue();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        try {
            tomcat.close();
            assertThat(tomcat.log()).doesNotContain(ProtectedProbe.ALARM);
            assertThat(tomcat.log()).doesNotContain(LEGACY_TOKEN).doesNotContain("79991234567");
        } finally {
            database.close();
            folder.close();
        }
    }

    @BeforeEach
    void connect() {
        connection = new RawConnection(tomcat.port());
    }

    @AfterEach
    void disconnect() {
        connection.close();
    }

    @Test
    void without_a_token_no_spelling_and_no_method_opens_a_protected_route() {
        List<String> wrong = new ArrayList<>();
        everySpellingAndMethod(PROTECTED_ROUTES, (method, target, headers) -> {
            Answer answer = connection.request(method, target, headers);
            // A 204 would be OPTIONS answered by the servlet itself.
            if (!Set.of(303, 400, 401, 404, 405).contains(answer.status()) || isData(answer)) {
                wrong.add(method + " " + target + " " + List.of(headers) + " → " + answer.status());
            }
        });
        assertThat(wrong).isEmpty();
        assertThat(tomcat.log()).doesNotContain(ProtectedProbe.ALARM);
    }

    @Test
    void without_a_token_a_public_route_gives_nothing_that_is_protected() {
        List<String> wrong = new ArrayList<>();
        everySpellingAndMethod(PUBLIC_ROUTES, (method, target, headers) -> {
            Answer answer = connection.request(method, target, headers);
            if (answer.status() >= 500 || isData(answer)) {
                wrong.add(method + " " + target + " → " + answer.status());
            }
        });
        assertThat(wrong).isEmpty();
        assertThat(tomcat.log()).doesNotContain(ProtectedProbe.ALARM);
    }

    @Test
    void with_a_token_many_of_these_spellings_do_reach_the_servlet() {
        for (String route : List.of("/api/me", "/secret", "/secret/deep")) {
            Set<String> arrived = new HashSet<>();
            SHAPES.forEach((shape, write) -> {
                Answer answer = connection.request("GET", target(write.apply(route)), WITH_TOKEN);
                if (answer.status() == 200 && isData(answer)) {
                    arrived.add(shape);
                }
            });
            assertThat(arrived).as(route).containsAll(SHAPES_THAT_ARRIVE);
        }
    }

    @Test
    void with_a_token_the_routes_answer_and_a_filter_does_not_change_their_methods() {
        assertThat(connection.request("GET", "/", WITH_TOKEN).body()).contains("+7 999 123-45-67");
        assertThat(connection.request("GET", "/api/me", WITH_TOKEN).body()).contains("\"id\":42");
        assertThat(connection.request("HEAD", "/api/me", WITH_TOKEN).status()).isEqualTo(200);
        for (String method : METHODS) {
            if (!method.equals("TRACE")) {
                Answer answer = connection.request(method, "/secret", WITH_TOKEN);
                assertThat(answer.header("X-Probe")).as(method).contains(ProtectedProbe.SECRET);
            }
        }
    }

    @Test
    void a_public_servlet_opens_no_protected_one_however_it_leads_there() {
        List<String> wrong = new ArrayList<>();
        for (String detour : detours()) {
            for (String method : List.of("GET", "HEAD", "POST", "PUT", "OPTIONS", "FROBNICATE")) {
                for (String accept : List.of("Accept: */*", BROWSER)) {
                    Answer answer = connection.request(method, detour, accept);
                    if (answer.status() != 401 || isData(answer)) {
                        wrong.add(method + " " + detour + " " + accept + " → " + answer.status());
                    }
                }
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(tomcat.log()).doesNotContain(ProtectedProbe.ALARM);
    }

    @Test
    void the_same_detours_arrive_with_a_token() {
        List<String> wrong = new ArrayList<>();
        for (String detour : detours()) {
            Answer answer = connection.request("GET", detour, WITH_TOKEN);
            boolean leadsToJsp = detour.contains("home.jsp");
            if (!leadsToJsp && !isData(answer)) {
                wrong.add(detour + " → " + answer.status());
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void a_refused_detour_says_so_in_our_words_and_no_version() {
        for (String detour : detours()) {
            Answer answer = connection.request("GET", detour, "Accept: */*");
            assertThat(answer.header("Content-Type")).as(detour).contains("application/problem+json");
            assertThat(answer.body()).as(detour).contains("\"code\":\"unauthenticated\"");
            for (String method : List.of("GET", "PUT")) {
                Answer page = connection.request(method, detour, BROWSER);
                assertThat(page.header("Content-Type")).as(detour).contains("text/html;charset=UTF-8");
                assertThat(page.body()).as(detour).contains("Sign in first").doesNotContain("Tomcat");
            }
        }
    }

    @Test
    void our_own_servlets_refuse_also_when_called_by_name() {
        // A call by name carries no path, so no filter can tell where it goes.
        for (String name : List.of("api-me", "home", "logout")) {
            for (String how : List.of("forward-by-name", "include-by-name")) {
                Answer answer = connection.request("GET", "/open/x?how=" + how + "&to=" + name);
                assertThat(answer.status()).as(how + " " + name).isEqualTo(401);
                assertThat(isData(answer)).isFalse();
            }
        }
    }

    @Test
    void headers_that_proxies_use_to_rewrite_a_request_open_nothing() {
        for (String header : List.of(
                "X-Original-URL: /login",
                "X-Rewrite-URL: /login",
                "X-HTTP-Method-Override: OPTIONS",
                "X-Forwarded-Prefix: /login",
                "X-Forwarded-User: 42",
                "X-Auth-User-Id: 42",
                "Remote-User: 42",
                "Authorization: Basic NDI6NDI=",
                "Authorization: Digest username=\"42\"",
                "Content-Type: multipart/form-data; boundary=x")) {
            for (String method : List.of("GET", "POST")) {
                Answer answer = connection.request(method, "/secret", header);
                assertThat(answer.status()).as(header).isEqualTo(401);
                assertThat(isData(answer)).as(header).isFalse();
            }
        }
    }

    @Test
    void old_versions_of_http_open_nothing() {
        Answer answer =
                RawHttp.exchange(tomcat.port(), "GET /secret HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(answer.status()).isEqualTo(401);
        assertThat(isData(answer)).isFalse();
    }

    @Test
    void two_requests_in_one_packet_are_judged_one_by_one() {
        String host = "Host: 127.0.0.1:" + tomcat.port() + "\r\n";
        Answer first = connection.exchange(
                "GET",
                ("GET /secret HTTP/1.1\r\n" + host + WITH_TOKEN + "\r\n\r\n" + "GET /secret HTTP/1.1\r\n" + host
                                + "\r\n")
                        .getBytes(StandardCharsets.ISO_8859_1));
        assertThat(first.status()).isEqualTo(200);
        Answer second = connection.exchange("GET", new byte[0]);
        assertThat(second.status()).isEqualTo(401);
        assertThat(isData(second)).isFalse();
    }

    @Test
    void a_servlet_sees_the_user_of_a_legacy_token_by_the_servlet_api() {
        assertThat(connection.request("GET", "/secret", WITH_TOKEN).body())
                .isEqualTo(ProtectedProbe.SECRET + " principal=42 same=true remoteUser=42 authType=LEGACY via=legacy"
                        + " phone=+79991234567 plan=pro attribute=42 dispatcher=REQUEST");
    }

    @Test
    void a_servlet_sees_the_user_of_a_session_by_the_servlet_api() {
        String token = signIn("+79991234568");
        assertThat(connection
                        .request("GET", "/secret", "Cookie: auth_token=" + token)
                        .body())
                .isEqualTo(ProtectedProbe.SECRET + " principal=43 same=true remoteUser=43 authType=SESSION via=session"
                        + " phone=+79991234568 plan=free attribute=43 dispatcher=REQUEST");
    }

    @Test
    void a_servlet_that_is_reached_by_a_detour_sees_the_user_too() {
        for (String how : List.of("forward", "include", "async", "async-wrapped")) {
            assertThat(connection
                            .request("GET", detour(how, "/secret"), WITH_TOKEN)
                            .body())
                    .as(how)
                    .startsWith(
                            ProtectedProbe.SECRET + " principal=42 same=true remoteUser=42 authType=LEGACY via=legacy");
        }
    }

    @Test
    void the_access_log_knows_the_user() throws IOException {
        connection.request("GET", "/api/me?mark=known", WITH_TOKEN);
        connection.request("GET", "/api/me?mark=stranger");
        connection.request("GET", detour("forward", "/api/me") + "&mark=detour", WITH_TOKEN);
        connection.request("GET", "/verify?mark=verify", WITH_TOKEN);
        // Tomcat has written of a request before it reads the next one of the same connection.
        connection.request("GET", "/health");
        List<String> log = Files.readAllLines(tomcat.base().resolve("logs/access.log"));
        assertThat(log)
                .contains("user=42 line=GET /api/me?mark=known HTTP/1.1")
                .contains("user=- line=GET /api/me?mark=stranger HTTP/1.1")
                .contains("user=42 line=GET /verify?mark=verify HTTP/1.1")
                .anyMatch(line -> line.startsWith("user=42 ") && line.contains("mark=detour"));
    }

    private interface Sending {
        void send(String method, String target, String... headers);
    }

    private static void everySpellingAndMethod(List<String> routes, Sending sending) {
        for (String route : routes) {
            for (UnaryOperator<String> write : SHAPES.values()) {
                String target = target(write.apply(route));
                for (String method : METHODS) {
                    sending.send(method, target);
                }
                sending.send("GET", target, BROWSER);
            }
        }
    }

    private static String target(String path) {
        return path.replace("PORT", String.valueOf(tomcat.port()));
    }

    private static List<String> detours() {
        List<String> detours = new ArrayList<>();
        for (String target : List.of("/secret", "/secret/deep", "/x/../secret", "/api/me", "/WEB-INF/jsp/home.jsp")) {
            for (String how : List.of("forward", "include", "async", "async-wrapped", "forward-error")) {
                detours.add(detour(how, target));
            }
        }
        for (String first : List.of("forward", "include", "async")) {
            for (String second : List.of("forward", "include", "async")) {
                // Nothing asynchronous can begin within an include or a forward that ends first.
                boolean possible = !second.equals("async") || first.equals("async");
                if (possible) {
                    detours.add(detour(first, detour(second, "/secret")));
                }
            }
        }
        detours.add(detour("error", "418"));
        detours.add(detour("error", "419"));
        detours.add(detour("forward", detour("error", "418")));
        detours.add(detour("async", detour("error", "418")));
        return detours;
    }

    private static String detour(String how, String to) {
        return "/open/x?how=" + how + "&to=" + URLEncoder.encode(to, StandardCharsets.UTF_8);
    }

    /** Whether anything of an answer, its headers included, is the protected servlet's or user 42's. */
    private static boolean isData(Answer answer) {
        String all = answer.toString();
        return PROTECTED_DATA.stream().anyMatch(all::contains);
    }

    private static String signIn(String phone) {
        Answer answer = Http.to(tomcat.uri("/")).postJson("api/login", "{\"phone\":\"" + phone + "\"}");
        assertThat(answer.status()).isEqualTo(200);
        return answer.body().replaceFirst(".*\"token\":\"([^\"]+)\".*", "$1");
    }
}
