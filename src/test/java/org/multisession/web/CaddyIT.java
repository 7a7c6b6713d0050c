package org.multisession.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.multisession.testing.ProxiedApp.told;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.multisession.testing.Answer;
import org.multisession.testing.Caddy;
import org.multisession.testing.EchoApp;
import org.multisession.testing.Fenced;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.ProxiedApp;
import org.multisession.testing.RawConnection;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestCertificate;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/**
 * An app that knows nothing of us behind the Caddy of {@code docs/proxy.md}: the configuration is taken from there, and
 * only addresses, ports and the certificate are replaced. What Multi-Session itself says to a proxy is {@link NginxIT}'s.
 */
@SuppressWarnings("NullAway.Init")
class CaddyIT {

    private static final Path DOCUMENT = Path.of("docs/proxy.md");

    /** User 70, who never signs in anew. */
    private static final String LEGACY = "Cookie: auth_token=old_token_of_dora";

    private static final String BROWSER = "Accept: text/html,application/xhtml+xml,*/*;q=0.8";
    private static final String ANNA = "+79991234567";

    private static MemoryFolder folder;
    private static SqliteApp database;
    private static TomcatServer tomcat;
    private static EchoApp app;
    private static TestCertificate certificate;
    private static Caddy caddy;

    private RawConnection connection;
    private ProxiedApp proxied;

    @BeforeAll
    static void start() throws IOException {
        Caddy.require();
        folder = new MemoryFolder();
        database = SqliteApp.make(folder.path(), "single");
        database.run(
                "INSERT INTO users (id, phone, auth_token, plan) VALUES (70, ?, ?, 'pro')",
                "8 (999) 777-66-55",
                "old_token_of_dora");
        tomcat = TomcatServer.of(TomcatVersion.V11).start();
        String valve = Fenced.block(DOCUMENT, "xml", "RemoteIpValve");
        Files.writeString(tomcat.base().resolve("conf/context.xml"), "<Context>" + valve + "</Context>");
        tomcat.deploy(
                "/auth",
                TomcatServer.war(),
                Map.of("multisession.db.url", database.path().toString(), "multisession.login.verification", "none"));
        assertThat(tomcat.isDeployed("/auth")).as(tomcat.log()).isTrue();
        app = new EchoApp();
        certificate = TestCertificate.make(folder.path());
        caddy = Caddy.start(Files.createDirectory(folder.path().resolve("caddy")), CaddyIT::site);
    }

    private static String site(int port) {
        String oldSignIn = Fenced.block(DOCUMENT, "caddyfile", "old_sign_in");
        String site = Fenced.block(DOCUMENT, "caddyfile", "forward_auth");
        site = Fenced.replaced(
                site,
                "app.example.com {",
                "https://127.0.0.1:" + port + " {\ntls " + certificate.certificate() + " " + certificate.key() + "\n"
                        + oldSignIn);
        site = Fenced.replaced(site, "127.0.0.1:3000", "127.0.0.1:" + app.port());
        return site.replace("127.0.0.1:8080", "127.0.0.1:" + tomcat.port());
    }

    @AfterAll
    static void stop() {
        if (caddy == null) {
            // Skipped, since there is none.
            return;
        }
        try {
            caddy.close();
            assertThat(caddy.log().lines().filter(line -> line.contains("\"level\":\"error\"")))
                    .isEmpty();
        } finally {
            app.close();
            tomcat.close();
            database.close();
            folder.close();
        }
    }

    @BeforeEach
    void connect() {
        database.run("UPDATE users SET plan = 'pro' WHERE id = 70");
        connection = new RawConnection(caddy.port(), certificate.client().getSocketFactory()::createSocket);
        proxied = new ProxiedApp(connection, app, "127.0.0.1:" + caddy.port());
    }

    @AfterEach
    void disconnect() {
        connection.close();
    }

    @Test
    void the_app_is_told_who_calls_by_a_legacy_token_and_by_a_session() {
        assertThat(told(proxied.seen("GET", "/orders?id=1", LEGACY)))
                .contains("x-auth-user-id: 70", "x-auth-phone: +79997776655", "x-auth-plan: pro", "x-auth-via: legacy");
        String token = proxied.signIn("+79991234568");
        for (String way : List.of("Cookie: auth_token=" + token, "Authorization: Bearer " + token)) {
            assertThat(told(proxied.seen("GET", "/", way))).contains("x-auth-user-id: 43", "x-auth-via: session");
        }
    }

    @Test
    void a_request_arrives_as_it_was_sent_by_any_method_and_with_its_body() {
        Answer answer = proxied.post("/orders?a=1&b=%2F", "text/plain", "abc", LEGACY);
        assertThat(answer.body())
                .startsWith("POST /orders?a=1&b=%2F\n")
                .contains("content-length: 3", "x-auth-user-id: 70");
        assertThat(connection.request("HEAD", "/orders", LEGACY).status()).isEqualTo(200);
        assertThat(proxied.seen("DELETE", "/orders/1", LEGACY)).startsWith("DELETE /orders/1\n");
    }

