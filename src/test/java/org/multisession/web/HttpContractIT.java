package org.multisession.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
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

/** What each route answers, to whom, and with which headers; the same at the root and under a context path. */
@ParameterizedClass
@EnumSource(TomcatVersion.class)
@SuppressWarnings("NullAway.Init")
class HttpContractIT {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String LEGACY_TOKEN = "old_token_xyz123";
    private static final String ANNA = "+79991234567";
    private static final String BORIS = "+79991234568";
    private static final String UNKNOWN = "+79990009999";
    private static final String AMBIGUOUS = "+79990000001";

    private static final String[] BROWSER = {"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"};
    private static final String FORM = "application/x-www-form-urlencoded";

    /** What no answer to a stranger may tell. */
    private static final List<String> INSIDES = List.of(
            "Tomcat",
            "org.multisession",
            "java.",
            "jakarta",
            "Exception",
            "SQL",
            "SELECT",
            "\tat ",
            "users",
            "WEB-INF");

    /** Values of {@code next} that a browser could read as another site, or that are no path. */
    private static final List<String> FOREIGN = List.of(
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "\\\\evil.example",
            "https:evil.example",
            "https:/evil.example",
            "https://evil.example/",
            "HTTPS://evil.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "/\t/evil.example",
            "/\n/evil.example",
            "/\r\n/evil.example",
            "\t//evil.example",
            " //evil.example",
            " /x",
            "/x y",
            "/x\r\nSet-Cookie: auth_token=evil",
            "/x\u0000",
            "/x\u007f",
            "/x\u0085/evil.example",
            "/\u2028/evil.example",
            "/\u00e9",
            "/..//evil.example",
            "/.//evil.example",
            "/x/..//evil.example",
            "/x/../../..//evil.example",
            "/%zz",
            "/[",
            "evil.example",
            "x/y",
            "?x",
            "#x",
            "",
            "/" + "a".repeat(3000));

    private static final List<String> LOCAL = List.of(
            "/",
            "/x",
            "/api/me",
            "/x/y?a=1&b=2",
            "/x?next=//other.example",
            "/x;y=1",
            "/x#y",
            "/%D1%8F?q=%20",
            "/x.y/~z-_");

    private static MemoryFolder folder;
    private static SqliteApp database;
    private static SqliteApp other;
    private static TomcatServer tomcat;
    private static final List<String> ISSUED = new ArrayList<>();

    @Parameter
    TomcatVersion version;

    @BeforeParameterizedClassInvocation
    static void start(TomcatVersion version) throws IOException {
        folder = new MemoryFolder();
        database = SqliteApp.make(folder.path(), "single");
        database.run("INSERT INTO users (id, phone, auth_token) VALUES (60, ?, 'token-60')", AMBIGUOUS);
        database.run("INSERT INTO users (id, phone, auth_token) VALUES (61, '8 999 000-00-01', ?)", "token-61");
        other = SqliteApp.open(folder.path().resolve("other.db"));
        other.run(SqliteApp.script("single"));

        tomcat = TomcatServer.of(version).start();
        Files.writeString(tomcat.base().resolve("conf/context.xml"), """
                <Context>
                  <Valve className="org.apache.catalina.valves.RemoteIpValve" protocolHeader="X-Forwarded-Proto"/>
                </Context>
                """);
        tomcat.deploy("/", TomcatServer.war(), settings(database));
        tomcat.deploy("/auth", TomcatServer.war(), settings(other));
        assertThat(tomcat.isDeployed("/") && tomcat.isDeployed("/auth"))
                .as(tomcat.log())
                .isTrue();
    }

    private static Map<String, String> settings(SqliteApp used) {
        return Map.of("multisession.db.url", used.path().toString(), "multisession.login.verification", "none");
    }

    @AfterParameterizedClassInvocation
    static void stop_and_find_no_secret_in_the_log() {
        try {
            tomcat.close();
            String log = tomcat.log();
            assertThat(log).doesNotContain(LEGACY_TOKEN, "token-60", "token-61");
            for (String phone : List.of(ANNA, BORIS, UNKNOWN, AMBIGUOUS)) {
                assertThat(log).doesNotContain(phone.substring(2));
            }
            assertThat(log).doesNotContain("999 123", "999) 123", "999 000");
            assertThat(ISSUED).isNotEmpty().allSatisfy(token -> assertThat(log).doesNotContain(token));
            // What a stranger sends is no fault of ours: only the test that breaks the database may leave one.
            assertThat(log.lines().filter(line -> line.contains(" SEVERE ")))
                    .allMatch(line -> line.contains("Request failed, reference"));
        } finally {
            database.close();
            other.close();
            folder.close();
        }
    }

    // ---- the forms

