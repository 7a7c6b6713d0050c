package org.multisession.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.db.SqlTime;
import org.multisession.session.EndReason;
import org.multisession.testing.Answer;
import org.multisession.testing.Http;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.RawHttp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** A user's devices, by the pages and by the API, on two servers that share one database. */
@ParameterizedClass
@EnumSource(TomcatVersion.class)
@SuppressWarnings("NullAway.Init")
class DevicesIT {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String CHROME =
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
                    + " Chrome/126.0.0.0 Safari/537.36";
    private static final String IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
            + " (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";

    /** The shape of a handle that nobody has. */
    private static final String UNKNOWN = "AAAAAAAAAAAAAAAAAAAAAA";

    private static MemoryFolder folder;
    private static SqliteApp database;
    private static TomcatServer tomcat;
    private static TomcatServer otherNode;
    private static int users;

    @Parameter
    TomcatVersion version;

    /** A new user with a legacy token, so that no test meets another's devices. */
    private record Person(long id, String phone, String legacyToken) {

        static Person come() {
            users++;
            String phone = "+7999555%04d".formatted(users);
            String legacyToken = "legacy-token-" + users;
            return new Person(database.addUser(phone, legacyToken), phone, legacyToken);
        }

        String signIn(String agent) {
            Answer answer = http().postJson("api/login", "{\"phone\":\"" + phone + "\"}", "User-Agent", agent);
            assertThat(answer.status()).isEqualTo(200);
            return json(answer).path("token").textValue();
        }
    }

    @BeforeParameterizedClassInvocation
    static void start(TomcatVersion version) {
        folder = new MemoryFolder();
        database = SqliteApp.make(folder.path(), "single");
        tomcat = server(version);
        otherNode = server(version);
    }

    private static TomcatServer server(TomcatVersion version) {
        return TomcatServer.of(version)
                .app("/", database, "multisession.login.verification", "none")
                .start();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        try {
            tomcat.close();
            otherNode.close();
            assertThat(tomcat.log()).doesNotContain("legacy-token-", "9995550");
        } finally {
            database.close();
            folder.close();
        }
    }

    // ---- the API

    @Test
    void the_list_has_this_device_first_and_tells_what_is_known_of_each() {
        Person anna = Person.come();
        String desk = anna.signIn(CHROME);
        String phone = anna.signIn(IPHONE);

        Answer answer = http().get("api/sessions", "Authorization", "Bearer " + desk, "User-Agent", CHROME);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Cache-Control")).contains("no-store");
        JsonNode list = json(answer).path("sessions");
        // The third is the legacy token, which the first sign-in has adopted.
        assertThat(list).hasSize(3);
        assertThat(list.get(0).properties().stream().map(Map.Entry::getKey))
                .containsExactly("id", "current", "kind", "device", "address", "createdAt", "lastSeenAt");
        assertThat(list.findValuesAsText("current")).containsExactly("true", "false", "false");
        assertThat(list.findValuesAsText("kind")).containsOnly("session");
        assertThat(list.findValuesAsText("device"))
                .startsWith("Chrome on Windows")
                .contains("Safari on iPhone", "null");
        assertThat(list.get(0).path("address").textValue()).isEqualTo("127.0.0.1");
        assertThat(Instant.parse(list.get(0).path("createdAt").textValue()))
                .isBeforeOrEqualTo(Instant.parse(list.get(0).path("lastSeenAt").textValue()));
        assertThat(list.findValuesAsText("id")).doesNotHaveDuplicates().allMatch(id -> id.matches("[A-Za-z0-9_-]{22}"));
        assertThat(answer.body()).doesNotContain(desk, phone, anna.legacyToken(), "sha256", anna.phone());
        assertThat(json(http().get("api/me", "Cookie", "auth_token=" + desk))
                        .at("/session/id")
                        .textValue())
                .as("the same at every look")
                .isEqualTo(list.get(0).path("id").textValue());
    }

    @Test
    void an_ended_token_is_refused_from_the_next_request_on_by_every_node() {
        Person anna = Person.come();
        String desk = anna.signIn(CHROME);
        String phone = anna.signIn(IPHONE);
        String id = idOf(phone);
        assertThat(isSignedIn(tomcat, phone)).isTrue();
        assertThat(isSignedIn(otherNode, phone)).isTrue();

        Answer ended = delete("api/sessions/" + id, desk);

        assertThat(ended.status()).isEqualTo(204);
        assertThat(ended.headers("Set-Cookie")).isEmpty();
        assertThat(isSignedIn(otherNode, phone)).isFalse();
        assertThat(isSignedIn(tomcat, phone)).isFalse();
        assertThat(isSignedIn(otherNode, desk)).isTrue();
        assertProblem404(delete("api/sessions/" + id, desk));
    }

