package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.multisession.db.SqlTime;
import org.multisession.testing.Answer;
import org.multisession.testing.Http;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;
import org.multisession.token.SessionId;
import org.multisession.token.SessionToken;

/** Other devices are ended after a recent code only, and learn of each new sign-in; pages and API of a real server. */
@SuppressWarnings("NullAway.Init")
class FreshSignInIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CHROME =
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
                    + " Chrome/126.0.0.0 Safari/537.36";
    private static final String IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
            + " (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";

    private static MemoryFolder folder;
    private static SqliteApp database;
    private static TomcatServer tomcat;
    private static int users;

    @BeforeAll
    static void start() {
        folder = new MemoryFolder();
        database = SqliteApp.make(folder.path(), "single");
        tomcat = TomcatServer.of(TomcatVersion.V11)
                .webapp(
                        "/",
                        TomcatServer.war(),
                        Map.of(
                                "multisession.db.url",
                                database.path().toString(),
                                "multisession.limit.address-per-hour",
                                "1000",
                                "multisession.limit.prefix-per-day",
                                "1000"))
                .start();
    }

    @AfterAll
    static void stop() {
        tomcat.close();
        database.close();
        folder.close();
    }

    /** A new user; their second code within a minute would be one too many, so time passes after each. */
    private record Person(long id, String phone) {

        static Person come() {
            String phone = "+7999666%04d".formatted(++users);
            return new Person(database.addUser(phone, null), phone);
        }

        String signIn(String agent) throws JsonProcessingException {
            String asked = http().postJson("api/login", "{\"phone\":\"" + phone + "\"}")
                    .body();
            String challenge = JSON.readTree(asked).path("challenge").textValue();
            String body = "{\"challenge\":\"" + challenge + "\",\"code\":\"" + sentCode() + "\"}";
            Answer answer = http().postJson("api/login/code", body, "User-Agent", agent);
            assertThat(answer.status()).as(answer.body()).isEqualTo(200);
            passTime();
            return JSON.readTree(answer.body()).path("token").textValue();
        }

        String sentCode() {
            return tomcat.nextCode(phone.substring(8));
        }

        private void passTime() {
            database.run(
                    "UPDATE multisession_code_requests SET requested_at = ? WHERE number = ?",
                    SqlTime.format(Instant.now().minusSeconds(120)),
                    phone);
        }
    }

    private static void makeStale(String token) {
        database.run(
                "UPDATE multisession_sign_ins SET proved_at = ? WHERE token_hash = ?",
                SqlTime.format(Instant.now().minusSeconds(901)),
                new SessionToken(token).hash());
    }

    private static Http http() {
        return Http.to(tomcat.uri("/"));
    }

    private static String idOf(String token) {
        return SessionId.of(new SessionToken(token).hash()).text();
    }

    private static boolean isSignedIn(String token) {
        return http().get("api/me", "Authorization", "Bearer " + token).status() == 200;
    }

    private static Answer page(String path, String cookies) {
        return http().get(path.substring(1), "Accept", "text/html", "Accept-Language", "en", "Cookie", cookies);
    }

    private static Answer post(String path, Map<String, String> fields, String cookies) {
        return http().postForm(path.substring(1), fields, "Accept", "text/html", "Cookie", cookies);
    }

    private static String location(Answer answer) {
        assertThat(answer.status()).as(answer.toString()).isEqualTo(303);
        return answer.header("Location").orElseThrow();
    }

    private static String cookie(Answer answer, String name) {
        String set = answer.headers("Set-Cookie").stream()
                .filter(header -> header.startsWith(name + "="))
                .findFirst()
                .orElseThrow();
        return set.substring(0, set.indexOf(';'));
    }

    private static JsonNode me(String token) throws JsonProcessingException {
        return JSON.readTree(
                http().get("api/me", "Authorization", "Bearer " + token).body());
    }

    @Test
    void the_pages_ask_for_a_code_before_another_device_is_ended_and_come_back_to_it() throws JsonProcessingException {
        Person anna = Person.come();
        String phone = anna.signIn(IPHONE);
        String desk = anna.signIn(CHROME);
        makeStale(desk);
        String cookies = "auth_token=" + desk;
        assertThat(page("/sessions", cookies).body()).contains("ask for a code sent to your number");

        String confirm = location(post("/sessions/revoke", Map.of("session", idOf(phone)), cookies));
        assertThat(URLDecoder.decode(confirm, StandardCharsets.UTF_8))
                .isEqualTo("/login/confirm?next=/sessions?end=" + idOf(phone));
        assertThat(isSignedIn(phone)).isTrue();
        Answer asking = page(confirm, cookies);
        assertThat(asking.status()).isEqualTo(200);
        assertThat(asking.body()).contains("Confirm that it’s you", "Send the code", "666-0");

        String next = "/sessions?end=" + idOf(phone);
        Answer sent = post("/login/confirm", Map.of("next", next), cookies);
        assertThat(location(sent)).startsWith("/login/code?next=");
        String asked = cookies + "; " + cookie(sent, "multisession_challenge");
        Answer code = page(location(sent), asked);
        assertThat(code.body())
                .contains(">Confirm</button>", "We’ve sent a message with a code to your number.")
                .doesNotContain(">Sign in</button>", "Wrong number?", "If you don’t have an account");
        Answer mistyped = post("/login/code", Map.of("code", "12", "next", next, "confirm", "1"), asked);
        assertThat(mistyped.body())
                .contains("name=\"confirm\" value=\"1\"")
                .containsPattern(">(Confirm|Подтвердить)</button>");
        Answer right = post("/login/code", Map.of("code", anna.sentCode(), "next", next, "confirm", "1"), asked);
        assertThat(location(right)).isEqualTo(next);
        String fresh = cookie(right, "auth_token");
        assertThat(isSignedIn(desk)).as("one browser, one session").isFalse();

        Answer back = page(next, fresh);
        assertThat(back.body())
                .containsSubsequence("Your number is confirmed.", "Safari on iPhone", "action=\"/sessions/revoke\"")
                .doesNotContain("ask for a code sent");
        assertThat(location(post("/sessions/revoke", Map.of("session", idOf(phone)), fresh)))
                .isEqualTo("/sessions");
        assertThat(isSignedIn(phone)).isFalse();
        assertThat(location(page("/login/confirm?next=/sessions", fresh)))
                .as("nothing more to prove")
                .isEqualTo("/sessions");
        assertThat(page("/login/confirm?max-age=0", fresh).status()).isEqualTo(200);
    }

    @Test
    void ending_all_others_asks_too_and_the_own_device_is_signed_out_without() throws JsonProcessingException {
        Person anna = Person.come();
        String phone = anna.signIn(IPHONE);
        String desk = anna.signIn(CHROME);
        makeStale(desk);
        String cookies = "auth_token=" + desk;
        assertThat(location(post("/sessions/revoke-others", Map.of(), cookies)))
                .isEqualTo("/login/confirm?next=%2Fsessions%3Fend%3Dothers");
        assertThat(isSignedIn(phone)).isTrue();
        assertThat(page("/sessions?end=others", cookies).body()).doesNotContain("Your number is confirmed");
        String again = anna.signIn(CHROME);
        assertThat(page("/sessions?end=others", "auth_token=" + again).body())
                .containsSubsequence("Your number is confirmed.", "action=\"/sessions/revoke-others\"");
        assertThat(location(post("/logout", Map.of(), cookies))).isEqualTo("/login");
        assertThat(isSignedIn(desk)).isFalse();
    }

    @Test
    void a_limit_on_codes_is_told_with_the_way_to_a_code_that_is_under_way() throws JsonProcessingException {
        Person anna = Person.come();
        String desk = anna.signIn(CHROME);
        makeStale(desk);
        String cookies = "auth_token=" + desk;
        Answer sent = post("/login/confirm", Map.of("next", "/sessions"), cookies);
        String challenge = cookie(sent, "multisession_challenge");
        Answer tooSoon = post("/login/confirm", Map.of("next", "/sessions"), cookies + "; " + challenge);
        assertThat(tooSoon.status()).isEqualTo(429);
        assertThat(tooSoon.header("Retry-After")).isPresent();
        assertThat(tooSoon.body()).contains("Too many codes were requested.", "/login/code?next=%2Fsessions");
        // The answer with the challenge may have been lost.
        assertThat(post("/login/confirm", Map.of("next", "/sessions"), cookies).body())
                .contains("it belongs to another request")
                .doesNotContain("/login/code?next");
        assertThat(isSignedIn(desk)).isTrue();
    }

    @Test
    void strangers_sign_in_first_and_come_back() {
        assertThat(location(page("/login/confirm?max-age=60&next=/pay", "a=b")))
                .isEqualTo("/login?next=%2Flogin%2Fconfirm%3Fmax-age%3D60%26next%3D%2Fpay");
    }

    @Test
    void the_api_says_what_is_missing_and_how_old_it_may_be() throws JsonProcessingException {
        Person anna = Person.come();
        String phone = anna.signIn(IPHONE);
        String desk = anna.signIn(CHROME);
        makeStale(desk);
        String[] bearer = {"Authorization", "Bearer " + desk};
        for (Answer refused : new Answer[] {
            http().send("DELETE", "api/sessions/" + idOf(phone), "", bearer),
            http().send("POST", "api/sessions/revoke-others", "", bearer)
        }) {
            assertThat(refused.status()).isEqualTo(401);
            assertThat(refused.body()).contains("\"code\":\"insufficient-user-authentication\"");
            assertThat(refused.header("WWW-Authenticate").orElseThrow()).contains("max_age=\"900\"");
        }
        assertThat(isSignedIn(phone)).isTrue();
        assertThat(Instant.parse(me(desk).at("/session/provedAt").textValue())).isBefore(Instant.now());
        String again = anna.signIn(CHROME);
        assertThat(http().send("DELETE", "api/sessions/" + idOf(phone), "", "Authorization", "Bearer " + again)
                        .status())
                .isEqualTo(204);
    }

    @Test
    void the_other_devices_show_a_new_sign_in_once_with_a_button_that_ends_it() throws JsonProcessingException {
        Person anna = Person.come();
        String desk = anna.signIn(CHROME);
        String cookies = "auth_token=" + desk;
        assertThat(page("/", cookies).body()).doesNotContain("New sign-in");
        assertThat(me(desk).path("newSignIns")).isEmpty();
        String phone = anna.signIn(IPHONE);

        Answer home = page("/", cookies);
        assertThat(home.body())
                .containsSubsequence(
                        "New sign-in",
                        "If this wasn’t you",
                        "Safari on iPhone",
                        "<time",
                        "127.0.0.1",
                        "action=\"/sessions/revoke\"",
                        idOf(phone));
        String told = cookie(home, "multisession_told");
        assertThat(told).doesNotContain(anna.phone(), phone, idOf(phone));
        assertThat(page("/sessions", cookies + "; " + told).body()).doesNotContain("New sign-in");
        assertThat(page("/", cookies + "; " + told).body()).doesNotContain("New sign-in");
        assertThat(page("/sessions", cookies).body()).contains("New sign-in");
        assertThat(page("/", "auth_token=" + phone).body()).doesNotContain("New sign-in");

        JsonNode news = me(desk).path("newSignIns");
        assertThat(news).hasSize(1);
        assertThat(news.get(0).path("id").textValue()).isEqualTo(idOf(phone));
        assertThat(news.get(0).path("device").textValue()).isEqualTo("Safari on iPhone");
        assertThat(news.get(0).path("address").textValue()).isEqualTo("127.0.0.1");
        assertThat(Instant.parse(news.get(0).path("at").textValue())).isBefore(Instant.now());

        String tablet = anna.signIn(IPHONE);
        assertThat(page("/", cookies + "; " + told).body())
                .contains(idOf(tablet))
                .doesNotContain(idOf(phone));
        assertThat(location(post("/sessions/revoke", Map.of("session", idOf(phone)), cookies)))
                .isEqualTo("/sessions");
        assertThat(isSignedIn(phone)).isFalse();
        assertThat(me(desk).path("newSignIns")).hasSize(1);
    }

    @Test
    void a_page_that_is_only_loaded_ahead_has_told_nobody() throws JsonProcessingException {
        Person anna = Person.come();
        String desk = anna.signIn(CHROME);
        anna.signIn(IPHONE);
        Answer ahead = http().get(
                        "", "Accept", "text/html", "Cookie", "auth_token=" + desk, "Sec-Purpose", "prefetch;prerender");
        assertThat(ahead.status()).isEqualTo(200);
        assertThat(ahead.headers("Set-Cookie")).noneMatch(header -> header.startsWith("multisession_told"));
    }
}
