package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.testing.Answer;
import org.multisession.testing.FakeGateway;
import org.multisession.testing.Http;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** What an operator reads, and what nobody ever reads, in the log of a real Tomcat. */
class LogIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ID = "X-Request-Id";
    private static final String MADE = "[0-9a-f]{16}";
    private static final String LEGACY = "legacy-token-of-dora-0123456789";

    @TempDir
    static Path folder;

    @SuppressWarnings("NullAway.Init")
    private static SqliteApp old;

    @SuppressWarnings("NullAway.Init")
    private static FakeGateway gateway;

    @SuppressWarnings("NullAway.Init")
    private static TomcatServer tomcat;

    @SuppressWarnings("NullAway.Init")
    private static Http http;

    /** What was used in this run and must not be in the log. */
    private static final List<String> SECRETS = new CopyOnWriteArrayList<>();

    private static int users;

    @BeforeAll
    static void start() throws IOException {
        gateway = new FakeGateway();
        old = SqliteApp.make(Files.createDirectory(folder.resolve("db")), "single");
        old.addUser(secret("+79996660000"), secret(LEGACY));
        tomcat = TomcatServer.of(TomcatVersion.V10_1)
                .webapp(
                        "/",
                        TomcatServer.war(),
                        Map.of(
                                "multisession.db.url",
                                old.path().toString(),
                                "multisession.sms.sender",
                                "http",
                                "multisession.sms.host",
                                "id.example.com",
                                "multisession.sms.http.url",
                                gateway.url("/messages?to={phone}"),
                                "multisession.sms.http.headers",
                                "Content-Type: application/json | Authorization: " + secret("Key-of-the-gateway-77"),
                                "multisession.sms.http.body",
                                "{\"to\":\"{phone}\",\"code\":\"{code}\",\"text\":\"{text}\"}",
                                "multisession.sms.http.success",
                                "2xx | not *error*"))
                .start();
        http = Http.to(tomcat.uri("/"));
    }

    @AfterAll
    static void stop_and_find_no_secret_in_the_log() {
        tomcat.close();
        old.close();
        gateway.close();
        String log = tomcat.log();
        assertThat(SECRETS).hasSizeGreaterThan(8);
        for (String secret : SECRETS) {
            // Without the plus: a number is written in many ways.
            assertThat(log).doesNotContain(secret.replaceFirst("^\\+7", ""));
        }
    }

    private static String secret(String secret) {
        SECRETS.add(secret);
        return secret;
    }

    private static String user() {
        String phone = secret("+7999666%04d".formatted(++users));
        old.addUser(phone, null);
        return phone;
    }

    private static String member(Answer answer, String name) {
        try {
            return JSON.readTree(answer.body()).path(name).asText();
        } catch (JsonProcessingException e) {
            throw new AssertionError(answer.body(), e);
        }
    }

    private static String challenge(String phone) {
        return secret(member(http.postJson("api/login", "{\"phone\":\"" + phone + "\"}"), "challenge"));
    }

    private static Answer tryCode(String challenge, String code) {
        return http.postJson("api/login/code", "{\"challenge\":\"" + challenge + "\",\"code\":\"" + code + "\"}");
    }

    @Test
    void a_deploy_begins_with_what_runs_on_what() {
        List<String> ours = tomcat.log()
                .lines()
                .filter(line -> line.contains("org.multisession."))
                .toList();
        assertThat(ours.get(0))
                .containsPattern("INFO .*Multi-Session \\S+.* on Java \\d+.*, Apache Tomcat/10\\.1\\.\\d+$");
        assertThat(ours)
                .anyMatch(line ->
                        line.matches(".*Database: SQLite 3[.\\d]+ \\(driver 3[.\\d]+\\), file .*, journal mode .*"));
    }

    @Test
    void an_id_that_the_proxy_gave_is_in_the_answer_in_the_problem_and_in_the_log() {
        String id = "proxy.0123456789_abc-DEF";
        Answer refused = http.get("api/me", ID, id);
        assertThat(refused.header(ID)).contains(id);
        assertThat(member(refused, "requestId")).isEqualTo(id);

        old.run("BEGIN EXCLUSIVE");
        try {
            assertThat(http.postJson("api/logout", "", "Authorization", "Bearer " + LEGACY, ID, id)
                            .status())
                    .isEqualTo(503);
        } finally {
            old.run("ROLLBACK");
        }
        tomcat.awaitLog("[" + id + "] A request was answered with 503");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "short",
                "79996660000",
                "123456",
                "has a space in the middle of it",
                "0123456789012345678901234567890123456789012"
            })
    void an_id_that_could_be_a_secret_or_forge_a_line_is_replaced(String id) {
        Answer refused = http.get("api/me", ID, id);
        assertThat(refused.header(ID).orElseThrow()).matches(MADE);
        assertThat(member(refused, "requestId")).isEqualTo(refused.header(ID).orElseThrow());
    }

    @Test
    void every_request_has_an_id_of_its_own() {
        List<String> ids = new ArrayList<>();
        for (String path : List.of("login", "health", "static/app.css", "nothing", "api/me")) {
            ids.add(http.get(path).header(ID).orElseThrow());
        }
        assertThat(ids).doesNotHaveDuplicates().allMatch(id -> id.matches(MADE));
    }

    @Test
    void what_is_logged_outside_of_a_request_has_none() {
        http.get("api/me");
        // Logged while requests can have ids already, by a thread that serves none.
        assertThat(tomcat.log()).containsPattern("Application\\S* Multi-Session is ready");
    }

    @Test
    void what_people_do_leaves_no_token_code_or_number_in_the_log() throws IOException {
        String anna = user();
        String challenge = challenge(anna);
        String code = JSON.readTree(gateway.next().body()).path("code").asText();
        // A code alone may be any six digits of a time or a count; with its neighbours it is one.
        secret("\"" + code + "\"");
        assertThat(tryCode(challenge, code.equals("000000") ? "000001" : "000000")
                        .status())
                .isEqualTo(401);
        String token = secret(member(tryCode(challenge, code), "token"));
        assertThat(http.get("api/me", "Authorization", "Bearer " + token).status())
                .isEqualTo(200);
        assertThat(http.get("nothing/" + token + "?auth_token=" + token, "Cookie", "auth_token=" + token)
                        .status())
                .isEqualTo(404);
        assertThat(http.get("login?next=/" + token).status()).isEqualTo(200);
        assertThat(http.postJson("api/login", "{\"phone\":\"" + anna).status()).isEqualTo(400);
        assertThat(http.postForm("login", Map.of("phone", anna + "x", "next", token))
                        .status())
                .isIn(303, 422, 429);

        String boris = user();
        gateway.answerBy(exchange -> {
            byte[] echo = exchange.getRequestBody().readAllBytes();
            byte[] answer = ("error: cannot send " + new String(echo, java.nio.charset.StandardCharsets.UTF_8)
                            + exchange.getRequestURI())
                    .getBytes(java.nio.charset.StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        challenge(boris);
        secret("\"" + JSON.readTree(gateway.next().body()).path("code").asText() + "\"");
        tomcat.awaitLog("A code was not sent");

        assertThat(http.send("POST", "api/logout", "", "Authorization", "Bearer " + token)
                        .status())
                .isEqualTo(204);
        assertThat(http.get("api/me", "Authorization", "Bearer " + token).status())
                .isEqualTo(401);
    }
}
