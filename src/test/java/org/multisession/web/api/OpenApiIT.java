package org.multisession.web.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.ParseOptions;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.multisession.testing.Answer;
import org.multisession.testing.Http;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.RawHttp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/**
 * {@code /api/openapi.json} against the application itself: every answer here is as the document describes it, and
 * everything that the document describes is answered here once, down to each code of each problem.
 */
@SuppressWarnings("NullAway.Init")
class OpenApiIT {

    private static final Path DOCUMENT = Path.of("src/main/resources/openapi.json");
    private static final Path ROUTES = Path.of("src/main/java/org/multisession/boot/Routes.java");

    /** Described, but not to be brought about here: nothing. */
    private static final Set<String> NEVER_SEEN = Set.of();

    private static final String LEGACY_TOKEN = "old_token_xyz123";
    private static final String ANNA = "+79991234567";
    private static final String BORIS = "+79991234568";
    private static final String AMBIGUOUS = "+79990000001";
    private static final String[] FOREIGN = {"Origin", "https://elsewhere.example"};
    private static final String NO_SESSION = "A".repeat(22);
    private static final ObjectMapper JSON = new ObjectMapper();

    private static MemoryFolder folder;
    private static TomcatServer tomcat;
    /** The database of the application that is brought to fail. */
    private static SqliteApp failing;

    private static ApiDescription description;

    /** Where the code proves the number, where the number alone does, and where nothing works. */
    private final Http code = Http.to(tomcat.uri("/"));

    private final Http none = Http.to(tomcat.uri("/none/"));
    private final Http broken = Http.to(tomcat.uri("/broken/"));

    @BeforeAll
    static void start() throws IOException {
        description = new ApiDescription(Files.readString(DOCUMENT));
        folder = new MemoryFolder();
        TomcatServer.Builder builder = TomcatServer.of(TomcatVersion.V11);
        for (String name : List.of("code", "none", "broken")) {
            SqliteApp database = SqliteApp.open(folder.path().resolve(name + ".db"));
            database.run(SqliteApp.script("single"));
            database.addUser(AMBIGUOUS, null);
            database.addUser("8 999 000-00-01", null);
            builder.webapp(
                    name.equals("code") ? "/" : "/" + name,
                    TomcatServer.war(),
                    Map.of(
                            "multisession.db.url",
                            database.path().toString(),
                            "multisession.login.verification",
                            name.equals("none") ? "none" : "code"));
            if (name.equals("broken")) {
                failing = database;
            } else {
                database.close();
            }
        }
        tomcat = builder.start();
    }

    @AfterAll
    static void stop() {
        tomcat.close();
        failing.close();
        folder.close();
    }

    @Test
    void every_answer_is_described_and_everything_described_is_answered() throws IOException {
        signingIn();
        signingInByTheNumberAlone();
        signedIn();
        devices();
        proofs();
        proxiesAndMonitors();
        bodiesThatAreNone();
        bodiesThatComeSlowly();
        otherSites();
        otherMethods();
        strangers();
        busy();
        unavailable();
        broken();

        Set<String> missing = new TreeSet<>(description.promised());
        missing.removeAll(description.seen());
        assertThat(missing).as("described and never answered").isEqualTo(NEVER_SEEN);
    }

    @Test
    void every_route_that_programs_use_is_described() throws IOException {
        Set<String> routes = new TreeSet<>();
        for (MatchResult route : Pattern.compile("\"(/api/[^\"]*|/verify|/health(?:/live)?)\"")
                .matcher(Files.readString(ROUTES))
                .results()
                .toList()) {
            routes.add(route.group(1).replace("/*", "/{id}"));
        }
        assertThat(description.paths()).isEqualTo(routes);
    }

    @Test
    void it_is_a_document_of_openapi() throws IOException {
        SwaggerParseResult read =
                new OpenAPIV3Parser().readContents(Files.readString(DOCUMENT), null, new ParseOptions());
        assertThat(read.getMessages()).isEmpty();
        assertThat(read.getOpenAPI().getOpenapi()).isEqualTo("3.1.0");
        assertThat(read.getOpenAPI().getPaths().keySet()).isEqualTo(description.paths());
    }

    @Test
    void it_is_served_to_everybody_and_may_be_kept_for_a_while() throws IOException {
        Answer answer = none.get("api/openapi.json");
        assertThat(answer.body()).isEqualTo(Files.readString(DOCUMENT));
        assertThat(answer.header("Cache-Control")).contains("public, max-age=300");
    }

