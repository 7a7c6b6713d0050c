package org.multisession.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.multisession.testing.ProxiedApp.told;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.db.SqlTime;
import org.multisession.testing.Answer;
import org.multisession.testing.EchoApp;
import org.multisession.testing.Fenced;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.Nginx;
import org.multisession.testing.ProxiedApp;
import org.multisession.testing.RawConnection;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestCertificate;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;
import org.multisession.token.SessionId;
import org.multisession.token.SessionToken;

/**
 * An app that knows nothing of us behind the nginx of {@code docs/proxy.md}: the configuration is taken from there, and
 * only addresses, ports and the certificate are replaced.
 *
 * <p>{@code -Dproxy.load.seconds=60} makes the load last that long, in place of some thousand requests; it says how many
 * they were.
 */
@ParameterizedClass
@EnumSource(TomcatVersion.class)
@SuppressWarnings("NullAway.Init")
class NginxIT {

    private static final Path DOCUMENT = Path.of("docs/proxy.md");

    /** User 70, who never signs in anew. */
    private static final String LEGACY = "Cookie: auth_token=old_token_of_dora";

    private static final String BROWSER = "Accept: text/html,application/xhtml+xml,*/*;q=0.8";
    private static final String ANNA = "+79991234567";
    private static final Pattern NEXT_FIELD = Pattern.compile("name=\"next\" value=\"([^\"]*)\"");

    private static final int THREADS = 4;
    private static final int LOAD_REQUESTS_OF_A_THREAD = 1500;

    private static MemoryFolder folder;
    private static SqliteApp database;
    private static TomcatServer tomcat;
    private static EchoApp app;
    private static TestCertificate certificate;
    private static Nginx nginx;

    @Parameter
    TomcatVersion version;

    private RawConnection connection;
    private ProxiedApp proxied;

    @BeforeParameterizedClassInvocation
    static void start(TomcatVersion version) throws IOException {
        Nginx.require();
        folder = new MemoryFolder();
        database = SqliteApp.make(folder.path(), "single");
        database.run(
                "INSERT INTO users (id, phone, auth_token, plan) VALUES (70, ?, ?, 'pro')",
                "8 (999) 777-66-55",
                "old_token_of_dora");
        tomcat = TomcatServer.of(version).start();
        String valve = Fenced.block(DOCUMENT, "xml", "RemoteIpValve");
        Files.writeString(tomcat.base().resolve("conf/context.xml"), "<Context>" + valve + "</Context>");
        tomcat.deploy(
                "/auth",
                TomcatServer.war(),
                Map.of("multisession.db.url", database.path().toString(), "multisession.login.verification", "none"));
        assertThat(tomcat.isDeployed("/auth")).as(tomcat.log()).isTrue();
        app = new EchoApp();
        certificate = TestCertificate.make(folder.path());
        nginx = Nginx.start(Files.createDirectory(folder.path().resolve("nginx")), NginxIT::site);
    }