    @Test
    void the_login_page_is_a_form() {
        Answer answer = http().get("login", BROWSER);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).contains("text/html;charset=UTF-8");
        assertThat(answer.body())
                .contains("<form class=\"form\" method=\"post\" action=\"/login\">")
                .contains("name=\"phone\" value=\"\"")
                .doesNotContain("name=\"next\"")
                .doesNotContain("role=\"alert\"")
                .doesNotContain("<script>");
        assertThat(http().send("HEAD", "login", "").status()).isEqualTo(200);
    }

    @Test
    void a_refused_number_comes_back_in_the_form_escaped() {
        Map<String, String> refused = new LinkedHashMap<>();
        refused.put("12", "There seems to be a mistake in the number");
        refused.put("\"><script>alert('1')</script>&", "There seems to be a mistake in the number");
        refused.put("9".repeat(5000), "There seems to be a mistake in the number");
        refused.put("Иван", "There seems to be a mistake in the number");
        refused.put("+7\t999", "There seems to be a mistake in the number");
        refused.put("1;phone-context=+7;tel:", "There seems to be a mistake in the number");
        refused.put("tel:12;ext=3", "There seems to be a mistake in the number");
        refused.put("", "Enter your phone number.");
        refused.put(UNKNOWN, "No account has this number");
        refused.put("8 (999) 000-99-99", "No account has this number");
        refused.put(AMBIGUOUS, "More than one account uses this number");
        refused.forEach((typed, words) -> {
            Answer answer = http().postForm("login", Map.of("phone", typed, "next", "/x?a=\"&b"), BROWSER);
            assertThat(answer.status()).as(typed).isEqualTo(422);
            assertThat(answer.body())
                    .as(typed)
                    .contains(words)
                    .contains("role=\"alert\"")
                    .contains("value=\"" + escaped(typed) + "\"");
            assertThat(answer.body()).doesNotContain("<script>");
            assertThat(answer.headers("Set-Cookie")).isEmpty();
        });
    }

    @Test
    void a_form_without_a_number_is_an_empty_one() {
        Answer answer = http().postForm("login", Map.of("other", "1"), BROWSER);
        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.body()).contains("Enter your phone number.");
        assertThat(http().send("POST", "login", "", "Content-Type", FORM).status())
                .isEqualTo(422);
    }

    @Test
    void a_known_number_in_any_shape_leads_home_with_a_cookie() {
        for (String typed : List.of(ANNA, "8 (999) 123-45-67", "79991234567", " +7 999 123 45 67 ")) {
            Answer answer = http().postForm("login", Map.of("phone", typed), BROWSER);
            assertThat(answer.status()).as(typed).isEqualTo(303);
            assertThat(answer.header("Location")).contains("/");
            assertThat(answer.body()).isEmpty();
            assertThat(http().get("api/me", "Cookie", cookie(answer)).body()).contains("\"id\":42,");
        }
    }

    @Test
    void sign_in_goes_to_a_next_of_this_host() {
        for (String next : LOCAL) {
            Answer page = http().get("login?next=" + encoded(next), BROWSER);
            assertThat(page.body()).as(next).contains("name=\"next\" value=\"" + escaped(next) + "\"");
            Answer answer = http().postForm("login", Map.of("phone", BORIS, "next", next), BROWSER);
            cookie(answer);
            assertThat(answer.header("Location")).contains(next);
        }
    }

    @Test
    void sign_in_goes_nowhere_else() {
        for (String next : FOREIGN) {
            Answer page = http().get("login?next=" + encoded(next), BROWSER);
            assertThat(page.status()).as(next).isEqualTo(200);
            assertThat(page.body()).as(next).doesNotContain("name=\"next\"").doesNotContain("evil");
            Answer refused = http().postForm("login", Map.of("phone", "12", "next", next), BROWSER);
            assertThat(refused.body()).as(next).doesNotContain("name=\"next\"").doesNotContain("evil");
            Answer answer = http().postForm("login", Map.of("phone", BORIS, "next", next), BROWSER);
            cookie(answer);
            assertThat(answer.header("Location")).as(next).contains("/");
        }
    }

    @Test
    void a_query_that_cannot_be_read_is_no_fault_of_ours() {
        for (String query :
                List.of("next=%zz", "%zz=1", "next=%", "next=%c3%28", "=", "&&", "next", "next=/x&next=//evil")) {
            Answer answer = RawHttp.get(tomcat.port(), "/login?" + query, "Accept: text/html");
            assertThat(answer.status()).as(query).isEqualTo(200);
            assertThat(answer.body()).doesNotContain("evil");
        }
        String many = Stream.generate(() -> "a=1")
                .limit(1500)
                .reduce((a, b) -> a + "&" + b)
                .orElseThrow();
        assertThat(RawHttp.get(tomcat.port(), "/login?" + many, "Accept: text/html")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void a_number_or_a_next_in_the_query_of_a_post_counts_for_nothing() {
        String query = "?phone=" + encoded(ANNA) + "&next=/x";
        Answer form = http().send("POST", "login" + query, "", "Content-Type", FORM);
        assertThat(form.status()).isEqualTo(422);
        assertThat(form.body()).doesNotContain("9991234567").doesNotContain("name=\"next\"");
        Answer signedIn = http().postForm("login?next=/x", Map.of("phone", BORIS));
        cookie(signedIn);
        assertThat(signedIn.header("Location")).contains("/");
        assertProblem(http().postJson("api/login" + query, "{}"), 400, "malformed-json");
        assertThat(http().get("login" + query).body()).doesNotContain("9991234567");
    }

    @Test
    void a_form_that_cannot_be_read_is_refused() {
        assertProblem(http().send("POST", "login", "phone=%zz", "Content-Type", FORM), 400, "malformed-form");
        assertProblem(http().send("POST", "login", "phone=%", "Content-Type", FORM), 400, "malformed-form");
        assertProblem(
                post("/login", "Content-Type: " + FORM, "phone=\u00ff\u00fe".getBytes(ISO_8859_1)),
                400,
                "malformed-form");
        for (String type : List.of(
                "text/plain",
                "multipart/form-data; boundary=x",
                FORM + ";charset=windows-1251",
                "application/x-www-form-urlencodedx")) {
            assertProblem(http().send("POST", "login", "phone=1", "Content-Type", type), 415, "unsupported-media-type");
        }
        assertProblem(http().send("POST", "login", ""), 415, "unsupported-media-type");
        for (String type : List.of(
                FORM + "; charset=UTF-8", FORM + ";charset=\"utf-8\"", FORM.toUpperCase(java.util.Locale.ROOT))) {
            assertThat(http().send("POST", "login", "phone=1", "Content-Type", type)
                            .status())
                    .as(type)
                    .isEqualTo(422);
        }
    }

    @Test
    void of_a_field_that_comes_twice_the_first_counts() {
        Answer answer = http().send(
                        "POST", "login", "phone=" + encoded(BORIS) + "&phone=" + encoded(ANNA), "Content-Type", FORM);
        assertThat(http().get("api/me", "Cookie", cookie(answer)).body()).contains("\"id\":43,");
    }

    @Test
    void a_body_over_16_kib_is_refused_however_it_is_sent() {
        String fits = "phone=1&x=" + "a".repeat(16 * 1024 - 10);
        String tooLarge = fits + "a";
        assertThat(http().send("POST", "login", fits, "Content-Type", FORM).status())
                .isEqualTo(422);
        assertProblem(http().send("POST", "login", tooLarge, "Content-Type", FORM), 413, "too-large");
        assertProblem(postChunked("/login", FORM, tooLarge), 413, "too-large");
        assertThat(postChunked("/login", FORM, fits).status()).isEqualTo(422);

        String json = "{\"phone\":\"12\",\"x\":\"";
        String jsonFits = json + "a".repeat(16 * 1024 - json.length() - 2) + "\"}";
        assertProblem(http().postJson("api/login", jsonFits), 422, "malformed-number");
        assertProblem(postChunked("/api/login", "application/json", jsonFits), 422, "malformed-number");
        assertProblem(http().postJson("api/login", jsonFits + " "), 413, "too-large");
        assertProblem(postChunked("/api/login", "application/json", jsonFits + " "), 413, "too-large");
        // It says how long it is, so nobody waits for it.
        try (RawConnection connection = new RawConnection(tomcat.port())) {
            assertProblem(
                    connection.request(
                            "POST", "/api/login", "Content-Type: application/json", "Content-Length: 9999999999"),
                    413,
                    "too-large");
        }
    }

    @Test
    void a_broken_chunk_is_the_senders_fault() {
        for (String body : List.of("zz\r\n", "5\r\nab\r\n0\r\n\r\n", "-1\r\n\r\n", "fffffffff\r\n")) {
            for (String target : List.of("/api/login", "/login")) {
                String type = target.equals("/login") ? FORM : "application/json";
                Answer answer = send(
                        "POST " + target + " HTTP/1.1",
                        "Content-Type: " + type,
                        "Transfer-Encoding: chunked",
                        "",
                        body);
                assertThat(answer.status()).as(target + " " + body).isEqualTo(400);
                assertTellsNothing(answer);
            }
        }
    }

    // ---- signing out

    @Test
    void looking_at_the_logout_page_signs_nobody_out() {
        String token = signIn(BORIS);
        for (String method : List.of("GET", "HEAD", "OPTIONS")) {
            http().send(method, "logout", "", "Cookie", "auth_token=" + token, "Accept", "text/html");
            http().send(method, "api/logout", "", "Cookie", "auth_token=" + token);
        }
        Answer page = http().get("logout", "Cookie", "auth_token=" + token, "Accept", "text/html");
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.body()).contains("method=\"post\" action=\"/logout\"");
        assertThat(page.headers("Set-Cookie")).isEmpty();
        assertThat(isSignedIn(token)).isTrue();
    }

    @Test
    void the_logout_button_signs_this_device_out_alone() {
        String here = signIn(BORIS);
        String elsewhere = signIn(BORIS);
        Answer answer = http().postForm("logout", Map.of(), "Cookie", "auth_token=" + here, "Accept", "text/html");
        assertThat(answer.status()).isEqualTo(303);
        assertThat(answer.header("Location")).contains("/login");
        assertThat(isSignedIn(here)).isFalse();
        assertThat(isSignedIn(elsewhere)).isTrue();
    }

    @Test
    void the_api_signs_out_with_204() {
        String token = signIn(BORIS);
        Answer answer = http().send("POST", "api/logout", "", "Authorization", "Bearer " + token);
        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.body()).isEmpty();
        assertThat(isSignedIn(token)).isFalse();
        assertProblem(
                http().send("POST", "api/logout", "", "Authorization", "Bearer " + token), 401, "unauthenticated");
    }

    // ---- the API

    @Test
    void the_api_signs_in_with_a_token_and_the_user() {
        Answer answer = http().postJson("api/login", "{\"phone\":\"8 (999) 123-45-68\",\"unknown\":[1]}");
        JsonNode body = json(answer);
        ISSUED.add(body.path("token").textValue());
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).contains("application/json");
        assertThat(body.properties()).extracting(Map.Entry::getKey).containsExactly("token", "user");
        assertThat(body.path("user").toString()).isEqualTo("{\"id\":43,\"phone\":\"+79991234568\",\"plan\":\"free\"}");
        assertThat(isSignedIn(body.path("token").textValue())).isTrue();
    }

    @Test
    void the_api_names_why_a_number_does_not_sign_in() {
        assertProblem(http().postJson("api/login", "{\"phone\":\"" + UNKNOWN + "\"}"), 401, "unknown-number");
        assertProblem(http().postJson("api/login", "{\"phone\":\"" + AMBIGUOUS + "\"}"), 409, "ambiguous-number");
        for (String number : List.of(
                "", "12", "abc", "+7999123456789012345", "9".repeat(5000), "\\u0000", "1;phone-context=+7;tel:")) {
            Answer answer = http().postJson("api/login", "{\"phone\":\"" + number + "\"}");
            assertProblem(answer, 422, "malformed-number");
        }
    }

    @Test
    void json_that_cannot_be_read_is_refused_with_the_place_and_without_a_word_of_it() {
        for (String body : List.of(
                "{\"phone\":\"+79991234567\"",
                "{\"phone\":\"+79991234567\"}}",
                "{\"phone\":\"+79991234567\"} secretword",
                "{\"phone\":\"+79991234567\"}{}",
                "{\"phone\":\"+79991234567\",\"phone\":\"+79991234568\"}",
                "{\"phone\":\"+79991234567\",}",
                "{phone:\"+79991234567\"}",
                "{'phone':'+79991234567'}",
                "{\"phone\":+79991234567}",
                "{\"phone\":secretword}",
                "{\"phone\":\"\\secretword\"}",
                "{\"phone\":\"a\nb\"}",
                "secretword",
                "{\"phone\":\"+79991234567\"} /* secretword */")) {
            Answer answer = http().postJson("api/login", "\n\n " + body);
            String shown = body.substring(0, Math.min(40, body.length()));
            assertProblem(answer, 400, "malformed-json");
            assertThat(json(answer).path("detail").textValue())
                    .as(shown)
                    .matches(
                            "The body is not well-formed JSON, or names a member twice, at line [34], column \\d+\\. Nothing was done\\.");
            assertThat(answer.body()).as(shown).doesNotContain("999123", "secretword");
        }
        for (String body : List.of(
                "{\"phone\":" + "[".repeat(10_000),
                "{\"phone\":" + "[".repeat(5_000) + "]".repeat(5_000) + "}",
                "{\"phone\":" + "{\"a\":".repeat(3_000),
                "{\"secretword\":" + "9".repeat(5000) + "}")) {
            Answer answer = http().postJson("api/login", body);
            assertProblem(answer, 400, "malformed-json");
            assertThat(answer.body())
                    .contains("The body is nested too deeply, or something in it is too long, at line 1, column ")
                    .doesNotContain("secretword");
        }
        assertProblem(
                post("/api/login", "Content-Type: application/json", "{\"phone\":\"\u00ff\"}".getBytes(ISO_8859_1)),
                400,
                "malformed-json");
    }

    @Test
    void json_of_another_shape_is_refused_with_what_is_wanted() {
        for (String body : List.of("", " ", "[]", "[{\"phone\":\"+79991234567\"}]", "\"+79991234567\"", "1", "null")) {
            Answer answer = http().send("POST", "api/login", body, "Content-Type", "application/json");
            assertProblem(answer, 400, "malformed-json");
            assertThat(answer.body()).contains("The body must be a JSON object").doesNotContain("999123");
        }
        for (String body : List.of(
                "{}",
                "{\"phone\":79991234567}",
                "{\"phone\":null}",
                "{\"phone\":true}",
                "{\"phone\":[\"+79991234567\"]}",
                "{\"phone\":{\"phone\":\"+79991234567\"}}",
                "{\"Phone\":\"+79991234567\"}",
                "{\"phone\":" + "[".repeat(500) + "]".repeat(500) + "}")) {
            Answer answer = http().postJson("api/login", body);
            assertProblem(answer, 400, "malformed-json");
            assertThat(answer.body())
                    .contains("The member \\\"phone\\\" must be a string")
                    .doesNotContain("999123");
        }
    }

    @Test
    void json_that_calls_itself_something_else_is_refused() {
        for (String type : List.of(
                FORM, "text/plain", "application/jsonx", "application/json; charset=utf-16", "multipart/form-data")) {
            assertProblem(
                    http().send("POST", "api/login", "{\"phone\":\"" + ANNA + "\"}", "Content-Type", type),
                    415,
                    "unsupported-media-type");
        }
        assertProblem(http().send("POST", "api/login", "{}"), 415, "unsupported-media-type");
    }

    @Test
    void me_says_who_and_by_which_way() {
        String token = signIn(ANNA);
        JsonNode session = json(http().get("api/me", "Cookie", "auth_token=" + token));
        assertThat(session.properties())
                .extracting(Map.Entry::getKey)
                .containsExactly("id", "phone", "plan", "via", "session", "newSignIns");
        assertThat(session.path("id").longValue()).isEqualTo(42);
        assertThat(session.path("phone").textValue()).isEqualTo(ANNA);
        assertThat(session.path("plan").textValue()).isEqualTo("pro");
        assertThat(session.path("via").textValue()).isEqualTo("session");
        assertThat(session.path("session").path("createdAt").textValue())
                .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z");
        assertThat(session.path("session").path("lastSeenAt").textValue())
                .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z");

        JsonNode legacy = json(http().get("api/me", "Cookie", "auth_token=token-60"));
        assertThat(legacy.toString())
                .isEqualTo("{\"id\":60,\"phone\":\"+79990000001\",\"plan\":null,\"via\":\"legacy\",\"session\":null,"
                        + "\"newSignIns\":[]}");
    }

    @Test
    void health_is_for_everybody_and_tells_little() {
        Answer answer = http().get("health");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body())
                .matches(
                        "\\{\"status\":\"up\",\"database\":\"up\",\"schema\":\"complete\",\"stage\":\"coexist\",\"version\":\"\\S+\"}");
        assertThat(http().get("health/live").body()).isEqualTo("{\"status\":\"up\"}");
    }

    @Test
    void the_home_page_shows_who_is_signed_in() {
        Answer answer = http().get("", "Cookie", "auth_token=" + signIn(ANNA), "Accept", "text/html");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).contains("+7 999 123-45-67").contains("pro").contains("action=\"/logout\"");
    }

    // ---- errors

    @Test
    void a_program_without_a_token_is_told_so() {
        for (String path : List.of("", "logout", "api/me", "api/logout", "nothing", "api/nothing")) {
            for (String accept : List.of("application/json", "*/*", "image/png")) {
                Answer answer = http().get(path, "Accept", accept);
                assertProblem(answer, 401, "unauthenticated");
                assertThat(answer.header("WWW-Authenticate")).contains("Bearer");
            }
        }
        assertThat(json(http().get("api/me")).properties())
                .extracting(Map.Entry::getKey)
                .containsExactly("type", "title", "status", "detail", "code", "requestId");
    }

    @Test
    void a_browser_without_a_token_is_sent_to_sign_in_and_comes_back() {
        Map<String, String> expected = new LinkedHashMap<>();
        expected.put("/", "/login");
        expected.put("/logout", "/login?next=%2Flogout");
        expected.put("/api/me?a=1&b=%20", "/login?next=%2Fapi%2Fme%3Fa%3D1%26b%3D%2520");
        expected.put("/nothing;x=1/%61", "/login?next=%2Fnothing%3Bx%3D1%2F%2561");
        // What could not be gone to safely is left out.
        expected.put("//evil.example/x", "/login");
        expected.put("/x/..//evil.example", "/login");
        expected.forEach((target, location) -> {
            for (String method : List.of("GET", "HEAD")) {
                Answer answer = RawHttp.request(tomcat.port(), method, target, "Accept: text/html");
                assertThat(answer.status()).as(target).isEqualTo(303);
                assertThat(answer.header("Location")).as(target).contains(location);
            }
        });
    }

    @Test
    void a_browser_that_posts_without_a_token_does_not_come_back_to_what_it_posted() {
        for (String method : List.of("POST", "PUT", "DELETE", "PATCH")) {
            Answer answer = http().send(method, "logout", "", BROWSER);
            assertThat(answer.status()).as(method).isEqualTo(303);
            assertThat(answer.header("Location")).contains("/login");
        }
    }

    @Test
    void an_unknown_address_has_our_own_words() {
        String token = signIn(BORIS);
        for (String path : List.of(
                "nothing",
                "api/nothing",
                "nothing.jsp",
                "nothing/",
                "api/me/",
                "sessions/1",
                "static/nothing",
                "static/",
                "static/../WEB-INF/web.xml",
                "WEB-INF/web.xml",
                "META-INF/MANIFEST.MF",
                "WEB-INF/jsp/login.jsp",
                "error")) {
            Answer answer = http().get(path, "Cookie", "auth_token=" + token);
            assertProblem(answer, 404, "not-found");
            Answer page = http().get(path, "Cookie", "auth_token=" + token, "Accept", "text/html");
            assertThat(page.status()).as(path).isEqualTo(404);
            assertThat(page.body()).as(path).contains("There is no such page");
            assertTellsNothing(page);
        }
    }

    @Test
    void a_wrong_method_is_refused_with_the_right_ones() {
        String token = signIn(BORIS);
        Map<String, Set<String>> routes = new LinkedHashMap<>();
        routes.put("", Set.of("GET", "HEAD", "OPTIONS"));
        routes.put("login", Set.of("GET", "HEAD", "POST", "OPTIONS"));
        routes.put("logout", Set.of("GET", "HEAD", "POST", "OPTIONS"));
        routes.put("api/login", Set.of("POST", "OPTIONS"));
        routes.put("api/logout", Set.of("POST", "OPTIONS"));
        routes.put("api/me", Set.of("GET", "HEAD", "OPTIONS"));
        routes.put("health", Set.of("GET", "HEAD", "OPTIONS"));
        routes.put("health/live", Set.of("GET", "HEAD", "OPTIONS"));
        routes.put("metrics", Set.of("GET", "HEAD", "OPTIONS"));
        routes.put("api/openapi.json", Set.of("GET", "HEAD", "OPTIONS"));
        routes.put("static/app.css", Set.of("GET", "HEAD", "OPTIONS"));
        routes.forEach((path, allowed) -> {
            for (String method :
                    List.of("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "PROPFIND", "FROBNICATE", "get", "Post")) {
                if (!allowed.contains(method)) {
                    Answer answer = http().send(method, path, "", "Cookie", "auth_token=" + token);
                    assertThat(answer.status()).as(method + " " + path).isEqualTo(405);
                    assertThat(allow(answer)).as(method + " " + path).isEqualTo(allowed);
                    Answer page = http().send(method, path, "", "Cookie", "auth_token=" + token, "Accept", "text/html");
                    assertThat(page.status()).as(method + " " + path).isEqualTo(405);
                    assertThat(allow(page)).as(method + " " + path).isEqualTo(allowed);
                    if (!method.equals("HEAD")) {
                        assertProblem(answer, 405, "method-not-allowed");
                        assertThat(page.body()).as(method + " " + path).contains("You can’t do that here");
                        assertTellsNothing(page);
                    }
                }
            }
            Answer options = http().send("OPTIONS", path, "", "Cookie", "auth_token=" + token);
            assertThat(options.status()).isEqualTo(204);
            assertThat(allow(options)).isEqualTo(allowed);
        });
        Answer trace = RawHttp.request(tomcat.port(), "TRACE", "/api/me", "Cookie: auth_token=" + token);
        assertThat(trace.status()).isEqualTo(405);
        assertThat(trace.toString()).doesNotContain(token);
    }

    @Test
    void an_error_tells_nothing_of_our_insides_nor_of_what_was_sent() {
        String token = signIn(BORIS);
        String cookie = "Cookie: auth_token=" + token;
        for (String accept : List.of("Accept: */*", "Accept: text/html")) {
            List<Answer> errors = new ArrayList<>();
            for (String target : List.of(
                    "/nothing/" + encoded(ANNA),
                    "/nothing?phone=" + encoded(ANNA) + "&auth_token=" + token,
                    "/api/me/" + token,
                    "/static/" + token)) {
                errors.add(RawHttp.get(tomcat.port(), target, cookie, accept));
                errors.add(RawHttp.request(tomcat.port(), "DELETE", target, cookie, accept));
                errors.add(RawHttp.request(tomcat.port(), "POST", target, cookie, accept, "Origin: http://" + token));
            }
            errors.add(RawHttp.request(tomcat.port(), "POST", "/api/login?" + token, accept, "Content-Type: " + token));
            errors.add(RawHttp.request(tomcat.port(), "PUT", "/api/me", cookie, accept));
            for (Answer error : errors) {
                assertThat(error.status()).isBetween(400, 499);
                assertThat(error.toString()).doesNotContain(token, "9991234567");
                assertTellsNothing(error);
            }
        }
    }

    @Test
    void a_failure_of_ours_has_a_reference_and_nothing_else() {
        String token = json(Http.to(tomcat.uri("/auth/")).postJson("api/login", "{\"phone\":\"" + BORIS + "\"}"))
                .path("token")
                .textValue();
        ISSUED.add(token);
        // A column that is gone would be a moment to wait for.
        other.run("ALTER TABLE users RENAME COLUMN phone TO put_aside");
        other.run("ALTER TABLE users ADD COLUMN phone TEXT AS (json('{' || put_aside))");
        try {
            Http auth = Http.to(tomcat.uri("/auth/"));
            String target = "api/me?auth_token=" + token;
            Answer answer = auth.get(target, "Cookie", "auth_token=" + token);
            assertProblem(answer, 500, "internal");
            String reference = json(answer).path("reference").textValue();
            assertThat(reference).matches("[0-9a-f]{8}");
            tomcat.awaitLog("Request failed, reference " + reference);
            assertSecurityHeaders(answer, "no-store");

            Answer page = auth.get(target, "Cookie", "auth_token=" + token, "Accept", "text/html");
            assertThat(page.status()).isEqualTo(500);
            assertThat(page.body()).contains("Something went wrong on our side").containsPattern(">[0-9a-f]{8}<");
            assertTellsNothing(page);
            assertThat(page.body()).doesNotContain(token, "put_aside");
            assertThat(auth.postJson("api/login", "{\"phone\":\"" + BORIS + "\"}")
                            .status())
                    .isEqualTo(500);
            assertThat(auth.postForm("login", Map.of("phone", BORIS), BROWSER).status())
                    .isEqualTo(500);
            assertThat(auth.get("health").status()).isIn(200, 503);
        } finally {
            other.run("ALTER TABLE users DROP COLUMN phone");
            other.run("ALTER TABLE users RENAME COLUMN put_aside TO phone");
        }
        assertThat(Http.to(tomcat.uri("/auth/"))
                        .get("api/me", "Cookie", "auth_token=" + token)
                        .status())
                .isEqualTo(200);
    }

    // ---- other sites

    @Test
    void what_changes_something_is_refused_from_other_sites() {
        String here = "http://127.0.0.1:" + tomcat.port();
        Map<List<String>, Boolean> matrix = new LinkedHashMap<>();
        matrix.put(List.of(), true);
        matrix.put(List.of("Sec-Fetch-Site: same-origin"), true);
        matrix.put(List.of("Sec-Fetch-Site: none"), true);
        matrix.put(List.of("Sec-Fetch-Site: same-site"), false);
        matrix.put(List.of("Sec-Fetch-Site: cross-site"), false);
        matrix.put(List.of("Sec-Fetch-Site: "), false);
        matrix.put(List.of("Sec-Fetch-Site: something"), false);
        matrix.put(List.of("Sec-Fetch-Site: same-origin", "Origin: " + here), true);
        matrix.put(List.of("Sec-Fetch-Site: cross-site", "Origin: " + here), false);
        matrix.put(List.of("Sec-Fetch-Site: same-site", "Origin: " + here), false);
        matrix.put(List.of("Origin: " + here), true);
        matrix.put(List.of("Origin: HTTP://127.0.0.1:" + tomcat.port()), true);
        // A proxy may have left the port out of one of them.
        matrix.put(List.of("Origin: http://127.0.0.1"), true);
        matrix.put(List.of("Origin: https://127.0.0.1"), true);
        matrix.put(List.of("Origin: http://127.0.0.1:1"), false);
        matrix.put(List.of("Origin: http://localhost:" + tomcat.port()), false);
        matrix.put(List.of("Origin: https://evil.example"), false);
        matrix.put(List.of("Origin: null"), false);
        matrix.put(List.of("Origin: "), false);
        matrix.put(List.of("Origin: 127.0.0.1"), false);
        matrix.put(List.of("Origin: http://127.0.0.1.evil.example"), false);
        matrix.put(List.of("Origin: http://127.0.0.1@evil.example"), false);
        matrix.put(List.of("Origin: http://evil.example#127.0.0.1"), false);
        matrix.put(List.of("Origin: file://"), false);
        matrix.put(List.of("Referer: https://evil.example/"), true);

        String forAll = signIn(BORIS);
        matrix.forEach((headers, passes) -> {
            Answer login = change("/login", "Content-Type: " + FORM, "phone=12", headers);
            assertThat(login.status()).as("/login " + headers).isEqualTo(passes ? 422 : 403);
            Answer apiLogin = change("/api/login", "Content-Type: application/json", "{\"phone\":\"12\"}", headers);
            assertThat(apiLogin.status()).as("/api/login " + headers).isEqualTo(passes ? 422 : 403);
            if (!passes) {
                assertProblem(login, 403, "cross-site");
                assertProblem(apiLogin, 403, "cross-site");
            }
            for (String logout : List.of("/logout", "/api/logout")) {
                String token = passes ? signIn(BORIS) : forAll;
                Answer answer = change(logout, "Cookie: auth_token=" + token, "", headers);
                assertThat(answer.status())
                        .as(logout + headers)
                        .isEqualTo(!passes ? 403 : logout.equals("/logout") ? 303 : 204);
                assertThat(isSignedIn(token)).isEqualTo(!passes);
            }
        });
    }

    @Test
    void a_page_of_another_site_cannot_sign_in_or_out_and_is_told_so_on_a_page() {
        String token = signIn(BORIS);
        String sessions = database.one("SELECT count(*) FROM user_sessions");
        for (String cookie : List.of("Cookie: auth_token=" + token, "Cookie: a=b")) {
            for (String target : List.of("/login", "/logout", "/api/login", "/api/logout", "/", "/nothing")) {
                for (String method : List.of("POST", "PUT", "DELETE", "FROBNICATE")) {
                    Answer page = send(
                            method + " " + target + " HTTP/1.1",
                            cookie,
                            "Accept: text/html",
                            "Sec-Fetch-Site: cross-site",
                            "Content-Type: " + FORM,
                            "Content-Length: 20",
                            "",
                            "phone=%2B79991234568");
                    assertThat(page.status()).as(method + " " + target).isEqualTo(403);
                    assertThat(page.body()).as(method + " " + target).contains("This request was refused");
                    assertThat(page.headers("Set-Cookie")).isEmpty();
                }
            }
        }
        assertThat(isSignedIn(token)).isTrue();
        assertThat(database.one("SELECT count(*) FROM user_sessions")).isEqualTo(sessions);
    }

    @Test
    void reading_is_open_to_links_from_other_sites() {
        String token = signIn(BORIS);
        for (String target : List.of("/", "/login", "/logout", "/api/me", "/health", "/static/app.css")) {
            Answer answer = RawHttp.get(
                    tomcat.port(), target, "Cookie: auth_token=" + token, "Sec-Fetch-Site: cross-site", "Origin: null");
            assertThat(answer.status()).as(target).isEqualTo(200);
            assertThat(answer.headers("Access-Control-Allow-Origin")).isEmpty();
        }
    }

    // ---- headers

    @Test
    void every_answer_carries_the_security_headers() {
        String token = signIn(BORIS);
        String[] signedIn = {"Cookie", "auth_token=" + token};
        Map<String, Answer> answers = new LinkedHashMap<>();
        answers.put("page", http().get("login", BROWSER));
        answers.put("home", http().get("", signedIn));
        answers.put("json", http().get("api/me", signedIn));
        answers.put("health", http().get("health"));
        answers.put("head", http().send("HEAD", "login", ""));
        answers.put("options", http().send("OPTIONS", "login", ""));
        answers.put("redirect to login", http().get("logout", BROWSER));
        answers.put("400", http().postJson("api/login", "{"));
        answers.put("401", http().get("api/me"));
        answers.put("403", http().postJson("api/login", "{}", "Origin", "null"));
        answers.put("403 page", http().postForm("logout", Map.of(), "Origin", "null", "Accept", "text/html"));
        answers.put("404", http().get("nothing", signedIn));
        answers.put("404 page", http().get("nothing", "Cookie", "auth_token=" + token, "Accept", "text/html"));
        answers.put("404 of Tomcat", http().get("WEB-INF/web.xml"));
        answers.put("404 static", http().get("static/nothing.css"));
        answers.put("405", http().send("PUT", "login", ""));
        answers.put("413", http().postJson("api/login", "x".repeat(20_000)));
        answers.put("415", http().send("POST", "api/login", "x", "Content-Type", "text/plain"));
        answers.put("422", http().postForm("login", Map.of("phone", "1"), BROWSER));
        answers.put("signed in", http().postForm("login", Map.of("phone", BORIS)));
        cookie(answers.get("signed in"));
        answers.put("signed in by api", http().postJson("api/login", "{\"phone\":\"" + BORIS + "\"}"));
        ISSUED.add(json(answers.get("signed in by api")).path("token").textValue());
        answers.put("signed out", http().send("POST", "api/logout", "", signedIn));
        answers.forEach((what, answer) -> {
            assertSecurityHeaders(answer, what, "no-store");
            assertThat(answer.headers("Strict-Transport-Security")).as(what).isEmpty();
        });
    }

    @Test
    void static_files_carry_them_too_and_may_be_kept() {
        Answer css = http().get("static/app.css");
        assertThat(css.status()).isEqualTo(200);
        assertThat(css.header("Content-Type").orElseThrow()).startsWith("text/css");
        assertSecurityHeaders(css, "public, max-age=300");
        Answer icon = http().get("static/icon.svg");
        assertThat(icon.header("Content-Type").orElseThrow()).startsWith("image/svg+xml");
        assertSecurityHeaders(icon, "public, max-age=300");
        Answer unchanged =
                http().get("static/app.css", "If-None-Match", css.header("ETag").orElseThrow());
        assertThat(unchanged.status()).isEqualTo(304);
        assertSecurityHeaders(unchanged, "public, max-age=300");
        Answer head = http().send("HEAD", "static/app.css", "");
        assertSecurityHeaders(head, "public, max-age=300");
    }

    @Test
    void pages_load_nothing_that_the_policy_forbids() {
        String token = signIn(BORIS);
        for (String path : List.of("", "login", "logout", "sessions", "nothing")) {
            String page = http().get(path, "Cookie", "auth_token=" + token, "Accept", "text/html")
                    .body();
            assertThat(page)
                    .as(path)
                    .doesNotContainPattern("<script(?! src=\"/static/[a-z]+\\.js\" defer></script>)")
                    .doesNotContain("<style")
                    .doesNotContain(" style=")
                    .doesNotContainPattern(" on[a-z]+=")
                    .doesNotContainPattern("(src|href|action)=\"(https?:)?//");
        }
    }

    @Test
    void only_over_https_browsers_are_told_to_stay_on_https() {
        for (String path : List.of("login", "api/me", "health", "static/app.css", "nothing", "")) {
            assertThat(http().get(path, "X-Forwarded-Proto", "https").header("Strict-Transport-Security"))
                    .as(path)
                    .contains("max-age=31536000");
            assertThat(http().get(path, "X-Forwarded-Proto", "http").headers("Strict-Transport-Security"))
                    .as(path)
                    .isEmpty();
        }
    }

    // ---- context path

    @Test
    void under_a_context_path_every_address_is_below_it() {
        Http auth = Http.to(tomcat.uri("/auth/"));
        assertThat(auth.get("", BROWSER).header("Location")).contains("/auth/login");
        assertThat(auth.get("logout?x=1", BROWSER).header("Location"))
                .contains("/auth/login?next=%2Fauth%2Flogout%3Fx%3D1");
        Answer form = auth.get("login", BROWSER);
        assertThat(form.body())
                .contains("action=\"/auth/login\"")
                .contains("href=\"/auth/static/app.css\"")
                .contains("href=\"/auth/static/icon.svg\"")
                .contains("href=\"/auth/\"");
        assertThat(auth.get("static/app.css").status()).isEqualTo(200);

        Answer in = auth.postForm("login", Map.of("phone", BORIS), BROWSER);
        assertThat(in.header("Location")).contains("/auth/");
        assertThat(in.header("Set-Cookie").orElseThrow()).contains("; Path=/;");
        String cookie = cookie(in);
        assertThat(auth.get("", "Cookie", cookie, "Accept", "text/html").body()).contains("action=\"/auth/logout\"");
        assertThat(auth.get("logout", "Cookie", cookie, "Accept", "text/html").body())
                .contains("action=\"/auth/logout\"")
                .contains("href=\"/auth/\"");
        assertThat(auth.get("nothing", "Cookie", cookie, "Accept", "text/html").body())
                .contains("href=\"/auth/\"");
        Answer elsewhere = auth.postForm("login", Map.of("phone", BORIS, "next", "/other-app/x"), BROWSER);
        cookie(elsewhere);
        assertThat(elsewhere.header("Location")).contains("/other-app/x");
        Answer out = auth.postForm("logout", Map.of(), "Cookie", cookie, "Accept", "text/html");
        assertThat(out.header("Location")).contains("/auth/login");
        assertThat(http().get("api/me", "Cookie", cookie).status()).isEqualTo(401);
    }

    // ---- languages

    @Test
    void pages_speak_the_first_language_asked_for_that_they_know() {
        Map<String, String> expected = new LinkedHashMap<>();
        expected.put("ru", "ru");
        expected.put("ru-RU,ru;q=0.9,en;q=0.8", "ru");
        expected.put("en-US,en;q=0.9,ru;q=0.8", "en");
        expected.put("en;q=0.1, ru;q=0.9", "ru");
        expected.put("de, ru;q=0.5", "ru");
        expected.put("de, fr;q=0.5", "en");
        expected.put("*", "en");
        expected.put("", "en");
        expected.put("ru;q=x, ;;, <script>", "en");
        expected.forEach((wanted, language) -> {
            for (String path : List.of("login", "WEB-INF/x")) {
                Answer page = http().get(path, "Accept", "text/html", "Accept-Language", wanted);
                assertThat(page.header("Content-Language")).as(wanted).contains(language);
                assertThat(page.body()).as(wanted).contains("<html lang=\"" + language + "\">");
                assertThat(page.body().contains("Multi-Session")).isTrue();
                assertThat(page.body().contains("На ") || page.body().contains("адрес"))
                        .as(wanted)
                        .isEqualTo(language.equals("ru"));
                assertThat(page.body()).doesNotContain("???");
                assertThat(page.headers("Vary")).anyMatch(vary -> vary.contains("Accept-Language"));
            }
        });
    }

    // ----

    private static Http http() {
        return Http.to(tomcat.uri("/"));
    }

    private static String signIn(String phone) {
        Answer answer = http().postJson("api/login", "{\"phone\":\"" + phone + "\"}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        String token = json(answer).path("token").textValue();
        ISSUED.add(token);
        return token;
    }

    /** The cookie that an answer sets, as a browser sends it back. */
    private static String cookie(Answer answer) {
        String cookie = answer.header("Set-Cookie").orElseThrow().replaceFirst(";.*", "");
        ISSUED.add(cookie.replaceFirst(".*=", ""));
        return cookie;
    }

    private static boolean isSignedIn(String token) {
        return http().get("api/me", "Cookie", "auth_token=" + token).status() == 200;
    }

    private static Answer change(String target, String header, String body, Collection<String> headers) {
        List<String> lines = new ArrayList<>(headers);
        lines.add(header);
        return post(target, String.join("\r\n", lines), body.getBytes(UTF_8));
    }

    private static Answer post(String target, String headerLines, byte[] body) {
        byte[] head = ("POST " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + tomcat.port() + "\r\nConnection: close\r\n"
                        + headerLines + "\r\nContent-Length: " + body.length + "\r\n\r\n")
                .getBytes(ISO_8859_1);
        byte[] request = Arrays.copyOf(head, head.length + body.length);
        System.arraycopy(body, 0, request, head.length, body.length);
        return RawHttp.exchange(tomcat.port(), request);
    }

    private static Answer postChunked(String target, String type, String body) {
        StringBuilder chunks = new StringBuilder();
        for (int i = 0; i < body.length(); i += 1000) {
            String chunk = body.substring(i, Math.min(body.length(), i + 1000));
            chunks.append(Integer.toHexString(chunk.length())).append("\r\n");
            chunks.append(chunk).append("\r\n");
        }
        chunks.append("0\r\n\r\n");
        return send(
                "POST " + target + " HTTP/1.1",
                "Content-Type: " + type,
                "Transfer-Encoding: chunked",
                "",
                chunks.toString());
    }

    /** Sends a request line by line; the last is the body. */
    private static Answer send(String requestLine, String... lines) {
        String request = requestLine + "\r\nHost: x\r\nConnection: close\r\n" + String.join("\r\n", lines);
        return RawHttp.exchange(tomcat.port(), request.getBytes(ISO_8859_1));
    }

    private static JsonNode json(Answer answer) {
        try {
            return JSON.readTree(answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException(answer.toString(), e);
        }
    }

    private static void assertProblem(Answer answer, int status, String code) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.header("Content-Type")).contains("application/problem+json");
        JsonNode problem = json(answer);
        assertThat(problem.path("type").textValue()).isEqualTo("about:blank");
        assertThat(problem.path("title").textValue()).isNotBlank().isNotEqualTo("Error");
        assertThat(problem.path("status").intValue()).isEqualTo(status);
        assertThat(problem.path("detail").textValue()).isNotBlank();
        assertThat(problem.path("code").textValue()).isEqualTo(code);
        assertTellsNothing(answer);
    }

    private static void assertTellsNothing(Answer answer) {
        assertThat(answer.body()).doesNotContain(INSIDES);
        assertThat(answer.headers("Server")).isEmpty();
        assertThat(answer.headers("X-Powered-By")).isEmpty();
    }

    private static void assertSecurityHeaders(Answer answer, String cacheControl) {
        assertSecurityHeaders(answer, String.valueOf(answer.status()), cacheControl);
    }

    private static void assertSecurityHeaders(Answer answer, String what, String cacheControl) {
        assertThat(answer.headers("Content-Security-Policy")).as(what).hasSize(1);
        assertThat(answer.header("Content-Security-Policy").orElseThrow())
                .as(what)
                .contains("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'")
                .doesNotContain("unsafe");
        assertThat(answer.headers("X-Content-Type-Options")).as(what).containsExactly("nosniff");
        assertThat(answer.headers("Referrer-Policy")).as(what).containsExactly("same-origin");
        assertThat(answer.headers("Cross-Origin-Opener-Policy")).as(what).containsExactly("same-origin");
        assertThat(answer.headers("Cross-Origin-Resource-Policy")).as(what).containsExactly("same-origin");
        assertThat(answer.headers("Permissions-Policy")).as(what).hasSize(1);
        assertThat(answer.header("Permissions-Policy").orElseThrow())
                .as(what)
                .contains("camera=()", "geolocation=()", "microphone=()");
        assertThat(answer.headers("Cache-Control")).as(what).containsExactly(cacheControl);
    }

    private static Set<String> allow(Answer answer) {
        return Set.of(answer.header("Allow").orElse("none").split(", ", -1));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, UTF_8);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&#034;")
                .replace("'", "&#039;");
    }
}