    @Test
    void a_device_that_ends_itself_is_signed_out() {
        String desk = Person.come().signIn(CHROME);

        Answer ended = delete("api/sessions/" + idOf(desk), desk);

        assertThat(ended.status()).isEqualTo(204);
        assertThat(ended.header("Set-Cookie").orElseThrow()).contains("auth_token=;", "01 Jan 1970");
        assertThat(isSignedIn(tomcat, desk)).isFalse();
    }

    /** Each answer has an id of its own. */
    private static String withoutRequestId(Answer answer) {
        return answer.body().replaceFirst("\"requestId\":\"[^\"]*\"", "");
    }

    @Test
    void somebody_elses_handle_is_one_that_does_not_exist() {
        String anna = Person.come().signIn(CHROME);
        String boris = Person.come().signIn(CHROME);
        String id = idOf(boris);

        Answer foreign = delete("api/sessions/" + id, anna);
        Answer unknown = delete("api/sessions/" + UNKNOWN, anna);
        Answer foreignForm = revoke(id, anna);
        Answer unknownForm = revoke(UNKNOWN, anna);

        assertProblem404(foreign);
        assertThat(withoutRequestId(foreign)).isEqualTo(withoutRequestId(unknown));
        assertThat(foreign.headers().keySet()).isEqualTo(unknown.headers().keySet());
        assertThat(foreignForm.status()).isEqualTo(303).isEqualTo(unknownForm.status());
        assertThat(foreignForm.headers("Set-Cookie")).isEqualTo(unknownForm.headers("Set-Cookie"));
        assertThat(isSignedIn(tomcat, boris)).isTrue();
    }

    @Test
    void an_address_that_is_no_devices_is_not_found_by_any_method() {
        String desk = Person.come().signIn(CHROME);
        String id = idOf(desk);
        for (String path : List.of(
                "/api/sessions/",
                "/api/sessions//" + id,
                "//api/sessions/" + id,
                "/api/sessions/" + id + "/",
                "/api/sessions/" + id + "/x",
                "/api/sessions/x/" + id,
                "/api/sessions/x/../" + id,
                "/api/sessions/./" + id,
                "/api/sessions/" + id + ";x=1",
                "/api/sessions;x=1/" + id,
                "/api/sessions/;x=1/" + id,
                "/api/sessions/%2f" + id,
                "/api/sessions/" + id + "%2f",
                "/api/sessions/" + id + "%00",
                "/api/sessions/" + id + "%0a",
                "/api/sessions/%" + Integer.toHexString(id.charAt(0)) + id.substring(1),
                "/api/sessions/" + id.substring(1),
                "/api/sessions/" + id + "A",
                "/api/sessions/1")) {
            for (String method : List.of("DELETE", "GET", "POST")) {
                Answer answer = raw(method, path, desk);
                assertThat(answer.status()).as(method + " " + path).isIn(404, 400);
            }
        }
        assertThat(isSignedIn(tomcat, desk)).isTrue();
        assertThat(raw("GET", "/api/sessions/" + id, desk).status()).isEqualTo(405);
        assertThat(raw("DELETE", "/api/sessions/revoke-others", desk).status()).isEqualTo(405);
        assertThat(raw("DELETE", "/api/sessions", desk).header("Allow").orElseThrow())
                .isEqualTo("HEAD, GET, OPTIONS");
    }

