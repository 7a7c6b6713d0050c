package org.multisession.web.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.db.SqlTime;
import org.multisession.testing.Answer;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.RawHttp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;
import org.multisession.token.SessionId;
import org.multisession.token.SessionToken;

/** What a proxy is told of its caller, whichever way it asks. */
@ParameterizedClass
@EnumSource(TomcatVersion.class)
@SuppressWarnings("NullAway.Init")
class VerifyIT {

    private static final String LEGACY = "Cookie: auth_token=old_token_xyz123";
    private static final String BROWSER = "Accept: text/html,application/xhtml+xml,*/*;q=0.8";
    private static final List<String> IDENTITY =
            List.of("X-Auth-User-Id", "X-Auth-Phone", "X-Auth-Plan", "X-Auth-Via", "X-Auth-Time", "X-Auth-Session");
    private static final List<String> NOBODY = List.of("", "", "", "", "", "");

    private static MemoryFolder folder;
    private static SqliteApp database;
    private static TomcatServer tomcat;

    @Parameter
    TomcatVersion version;

    @BeforeParameterizedClassInvocation
    static void start(TomcatVersion version) {
        folder = new MemoryFolder();
        database = SqliteApp.make(folder.path(), "single");
        tomcat = TomcatServer.of(version)
                .app("/", database, "multisession.login.verification", "none")
                .start();
        assertThat(tomcat.isDeployed("/")).as(tomcat.log()).isTrue();
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
    void the_user_of_an_old_cookie_is_told_with_the_number_in_its_one_form() {
        assertThat(identity(verify(200, LEGACY))).containsExactly("42", "+79991234567", "pro", "legacy", "", "");
    }

    @Test
    void the_user_of_a_session_is_told_by_cookie_and_by_bearer_token() {
        String token = signIn("+79991234568");
        for (String way : List.of("Cookie: auth_token=" + token, "Authorization: Bearer " + token)) {
            for (Answer answer : List.of(verify(200, way), verify(200, way, BROWSER))) {
                assertThat(identity(answer))
                        .startsWith("43", "+79991234568", "free", "session")
                        .endsWith(idOf(token));
                Instant proved = Instant.parse(identity(answer).get(4));
                assertThat(proved).isBetween(Instant.now().minusSeconds(60), Instant.now());
            }
        }
    }

    @Test
    void nobody_is_told_in_empty_headers() {
        for (String way : List.of("X: y", "Cookie: auth_token=", "Cookie: auth_token=x", "Authorization: Bearer x")) {
            assertThat(identity(verify(401, way))).isEqualTo(NOBODY);
        }
    }

    @Test
    void what_the_caller_says_of_itself_is_nowhere_in_the_answer() {
        String[] smuggled = {
            "X-Auth-User-Id: 42",
            "X-Auth-Phone: 42",
            "X-Auth-Plan: 42",
            "X-Auth-Via: 42",
            "X-Auth-Time: 42",
            "X-Auth-Session: 42"
        };
        assertThat(identity(verify(401, smuggled))).isEqualTo(NOBODY);
    }

    @Test
    void with_an_age_only_a_recent_proof_is_good_enough() {
        String token = signIn("+79991234568");
        String way = "Authorization: Bearer " + token;
        assertThat(RawHttp.get(tomcat.port(), "/verify?max-age=60", way).status())
                .isEqualTo(200);
        database.run(
                "UPDATE multisession_sign_ins SET proved_at = ? WHERE token_hash = ?",
                SqlTime.format(Instant.now().minusSeconds(61)),
                new SessionToken(token).hash());
        assertThat(verify(200, way).status()).isEqualTo(200);
        for (String query : List.of("?max-age=60", "?max-age=3600&max-age=60&max-age=600", "?x&max-age=0")) {
            for (String stale : List.of(way, LEGACY)) {
                Answer answer = RawHttp.get(tomcat.port(), "/verify" + query, stale, BROWSER);
                assertThat(answer.status()).as(query).isEqualTo(401);
                assertThat(identity(answer)).as(query).isEqualTo(NOBODY);
                assertThat(answer.body()).contains("\"code\":\"insufficient-user-authentication\"");
                assertThat(answer.header("WWW-Authenticate").orElseThrow())
                        .startsWith("Bearer error=\"insufficient_user_authentication\"")
                        .contains("max_age=\"" + (query.endsWith("=0") ? "0" : "60") + "\"");
            }
        }
        assertThat(RawHttp.get(tomcat.port(), "/verify?max-age=3600", way).status())
                .isEqualTo(200);
        assertThat(RawHttp.get(tomcat.port(), "/verify?max-age=60", "X: y").body())
                .contains("\"code\":\"unauthenticated\"");
        for (String nonsense : List.of("", "-1", "1e9", "PT5M", "9999999999")) {
            Answer answer = RawHttp.get(tomcat.port(), "/verify?max-age=" + nonsense, way);
            assertThat(answer.status()).as(nonsense).isEqualTo(400);
            assertThat(identity(answer)).as(nonsense).isEqualTo(NOBODY);
        }
    }

    private static String idOf(String token) {
        return SessionId.of(new SessionToken(token).hash()).text();
    }

    @Test
    void a_browser_is_refused_in_the_same_few_words_and_never_led_elsewhere() {
        Answer answer = verify(401, BROWSER);
        assertThat(answer.header("Location")).isEmpty();
        assertThat(answer.header("WWW-Authenticate")).contains("Bearer");
        assertThat(answer.header("Content-Type")).contains("application/problem+json");
        assertThat(answer.body()).contains("\"code\":\"unauthenticated\"");
        assertThat(withoutId(answer)).isEqualTo(withoutId(verify(401)));
    }

    private static String withoutId(Answer answer) {
        return answer.body().replaceAll("[0-9a-f]{16}", "ID");
    }

    @Test
    void it_is_answered_by_any_method_alike_and_none_lets_a_stranger_in() {
        for (String method : List.of("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "FROBNICATE")) {
            Answer stranger = RawHttp.request(tomcat.port(), method, "/verify");
            assertThat(stranger.status()).as(method).isEqualTo(401);
            assertThat(identity(stranger)).as(method).isEqualTo(NOBODY);
            Answer known = RawHttp.request(tomcat.port(), method, "/verify", LEGACY);
            assertThat(known.status()).as(method).isEqualTo(200);
            assertThat(identity(known)).as(method).contains("42");
        }
    }

    @Test
    void a_proxy_that_asks_by_get_for_a_request_of_another_site_is_answered() {
        String[] cross = {
            LEGACY, "Sec-Fetch-Site: cross-site", "Origin: https://evil.example", "X-Forwarded-Method: POST"
        };
        assertThat(identity(verify(200, cross))).contains("42");
    }

    @Test
    void a_plan_of_any_text_is_one_header_that_can_be_read_back() {
        Map<String, String> plans = Map.of(
                "pro",
                "pro",
                "про",
                "%D0%BF%D1%80%D0%BE",
                "50% off",
                "50%25%20off",
                "a\r\nX-Auth-User-Id: 1",
                "a%0D%0AX-Auth-User-Id:%201",
                "\u0000\u007f\u00a0",
                "%00%7F%C2%A0",
                "😀",
                "%F0%9F%98%80",
                "x".repeat(1000),
                "x".repeat(1000),
                "x".repeat(1001),
                "",
                "я".repeat(200),
                "");
        plans.forEach((plan, header) -> {
            database.run("UPDATE users SET plan = ? WHERE id = 42", plan);
            Answer answer = verify(200, LEGACY);
            assertThat(answer.headers("X-Auth-Plan")).as(plan).containsExactly(header);
            assertThat(answer.headers("X-Auth-User-Id")).as(plan).containsExactly("42");
        });
        database.run("UPDATE users SET plan = NULL WHERE id = 42");
        assertThat(verify(200, LEGACY).headers("X-Auth-Plan")).containsExactly("");
        database.run("UPDATE users SET plan = 'pro' WHERE id = 42");
    }

    @Test
    void a_stored_text_that_means_no_number_is_not_told_as_one() {
        String before = database.one("SELECT phone FROM users WHERE id = 42");
        for (String phone : List.of("none", "", "+7\r\nX-Auth-User-Id: 1", "анна@пример")) {
            database.run("UPDATE users SET phone = ? WHERE id = 42", phone);
            assertThat(identity(verify(200, LEGACY))).as(phone).containsExactly("42", "", "pro", "legacy", "", "");
        }
        database.run("UPDATE users SET phone = ? WHERE id = 42", before);
    }

    @Test
    void asking_counts_as_being_seen() {
        try (SqliteApp other = SqliteApp.open(folder.path().resolve("other.db"))) {
            other.run(SqliteApp.script("multi"));
            Instant before = Instant.now().minus(Duration.ofDays(2));
            other.signInMulti(42, "a-token-of-the-old-app", before);
            tomcat.deploy(
                    "/other",
                    TomcatServer.war(),
                    Map.of("multisession.db.url", other.path().toString()));
            Answer answer = RawHttp.get(tomcat.port(), "/other/verify", "Authorization: Bearer a-token-of-the-old-app");
            assertThat(identity(answer)).contains("42", "session");
            // What has been noted is written at the latest now.
            tomcat.undeploy("/other");
            String seen = other.one("SELECT last_seen_at FROM user_sessions WHERE auth_token LIKE 'a-token-of-%'");
            assertThat(SqlTime.parse(seen)).isAfter(before.plus(Duration.ofDays(1)));
        }
    }

    @Test
    void a_failure_is_no_yes_and_has_the_empty_headers_too() throws Exception {
        try (SqliteApp other = SqliteApp.open(
                Files.createDirectory(folder.path().resolve("broken")).resolve("app.db"))) {
            other.run(SqliteApp.script("single"));
            tomcat.deploy(
                    "/broken",
                    TomcatServer.war(),
                    Map.of("multisession.db.url", other.path().toString()));
            // A column that is gone would be a moment to wait for.
            other.run("ALTER TABLE users RENAME COLUMN phone TO put_aside");
            other.run("ALTER TABLE users ADD COLUMN phone TEXT AS (json('{' || put_aside))");
            for (String accept : List.of("Accept: */*", BROWSER)) {
                Answer answer = RawHttp.get(tomcat.port(), "/broken/verify", LEGACY, accept);
                assertThat(answer.status()).isEqualTo(500);
                assertThat(identity(answer)).isEqualTo(NOBODY);
            }
            other.run("ALTER TABLE users DROP COLUMN phone");
            other.run("ALTER TABLE users RENAME COLUMN put_aside TO phone");
            tomcat.undeploy("/broken");
        }
    }

    private static Answer verify(int status, String... headerLines) {
        Answer answer = RawHttp.get(tomcat.port(), "/verify", headerLines);
        assertThat(answer.status()).as(List.of(headerLines).toString()).isEqualTo(status);
        assertThat(answer.header("Set-Cookie")).isEmpty();
        assertThat(answer.header("Cache-Control")).contains("no-store");
        return answer;
    }

    /** The headers in their order; each is there once. */
    private static List<String> identity(Answer answer) {
        return IDENTITY.stream()
                .map(name -> {
                    assertThat(answer.headers(name)).as(name).hasSize(1);
                    return answer.headers(name).get(0);
                })
                .toList();
    }

    private static String signIn(String phone) {
        String body = "{\"phone\":\"" + phone + "\"}";
        Answer answer = RawHttp.exchange(
                tomcat.port(),
                ("POST /api/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
                                + "Content-Length: " + body.length() + "\r\n\r\n" + body)
                        .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        return answer.body().replaceFirst(".*\"token\":\"([^\"]*)\".*", "$1");
    }
}