    private void signingIn() throws JsonProcessingException {
        Answer asked = post(code, "/api/login", 202, "{\"phone\":\"" + ANNA + "\"}");
        String challenge = member(asked, "challenge");
        post(code, "/api/login", 429, "{\"phone\":\"" + ANNA + "\",\"challenge\":\"" + challenge + "\"}");
        post(code, "/api/login", 422, "{\"phone\":\"12\"}");

        String sent = tomcat.nextCode("4567");
        String wrong = "%06d".formatted((Integer.parseInt(sent) + 1) % 1_000_000);
        post(code, "/api/login/code", 401, trial(challenge, wrong));
        post(code, "/api/login/code", 200, trial(challenge, sent));
        post(code, "/api/login/code", 401, trial(challenge, sent));
        post(code, "/api/login/code", 422, trial(challenge, "12345"));

        String other = member(post(code, "/api/login", 202, "{\"phone\":\"" + BORIS + "\"}"), "challenge");
        String notIt = "%06d".formatted((Integer.parseInt(tomcat.nextCode("4568")) + 1) % 1_000_000);
        for (int tries = 1; tries < 5; tries++) {
            post(code, "/api/login/code", 401, trial(other, notIt));
        }
        post(code, "/api/login/code", 429, trial(other, notIt));
    }

    private void signingInByTheNumberAlone() throws JsonProcessingException {
        post(none, "/api/login", 200, "{\"phone\":\"" + ANNA + "\"}");
        post(none, "/api/login", 401, "{\"phone\":\"+79990009999\"}");
        post(none, "/api/login", 409, "{\"phone\":\"" + AMBIGUOUS + "\"}");
    }

    private void signedIn() throws JsonProcessingException {
        String token = signIn();
        for (String[] way : List.of(cookie(token), bearer(token), bearer(LEGACY_TOKEN), cookie(LEGACY_TOKEN))) {
            judged("GET", "/api/me", 200, none.get("api/me", way));
            judged("GET", "/api/sessions", 200, none.get("api/sessions", way));
            judged("GET", "/verify", 200, none.get("verify", way));
        }
        judged("POST", "/api/logout", 204, none.send("POST", "api/logout", "", bearer(token)));
        judged("POST", "/api/logout", 204, none.send("POST", "api/logout", "", cookie(signIn())));
    }

    private void devices() throws JsonProcessingException {
        String token = signIn();
        signIn();
        String devices = judged("GET", "/api/sessions", 200, none.get("api/sessions", bearer(token)))
                .body();
        List<String> others = new ArrayList<>();
        JSON.readTree(devices).path("sessions").forEach(session -> {
            if (!session.path("current").booleanValue()) {
                others.add(session.path("id").textValue());
            }
        });
        String path = "/api/sessions/{id}";
        judged("DELETE", path, 204, none.send("DELETE", "api/sessions/" + others.get(0), "", bearer(token)));
        judged("DELETE", path, 404, none.send("DELETE", "api/sessions/" + others.get(0), "", bearer(token)));
        judged("DELETE", path, 404, none.send("DELETE", "api/sessions/1", "", bearer(token)));
        String all = "/api/sessions/revoke-others";
        judged("POST", all, 200, none.send("POST", "api/sessions/revoke-others", "", bearer(token)));
    }

    /** By a token of the old app, which proves nothing, where a code could. */
    private void proofs() throws JsonProcessingException {
        String devices = code.get("api/sessions", bearer(LEGACY_TOKEN)).body();
        String other = JSON.readTree(devices).at("/sessions/1/id").textValue();
        String path = "/api/sessions/{id}";
        judged("DELETE", path, 401, code.send("DELETE", "api/sessions/" + other, "", bearer(LEGACY_TOKEN)));
        String all = "/api/sessions/revoke-others";
        judged("POST", all, 401, code.send("POST", "api/sessions/revoke-others", "", bearer(LEGACY_TOKEN)));
        assertThat(code.get("api/sessions", bearer(LEGACY_TOKEN)).body()).contains(other);
        judged("GET", "/verify", 401, code.get("verify?max-age=300", bearer(LEGACY_TOKEN)));
        judged("GET", "/verify", 400, code.get("verify?max-age=5m", bearer(LEGACY_TOKEN)));
        Answer me = judged("GET", "/api/me", 200, code.get("api/me", bearer(LEGACY_TOKEN)));
        assertThat(JSON.readTree(me.body()).path("newSignIns")).hasSize(1);
    }