    @Test
    void a_client_that_names_itself_gets_nowhere_even_where_there_is_nothing_to_say() {
        database.run("UPDATE users SET plan = NULL WHERE id = 70");
        for (String spelling : List.of(
                "X-Auth-User-Id: smuggled",
                "x-auth-plan: smuggled",
                "X-Auth-Plan: smuggled\r\nX-Auth-Plan: smuggled",
                "X_Auth_Plan: smuggled",
                "X_AUTH-Plan: smuggled",
                "X-Auth_Plan: smuggled")) {
            String body = proxied.seen("GET", "/", LEGACY, spelling);
            assertThat(body).as(spelling).doesNotContain("smuggled");
            assertThat(told(body)).as(spelling).contains("x-auth-user-id: 70");
            assertThat(proxied.refusedUnseen("GET", "/", spelling).status())
                    .as(spelling)
                    .isEqualTo(401);
        }
    }

    @Test
    void a_client_cannot_have_a_header_dropped() {
        for (String trick : List.of(
                "Connection: X-Auth-User-Id", "Connection: keep-alive, X-Auth-User-Id", "connection: x-auth-user-id")) {
            assertThat(told(proxied.seen("GET", "/", LEGACY, trick))).as(trick).contains("x-auth-user-id: 70");
        }
    }

    @Test
    void a_program_that_is_not_signed_in_is_told_so() {
        for (String method : List.of("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD")) {
            assertThat(proxied.refusedUnseen(method, "/orders?id=1", "Cookie: auth_token=x", "Content-Length: 0")
                            .status())
                    .as(method)
                    .isEqualTo(401);
        }
        assertThat(proxied.refusedUnseen("GET", "/orders").body()).contains("\"code\":\"unauthenticated\"");
    }

    @Test
    void a_browser_that_is_not_signed_in_is_led_to_the_sign_in_and_back_to_where_it_was_going() {
        for (String uri : List.of("/orders?id=1&sort=name&q=a%20b+c%26d%3De", "/", "/orders?next=/x&next=%2Fy")) {
            Answer away = proxied.refusedUnseen("GET", uri, BROWSER);
            assertThat(away.status()).as(uri).isEqualTo(303);
            assertThat(away.headers("Location"))
                    .as(uri)
                    .containsExactly("/auth/login?next=" + URLEncoder.encode(uri, UTF_8));
        }
        Answer posted = proxied.refusedUnseen("POST", "/orders", BROWSER, "Content-Length: 0");
        assertThat(posted.status()).isEqualTo(303);
        assertThat(posted.headers("Location")).containsExactly("/auth/login");
    }

    @Test
    void the_original_address_is_the_word_of_the_proxy_not_of_a_browser() {
        Answer page = connection.request("GET", "/auth/login", BROWSER, "X-Original-URI: /elsewhere");
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.body()).doesNotContain("elsewhere");
        assertThat(proxied.refusedUnseen("GET", "/orders", BROWSER, "X-Original-URI: /elsewhere")
                        .headers("Location"))
                .containsExactly("/auth/login?next=%2Forders");
    }

    @Test
    void a_session_that_was_ended_is_refused_at_the_next_request() {
        String cookie = "Cookie: auth_token=" + proxied.signIn(ANNA);
        assertThat(told(proxied.seen("GET", "/", cookie))).contains("x-auth-user-id: 42");
        assertThat(connection
                        .request("POST", "/auth/api/logout", cookie, "Content-Length: 0")
                        .status())
                .isEqualTo(204);
        assertThat(proxied.refusedUnseen("GET", "/", cookie).status()).isEqualTo(401);
    }

    @Test
    void the_cookie_is_secure_and_a_stranger_cannot_choose_the_address_that_tomcat_sees() {
        SSLSocketFactory tls = certificate.client().getSocketFactory();
        try (RawConnection stranger = new RawConnection(
                caddy.port(), (host, port) -> tls.createSocket(host, port, InetAddress.getByName("127.0.0.2"), 0))) {
            for (String header :
                    List.of("X-Forwarded-For: 203.0.113.9", "Forwarded: for=203.0.113.9", "X-Forwarded-Proto: http")) {
                Answer answer = new ProxiedApp(stranger, app, proxied.host())
                        .post("/auth/api/login", "application/json", "{\"phone\":\"" + ANNA + "\"}", header);
                assertThat(answer.status()).as(header).isEqualTo(200);
                assertThat(answer.header("Set-Cookie").orElseThrow()).as(header).contains("; Secure");
                assertThat(database.one("SELECT address FROM auth_events ORDER BY id DESC LIMIT 1"))
                        .as(header)
                        .isEqualTo("127.0.0.2");
            }
        }
    }

    @Test
    void the_old_apps_own_sign_in_leads_to_ours_and_is_never_reached_however_it_is_spelt() {
        for (String spelling : List.of(
                "/login",
                "/login?next=/orders",
                "/login/",
                "/login/sms",
                "/LOGIN",
                "/login;x=1",
                "//login",
                "/%6cogin",
                "/x/../login",
                "/./login")) {
            for (String who : List.of(LEGACY, "X: y")) {
                assertThat(proxied.refusedUnseen("GET", spelling, who, BROWSER).status())
                        .as(spelling)
                        .isIn(200, 303);
                assertThat(proxied.refusedUnseen("POST", spelling, who, "Content-Length: 0")
                                .status())
                        .as(spelling)
                        .isBetween(400, 499);
            }
        }
        int before = app.asked();
        Answer json = proxied.post("/login", "application/json", "{\"phone\":\"" + ANNA + "\"}");
        assertThat(json.status()).isEqualTo(200);
        assertThat(json.body()).contains("\"token\":", "\"id\":42");
        assertThat(app.asked()).as("requests that reached the old app").isEqualTo(before);
    }
}
