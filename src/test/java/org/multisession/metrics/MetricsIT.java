package org.multisession.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.testing.Answer;
import org.multisession.testing.Command;
import org.multisession.testing.FakeGateway;
import org.multisession.testing.Http;
import org.multisession.testing.Installed;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** What a real Tomcat tells Prometheus: meters are moved by the acts that they count. */
class MetricsIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path PROMTOOL = Path.of("/usr/bin/promtool");
    private static final Path ALERTS = Path.of("docs/monitoring/alerts.yml");
    private static final Path DASHBOARD = Path.of("docs/monitoring/grafana-dashboard.json");
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private static final String PHONE = "+79995550001";
    private static final String OTHER = "+79995550002";

    @TempDir
    static Path folder;

    @SuppressWarnings("NullAway.Init")
    private static SqliteApp old;

    @SuppressWarnings("NullAway.Init")
    private static SqliteApp multi;

    @SuppressWarnings("NullAway.Init")
    private static FakeGateway gateway;

    @SuppressWarnings("NullAway.Init")
    private static TomcatServer tomcat;

    @SuppressWarnings("NullAway.Init")
    private static Http http;

    @BeforeAll
    static void start() throws IOException {
        gateway = new FakeGateway();
        old = SqliteApp.make(Files.createDirectory(folder.resolve("db")), "single");
        old.addUser(PHONE, "legacy-token-of-the-first");
        old.addUser(OTHER, null);
        old.addUser("+79995550003", "legacy-token-of-the-third");
        multi = SqliteApp.make(Files.createDirectory(folder.resolve("settled")), "multi");
        Map<String, String> settings = Map.of(
                "multisession.db.url",
                old.path().toString(),
                "multisession.sms.sender",
                "http",
                "multisession.sms.host",
                "id.example.com",
                "multisession.sms.http.url",
                gateway.url("/messages"),
                "multisession.sms.http.headers",
                "Content-Type: application/json",
                "multisession.sms.http.body",
                "{\"to\":\"{phone}\",\"code\":\"{code}\"}");
        tomcat = TomcatServer.of(TomcatVersion.V11)
                .webapp("/", TomcatServer.war(), settings)
                .webapp(
                        "/closed",
                        TomcatServer.war(),
                        Map.of(
                                "multisession.db.url",
                                "jdbc:sqlite:" + folder.resolve("closed.db"),
                                "multisession.db.create",
                                "true",
                                "multisession.metrics.allow",
                                "192.0.2.0/24"))
                .app("/settled", multi, "multisession.stage", "settle", "multisession.login.verification", "none")
                .start();
        http = Http.to(tomcat.uri("/"));
    }

    @AfterAll
    static void stop() {
        tomcat.close();
        old.close();
        multi.close();
        gateway.close();
    }

    private static Scrape scrape() {
        return scrape(http);
    }

    private static Scrape scrape(Http http) {
        Answer answer = http.get("metrics");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type").orElseThrow())
                .startsWith("text/plain")
                .contains("version=0.0.4");
        return new Scrape(answer.body());
    }

    /** How much a sample grows by an act. */
    private static double growth(String sample, Runnable act) {
        double before = scrape().value(sample);
        act.run();
        return scrape().value(sample) - before;
    }

    private static void await(String what, Supplier<Boolean> condition) {
        Instant end = Instant.now().plus(PATIENCE);
        while (!condition.get()) {
            assertThat(Instant.now()).as(what).isBefore(end);
        }
    }

    private static String member(String json, String name) {
        try {
            return JSON.readTree(json).path(name).asText();
        } catch (JsonProcessingException e) {
            throw new AssertionError(json, e);
        }
    }

    private static String challenge(String phone) {
        Answer answer = http.postJson("api/login", "{\"phone\":\"" + phone + "\"}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(202);
        return member(answer.body(), "challenge");
    }

    private static Answer tryCode(String challenge, String code) {
        return http.postJson("api/login/code", "{\"challenge\":\"" + challenge + "\",\"code\":\"" + code + "\"}");
    }

    @Test
    void codes_sign_ins_and_sign_outs_are_counted_by_what_became_of_them() {
        double requested = scrape().value("multisession_codes_requested_total");
        String[] held = new String[2];
        assertThat(growth("multisession_gateway_seconds_count{outcome=\"sent\"}", () -> {
                    held[0] = challenge(PHONE);
                    held[1] = member(gateway.next().body(), "code");
                    await(
                            "the gateway's answer",
                            () -> scrape().value("multisession_gateway_seconds_count{outcome=\"sent\"}") > 0);
                }))
                .isEqualTo(1);
        String wrong = held[1].equals("000000") ? "000001" : "000000";
        assertThat(growth(
                        "multisession_codes_tried_total{result=\"wrong\"}",
                        () -> assertThat(tryCode(held[0], wrong).status()).isEqualTo(401)))
                .isEqualTo(1);
        double right = scrape().value("multisession_codes_tried_total{result=\"right\"}");
        String[] token = new String[1];
        assertThat(growth(
                        "multisession_signins_total{outcome=\"done\"}",
                        () -> token[0] = member(tryCode(held[0], held[1]).body(), "token")))
                .isEqualTo(1);
        assertThat(scrape().value("multisession_codes_tried_total{result=\"right\"}"))
                .isEqualTo(right + 1);
        String bearer = "Bearer " + token[0];
        assertThat(growth(
                        "multisession_authentication_seconds_count{way=\"session\"}",
                        () -> http.get("api/me", "Authorization", bearer)))
                .isEqualTo(1);
        assertThat(growth(
                        "multisession_signouts_total{outcome=\"done\"}",
                        () -> http.send("POST", "api/logout", "", "Authorization", bearer)))
                .isEqualTo(1);

        assertThat(growth("multisession_gateway_seconds_count{outcome=\"failed\"}", () -> {
                    double before = scrape().value("multisession_gateway_seconds_count{outcome=\"failed\"}");
                    gateway.answer(500);
                    challenge(OTHER);
                    await(
                            "the failure",
                            () -> scrape().value("multisession_gateway_seconds_count{outcome=\"failed\"}") > before);
                }))
                .isEqualTo(1);
        assertThat(growth(
                        "multisession_codes_limited_total{limit=\"resend\"}",
                        () -> assertThat(http.postJson("api/login", "{\"phone\":\"" + OTHER + "\"}")
                                        .status())
                                .isEqualTo(429)))
                .isEqualTo(1);
        assertThat(scrape().value("multisession_codes_requested_total")).isEqualTo(requested + 3);
    }

    @Test
    void requests_are_counted_by_what_they_came_in_by() {
        assertThat(growth(
                        "multisession_authentication_seconds_count{way=\"legacy\"}",
                        () -> http.get("api/me", "Cookie", "auth_token=legacy-token-of-the-third")))
                .isEqualTo(1);
        assertThat(growth("multisession_authentication_seconds_count{way=\"none\"}", () -> http.get("verify")))
                .isEqualTo(1);
        assertThat(growth(
                        "multisession_authentication_seconds_count{way=\"refused\"}",
                        () -> http.get("verify", "Cookie", "auth_token=nobodys")))
                .isEqualTo(1);
        assertThat(growth(
                        "multisession_signouts_total{outcome=\"device-forgot\"}",
                        () -> http.send("POST", "api/logout", "", "Authorization", "Bearer legacy-token-of-the-third")))
                .isEqualTo(1);
    }

    @Test
    void hashed_tokens_and_sessions_that_another_device_ends_are_counted() {
        Http settled = Http.to(tomcat.uri("/settled/"));
        String plain = multi.one("SELECT count(*) FROM user_sessions WHERE auth_token NOT LIKE 'sha256:%'");
        assertThat(plain).isEqualTo("0");
        assertThat(scrape(settled).value("multisession_tokens_hashed_total"))
                .isEqualTo(Double.parseDouble(multi.one("SELECT count(*) FROM user_sessions")))
                .isPositive();

        String phone = multi.one("SELECT phone FROM users WHERE id = 42");
        String[] bearers = new String[2];
        for (int i = 0; i < bearers.length; i++) {
            Answer answer = settled.postJson("api/login", "{\"phone\":\"" + phone + "\"}");
            bearers[i] = "Bearer " + member(answer.body(), "token");
        }
        assertThat(scrape(settled).value("multisession_sessions_ended_total{reason=\"revoked\"}"))
                .isZero();
        settled.send("POST", "api/sessions/revoke-others", "", "Authorization", bearers[1]);
        assertThat(scrape(settled).value("multisession_sessions_ended_total{reason=\"revoked\"}"))
                .isPositive();
        assertThat(settled.get("api/me", "Authorization", bearers[0]).status()).isEqualTo(401);
    }

    @Test
    void the_census_and_the_pools_are_there_without_a_look_at_the_database() {
        await("the first census", () -> !Double.isNaN(scrape().value("multisession_users_legacy")));
        Scrape scrape = scrape();
        assertThat(scrape.value("multisession_users_legacy")).isGreaterThanOrEqualTo(1);
        assertThat(scrape.value("multisession_sessions_live")).isNotNegative();
        assertThat(scrape.value("multisession_users_moved")).isNotNegative();
        // Housekeeping borrows it now and then.
        await(
                "the writer is idle",
                () -> scrape().value("multisession_pool_connections{pool=\"writer\",state=\"idle\"}") == 1);
        assertThat(scrape.value("multisession_lock_wait_seconds_count")).isPositive();
        assertThat(scrape.value("multisession_writer_wait_seconds_count")).isPositive();
        assertThat(scrape.value("multisession_database_foreign_descriptors")).isZero();
        assertThat(scrape.value("multisession_database_replaced_total")).isZero();
        old.run("BEGIN EXCLUSIVE");
        try {
            assertThat(http.get("metrics").status()).isEqualTo(200);
        } finally {
            old.run("ROLLBACK");
        }
    }

    @Test
    void work_that_is_given_up_because_the_database_is_locked_is_counted() {
        old.run("BEGIN IMMEDIATE");
        try {
            assertThat(growth(
                            "multisession_database_busy_total",
                            () -> assertThat(http.send(
                                                    "POST",
                                                    "api/logout",
                                                    "",
                                                    "Authorization",
                                                    "Bearer legacy-token-of-the-third")
                                            .status())
                                    .isEqualTo(503)))
                    .isPositive();
        } finally {
            old.run("ROLLBACK");
        }
    }

    @Test
    void no_token_number_or_address_of_a_user_is_among_them() {
        http.get("api/me", "Cookie", "auth_token=legacy-token-of-the-third");
        assertThat(http.get("metrics").body()).doesNotContain("legacy-token", "9995550001", "127.0.0.1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-Forwarded-For", "Forwarded", "X-Real-IP"})
    void whom_a_proxy_asks_for_is_not_the_machine_itself(String header) {
        assertThat(http.get("metrics", header, "127.0.0.1").status()).isEqualTo(404);
    }

    @Test
    void for_others_than_the_allowed_addresses_there_is_nothing() {
        Http closed = Http.to(tomcat.uri("/closed/"));
        assertThat(closed.get("health").status()).isEqualTo(200);
        for (String method : new String[] {"GET", "POST", "OPTIONS", "DELETE"}) {
            Answer answer = closed.send(method, "metrics", "");
            assertThat(answer.status()).as(method).isEqualTo(404);
            assertThat(answer.body()).doesNotContain("multisession_");
        }
    }

    @Test
    void every_metric_that_the_alerts_the_dashboard_and_the_documents_name_is_there() throws IOException {
        Scrape scrape = scrape();
        Set<String> missing = new TreeSet<>();
        for (Path file : new Path[] {ALERTS, DASHBOARD}) {
            for (String name : names(Files.readString(file))) {
                if (!scrape.has(name)) {
                    missing.add(file.getFileName() + ": " + name);
                }
            }
        }
        String documents = Files.readString(Path.of("docs/operations.md"));
        Set<String> told = names(documents);
        for (String name : told) {
            if (!scrape.has(name) && !scrape.has(name + "_count")) {
                missing.add("operations.md: " + name);
            }
        }
        for (String sample : scrape.all().keySet()) {
            String name = sample.replaceFirst("\\{.*", "");
            if (!told.contains(name) && !told.contains(name.replaceFirst("_(count|sum|max|bucket)$", ""))) {
                missing.add("not in operations.md: " + name);
            }
        }
        assertThat(missing).isEmpty();
    }

    private static Set<String> names(String text) {
        Set<String> names = new TreeSet<>();
        for (MatchResult name :
                Pattern.compile("multisession_[a-z_]+").matcher(text).results().toList()) {
            names.add(name.group());
        }
        return names;
    }

    @Test
    void the_dashboard_is_one_that_grafana_imports() throws IOException {
        JsonNode dashboard = JSON.readTree(Files.readString(DASHBOARD));
        assertThat(dashboard.path("title").asText()).isEqualTo("Multi-Session");
        Set<Integer> ids = new TreeSet<>();
        List<String> expressions = new ArrayList<>();
        for (JsonNode panel : dashboard.path("panels")) {
            assertThat(ids.add(panel.path("id").asInt()))
                    .as(panel.path("title").asText())
                    .isTrue();
            assertThat(panel.path("gridPos").path("w").asInt()).isBetween(1, 24);
            for (JsonNode target : panel.path("targets")) {
                assertThat(target.path("expr").asText()).isNotEmpty();
                expressions.add(target.path("expr").asText());
            }
        }
        assertThat(ids).isNotEmpty();
        assertThat(expressions).as("a migration").anyMatch(each -> each.contains("multisession_migration_rows"));
    }

    @Test
    void promtool_takes_the_alerts_and_the_scrape() throws IOException {
        Installed.require("promtool", "prometheus", PROMTOOL);
        Answer answer = http.get("metrics");
        Path scrape = Files.writeString(folder.resolve("scrape.txt"), answer.body());
        assertThat(run(PROMTOOL + " check rules " + ALERTS)).contains("SUCCESS");
        // Its advice on names is not ours to take, a line that it cannot read would be.
        assertThat(run(PROMTOOL + " check metrics < " + scrape)).doesNotContain("error while linting");
        // The dashboard's expressions as rules: what is no PromQL is refused.
        StringBuilder rules = new StringBuilder("groups:\n  - name: dashboard\n    rules:\n");
        int number = 0;
        for (JsonNode panel : JSON.readTree(Files.readString(DASHBOARD)).path("panels")) {
            for (JsonNode target : panel.path("targets")) {
                String expression = target.path("expr")
                        .asText()
                        .replace("$__rate_interval", "5m")
                        .replace("$instance", ".*");
                rules.append("      - record: panel:").append(number++).append("\n        expr: ");
                rules.append(JSON.writeValueAsString(expression)).append('\n');
            }
        }
        Path file = Files.writeString(folder.resolve("dashboard.yml"), rules);
        assertThat(run(PROMTOOL + " check rules " + file)).contains("SUCCESS: " + number + " rules found");
    }

    /** What each alert is for, played minute by minute; the last one is the case in which all is well. */
    @Test
    void the_alerts_fire_when_they_should() throws IOException {
        Installed.require("promtool", "prometheus", PROMTOOL);
        Path file = Files.writeString(folder.resolve("alerts-test.yml"), """
                rule_files: [%s]
                evaluation_interval: 1m
                tests:
                  - interval: 1m
                    input_series:
                      - {series: 'multisession_gateway_seconds_count{outcome="failed"}', values: '0+10x60'}
                      - {series: 'multisession_gateway_seconds_count{outcome="sent"}', values: '0+1x60'}
                      - {series: 'multisession_serving', values: '0x60'}
                      - {series: 'multisession_housekeeping_failures_total{task="census"}', values: '0+1x60'}
                    promql_expr_test:
                      - {eval_time: 40m, expr: 'count(ALERTS{alertname="MultiSessionGatewayFails",alertstate="firing"})', exp_samples: [{labels: '{}', value: 1}]}
                      - {eval_time: 40m, expr: 'count(ALERTS{alertname="MultiSessionNotServing",alertstate="firing"})', exp_samples: [{labels: '{}', value: 1}]}
                      - {eval_time: 60m, expr: 'count(ALERTS{alertname="MultiSessionHousekeepingFails",alertstate="firing"})', exp_samples: [{labels: '{}', value: 1}]}
                  - interval: 1m
                    input_series:
                      - {series: 'multisession_gateway_seconds_count{outcome="failed"}', values: '0+1x60'}
                      - {series: 'multisession_gateway_seconds_count{outcome="sent"}', values: '0+10x60'}
                      - {series: 'multisession_serving', values: '1x60'}
                      - {series: 'multisession_housekeeping_failures_total{task="census"}', values: '0x30 1x30'}
                    promql_expr_test:
                      - {eval_time: 40m, expr: 'count(ALERTS{alertname="MultiSessionGatewayFails",alertstate="firing"})', exp_samples: []}
                      - {eval_time: 40m, expr: 'count(ALERTS{alertname="MultiSessionNotServing",alertstate="firing"})', exp_samples: []}
                      - {eval_time: 60m, expr: 'count(ALERTS{alertname="MultiSessionHousekeepingFails",alertstate="firing"})', exp_samples: []}
                """.formatted(ALERTS.toAbsolutePath()));
        assertThat(run(PROMTOOL + " test rules " + file)).contains("SUCCESS");
    }

    private static String run(String command) {
        return Command.run(Path.of("").toAbsolutePath(), List.of("sh", "-c", command))
                .said();
    }
}
