package org.multisession.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.testing.Answer;
import org.multisession.testing.Http;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** The pages as a real Tomcat makes them, with values in them that mean harm or are merely odd. */
class PagesIT {

    private static final String HTML = "text/html";

    @TempDir
    private static Path folder;

    @SuppressWarnings("NullAway.Init")
    private static TomcatServer tomcat;

    @SuppressWarnings("NullAway.Init")
    private static Http http;

    /** Each is also a user's phone and, of another user, the plan; their tokens are {@code phone-N} and {@code plan-N}. */
    static Stream<String> values() {
        return Stream.of(
                "<script>alert(1)</script>",
                "\" autofocus onfocus=\"alert(1)",
                "' onmouseover='alert(1)",
                "</title></textarea><img src=x>",
                "${7*7} #{7*7} ${pageContext.request.contextPath} ${header.cookie}",
                "&lt;b&gt; & &amp; &copy",
                "<%= 7*7 %> <c:out value='x'/>",
                "{0} {1,number} '{0}'",
                "x".repeat(3000),
                "😀 👩‍👩‍👧 é",
                "\u202Eשלום مرحبا\u202C",
                "\u0001\t\n%0d%0a");
    }

    @BeforeAll
    static void start() {
        try (SqliteApp database = SqliteApp.make(folder, "single")) {
            int number = 0;
            for (String value : values().toList()) {
                String insert = "INSERT INTO users (phone, \"plan\", auth_token) VALUES (?, ?, ?)";
                database.run(insert, value, "free", "phone-" + number);
                database.run(insert, "+7999777000" + number, value, "plan-" + number);
                number++;
            }
            tomcat = TomcatServer.of(TomcatVersion.V11)
                    .app("/", database, "multisession.login.verification", "none")
                    .start();
        }
        http = Http.to(tomcat.uri("/"));
    }

    @AfterAll
    static void stop() {
        tomcat.close();
    }

