package org.multisession.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.Authenticator;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.testing.Answer;
import org.multisession.testing.FakeGateway;
import org.multisession.testing.Http;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/**
 * Sign-in by codes on a real Tomcat, over HTTP. One server with an application for each set of settings; each test has
 * users of its own, so that no limit of one number reaches into another test.
 */
class CodeFlowIT {

    private static final String HTML = "text/html";
    private static final String CHALLENGE = "multisession_challenge";
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    static Path folder;

    @SuppressWarnings("NullAway.Init")
    private static Deployed log;

    @SuppressWarnings("NullAway.Init")
    private static Deployed sms;

    @SuppressWarnings("NullAway.Init")
    private static Deployed open;

    @SuppressWarnings("NullAway.Init")
    private static Deployed limited;

    @SuppressWarnings("NullAway.Init")
    private static FakeGateway gateway;

    @SuppressWarnings("NullAway.Init")
    private static TomcatServer tomcat;

    private static int users;

    /** One application of the server, and its database. */
    private record Deployed(String context, SqliteApp old) {

        Http http() {
            return Http.to(tomcat.uri(context));
        }

        String user() {
            String phone = "+7999%07d".formatted(1_000_000 + 10_007 * ++users);
            old.addUser(phone, null);
            return phone;
        }

        /** Lets everything that was asked for be so much older. */
        void age(int minutes) {
            String older = "strftime('%Y-%m-%d %H:%M:%f000', {}, '-" + minutes + " minutes')";
            for (String column : new String[] {"sent_at", "code_expires_at", "previous_expires_at"}) {
                for (String table : new String[] {"multisession_challenges", "multisession_stranger_challenges"}) {
                    old.run("UPDATE " + table + " SET " + column + " = " + older.replace("{}", column));
                }
            }
            for (String table : new String[] {"multisession_code_requests", "multisession_stranger_requests"}) {
                old.run("UPDATE " + table + " SET requested_at = " + older.replace("{}", "requested_at"));
            }
        }
    }

    @BeforeAll
    static void start() {
        gateway = new FakeGateway();
        log = database("/", "log");
        sms = database("/sms/", "sms");
        open = database("/open/", "open");
        limited = database("/limited/", "limited");
        Map<String, String> generous =
                Map.of("multisession.limit.address-per-hour", "100000", "multisession.limit.prefix-per-day", "100000");
        tomcat = TomcatServer.of(TomcatVersion.V11)
                .webapp("/", TomcatServer.war(), with(generous, log))
                .webapp(
                        "/sms",
                        TomcatServer.war(),
                        with(
                                generous,
                                sms,
                                "multisession.sms.sender",
                                "http",
                                "multisession.sms.host",
                                "id.example.com",
                                "multisession.sms.http.url",
                                gateway.url("/messages"),
                                "multisession.sms.http.headers",
                                "Content-Type: application/json",
                                "multisession.sms.http.body",
                                "{\"to\":\"{phone}\",\"text\":\"{text}\"}",
                                "multisession.sms.http.timeout",
                                "PT1M"))
                .webapp("/open", TomcatServer.war(), with(generous, open, "multisession.login.registration", "open"))
                .webapp("/limited", TomcatServer.war(), with(Map.of(), limited))
                .start();
    }

    @AfterAll
    static void stop() {
        gateway.close();
        tomcat.close();
        for (Deployed deployed : List.of(log, sms, open, limited)) {
            deployed.old().close();
        }
    }

    private static Deployed database(String context, String name) {
        SqliteApp old = SqliteApp.open(folder.resolve(name + ".db"));
        old.run(SqliteApp.script("single"));
        return new Deployed(context, old);
    }

    private static Map<String, String> with(Map<String, String> settings, Deployed deployed, String... more) {
        Map<String, String> all = new TreeMap<>(settings);
        all.put("multisession.db.url", deployed.old().path().toString());
        for (int i = 0; i < more.length; i += 2) {
            all.put(more[i], more[i + 1]);
        }
        return all;
    }

    private static Answer askByForm(Deployed at, String phone, String... headers) {
        return at.http().postForm("login", Map.of("phone", phone), plus(headers, "Accept", HTML));
    }

    private static Answer askByJson(Deployed at, String phone) {
        return at.http().postJson("api/login", "{\"phone\":\"" + phone + "\"}");
    }

    private static Answer submit(Deployed at, String challenge, String code) {
        return at.http().postJson("api/login/code", "{\"challenge\":\"" + challenge + "\",\"code\":\"" + code + "\"}");
    }

    private static JsonNode json(Answer answer) {
        try {
            return JSON.readTree(answer.body());
        } catch (JsonProcessingException e) {
            throw new AssertionError("no JSON: " + answer, e);
        }
    }

    private static String text(Answer answer, String member) {
        return json(answer).path(member).asText();
    }

    private static String setCookie(Answer answer, String name) {
        return answer.headers("Set-Cookie").stream()
                .filter(line -> line.startsWith(name + "="))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no cookie " + name + " in " + answer));
    }