    private void proxiesAndMonitors() throws JsonProcessingException {
        judged("GET", "/health", 200, code.get("health"));
        judged("GET", "/health/live", 200, code.get("health/live"));
        judged("GET", "/api/openapi.json", 200, code.get("api/openapi.json"));
    }

    private void bodiesThatAreNone() throws JsonProcessingException {
        for (String path : List.of("/api/login", "/api/login/code")) {
            String relative = path.substring(1);
            post(code, path, 400, "{");
            post(code, path, 400, "{\"number\":1}");
            post(code, path, 413, " ".repeat(20_000));
            judged("POST", path, 415, code.postForm(relative, Map.of("phone", ANNA)));
        }
    }

    /** At the same time, since the application waits ten seconds for each. */
    private static void bodiesThatComeSlowly() throws JsonProcessingException {
        int port = tomcat.uri("/").getPort();
        List<String> paths = List.of("/api/login", "/api/login/code");
        List<CompletableFuture<Answer>> answers = paths.stream()
                .map(path -> CompletableFuture.supplyAsync(
                        () -> RawHttp.postSlowly(port, path, "application/json"), task -> new Thread(task).start()))
                .toList();
        for (int i = 0; i < paths.size(); i++) {
            judged("POST", paths.get(i), 408, answers.get(i).join());
        }
    }

    private void otherSites() throws JsonProcessingException {
        String token = signIn();
        for (String path : List.of("/api/login", "/api/login/code")) {
            judged("POST", path, 403, code.postJson(path.substring(1), "{}", FOREIGN));
        }
        for (String path : List.of("/api/logout", "/api/sessions/revoke-others")) {
            judged("POST", path, 403, none.send("POST", path.substring(1), "", with(bearer(token), FOREIGN)));
        }
        judged(
                "DELETE",
                "/api/sessions/{id}",
                403,
                none.send("DELETE", "api/sessions/" + NO_SESSION, "", with(bearer(token), FOREIGN)));
    }

    private void otherMethods() throws JsonProcessingException {
        for (String path : description.paths()) {
            String relative = path.substring(1).replace("{id}", NO_SESSION);
            if (description.hasOtherMethods(path)) {
                judged("PATCH", path, 405, code.send("PATCH", relative, "", bearer(LEGACY_TOKEN)));
            }
        }
    }

    private void strangers() throws JsonProcessingException {
        for (Operation operation : Operation.ALL) {
            boolean refused =
                    operation.send(code).status() == 401 && operation.body().isEmpty();
            assertThat(refused)
                    .as("%s needs a signed-in user", operation)
                    .isEqualTo(description.isProtected(operation.method(), operation.path()));
            if (refused) {
                judged(operation.method(), operation.path(), 401, operation.send(code));
                judged(operation.method(), operation.path(), 401, operation.send(code, bearer("x"), cookie("x")));
            }
        }
    }

    /** All at once, since each waits for the database for seconds. */
    private void busy() throws JsonProcessingException {
        // What is compiled against an old schema fails otherwise than by waiting.
        judged("GET", "/api/me", 200, broken.get("api/me", bearer(LEGACY_TOKEN)));
        failing.run("BEGIN EXCLUSIVE");
        try {
            List<CompletableFuture<Answer>> answers = Operation.ALL.stream()
                    .map(operation -> CompletableFuture.supplyAsync(
                            () -> operation.send(broken, bearer(LEGACY_TOKEN)), task -> new Thread(task).start()))
                    .toList();
            for (int i = 0; i < answers.size(); i++) {
                Operation operation = Operation.ALL.get(i);
                int expected = operation.needsNoDatabase() ? 200 : 503;
                judged(
                        operation.method(),
                        operation.path(),
                        expected,
                        answers.get(i).join());
            }
        } finally {
            failing.run("ROLLBACK");
        }
    }