    @ParameterizedTest
    @MethodSource("values")
    void a_number_as_typed_comes_back_into_the_field_escaped_and_unchanged(String value) {
        // The very text of a row would sign its user in.
        String typed = value + "?";
        Answer answer = http.postForm("login", Map.of("phone", typed), "Accept", HTML);

        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.body()).contains("value=\"" + escaped(typed) + "\"");
        assertHarmless(answer, value);
    }

    @ParameterizedTest
    @MethodSource("values")
    void a_stored_number_is_shown_escaped_and_unchanged(String value) {
        Answer answer = http.get("", "Accept", HTML, "Cookie", "auth_token=phone-" + indexOf(value));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).contains("<dd class=\"number\">" + escaped(value) + "</dd>");
        assertHarmless(answer, value);
    }

    @ParameterizedTest
    @MethodSource("values")
    void a_stored_plan_is_shown_escaped_and_unchanged(String value) {
        Answer answer = http.get("", "Accept", HTML, "Cookie", "auth_token=plan-" + indexOf(value));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).contains("<dd>" + escaped(value) + "</dd>");
        assertHarmless(answer, value);
    }

    /** What a device calls itself is written by whoever holds it; the row is the last one, all others are older. */
    @ParameterizedTest
    @MethodSource("values")
    void a_device_is_shown_by_a_harmless_name_whatever_it_calls_itself(String value) {
        String agent = value.replaceAll("[^\\x20-\\x7e]", "?");
        for (String said : new String[] {agent, "Mozilla/5.0 (" + agent, agent + "/1.0 (" + agent + ")"}) {
            Answer in = http.postJson("api/login", "{\"phone\":\"+79991234571\"}", "User-Agent", said);
            String cookie = in.header("Set-Cookie").orElseThrow().replaceFirst(";.*", "");

            // Russian times have no "49 PM" in them, which would look like a sum that somebody worked out.
            Answer page =
                    http.get("sessions", "Accept", HTML, "Accept-Language", "ru", "Cookie", cookie, "User-Agent", said);
            Answer list = http.get("api/sessions", "Cookie", cookie, "User-Agent", said);

            assertThat(page.status()).isEqualTo(200);
            assertHarmless(page, value);
            assertThat(list.status()).isEqualTo(200);
            assertThat(list.body()).doesNotContain("<", "*", "x".repeat(101));
            http.postJson("api/logout", "", "Cookie", cookie);
        }
    }

    /** On the form one sees whose session there is already; a stored number that is none is not shown to whoever looks. */
    @ParameterizedTest
    @MethodSource("values")
    void the_form_shows_of_a_stored_number_that_is_none_nothing(String value) {
        Answer answer = http.get("login", "Accept", HTML, "Cookie", "auth_token=phone-" + indexOf(value));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).contains(">•••</strong>").doesNotContain(escaped(value));
    }

    @ParameterizedTest
    @MethodSource("values")
    void where_to_go_next_is_dropped_if_it_is_no_path(String value) {
        Answer shown = http.get("login?next=" + URLEncoder.encode("/" + value, StandardCharsets.UTF_8), "Accept", HTML);
        Answer again = http.postForm("login", Map.of("phone", "", "next", "/" + value), "Accept", HTML);

        assertThat(shown.status()).isEqualTo(200);
        assertThat(again.status()).isEqualTo(422);
        assertThat(Stream.of(shown, again).map(Answer::body))
                .allSatisfy(body -> assertThat(body)
                        .satisfiesAnyOf(
                                page -> assertThat(page).doesNotContain("name=\"next\""),
                                page -> assertThat(page)
                                        .contains("name=\"next\" value=\"" + escaped("/" + value) + "\"")
                                        .matches(ignored -> value.matches("[\\w./-]+"))));
    }

    @Test
    void where_to_go_next_is_kept_escaped_if_it_is_a_path() {
        String path = "/a?b='c'&d=e";

        Answer shown = http.get("login?next=" + URLEncoder.encode(path, StandardCharsets.UTF_8), "Accept", HTML);
        Answer signedIn = http.postForm("login", Map.of("phone", "+79991234567", "next", path), "Accept", HTML);

        assertThat(shown.body()).contains("name=\"next\" value=\"" + escaped(path) + "\"");
        assertThat(signedIn.status()).isEqualTo(303);
        assertThat(signedIn.header("Location")).contains(path);
    }

    @ParameterizedTest
    @ValueSource(strings = {"<script>", "\"><script>alert(1)</script>", "${7*7}", "ru'; DROP", "zz-ZZ", "*", ";;;,,,"})
    void an_odd_language_is_answered_in_english(String language) {
        Answer answer = http.get("login", "Accept", HTML, "Accept-Language", language);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).contains("<html lang=\"en\">").contains("Sign in on this device");
        assertThat(answer.body()).doesNotContain("<script>", "49", "DROP");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ru | ru",
                "ru-RU,ru;q=0.9,en;q=0.8 | ru",
                "de,ru;q=0.5,en;q=0.4 | ru",
                "en-GB,ru;q=0.5 | en",
                "fr | en",
                "en;q=0.2,ru;q=0.9 | ru"
            })
    void a_page_is_in_the_first_language_that_the_reader_wants_and_we_speak(String wanted, String spoken) {
        Answer answer = http.get("login", "Accept", HTML, "Accept-Language", wanted);

        assertThat(answer.body()).contains("<html lang=\"" + spoken + "\">");
        assertThat(answer.header("Content-Language")).contains(spoken);
        assertThat(answer.body()).contains(spoken.equals("ru") ? "Вход на этом устройстве" : "Sign in on this device");
    }

    @ParameterizedTest
    @ValueSource(strings = {"%3Cscript%3Ealert(1)%3C/script%3E", "$%7B7*7%7D", "%22onx=%22", "a;b=%3Cx%3E"})
    void an_odd_address_is_not_repeated_on_the_error_page(String path) {
        Answer answer = http.get(path, "Accept", HTML, "Cookie", "auth_token=old_token_xyz123");

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.body()).contains("There is no such page").doesNotContain("alert(1)", "49", "onx", "<x>");
    }

    @Test
    void no_text_is_missing_on_any_page_in_either_language() {
        for (String language : new String[] {"ru", "en"}) {
            String[] headers = {"Accept", HTML, "Accept-Language", language, "Cookie", "auth_token=old_token_xyz123"};
            Stream.of(
                            http.get("", headers),
                            http.get("login", headers),
                            http.get("logout", headers),
                            http.get("sessions", headers),
                            http.get("nowhere", headers),
                            http.send("DELETE", "login", "", headers),
                            http.postJson("login", "{}", headers),
                            http.postForm("login", Map.of("phone", "x".repeat(20_000)), headers),
                            http.postForm("logout", Map.of(), with(headers, "Sec-Fetch-Site", "cross-site")),
                            http.postForm("login", Map.of("phone", "+79990000000"), headers))
                    .forEach(answer -> assertThat(answer.body())
                            .as("%s in %s", answer.status(), language)
                            .contains("<html lang=\"" + language + "\">")
                            .contains("</html>")
                            .doesNotContain("???")
                            .doesNotContain("${"));
        }
    }

    private static String[] with(String[] headers, String name, String value) {
        return Stream.concat(Stream.of(headers), Stream.of(name, value)).toArray(String[]::new);
    }

    private static int indexOf(String value) {
        return values().toList().indexOf(value);
    }

    private static void assertHarmless(Answer answer, String value) {
        if (!escaped(value).equals(value)) {
            assertThat(answer.body()).doesNotContain(value);
        }
        assertThat(answer.body()).doesNotContain(">49", "49 ", "\"49");
    }

    /** As HTML has it in a text and in a quoted attribute. */
    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&#034;")
                .replace("'", "&#039;");
    }
}