    /** {@code name=value} as a browser sends it back. */
    private static String cookie(Answer answer, String name) {
        return setCookie(answer, name).replaceAll(";.*", "");
    }

    private static String[] plus(String[] headers, String name, String value) {
        String[] more = Arrays.copyOf(headers, headers.length + 2);
        more[headers.length] = name;
        more[headers.length + 1] = value;
        return more;
    }

    /** The code for this number as the log has it. */
    private static String codeInLog(String phone) {
        return codeInLog(tomcat, phone);
    }

    private static String codeInLog(TomcatServer server, String phone) {
        String line = "One-time code for the number that ends in " + phone.substring(phone.length() - 4) + ": ";
        server.awaitLog(line);
        Matcher code = Pattern.compile(Pattern.quote(line) + "([0-9]{6})").matcher(server.log());
        if (!code.find()) {
            throw new AssertionError("no code for this number in the log");
        }
        return code.group(1);
    }

    private static String wrong(String code) {
        return "%06d".formatted((Integer.parseInt(code) + 1) % 1_000_000);
    }

    private static void assertProblem(Answer answer, int status, String code) {
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.header("Content-Type").orElse("")).startsWith("application/problem+json");
        assertThat(text(answer, "code")).isEqualTo(code);
    }

    @Nested
    class InABrowser {

        @Test
        void a_code_signs_in_and_leads_to_where_one_wanted_to_go() {
            String phone = log.user();
            Answer asked =
                    log.http().postForm("login", Map.of("phone", phone, "next", "/api/me?a=b&c=d"), "Accept", HTML);
            assertThat(asked.status()).isEqualTo(303);
            assertThat(asked.header("Location")).hasValue("/login/code?next=%2Fapi%2Fme%3Fa%3Db%26c%3Dd");
            String challenge = cookie(asked, CHALLENGE);
            Answer page =
                    log.http().get("login/code?next=%2Fapi%2Fme%3Fa%3Db%26c%3Dd", "Accept", HTML, "Cookie", challenge);
            assertThat(page.status()).isEqualTo(200);
            assertThat(page.body())
                    .contains("autocomplete=\"one-time-code\"", "inputmode=\"numeric\"")
                    .contains("name=\"next\" value=\"/api/me?a=b&amp;c=d\"")
                    .contains("+7 " + phone.substring(2, 5) + " " + phone.substring(5, 8) + "-" + phone.substring(8, 10)
                            + "-" + phone.substring(10))
                    .doesNotContain(phone.substring(2));
            Answer done = log.http()
                    .postForm(
                            "login/code",
                            Map.of("code", codeInLog(phone), "next", "/api/me?a=b&c=d"),
                            "Accept",
                            HTML,
                            "Cookie",
                            challenge);
            assertThat(done.status()).isEqualTo(303);
            assertThat(done.header("Location")).hasValue("/api/me?a=b&c=d");
            Answer me = log.http().get("api/me", "Cookie", cookie(done, "auth_token"));
            assertThat(text(me, "phone")).isEqualTo(phone);
            // The challenge is gone: back to the start.
            Answer again = log.http().get("login/code", "Accept", HTML, "Cookie", challenge);
            assertThat(again.status()).isEqualTo(303);
            assertThat(again.header("Location")).hasValue("/login?lost=1");
        }

        @Test
        void a_code_may_be_typed_with_a_space() {
            String phone = log.user();
            String challenge = cookie(askByForm(log, phone), CHALLENGE);
            String code = codeInLog(phone);
            Answer done = post(log, challenge, code.substring(0, 3) + " " + code.substring(3));
            assertThat(done.status()).isEqualTo(303);
            assertThat(done.header("Location")).hasValue("/");
        }

        @Test
        void a_wrong_code_a_malformed_one_and_one_too_many_are_told_beside_the_field() {
            String phone = log.user();
            String challenge = cookie(askByForm(log, phone), CHALLENGE);
            String code = codeInLog(phone);
            for (int i = 0; i < 10; i++) {
                Answer malformed = post(log, challenge, "12345");
                assertThat(malformed.status()).isEqualTo(422);
                assertThat(malformed.body())
                        .contains("id=\"code-error\" role=\"alert\"", "Enter the six digits. No attempt was used");
            }
            for (int i = 0; i < 4; i++) {
                Answer wrong = post(log, challenge, wrong(code));
                assertThat(wrong.status()).isEqualTo(422);
                assertThat(wrong.body()).contains("id=\"code-error\" role=\"alert\"", "That code isn’t right");
            }
            for (String tried : List.of(wrong(code), code)) {
                Answer over = post(log, challenge, tried);
                assertThat(over.status()).isEqualTo(422);
                assertThat(over.body()).contains("role=\"alert\"", "Too many wrong codes", "Ask for a new one");
                assertThat(over.headers("Set-Cookie")).isEmpty();
            }
            Answer page = log.http().get("login/code", "Accept", HTML, "Cookie", challenge);
            assertThat(page.body()).contains("Too many wrong codes").doesNotContain("name=\"code\"");
        }

        @Test
        void a_code_that_has_run_out_says_so_and_how_to_get_another() {
            String phone = log.user();
            String challenge = cookie(askByForm(log, phone), CHALLENGE);
            String code = codeInLog(phone);
            log.age(6);
            Answer expired = post(log, challenge, code);
            assertThat(expired.status()).isEqualTo(422);
            assertThat(expired.body()).contains("role=\"alert\"", "has expired", "href=\"/login?edit=1\"");
        }

        /** The cookie holds the requests of both tabs; the page says of which number it is. */
        @Test
        void the_codes_of_two_numbers_are_typed_in_two_tabs_each_in_its_own() {
            String first = log.user();
            String second = log.user();
            Answer asked = askByForm(log, first);
            String firstTab =
                    numberField(log.http().get("login/code", "Accept", HTML, "Cookie", cookie(asked, CHALLENGE)));
            String cookies = cookie(askByForm(log, second, "Cookie", cookie(asked, CHALLENGE)), CHALLENGE);
            String secondTab = numberField(log.http().get("login/code", "Accept", HTML, "Cookie", cookies));
            Answer wrong = post(log, cookies, firstTab, wrong(codeInLog(first)));
            assertThat(wrong.body()).contains(firstTab, "Attempts left: 4").doesNotContain(secondTab);
            Answer resend = log.http()
                    .postForm(
                            "login/code", Map.of("resend", "1", "number", firstTab), "Accept", HTML, "Cookie", cookies);
            assertThat(resend.status()).isEqualTo(429);
            assertThat(resend.body()).contains(firstTab).doesNotContain(secondTab);
            Answer done = post(log, cookies, firstTab, codeInLog(first));
            assertThat(text(log.http().get("api/me", "Cookie", cookie(done, "auth_token")), "phone"))
                    .isEqualTo(first);
            // The first tab is done; what is typed there is no try at the code of the second.
            Answer late = post(log, cookies, firstTab, codeInLog(first));
            assertThat(late.header("Location")).hasValue("/login?lost=1");
            assertThat(log.http()
                            .get("login/code", "Accept", HTML, "Cookie", cookies)
                            .body())
                    .contains(secondTab)
                    .doesNotContain("Attempts left");
            assertThat(post(log, cookies, secondTab, codeInLog(second)).headers("Set-Cookie"))
                    .hasSize(1);
        }

        private static String numberField(Answer page) {
            Matcher field =
                    Pattern.compile("name=\"number\" value=\"([^\"]+)\"").matcher(page.body());
            assertThat(field.find()).as(page.body()).isTrue();
            return field.group(1);
        }

        private static Answer post(Deployed at, String cookies, String number, String code) {
            return at.http()
                    .postForm("login/code", Map.of("code", code, "number", number), "Accept", HTML, "Cookie", cookies);
        }

        @Test
        void another_browser_can_do_nothing_with_the_code() {
            String phone = log.user();
            String challenge = cookie(askByForm(log, phone), CHALLENGE);
            String code = codeInLog(phone);
            Answer without = log.http().postForm("login/code", Map.of("code", code), "Accept", HTML);
            assertThat(without.status()).isEqualTo(303);
            assertThat(without.header("Location")).hasValue("/login?lost=1");
            assertThat(without.headers("Set-Cookie")).isEmpty();
            String others = cookie(askByForm(log, log.user()), CHALLENGE);
            assertThat(post(log, others, code).headers("Set-Cookie")).isEmpty();
            assertThat(post(log, CHALLENGE + "=made-up", code).status()).isEqualTo(303);
            assertThat(post(log, challenge, code).headers("Set-Cookie")).hasSize(1);
        }

        @Test
        void the_challenge_s_cookie_is_for_the_sign_in_pages_of_this_application_alone() {
            assertThat(List.of(setCookie(askByForm(log, log.user()), CHALLENGE).split("; ", -1)))
                    .contains("Path=/login", "Max-Age=15552000", "HttpOnly", "SameSite=Lax")
                    .doesNotContain("Secure")
                    .noneMatch(part -> part.toLowerCase(Locale.ROOT).startsWith("domain"))
                    .first()
                    .asString()
                    .matches(CHALLENGE + "=[0-9A-Za-z_-]{43}");
            assertThat(setCookie(askByForm(open, open.user()), CHALLENGE)).contains("Path=/open/login;");
        }

        @Test
        void a_browser_that_has_used_a_code_stays_known_though_it_asks_for_others_that_never_come() {
            String phone = log.user();
            Answer first = askByForm(log, phone);
            post(log, cookie(first, CHALLENGE), codeInLog(phone));
            Answer mistyped = askByForm(log, log.user(), "Cookie", cookie(first, CHALLENGE));
            assertThat(setCookie(mistyped, CHALLENGE)).contains("Max-Age=15552000");
            // Somebody else on its network has asked for the number, within the minute.
            assertThat(askByForm(log, phone).status()).isEqualTo(303);
            assertThat(askByForm(log, phone).status()).isEqualTo(429);
            Answer again = askByForm(log, phone, "Cookie", cookie(mistyped, CHALLENGE));
            assertThat(again.status()).isEqualTo(303);
            assertThat(cookie(again, CHALLENGE)).startsWith(cookie(first, CHALLENGE) + ".");
        }

        @Test
        void a_parameter_in_the_path_of_the_application_gets_into_no_cookie_and_no_address() {
            String phone = open.user();
            Answer asked = open.http().postForm("/open;x=1/login", Map.of("phone", phone), "Accept", HTML);
            assertThat(asked.header("Location")).hasValue("/open/login/code");
            assertThat(setCookie(asked, CHALLENGE)).contains("Path=/open/login;");
            Answer done = open.http()
                    .postForm(
                            "/open;x=1/login/code",
                            Map.of("code", codeInLog(phone)),
                            "Accept",
                            HTML,
                            "Cookie",
                            cookie(asked, CHALLENGE));
            assertThat(done.header("Location")).hasValue("/open/");
            String token = cookie(done, "auth_token");
            assertThat(open.http()
                            .get("/open;x=1/sessions", "Accept", HTML, "Cookie", token)
                            .body())
                    .contains("action=\"/open/logout\"")
                    .doesNotContain("open;x");
            Answer out = open.http().postForm("/open;x=1/logout", Map.of(), "Accept", HTML, "Cookie", token);
            assertThat(out.header("Location")).hasValue("/open/login");
        }

        @Test
        void who_has_to_start_over_still_gets_to_where_they_wanted_to_go() {
            for (String path : List.of("login/code?next=%2Fapp%3Fa%3Db", "login/code?next=%2Fapp%3Fa%3Db&confirm=1")) {
                assertThat(log.http().get(path, "Accept", HTML).header("Location"))
                        .hasValue(
                                path.contains("confirm")
                                        ? "/login/confirm?next=%2Fapp%3Fa%3Db"
                                        : "/login?next=%2Fapp%3Fa%3Db&lost=1");
            }
            Answer posted =
                    log.http().postForm("login/code", Map.of("code", "123456", "next", "/app?a=b"), "Accept", HTML);
            assertThat(posted.header("Location")).hasValue("/login?next=%2Fapp%3Fa%3Db&lost=1");
            Answer hostile = log.http()
                    .postForm("login/code", Map.of("code", "123456", "next", "//evil.example"), "Accept", HTML);
            assertThat(hostile.header("Location")).hasValue("/login?lost=1");
        }

        /** Or people whose browser keeps no cookies ask for one code after the other. */
        @Test
        void who_has_to_start_over_reads_why() {
            Answer over = log.http().get("login/code", "Accept", HTML);
            assertThat(log.http()
                            .get(over.header("Location").orElseThrow(), "Accept", HTML)
                            .body())
                    .contains("This browser has no request for a code", "allow this site to keep cookies");
            assertThat(log.http().get("login", "Accept", HTML).body()).doesNotContain("has no request");
        }

        /** The answer to the right code may be lost, and whoever typed it types it again. */
        @Test
        void who_sends_a_right_code_again_reads_that_it_was_used_and_gets_another_at_once() {
            String phone = log.user();
            String challenge = cookie(askByForm(log, phone), CHALLENGE);
            assertThat(post(log, challenge, codeInLog(phone)).headers("Set-Cookie"))
                    .hasSize(1);
            Answer again = post(log, challenge, codeInLog(phone));
            assertThat(again.headers("Set-Cookie")).isEmpty();
            assertThat(log.http()
                            .get(again.header("Location").orElseThrow(), "Accept", HTML)
                            .body())
                    .contains("have expired or been used already, so ask for a new one");
            assertThat(askByForm(log, phone, "Cookie", challenge).status()).isEqualTo(303);
        }

        @Test
        void each_challenge_has_a_secret_of_its_own_and_no_sign_in_takes_a_token_from_outside() {
            String phone = log.user();
            Answer asked = askByForm(log, phone, "Cookie", "auth_token=fixed; " + CHALLENGE + "=fixed");
            assertThat(cookie(asked, CHALLENGE)).isNotEqualTo(CHALLENGE + "=fixed");
            Answer done = post(log, cookie(asked, CHALLENGE) + "; auth_token=fixed", codeInLog(phone));
            assertThat(cookie(done, "auth_token")).isNotEqualTo("auth_token=fixed");
        }

        @ParameterizedTest
        @ValueSource(strings = {"//evil.example", "/\\evil.example", "https://evil.example/", "https:evil", "x", ""})
        void a_next_of_another_host_is_dropped_at_every_step(String next) {
            String phone = log.user();
            Answer asked = log.http().postForm("login", Map.of("phone", phone, "next", next), "Accept", HTML);
            assertThat(asked.header("Location")).hasValue("/login/code");
            String challenge = cookie(asked, CHALLENGE);
            Answer page = log.http()
                    .get("login/code?next=" + URLEncoder.encode(next, UTF_8), "Accept", HTML, "Cookie", challenge);
            assertThat(page.body()).doesNotContain("name=\"next\"").doesNotContain("evil");
            Answer done = log.http()
                    .postForm(
                            "login/code",
                            Map.of("code", codeInLog(phone), "next", next),
                            "Accept",
                            HTML,
                            "Cookie",
                            challenge);
            assertThat(done.header("Location")).hasValue("/");
        }

        @Test
        void a_code_in_the_address_counts_for_nothing() {
            String phone = log.user();
            String challenge = cookie(askByForm(log, phone), CHALLENGE);
            Answer answer = log.http()
                    .postForm(
                            "login/code?code=" + codeInLog(phone),
                            Map.of("x", "y"),
                            "Accept",
                            HTML,
                            "Cookie",
                            challenge);
            assertThat(answer.status()).isEqualTo(422);
        }

        private static Answer post(Deployed at, String cookies, String code) {
            return at.http().postForm("login/code", Map.of("code", code), "Accept", HTML, "Cookie", cookies);
        }
    }

    @Nested
    class ForPrograms {

        @Test
        void a_challenge_and_its_code_give_a_token() {
            String phone = log.user();
            Answer asked = askByJson(log, phone);
            assertThat(asked.status()).isEqualTo(202);
            assertThat(json(asked).size()).isEqualTo(3);
            assertThat(json(asked).get("expiresIn").asInt()).isEqualTo(300);
            assertThat(json(asked).get("resendIn").asInt()).isEqualTo(60);
            assertThat(asked.headers("Set-Cookie")).isEmpty();
            Answer done = submit(log, text(asked, "challenge"), codeInLog(phone));
            assertThat(done.status()).isEqualTo(200);
            assertThat(json(done).get("user").get("phone").textValue()).isEqualTo(phone);
            assertThat(cookie(done, "auth_token")).isEqualTo("auth_token=" + text(done, "token"));
            Answer me = log.http().get("api/me", "Authorization", "Bearer " + text(done, "token"));
            assertThat(text(me, "phone")).isEqualTo(phone);
        }

        /** The JDK's client, if it was given a name and a password for any server, fails at a 401 without a scheme. */
        @Test
        void a_refused_code_is_told_to_a_client_that_could_authenticate_otherwise_too() throws Exception {
            HttpClient client = HttpClient.newBuilder()
                    .authenticator(new Authenticator() {})
                    .build();
            HttpRequest request = HttpRequest.newBuilder(tomcat.uri("/").resolve("api/login/code"))
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString("{\"challenge\":\"none\",\"code\":\"123456\"}"))
                    .build();
            assertThat(client.send(request, HttpResponse.BodyHandlers.ofString())
                            .body())
                    .contains("code-expired");
        }

        @Test
        void each_way_to_fail_has_a_name_of_its_own() {
            String phone = log.user();
            String challenge = text(askByJson(log, phone), "challenge");
            String code = codeInLog(phone);
            for (String malformed : List.of("", "12345", "1234567", "12345x", "١٢٣٤٥")) {
                assertProblem(submit(log, challenge, malformed), 422, "malformed-code");
            }
            for (int i = 0; i < 4; i++) {
                assertProblem(submit(log, challenge, wrong(code)), 401, "wrong-code");
            }
            assertProblem(submit(log, challenge, wrong(code)), 429, "code-used-up");
            assertProblem(submit(log, challenge, code), 429, "code-used-up");
            assertProblem(submit(log, "made-up", code), 401, "code-expired");
            assertProblem(submit(log, "", code), 401, "code-expired");
            assertProblem(log.http().postJson("api/login/code", "{\"code\":\"123456\"}"), 400, "malformed-json");
            assertProblem(
                    log.http().postJson("api/login/code", "{\"challenge\":1,\"code\":123456}"), 400, "malformed-json");
        }

        @Test
        void a_code_that_was_used_or_has_run_out_is_refused_by_name() {
            String used = log.user();
            String challenge = text(askByJson(log, used), "challenge");
            assertThat(submit(log, challenge, codeInLog(used)).status()).isEqualTo(200);
            assertProblem(submit(log, challenge, codeInLog(used)), 401, "code-expired");
            String late = log.user();
            String lateChallenge = text(askByJson(log, late), "challenge");
            String code = codeInLog(late);
            log.age(6);
            assertProblem(submit(log, lateChallenge, code), 401, "code-expired");
        }

        @Test
        void an_old_client_that_posts_json_to_the_form_s_address_gets_the_same_202() {
            Answer asked = log.http().postJson("login", "{\"phone\":\"" + log.user() + "\"}");
            assertThat(asked.status()).isEqualTo(202);
            assertThat(json(asked).fieldNames()).toIterable().containsExactly("challenge", "expiresIn", "resendIn");
            assertProblem(log.http().postJson("login", "{\"phone\":\"12\"}"), 422, "malformed-number");
        }

        @Test
        void another_code_goes_on_with_the_same_challenge() {
            String phone = sms.user();
            String challenge = text(askByJson(sms, phone), "challenge");
            String first = codeOf(gateway.next());
            sms.age(1);
            Answer again = sms.http()
                    .postJson("api/login", "{\"phone\":\"" + phone + "\",\"challenge\":\"" + challenge + "\"}");
            assertThat(again.status()).isEqualTo(202);
            assertThat(text(again, "challenge")).isEqualTo(challenge);
            gateway.next();
            assertThat(submit(sms, challenge, first).status()).isEqualTo(200);
        }
    }

    @Nested
    class KnownAndUnknown {

        @Test
        void are_answered_alike_on_the_page_and_in_json() {
            assertThat(story("+79990001234")).isEqualTo(story(log.user()));
        }

        /** Every answer that a stranger can get for a number, without what is random or the number's own. */
        private static String story(String phone) {
            StringBuilder story = new StringBuilder();
            Answer asked = askByForm(log, phone);
            String challenge = cookie(asked, CHALLENGE);
            tell(story, asked);
            tell(story, log.http().get("login/code", "Accept", HTML, "Cookie", challenge));
            tell(story, askByForm(log, phone));
            tell(story, askByJson(log, phone));
            for (int i = 0; i < 6; i++) {
                // A guess may be right once in a million runs, for a known number.
                tell(
                        story,
                        log.http()
                                .postForm("login/code", Map.of("code", "000000"), "Accept", HTML, "Cookie", challenge));
            }
            log.age(2);
            tell(story, log.http().postForm("login/code", Map.of("resend", "1"), "Accept", HTML, "Cookie", challenge));
            log.age(2);
            Answer json = askByJson(log, phone);
            tell(story, json);
            for (int i = 0; i < 6; i++) {
                tell(story, submit(log, text(json, "challenge"), "000000"));
            }
            return story.toString();
        }

        private static void tell(StringBuilder story, Answer answer) {
            story.append(answer.status()).append('\n');
            answer.headers().forEach((name, values) -> {
                // Tomcat closes a connection after its hundredth request, whatever that was; an id is random.
                if (!List.of("date", "connection", "keep-alive", "x-request-id")
                        .contains(name.toLowerCase(Locale.ROOT))) {
                    story.append(name)
                            .append(": ")
                            .append(masked(values.toString()))
                            .append('\n');
                }
            });
            story.append(masked(answer.body())).append("\n\n");
        }

        private static String masked(String text) {
            return text.replaceAll("[0-9A-Za-z_-]{43}", "SECRET")
                    .replaceAll("\"requestId\":\"[0-9a-f]{16}", "ID")
                    .replaceAll("Expires=[^;]*", "Expires=TIME")
                    .replaceAll("\\+7 [0-9]{3} [0-9]{3}-[0-9]{2}-[0-9]{2}|(?<=value=\")\\+7[0-9]{10}", "NUMBER")
                    .replaceAll("Retry-After: \\[\\d+]|(?<=\\[)\\d{1,2}(?=])|\\d{1,2} sec", "SOON")
                    .replaceAll("data-countdown=\"\\d+\"|\\d:\\d\\d", "COUNTDOWN");
        }
    }

    @Nested
    class Limits {

        @Test
        void are_told_with_the_time_to_come_back_on_a_page_and_as_a_problem() {
            String phone = log.user();
            askByForm(log, phone);
            Answer page = askByForm(log, phone);
            assertThat(page.status()).isEqualTo(429);
            int seconds = Integer.parseInt(page.header("Retry-After").orElseThrow());
            assertThat(seconds).isBetween(1, 60);
            assertThat(page.body())
                    .contains("value=\"" + phone + "\"", "Send me a code")
                    .containsPattern(
                            "data-countdown=\"" + seconds + "\" data-holds>You can try again in\u00a0[01]:[0-9]{2}\\.")
                    .doesNotContain("aria-invalid");
            assertThat(page.headers("Set-Cookie")).isEmpty();
            Answer problem = askByJson(log, phone);
            assertProblem(problem, 429, "too-many-requests");
            assertThat(Integer.parseInt(problem.header("Retry-After").orElseThrow()))
                    .isBetween(1, 60);
        }

        /** The answer to a first click may be lost, with its cookie. The message for it comes all the same. */
        @Test
        void say_what_to_do_about_a_code_that_comes_for_a_request_of_which_this_browser_has_no_cookie() {
            String phone = log.user();
            String challenge = cookie(askByForm(log, phone), CHALLENGE);
            String advice = "it belongs to another request: wait, then ask for a new one here";
            String link = "I already have a code";
            assertThat(askByForm(log, phone).body()).contains(advice).doesNotContain(link);
            assertThat(askByForm(log, phone, "Cookie", challenge).body())
                    .contains(link)
                    .doesNotContain(advice);
        }

        @Test
        void never_touch_who_is_signed_in() {
            String phone = limited.user();
            String challenge = text(askByJson(limited, phone), "challenge");
            String token = text(submit(limited, challenge, codeInLog(phone)), "token");
            for (int i = 0; i < 25; i++) {
                askByJson(limited, "+7999500%04d".formatted(i));
            }
            Answer refused = askByForm(limited, limited.user());
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.body()).containsPattern("You can try again in\u00a0(59:[0-9]{2}|1\u00a0hour)\\.");
            assertThat(limited.http()
                            .get("api/me", "Authorization", "Bearer " + token)
                            .status())
                    .isEqualTo(200);
            assertThat(limited.http()
                            .send("POST", "api/logout", "", "Authorization", "Bearer " + token)
                            .status())
                    .isEqualTo(204);
            assertThat(limited.old().all("SELECT DISTINCT outcome FROM auth_events WHERE kind = 'limit-hit'"))
                    .containsExactly("address-hour");
        }
    }

    @Nested
    class ByAGateway {

        @Test
        void the_message_carries_the_code_for_this_host_and_the_code_signs_in() {
            String phone = sms.user();
            Answer asked = askByForm(sms, phone, "Accept-Language", "ru");
            FakeGateway.Received message = gateway.next();
            JsonNode body = json(new Answer(200, Map.of(), message.body()));
            String sent = body.get("text").textValue();
            assertThat(body.get("to").textValue()).isEqualTo(phone);
            String code = codeOf(message);
            assertThat(sent.lines().toList().get(0)).contains(code);
            assertThat(sent.lines().reduce("", (before, line) -> line)).isEqualTo("@id.example.com #" + code);
            Answer done = sms.http()
                    .postForm("login/code", Map.of("code", code), "Accept", HTML, "Cookie", cookie(asked, CHALLENGE));
            assertThat(done.status()).isEqualTo(303);
            assertThat(gateway.left()).isZero();
            assertThat(tomcat.log()).doesNotContainPattern("\\b" + code + "\\b");
        }

        @Test
        void a_reload_of_the_code_page_sends_nothing_and_the_button_sends_one() {
            String phone = sms.user();
            String challenge = cookie(askByForm(sms, phone), CHALLENGE);
            String first = codeOf(gateway.next());
            for (int i = 0; i < 3; i++) {
                assertThat(sms.http()
                                .get("login/code", "Accept", HTML, "Cookie", challenge)
                                .status())
                        .isEqualTo(200);
            }
            sms.age(1);
            Answer resent =
                    sms.http().postForm("login/code", Map.of("resend", "1"), "Accept", HTML, "Cookie", challenge);
            assertThat(resent.status()).isEqualTo(303);
            assertThat(resent.header("Location")).hasValue("/sms/login/code");
            assertThat(cookie(resent, CHALLENGE)).isEqualTo(challenge);
            // The next message is the button's: had a reload sent one, the limit of a minute would not have hidden it.
            gateway.next();
            assertThat(gateway.left()).isZero();
            assertThat(sms.old().one("SELECT count(*) FROM multisession_code_requests WHERE number = ?", phone))
                    .isEqualTo("2");
            Answer done = sms.http().postForm("login/code", Map.of("code", first), "Accept", HTML, "Cookie", challenge);
            assertThat(done.status()).isEqualTo(303);
        }

        @Test
        void the_page_answers_while_the_gateway_hangs_or_fails() {
            gateway.hang();
            try {
                // Were one of them held up by the gateway, it would be until the client gives up.
                for (int i = 0; i < 10; i++) {
                    assertThat(askByForm(sms, sms.user()).status()).isEqualTo(303);
                }
                for (int i = 0; i < 4; i++) {
                    gateway.next();
                }
            } finally {
                gateway.answer(204);
                gateway.letGo();
            }
            for (int i = 0; i < 6; i++) {
                gateway.next();
            }
            gateway.answer(500);
            try {
                assertThat(askByForm(sms, sms.user()).status()).isEqualTo(303);
                gateway.next();
                tomcat.awaitLog("A code was not sent: the gateway answered 500");
            } finally {
                gateway.answer(204);
            }
        }

        @Test
        void an_unknown_number_gets_no_message() {
            assertThat(askByForm(sms, "+7 999 000-43-21").status()).isEqualTo(303);
            askByForm(sms, sms.user());
            assertThat(gateway.next().body()).doesNotContain("0004321");
            assertThat(gateway.left()).isZero();
        }
    }

    private static String codeOf(FakeGateway.Received message) {
        Matcher code = Pattern.compile("#([0-9]{6})\"").matcher(message.body());
        if (!code.find()) {
            throw new AssertionError("no code in " + message.body());
        }
        return code.group(1);
    }

    @Test
    void an_open_registration_makes_the_user_when_the_code_is_right() {
        String phone = "+79995550011";
        String challenge = text(askByJson(open, phone), "challenge");
        String code = codeInLog(phone);
        assertProblem(submit(open, challenge, wrong(code)), 401, "wrong-code");
        assertThat(open.old().all("SELECT id FROM users WHERE phone = ?", phone))
                .isEmpty();
        Answer done = submit(open, challenge, code);
        assertThat(done.status()).isEqualTo(200);
        assertThat(open.old().one("SELECT id FROM users WHERE phone = ?", phone))
                .isEqualTo(json(done).get("user").get("id").asText());
    }

    @Test
    void the_audit_trail_tells_who_came_from_where_and_what_was_refused() {
        String phone = open.user();
        Http http = open.http();
        String challenge = text(askByJson(open, phone), "challenge");
        String code = codeInLog(phone);
        String last = open.old().one("SELECT coalesce(max(id), 0) FROM auth_events");
        String[] agent = {"User-Agent", "Audit/1.0 (a test)"};
        http.postJson("api/login", "{\"phone\":\"" + phone + "\"}", agent);
        http.postJson("api/login/code", body(challenge, wrong(code)), agent);
        Answer done = http.postJson("api/login/code", body(challenge, code), agent);
        http.send("POST", "api/logout", "", plus(agent, "Authorization", "Bearer " + text(done, "token")));
        List<@Nullable String> rows = open.old()
                .all(
                        "SELECT kind || ' ' || outcome || ' ' || coalesce(user_id, '-') || ' ' || address || ' ' || device"
                                + " FROM auth_events WHERE id > ? AND device LIKE 'Audit%' ORDER BY id",
                        last);
        String id = json(done).get("user").get("id").asText();
        String client = " 127.0.0.1 Audit/1.0 (a test)";
        assertThat(rows)
                .containsSubsequence(
                        "code-refused wrong " + id + client,
                        "sign-in done " + id + client,
                        "sign-out done " + id + client);
        assertThat(String.join("\n", rows.stream().map(Objects::toString).toList()))
                .doesNotContain(phone.substring(2))
                .doesNotContain(code)
                .doesNotContain(challenge)
                .doesNotContain(text(done, "token"));
    }

    private static String body(String challenge, String code) {
        return "{\"challenge\":\"" + challenge + "\",\"code\":\"" + code + "\"}";
    }

    @Test
    void the_server_s_log_holds_no_number() {
        String phone = log.user();
        String challenge = text(askByJson(log, phone), "challenge");
        submit(log, challenge, codeInLog(phone));
        askByForm(log, "8 (999) 000-77-88");
        askByForm(log, "not a number +79990007799");
        assertThat(tomcat.log()).doesNotContain(phone.substring(2)).doesNotContain("000-77-88");
        assertThat(tomcat.log()).doesNotContainPattern("9990007[0-9]{3}").doesNotContain(challenge);
    }

    /** The way of most people, also on the other Tomcat; the server of the other tests is {@code V11}. */
    @ParameterizedTest
    @EnumSource(names = "V10_1")
    void the_happy_path_on_the_other_tomcat(TomcatVersion version) {
        try (SqliteApp old = SqliteApp.open(folder.resolve("other.db"))) {
            old.run(SqliteApp.script("single"));
            try (TomcatServer server = TomcatServer.of(version).app("/", old).start()) {
                Http http = Http.to(server.uri("/"));
                Answer asked = http.postForm("login", Map.of("phone", "8 999 123-45-67"), "Accept", HTML);
                String challenge = cookie(asked, CHALLENGE);
                assertThat(http.get("login/code", "Accept", HTML, "Cookie", challenge)
                                .status())
                        .isEqualTo(200);
                Answer done = http.postForm(
                        "login/code",
                        Map.of("code", codeInLog(server, "+79991234567")),
                        "Accept",
                        HTML,
                        "Cookie",
                        challenge);
                assertThat(done.status()).isEqualTo(303);
                Answer me = http.get("api/me", "Cookie", cookie(done, "auth_token"));
                assertThat(text(me, "id")).isEqualTo("42");
                Answer json = http.postJson("api/login", "{\"phone\":\"79991234568\"}");
                assertThat(submit(http, text(json, "challenge"), codeInLog(server, "+79991234568"))
                                .status())
                        .isEqualTo(200);
                // A used code lifts the wait, once.
                Answer next = http.postForm("login", Map.of("phone", "+79991234568"), "Accept", HTML);
                assertThat(next.status()).isEqualTo(303);
                Answer early = http.postForm("login", Map.of("phone", "+79991234568"), "Accept", HTML);
                assertThat(early.status()).isEqualTo(429);
            }
        }
    }

    private static Answer submit(Http http, String challenge, String code) {
        return http.postJson("api/login/code", body(challenge, code));
    }
}