    private static String site(int port) {
        String site = Fenced.replaced(
                Fenced.block(DOCUMENT, "nginx", "upstream multi_session"),
                "    location /auth/ {",
                Fenced.block(DOCUMENT, "nginx", "rewrite ^ /auth/login")
                        + Fenced.block(DOCUMENT, "nginx", "max-age")
                        + "    location /auth/ {");
        site = Fenced.replaced(site, "server 127.0.0.1:8080;", "server 127.0.0.1:" + tomcat.port() + ";");
        site = Fenced.replaced(site, "server 127.0.0.1:3000;", "server 127.0.0.1:" + app.port() + ";");
        site = Fenced.replaced(site, "listen 443 ssl;", "listen 127.0.0.1:" + port + " ssl;");
        site = Fenced.replaced(
                site, "/etc/ssl/app.example.com.pem", certificate.certificate().toString());
        return Fenced.replaced(
                site, "/etc/ssl/app.example.com.key", certificate.key().toString());
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        if (nginx == null) {
            // Skipped, since there is none.
            return;
        }
        try {
            nginx.close();
            assertThat(nginx.log().lines().filter(line -> line.matches(".*\\[(warn|error|crit|alert|emerg)].*")))
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
        connection = connection();
        proxied = new ProxiedApp(connection, app, "x");
    }

    @AfterEach
    void disconnect() {
        connection.close();
    }

    // ---- who it is

    @Test
    void the_app_is_told_who_calls() {
        assertThat(told(proxied.seen("GET", "/orders?id=1", LEGACY)))
                .containsOnly(
                        "x-auth-user-id: 70", "x-auth-phone: +79997776655", "x-auth-plan: pro", "x-auth-via: legacy");
        String token = proxied.signIn("+79991234568");
        for (String way : List.of("Cookie: auth_token=" + token, "Authorization: Bearer " + token)) {
            assertThat(told(proxied.seen("GET", "/", way)))
                    .containsOnly(
                            "x-auth-user-id: 43",
                            "x-auth-phone: +79991234568",
                            "x-auth-plan: free",
                            "x-auth-via: session",
                            "x-auth-time: " + timeOf(token),
                            "x-auth-session: "
                                    + SessionId.of(new SessionToken(token).hash())
                                            .text());
        }
    }

    private static String timeOf(String token) {
        String stored = database.one(
                "SELECT proved_at FROM multisession_sign_ins WHERE token_hash = ?", new SessionToken(token).hash());
        return Objects.requireNonNull(SqlTime.parse(stored))
                .truncatedTo(ChronoUnit.SECONDS)
                .toString();
    }

    @Test
    void where_a_recent_sign_in_is_needed_others_are_led_to_prove_who_they_are() {
        String token = proxied.signIn("+79991234568");
        assertThat(told(proxied.seen("GET", "/pay/1", "Cookie: auth_token=" + token)))
                .contains("x-auth-user-id: 43");
        Answer stale = proxied.refusedUnseen("GET", "/pay/1?a=1&b=2", LEGACY);
        assertThat(stale.status()).isEqualTo(303);
        assertThat(stale.header("Location").orElseThrow()).endsWith("/auth/login/confirm?max-age=300&next=/pay/");
        assertThat(told(proxied.seen("GET", "/", LEGACY))).contains("x-auth-user-id: 70");
    }

    @Test
    void a_request_arrives_as_it_was_sent_by_any_method_and_with_its_body() {
        byte[] post = ("POST /orders?a=1&b=%2F HTTP/1.1\r\nHost: 127.0.0.1\r\n" + LEGACY
                        + "\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\nabc")
                .getBytes(ISO_8859_1);
        assertThat(connection.exchange("POST", post).body())
                .startsWith("POST /orders?a=1&b=%2F\n")
                .contains("content-length: 3", "x-auth-user-id: 70");
        byte[] chunked = ("PUT /orders HTTP/1.1\r\nHost: 127.0.0.1\r\n" + LEGACY
                        + "\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
                .getBytes(ISO_8859_1);
        assertThat(connection.exchange("PUT", chunked).body()).startsWith("PUT /orders\n");
        assertThat(connection.request("HEAD", "/orders", LEGACY).status()).isEqualTo(200);
        assertThat(proxied.seen("DELETE", "/orders/1", LEGACY)).startsWith("DELETE /orders/1\n");
    }

    @Test
    void a_plan_that_is_no_ascii_arrives_encoded_and_none_arrives_as_no_header() {
        database.run("UPDATE users SET plan = ? WHERE id = 70", "про\r\nX-Auth-User-Id: 1");
        assertThat(told(proxied.seen("GET", "/", LEGACY)))
                .contains("x-auth-plan: %D0%BF%D1%80%D0%BE%0D%0AX-Auth-User-Id:%201", "x-auth-user-id: 70")
                .hasSize(4);
        database.run("UPDATE users SET plan = NULL WHERE id = 70");
        assertThat(told(proxied.seen("GET", "/", LEGACY, "X-Auth-Plan: gold")))
                .hasSize(3)
                .noneMatch(line -> line.contains("plan"));
        database.run("UPDATE users SET plan = 'pro' WHERE id = 70");
    }

    @Test
    void a_client_that_names_itself_gets_nowhere() {
        List<String> spellings = new ArrayList<>();
        for (String name : List.of("User-Id", "Phone", "Plan", "Via", "Time", "Session")) {
            for (String spelling : List.of(
                    "X-Auth-" + name,
                    "x-auth-" + name.toLowerCase(Locale.ROOT),
                    "X-AUTH-" + name.toUpperCase(Locale.ROOT),
                    "X_Auth_" + name.replace('-', '_'),
                    "X_AUTH-" + name,
                    "X-Auth_" + name,
                    "X.Auth." + name,
                    "X Auth-" + name)) {
                spellings.add(spelling + ": smuggled");
            }
        }
        spellings.add("X-Auth-User-Id:smuggled");
        spellings.add("X-Auth-User-Id:\tsmuggled");
        spellings.add("X-Auth-User-Id: smuggled, 1");
        spellings.add("X-Auth-User-Id: ");
        for (String spelling : spellings) {
            Answer signedIn = connection.request("GET", "/", LEGACY, spelling);
            assertThat(signedIn.status()).as(spelling).isIn(200, 400);
            if (signedIn.status() == 200) {
                assertThat(signedIn.body()).as(spelling).doesNotContain("smuggled");
                assertThat(told(signedIn.body()))
                        .as(spelling)
                        .contains("x-auth-user-id: 70")
                        .hasSize(4);
            }
            assertThat(proxied.refusedUnseen("GET", "/", spelling).status())
                    .as(spelling)
                    .isIn(401, 400);
        }
        String[] all =
                spellings.stream().filter(line -> !line.startsWith("X Auth")).toArray(String[]::new);
        proxied.refusedUnseen("GET", "/", all);
        List<String> twice = new ArrayList<>(List.of(all));
        twice.addAll(List.of(all));
        twice.add(twice.size() / 2, LEGACY);
        String body = proxied.seen("GET", "/", twice.toArray(String[]::new));
        assertThat(body).doesNotContain("smuggled");
        assertThat(told(body)).hasSize(4).contains("x-auth-user-id: 70", "x-auth-via: legacy");
    }

    @Test
    void a_client_cannot_have_a_header_dropped_or_hidden() {
        for (String trick : List.of(
                "Connection: X-Auth-User-Id",
                "Connection: close, X-Auth-User-Id, X-Auth-Plan",
                "Keep-Alive: X-Auth-User-Id",
                "TE: trailers",
                "Expect: 100-continue-not",
                "If-None-Match: *",
                "Range: bytes=0-0",
                "X-HTTP-Method-Override: OPTIONS")) {
            Answer answer = connection.request("GET", "/", LEGACY, trick);
            assertThat(answer.status()).as(trick).isEqualTo(200);
            assertThat(told(answer.body())).as(trick).hasSize(4).contains("x-auth-user-id: 70");
            assertThat(proxied.refusedUnseen("GET", "/", trick).status())
                    .as(trick)
                    .isEqualTo(401);
        }
    }

    @Test
    void the_inner_addresses_are_for_nginx_alone() {
        for (String path : List.of("/_verify", "/_sign_in", "/%5fverify", "//_verify", "/./_sign_in")) {
            for (String cookie : List.of(LEGACY, "X: y")) {
                assertThat(connection.request("GET", path, cookie).status())
                        .as(path)
                        .isEqualTo(404);
            }
        }
    }

    // ---- who it is not

    @Test
    void a_program_that_is_not_signed_in_is_told_so() {
        for (String method : List.of("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")) {
            Answer answer =
                    proxied.refusedUnseen(method, "/orders?id=1", "Accept: application/json", "Cookie: auth_token=x");
            assertThat(answer.status()).as(method).isEqualTo(401);
            assertThat(answer.headers("Content-Type")).as(method).containsExactly("application/problem+json");
            assertThat(answer.headers("WWW-Authenticate")).as(method).containsExactly("Bearer");
            assertThat(answer.body()).as(method).contains("\"code\":\"unauthenticated\"");
        }
        assertThat(proxied.refusedUnseen("HEAD", "/orders").status()).isEqualTo(401);
    }

    @Test
    void a_browser_that_is_not_signed_in_comes_back_to_where_it_was_going_query_and_all() {
        for (String uri : List.of(
                "/orders?id=1&sort=name&q=a%20b+c%26d%3De",
                "/",
                "/orders",
                "/orders?next=/x&next=%2Fy",
                "/orders?filter[a]=1",
                "/orders?x=%D1%8F%25",
                "/a;b=c/d?e;f",
                "/orders?to=https://other.example/?a=b&c=d")) {
            Answer away = proxied.refusedUnseen("GET", uri, BROWSER);
            assertThat(away.status()).as(uri).isEqualTo(303);
            String login = away.header("Location").orElseThrow();
            assertThat(login).isEqualTo("/auth/login?next=" + URLEncoder.encode(uri, UTF_8));
            Answer signedIn = signInByForm(login);
            assertThat(signedIn.header("Location")).as(uri).contains(uri);
            String cookie = signedIn.header("Set-Cookie").orElseThrow();
            assertThat(proxied.seen("GET", uri, "Cookie: " + cookie.replaceFirst(";.*", ""), BROWSER))
                    .startsWith("GET " + uri + "\n");
        }
    }

    @Test
    void what_browsers_send_though_no_uri_may_hold_it_comes_back_escaped() {
        Answer away = proxied.refusedUnseen("GET", "/orders?q=a|b{c}\"d\"<e>^`", BROWSER);
        String next = "/orders?q=a%7Cb%7Bc%7D%22d%22%3Ce%3E%5E%60";
        assertThat(away.header("Location")).contains("/auth/login?next=" + URLEncoder.encode(next, UTF_8));
        assertThat(signInByForm(away.header("Location").orElseThrow()).header("Location"))
                .contains(next);
    }

    @Test
    void what_is_no_path_of_this_host_is_not_come_back_to() {
        for (String uri : List.of("//evil.example/x", "/\\evil.example", "/x//evil.example", "/" + "a".repeat(3000))) {
            Answer away = proxied.refusedUnseen("GET", uri, BROWSER);
            assertThat(away.status()).as(uri).isEqualTo(303);
            assertThat(away.headers("Location")).as(uri).containsExactly("/auth/login");
        }
    }

    @Test
    void what_was_posted_is_gone_so_the_browser_starts_at_the_front_page() {
        byte[] post = ("POST /orders HTTP/1.1\r\nHost: 127.0.0.1\r\n" + BROWSER
                        + "\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 3\r\n\r\nabc")
                .getBytes(ISO_8859_1);
        int before = app.asked();
        Answer away = connection.exchange("POST", post);
        assertThat(away.status()).isEqualTo(303);
        assertThat(away.header("Location")).contains("/auth/login?next=%2F");
        assertThat(app.asked()).isEqualTo(before);
    }

    @Test
    void the_original_address_is_the_word_of_the_proxy_not_of_a_browser() {
        Answer page = connection.request("GET", "/auth/login", BROWSER, "X-Original-URI: /elsewhere");
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.body()).doesNotContain("elsewhere");
        assertThat(proxied.refusedUnseen("GET", "/orders", BROWSER, "X-Original-URI: /elsewhere")
                        .header("Location"))
                .contains("/auth/login?next=%2Forders");
        // Straight at Tomcat, from an address that its valve was not told of.
        try (RawConnection stranger = new RawConnection(
                tomcat.port(), (host, port) -> new Socket(host, port, InetAddress.getByName("127.0.0.2"), 0))) {
            Answer direct = stranger.request("GET", "/auth/login", BROWSER, "X-Original-URI: /elsewhere");
            assertThat(direct.status()).isEqualTo(200);
            assertThat(direct.body()).doesNotContain("elsewhere");
        }
    }

    @Test
    void a_session_that_was_ended_is_refused_at_the_next_request() {
        String cookie = "Cookie: auth_token=" + proxied.signIn(ANNA);
        assertThat(told(proxied.seen("GET", "/", cookie))).contains("x-auth-user-id: 42");
        assertThat(connection.request("POST", "/auth/api/logout", cookie).status())
                .isEqualTo(204);
        assertThat(proxied.refusedUnseen("GET", "/", cookie).status()).isEqualTo(401);
        assertThat(proxied.refusedUnseen("GET", "/", cookie, BROWSER).status()).isEqualTo(303);
    }

    // ---- the old app's own sign-in

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
                Answer page = proxied.refusedUnseen("GET", spelling, who, BROWSER);
                assertThat(page.status()).as(spelling).isIn(200, 303);
                assertThat(proxied.refusedUnseen("POST", spelling, who, "Content-Length: 0")
                                .status())
                        .as(spelling)
                        .isBetween(400, 499);
            }
        }
        assertThat(proxied.refusedUnseen("GET", "/login", BROWSER).body()).contains("action=\"/auth/login\"");
        int before = app.asked();
        Answer json = proxied.post("/login", "application/json", "{\"phone\":\"" + ANNA + "\"}");
        assertThat(json.status()).isEqualTo(200);
        assertThat(json.body()).contains("\"token\":", "\"id\":42");
        Answer form =
                proxied.post("/login", "application/x-www-form-urlencoded", "phone=" + URLEncoder.encode(ANNA, UTF_8));
        assertThat(form.status()).isEqualTo(303);
        assertThat(form.headers("Set-Cookie")).anyMatch(cookie -> cookie.startsWith("auth_token="));
        assertThat(app.asked()).as("requests that reached the old app").isEqualTo(before);
    }

    // ---- through the proxy

    @Test
    void the_cookie_is_secure_and_the_browser_told_to_stay_on_https() {
        Answer page = connection.request("GET", "/auth/login", BROWSER, "X-Forwarded-Proto: http");
        assertThat(page.header("Strict-Transport-Security")).isPresent();
        assertThat(signInByForm("/auth/login").header("Set-Cookie").orElseThrow())
                .contains("; Secure")
                .contains("; HttpOnly")
                .contains("; Path=/;");
    }

    @Test
    void a_stranger_cannot_choose_the_address_that_tomcat_sees() {
        SSLSocketFactory tls = certificate.client().getSocketFactory();
        try (RawConnection stranger = new RawConnection(
                nginx.port(), (host, port) -> tls.createSocket(host, port, InetAddress.getByName("127.0.0.2"), 0))) {
            for (String header : List.of(
                    "X-Forwarded-For: 203.0.113.9",
                    "X-Forwarded-For: 203.0.113.9, 127.0.0.1",
                    "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-For: 203.0.113.9",
                    "X_Forwarded_For: 203.0.113.9",
                    "Forwarded: for=203.0.113.9",
                    "X-Real-IP: 203.0.113.9",
                    "X-Forwarded-By: 203.0.113.9")) {
                String body = "{\"phone\":\"" + ANNA + "\"}";
                byte[] post = ("POST /auth/api/login HTTP/1.1\r\nHost: x\r\n" + header
                                + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n"
                                + body)
                        .getBytes(ISO_8859_1);
                assertThat(stranger.exchange("POST", post).status()).as(header).isEqualTo(200);
                assertThat(database.one("SELECT address FROM auth_events ORDER BY id DESC LIMIT 1"))
                        .as(header)
                        .isEqualTo("127.0.0.2");
            }
        }
    }

    @Test
    void kept_connections_carry_a_load_without_an_error() throws InterruptedException, ExecutionException {
        long seconds = Long.getLong("proxy.load.seconds", 0);
        Instant end = Instant.now().plusSeconds(seconds);
        IntPredicate goesOn =
                seconds > 0 ? done -> Instant.now().isBefore(end) : done -> done < LOAD_REQUESTS_OF_A_THREAD;
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<Integer>> running = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                String token = proxied.signIn(i % 2 == 0 ? ANNA : "+79991234568");
                String id = i % 2 == 0 ? "42" : "43";
                running.add(threads.submit(() -> load(goesOn, token, id)));
            }
            int total = 0;
            for (Future<Integer> thread : running) {
                total += thread.get();
            }
            assertThat(total).isGreaterThanOrEqualTo(seconds > 0 ? THREADS : THREADS * LOAD_REQUESTS_OF_A_THREAD);
            if (seconds > 0) {
                System.out.println(total + " requests in " + seconds + " s, all answered as they should be");
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** Every tenth request comes without a token. Fails at the first wrong answer; says how many there were. */
    private static int load(IntPredicate goesOn, String token, String id) {
        int done = 0;
        try (RawConnection kept = connection()) {
            for (; goesOn.test(done); done++) {
                String target = "/load?" + id + "&" + done;
                if (done % 10 == 9) {
                    assertThat(kept.request("GET", target).status()).isEqualTo(401);
                } else {
                    Answer answer = kept.request("GET", target, "Cookie: auth_token=" + token);
                    assertThat(answer.status()).isEqualTo(200);
                    assertThat(answer.body())
                            .startsWith("GET " + target + "\n")
                            .contains("x-auth-user-id: " + id + "\n");
                }
            }
            // nginx ends a connection after a thousand requests, as it says beforehand. No other was lost and made
            // anew.
            assertThat(kept.opened()).isEqualTo((done + 999) / 1000);
        }
        return done;
    }

    // ----

    private static RawConnection connection() {
        return new RawConnection(nginx.port(), certificate.client().getSocketFactory()::createSocket);
    }

    /** Signs in as a browser does: the page, then its form. */
    private Answer signInByForm(String login) {
        Answer page = connection.request("GET", login, BROWSER);
        assertThat(page.status()).isEqualTo(200);
        Matcher next = NEXT_FIELD.matcher(page.body());
        Map<String, String> fields = next.find()
                ? Map.of(
                        "phone",
                        ANNA,
                        "next",
                        next.group(1).replace("&amp;", "&").replace("&#034;", "\""))
                : Map.of("phone", ANNA);
        String body = fields.entrySet().stream()
                .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), UTF_8))
                .collect(Collectors.joining("&"));
        String host = "127.0.0.1:" + nginx.port();
        byte[] post = ("POST /auth/login HTTP/1.1\r\nHost: " + host + "\r\n" + BROWSER + "\r\nOrigin: https://" + host
                        + "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " + body.length()
                        + "\r\n\r\n" + body)
                .getBytes(ISO_8859_1);
        Answer answer = connection.exchange("POST", post);
        assertThat(answer.status()).as(answer.body()).isEqualTo(303);
        return answer;
    }
}