    @Test
    void all_others_are_ended_at_once_and_counted() {
        Person anna = Person.come();
        String desk = anna.signIn(CHROME);
        List<String> others = List.of(anna.signIn(IPHONE), anna.signIn("curl/8.5.0"), anna.legacyToken());
        assertThat(others).allMatch(token -> isSignedIn(tomcat, token));

        Answer answer = http().postJson("api/sessions/revoke-others", "", "Authorization", "Bearer " + desk);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\"ended\":3}");
        assertThat(others).noneMatch(token -> isSignedIn(tomcat, token) || isSignedIn(otherNode, token));
        assertThat(isSignedIn(tomcat, desk)).isTrue();
        assertThat(http().postJson("api/sessions/revoke-others", "", "Authorization", "Bearer " + desk)
                        .body())
                .isEqualTo("{\"ended\":0}");
    }

    @Test
    void a_legacy_token_that_lives_is_a_row_and_ends_without_a_write_to_users() {
        Person anna = Person.come();
        String desk = anna.signIn(CHROME);
        // The old app signs her in; its token is no session.
        String legacy = anna.legacyToken() + "-anew";
        database.signInSingle(anna.id(), legacy);
        assertThat(isSignedIn(tomcat, legacy)).isTrue();
        String users = database.rows("users");

        JsonNode row = sessions(desk).stream()
                .filter(session -> session.path("kind").textValue().equals("legacy"))
                .findFirst()
                .orElseThrow();
        assertThat(row.path("device").isNull()).isTrue();
        assertThat(row.path("createdAt").isNull()).isTrue();
        assertThat(page("sessions", desk).body()).contains("Older sign-ins", "perhaps on several devices");
        Answer ended = delete("api/sessions/" + row.path("id").textValue(), desk);

        assertThat(ended.status()).isEqualTo(204);
        assertThat(isSignedIn(tomcat, legacy)).isFalse();
        assertThat(isSignedIn(otherNode, legacy)).isFalse();
        assertThat(database.rows("users")).isEqualTo(users);
    }

    // ---- the pages

    @Test
    void the_page_shows_every_device_and_names_each_button_by_what_it_ends() {
        Person anna = Person.come();
        String desk = anna.signIn(CHROME);
        anna.signIn(IPHONE);

        Answer answer = page("sessions", desk);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body())
                .containsSubsequence("Chrome on Windows", "This device", "Active now", "Sign out here")
                .contains("Safari on iPhone")
                .contains("Sign out<span class=\"unseen\">:&#32;Safari on iPhone</span>")
                .contains("Sign out all of them<span class=\"unseen\">:&#32;Older sign-ins</span>")
                .contains("Sign out everywhere else (2)")
                .contains("action=\"/logout\"", "action=\"/sessions/revoke\"", "action=\"/sessions/revoke-others\"")
                .doesNotContainPattern("perhaps on several devices(?s:(?!</li>).)*Signed in on")
                .containsPattern("Last seen&#32;<time datetime=\"[0-9T:.-]+Z\" title=\"[^\"]+UTC\"")
                .doesNotContain(desk, anna.legacyToken(), "sha256");
        Answer russian = http().get(
                        "sessions",
                        "Accept",
                        "text/html",
                        "Accept-Language",
                        "ru",
                        "User-Agent",
                        CHROME,
                        "Cookie",
                        "auth_token=" + desk);
        assertThat(russian.body())
                .contains("Chrome, Windows", "Это устройство", "Safari, iPhone", "только что", "Прежние входы")
                .contains("Завершить остальные сеансы (2)");
        assertThat(page("", desk).body()).contains("href=\"/sessions\"", "Your devices (3)");
    }

    @Test
    void what_was_done_is_said_once_after_the_redirect() {
        Person anna = Person.come();
        String desk = anna.signIn(CHROME);
        String phone = anna.signIn(IPHONE);

        Answer one = revoke(idOf(phone), desk);
        assertThat(one.status()).isEqualTo(303);
        assertThat(one.header("Location")).contains("/sessions");
        assertThat(one.header("Set-Cookie").orElseThrow())
                .startsWith("multisession_done=one-1;")
                .contains("Max-Age=60", "Path=/sessions", "HttpOnly", "SameSite=Lax")
                .doesNotContain("Secure");
        assertThat(isSignedIn(tomcat, phone)).isFalse();
        Answer shown = shownAfter(one, desk);
        assertThat(shown.body()).contains("role=\"status\"", "That device is signed out.");
        assertThat(shown.header("Set-Cookie").orElseThrow()).contains("multisession_done=;", "01 Jan 1970");

        assertThat(shownAfter(revoke(UNKNOWN, desk), desk).body()).contains("was already signed out");
        assertThat(shownAfter(revoke("", desk), desk).body()).contains("was already signed out");
        Answer all = http().postForm("sessions/revoke-others", Map.of(), "Cookie", "auth_token=" + desk);
        assertThat(all.header("Location")).contains("/sessions");
        assertThat(shownAfter(all, desk).body())
                .contains("Signed out of 1\u00a0other sign-in.", "You aren’t signed in anywhere else");
        Answer none = http().postForm("sessions/revoke-others", Map.of(), "Cookie", "auth_token=" + desk);
        assertThat(shownAfter(none, desk).body()).contains("You weren’t signed in anywhere else");
        assertThat(page("sessions", desk).body()).doesNotContain("role=\"status\"");
    }

    @Test
    void a_form_that_was_left_open_ends_nothing_of_the_account_that_came_after_it() {
        Person anna = Person.come();
        String annas = anna.signIn(CHROME);
        String stranger = anna.signIn(IPHONE);
        Person boris = Person.come();
        String boriss = boris.signIn(CHROME);
        String phone = boris.signIn(IPHONE);
        String form = page("sessions", annas).body();
        String account = "name=\"account\" value=\"" + anna.id() + "\"";
        assertThat(form.split(account, -1)).as("in each form that ends others").hasSize(5);

        for (Answer sent : List.of(
                http().postForm(
                                "sessions/revoke",
                                Map.of("session", idOf(stranger), "account", String.valueOf(anna.id())),
                                "Cookie",
                                "auth_token=" + boriss),
                http().postForm(
                                "sessions/revoke-others",
                                Map.of("account", String.valueOf(anna.id())),
                                "Cookie",
                                "auth_token=" + boriss))) {
            assertThat(sent.header("Location")).contains("/sessions");
            assertThat(shownAfter(sent, boriss).body())
                    .contains("role=\"status\"", "Nothing was signed out")
                    .doesNotContain("was already signed out");
        }
        assertThat(isSignedIn(tomcat, stranger)).isTrue();
        assertThat(isSignedIn(tomcat, phone)).isTrue();

        http().postForm(
                        "sessions/revoke-others",
                        Map.of("account", String.valueOf(boris.id())),
                        "Cookie",
                        "auth_token=" + boriss);
        assertThat(isSignedIn(tomcat, phone)).isFalse();
    }

    @Test
    void nobody_can_make_the_page_say_that_something_was_done() {
        String desk = Person.come().signIn(CHROME);
        for (String value : List.of("", "one-", "one-x", "all-1", "ONE-1", "one-1234567", "one-1<b>", "${7*7}", "-1")) {
            Answer answer = http().get(
                            "sessions?done=one-1&multisession_done=one-1",
                            "Accept",
                            "text/html",
                            "Cookie",
                            "auth_token=" + desk + "; multisession_done=" + value);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body()).as(value).doesNotContain("role=\"status\"");
        }
    }

    @Test
    void the_form_on_a_devices_own_row_signs_it_out_and_forgets_the_cookie() {
        String desk = Person.come().signIn(CHROME);

        Answer ended = revoke(idOf(desk), desk);

        assertThat(ended.status()).isEqualTo(303);
        assertThat(ended.header("Location")).contains("/sessions");
        assertThat(ended.header("Set-Cookie").orElseThrow()).contains("auth_token=;", "01 Jan 1970");
        assertThat(ended.header("Clear-Site-Data")).contains("\"cache\"");
        assertThat(isSignedIn(tomcat, desk)).isFalse();
    }

    @Test
    void another_sites_page_ends_nothing() {
        Person anna = Person.come();
        String desk = anna.signIn(CHROME);
        String phone = anna.signIn(IPHONE);
        String[] headers = {"Cookie", "auth_token=" + desk, "Sec-Fetch-Site", "cross-site"};

        assertThat(http().postForm("sessions/revoke", Map.of("session", idOf(phone)), headers)
                        .status())
                .isEqualTo(403);
        assertThat(http().postForm("sessions/revoke-others", Map.of(), headers).status())
                .isEqualTo(403);
        assertThat(http().send("DELETE", "api/sessions/" + idOf(phone), "", headers)
                        .status())
                .isEqualTo(403);
        assertThat(isSignedIn(tomcat, phone)).isTrue();
    }

    // ---- why was I signed out?

    @Test
    void the_sign_in_page_says_by_which_device_this_one_was_ended_and_when() {
        Person anna = Person.come();
        String desk = anna.signIn(CHROME);
        String phone = anna.signIn(IPHONE);
        http().send("DELETE", "api/sessions/" + idOf(phone), "", "Cookie", "auth_token=" + desk, "User-Agent", CHROME);
        database.run(
                "UPDATE multisession_tokens SET ended_at = ? WHERE auth_token = ?",
                SqlTime.format(Instant.now().minusSeconds(305)),
                phone);

        Answer away = page("sessions", phone);
        assertThat(away.status()).isEqualTo(303);
        assertThat(away.header("Location")).contains("/login?next=%2Fsessions");
        Answer english = page("login", phone);
        Answer russian =
                http().get("login", "Accept-Language", "ru", "Accept", "text/html", "Cookie", "auth_token=" + phone);

        assertThat(english.header("Cache-Control")).contains("no-store");
        assertThat(english.body())
                .contains("role=\"status\"", "You were signed out", "5\u00a0minutes ago</time>")
                .contains("This was done on another of your devices: Chrome on Windows.")
                .contains("aria-describedby=\"ended phone-hint\"")
                .doesNotContain(anna.phone().substring(2), "127.0.0.1", "Safari");
        assertThat(russian.body())
                .contains("Сеанс на этом устройстве завершён", "5\u00a0минут назад</time>")
                .contains("Это сделано на другом вашем устройстве: Chrome, Windows.");
        assertThat(http().postForm(
                                "login", Map.of("phone", "12"), "Accept", "text/html", "Cookie", "auth_token=" + phone)
                        .body())
                .contains("seems to be a mistake in the number", "You were signed out", "Chrome on Windows");
        assertThat(page("login", phone + "; auth_token=" + desk).body())
                .as("signed in by another cookie")
                .contains("already signed in")
                .doesNotContain("You were signed out");
    }

    @Test
    void every_reason_has_words_of_its_own_in_both_languages() {
        Map<String, String> said = new LinkedHashMap<>();
        List<String> stored = new ArrayList<>();
        for (EndReason reason : EndReason.values()) {
            stored.add(reason.stored());
        }
        stored.add("of-a-version-to-come");
        Person anna = Person.come();
        String token = anna.signIn(IPHONE);
        delete("api/sessions/" + idOf(token), token);
        for (String reason : stored) {
            database.run("UPDATE multisession_tokens SET end_reason = ? WHERE auth_token = ?", reason, token);
            for (String language : List.of("en", "ru")) {
                Answer answer = http().get(
                                "login",
                                "Accept",
                                "text/html",
                                "Accept-Language",
                                language,
                                "Cookie",
                                "auth_token=" + token);
                String box = answer.body().replaceFirst("(?s).*id=\"ended\"[^>]*>(.*?)</div>.*", "$1");
                // Who has signed out need not be told why: the title says it.
                String why = box.contains("<p>")
                        ? box.replaceFirst("(?s).*<p>(.*?)</p>.*", "$1")
                        : box.replaceFirst("(?s).*<p class=\"notice__title\">(.*?)(?:&#32;|</p>).*", "$1");
                assertThat(why).as(reason).isNotBlank().doesNotContain("???", "<", "{");
                said.put(reason + " " + language, why);
                assertThat(answer.body()).doesNotContain(anna.phone().substring(2));
            }
        }
        assertThat(said).hasSize(2 * stored.size());
        assertThat(said.values()).doesNotHaveDuplicates();
    }

    @Test
    void a_shared_sign_in_that_one_of_its_devices_ended_does_not_claim_that_this_one_did() {
        Person anna = Person.come();
        anna.signIn(CHROME);
        http().postJson("api/logout", "", "Cookie", "auth_token=" + anna.legacyToken());

        assertThat(page("login", anna.legacyToken()).body())
                .contains("You signed out here, or on another device you used before our update.");
    }

    @Test
    void a_token_that_never_was_one_and_one_that_the_old_app_replaced_are_told_nothing() {
        Person anna = Person.come();
        database.signInSingle(anna.id(), anna.legacyToken() + "-anew");

        for (String token : List.of("a".repeat(43), anna.legacyToken())) {
            assertThat(page("login", token).body()).doesNotContain("role=\"status\"", "You were signed out");
        }
    }

    // ---- before and after signing out

    @Test
    void another_account_in_the_same_browser_is_told_on_every_page_of_the_account_and_on_the_form() {
        Person anna = Person.come();
        Person boris = Person.come();
        String both = anna.signIn(CHROME) + "; auth_token=" + boris.signIn(CHROME);
        String legacyToo = boris.legacyToken() + "-anew; auth_token=" + anna.signIn(CHROME);
        database.signInSingle(boris.id(), boris.legacyToken() + "-anew");
        for (String path : List.of("", "sessions", "logout", "login")) {
            for (String tokens : List.of(both, legacyToo)) {
                assertThat(page(path, tokens).body())
                        .as(path)
                        .containsPattern("another account: [^.]*\\d\\d")
                        .contains("you’ll be signed out of both here")
                        .doesNotContain("sign-ins will end");
            }
            assertThat(russian(path, both).body()).as(path).contains("здесь вы выйдете из обоих аккаунтов");
            assertThat(page(path, anna.signIn(CHROME)).body()).as(path).doesNotContain("another account");
        }
        assertThat(page("login", both).body()).contains("href=\"/logout\"");
    }

    @Test
    void who_presents_a_shared_sign_in_too_is_told_before_that_older_devices_are_signed_out_with_it() {
        Person anna = Person.come();
        String desk = anna.signIn(CHROME);
        String both = anna.legacyToken() + "; auth_token=" + desk;
        assertThat(page("logout", desk).body()).contains("The others stay signed in");
        for (String path : List.of("", "sessions", "logout")) {
            assertThat(page(path, both).body())
                    .as(path)
                    .contains("a sign-in from before our update")
                    .doesNotContain("The others stay signed in", "won’t affect your other devices");
            assertThat(russian(path, both).body()).as(path).contains("сохранился и вход, выполненный до обновления");
            assertThat(page(path, desk).body()).as(path).doesNotContain("a sign-in from before our update");
        }

        http().postForm("logout", Map.of(), "Accept", "text/html", "Cookie", "auth_token=" + both);

        assertThat(isSignedIn(tomcat, anna.legacyToken())).isFalse();
    }

    @Test
    void who_ends_the_row_of_this_device_is_told_what_remains_as_after_signing_out() {
        Person anna = Person.come();
        String desk = anna.signIn(CHROME);
        assertThat(revoke(idOf(desk), desk).headers("Set-Cookie"))
                .anyMatch(line -> line.startsWith("multisession_done=out-1;"));

        desk = anna.signIn(CHROME);
        String legacy = anna.legacyToken() + "-anew";
        database.signInSingle(anna.id(), legacy);
        Answer ended = revoke(idOf(desk), legacy + "; auth_token=" + desk);
        assertThat(ended.headers("Set-Cookie")).anyMatch(line -> line.startsWith("multisession_done=forgot-1;"));
        assertThat(http().get("login", "Accept", "text/html", "Cookie", "multisession_done=forgot-1")
                        .body())
                .contains("may still be signed in");
    }

    // ----

    private static Answer russian(String path, String token) {
        return http().get(path, "Accept", "text/html", "Accept-Language", "ru", "Cookie", "auth_token=" + token);
    }

    private static Http http() {
        return Http.to(tomcat.uri("/"));
    }

    private static Answer page(String path, String token) {
        return http().get(path, "Accept", "text/html", "User-Agent", CHROME, "Cookie", "auth_token=" + token);
    }

    private static Answer delete(String path, String token) {
        return http().send("DELETE", path, "", "Cookie", "auth_token=" + token);
    }

    private static Answer raw(String method, String path, String token) {
        return RawHttp.exchange(
                tomcat.port(),
                (method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + tomcat.port()
                                + "\r\nConnection: close\r\nContent-Length: 0\r\nCookie: auth_token=" + token
                                + "\r\n\r\n")
                        .getBytes(ISO_8859_1));
    }

    private static Answer revoke(String handle, String token) {
        return http().postForm(
                        "sessions/revoke",
                        Map.of("session", handle),
                        "Accept",
                        "text/html",
                        "Cookie",
                        "auth_token=" + token);
    }

    /** The page that a browser gets after a redirect, with what was set on it. */
    private static Answer shownAfter(Answer redirect, String token) {
        String done = redirect.header("Set-Cookie").orElseThrow().replaceFirst(";.*", "");
        return page("sessions", token + "; " + done);
    }

    private static boolean isSignedIn(TomcatServer node, String token) {
        return Http.to(node.uri("/"))
                        .get("api/me", "Cookie", "auth_token=" + token)
                        .status()
                == 200;
    }

    /** The devices of whoever holds this token. */
    private static List<JsonNode> sessions(String token) {
        List<JsonNode> found = new ArrayList<>();
        json(http().get("api/sessions", "Cookie", "auth_token=" + token))
                .path("sessions")
                .forEach(found::add);
        return found;
    }

    /** The handle of the device that holds a token. */
    private static String idOf(String token) {
        return sessions(token).get(0).path("id").textValue();
    }

    private static void assertProblem404(Answer answer) {
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.header("Content-Type")).contains("application/problem+json");
        assertThat(json(answer).path("code").textValue()).isEqualTo("not-found");
    }

    private static JsonNode json(Answer answer) {
        try {
            return JSON.readTree(answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException(answer.toString(), e);
        }
    }
}