    /** A folder in the place of the rollback journal, which every statement looks for: the disk cannot be read. */
    private void unavailable() throws IOException {
        Path database = failing.path();
        Path inTheWay = Files.createDirectory(database.resolveSibling(database.getFileName() + "-journal"));
        try {
            for (Operation operation : Operation.ALL) {
                int expected = operation.needsNoDatabase() ? 200 : 503;
                Answer answer = operation.send(broken, bearer(LEGACY_TOKEN));
                judged(operation.method(), operation.path(), expected, answer);
                if (expected == 503 && !operation.path().equals("/health")) {
                    assertThat(answer.body()).contains("\"unavailable\"");
                    assertThat(answer.header("Retry-After")).contains("30");
                }
            }
        } finally {
            Files.delete(inTheWay);
        }
        // The pool has found none to open, and rests for some seconds before it tries again.
        Answer back = broken.get("api/me", bearer(LEGACY_TOKEN));
        for (long end = System.nanoTime() + Duration.ofMinutes(2).toNanos();
                back.status() == 503 && System.nanoTime() - end < 0; ) {
            back = broken.get("api/me", bearer(LEGACY_TOKEN));
        }
        judged("GET", "/api/me", 200, back);
        judged("GET", "/health", 200, broken.get("health"));
    }

    /** As if somebody had changed tables while the application runs: they are all there, and to read them fails. */
    private void broken() throws JsonProcessingException {
        failing.run("ALTER TABLE users RENAME COLUMN phone TO text");
        failing.run("ALTER TABLE users ADD COLUMN phone TEXT AS (json('{' || text))");
        failing.run("ALTER TABLE multisession_challenges RENAME TO other");
        failing.run("CREATE VIEW multisession_challenges AS SELECT json('{') AS challenge_hash, number, code_mac,"
                + " code_expires_at, previous_mac, previous_expires_at, attempts, sent_at FROM other");
        for (Operation operation : Operation.ALL) {
            int expected = switch (operation.path()) {
                case "/api/openapi.json", "/health/live" -> 200;
                case "/health" -> 503;
                default -> 500;
            };
            judged(operation.method(), operation.path(), expected, operation.send(broken, bearer(LEGACY_TOKEN)));
        }
    }

    /** One request for each operation, good but for who sends it. */
    private record Operation(String method, String path, String body) {

        static final List<Operation> ALL = List.of(
                new Operation("POST", "/api/login", "{\"phone\":\"+79991234570\"}"),
                new Operation("POST", "/api/login/code", trial("none", "123456")),
                new Operation("POST", "/api/logout", ""),
                new Operation("GET", "/api/me", ""),
                new Operation("GET", "/api/sessions", ""),
                new Operation("DELETE", "/api/sessions/{id}", ""),
                new Operation("POST", "/api/sessions/revoke-others", ""),
                new Operation("GET", "/verify", ""),
                new Operation("GET", "/health", ""),
                new Operation("GET", "/health/live", ""),
                new Operation("GET", "/api/openapi.json", ""));

        boolean needsNoDatabase() {
            return path.equals("/api/openapi.json") || path.equals("/health/live");
        }

        Answer send(Http http, String[]... headers) {
            String relative = path.substring(1).replace("{id}", NO_SESSION);
            return body.isEmpty()
                    ? http.send(method, relative, "", with(headers))
                    : http.postJson(relative, body, with(headers));
        }
    }

    private Answer post(Http http, String path, int status, String json) throws JsonProcessingException {
        return judged("POST", path, status, http.postJson(path.substring(1), json));
    }

    private static Answer judged(String method, String path, int status, Answer answer) throws JsonProcessingException {
        assertThat(answer.status()).as("%s %s: %s", method, path, answer).isEqualTo(status);
        description.judge(method, path, answer);
        return answer;
    }

    private String signIn() throws JsonProcessingException {
        return member(none.postJson("api/login", "{\"phone\":\"" + ANNA + "\"}"), "token");
    }

    private static String member(Answer answer, String name) throws JsonProcessingException {
        return JSON.readTree(answer.body()).path(name).textValue();
    }

    private static String trial(String challenge, String code) {
        return "{\"challenge\":\"" + challenge + "\",\"code\":\"" + code + "\"}";
    }

    private static String[] cookie(String token) {
        return new String[] {"Cookie", "auth_token=" + token};
    }

    private static String[] bearer(String token) {
        return new String[] {"Authorization", "Bearer " + token};
    }

    private static String[] with(String[]... headers) {
        return List.of(headers).stream().flatMap(each -> List.of(each).stream()).toArray(String[]::new);
    }
}
