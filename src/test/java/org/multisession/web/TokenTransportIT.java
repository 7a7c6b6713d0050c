package org.multisession.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.testing.Answer;
import org.multisession.testing.Http;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.RawConnection;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** Every shape in which a token comes in, and the one in which it goes out. */
@ParameterizedClass
@EnumSource(TomcatVersion.class)
@SuppressWarnings("NullAway.Init")
class TokenTransportIT {

    private static final String LEGACY_TOKEN = "old_token_xyz123";
    private static final String LONG_TOKEN = "x".repeat(200);
    private static final String HTTPS = "X-Forwarded-Proto";

    /** Tokens of the old app, and each as Python's {@code http.cookies} has put it into the browser's cookie. */
    private static final Map<String, String> QUOTED_BY_PYTHON = new LinkedHashMap<>();

    static {
        QUOTED_BY_PYTHON.put("plain-token.1_2~", "plain-token.1_2~");
        QUOTED_BY_PYTHON.put("per%cent%20", "per%cent%20");
        QUOTED_BY_PYTHON.put("abc=def==", "\"abc=def==\"");
        QUOTED_BY_PYTHON.put("a/b/c+d", "\"a/b/c+d\"");
        QUOTED_BY_PYTHON.put("two words", "\"two words\"");
        QUOTED_BY_PYTHON.put("a,b,comma", "\"a\\054b\\054comma\"");
        QUOTED_BY_PYTHON.put("a;b;semicolon", "\"a\\073b\\073semicolon\"");
        QUOTED_BY_PYTHON.put("say \"hi\"", "\"say \\\"hi\\\"\"");
        QUOTED_BY_PYTHON.put("\"quoted-token\"", "\"\\\"quoted-token\\\"\"");
        QUOTED_BY_PYTHON.put("back\\slash", "\"back\\\\slash\"");
        QUOTED_BY_PYTHON.put("\\073literal", "\"\\\\073literal\"");
        QUOTED_BY_PYTHON.put("trailing\\", "\"trailing\\\\\"");
        QUOTED_BY_PYTHON.put("[x]{y}<z>(q)@?", "\"[x]{y}<z>(q)@?\"");
        QUOTED_BY_PYTHON.put("caf\u00e9-token", "\"caf\\351-token\"");
        QUOTED_BY_PYTHON.put("\u00ffend-token", "\"\\377end-token\"");
        QUOTED_BY_PYTHON.put("tab\there", "\"tab\\011here\"");
        QUOTED_BY_PYTHON.put("line\nend", "\"line\\012end\"");
        QUOTED_BY_PYTHON.put("token with spaces, and; more", "\"token with spaces\\054 and\\073 more\"");
    }

    private static MemoryFolder folder;
    private static SqliteApp database;
    private static SqliteApp other;
    private static SqliteApp third;
    private static TomcatServer tomcat;
    private static final List<String> ISSUED = new ArrayList<>();

    @Parameter
    TomcatVersion version;

    private RawConnection connection;

    @BeforeParameterizedClassInvocation
    static void start(TomcatVersion version) throws IOException {
        folder = new MemoryFolder();
        database = SqliteApp.make(folder.path(), "single");
        database.run("DELETE FROM users WHERE id > 44");
        int id = 100;
        for (String token : QUOTED_BY_PYTHON.keySet()) {
            addUser(database, id++, token);
        }
        addUser(database, 200, LONG_TOKEN);
        addUser(database, 201, new byte[] {(byte) 0xde, (byte) 0xad, (byte) 0xbe, (byte) 0xef});
        addUser(database, 202, "token-in-a-blob".getBytes(ISO_8859_1));
        addUser(database, 203, "shared-by-two-users");
        addUser(database, 204, "shared-by-two-users");
        other = SqliteApp.open(folder.path().resolve("other.db"));
        other.run("CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token)");
        other.run("INSERT INTO users VALUES (1, '+79991234567', 1234567890), (2, '+79991234568', '7777777777'),"
                + " (3, '+79991234569', 1.5)");

        tomcat = TomcatServer.of(version).start();
        // As an administrator does behind a proxy that speaks HTTPS.
        Files.writeString(tomcat.base().resolve("conf/context.xml"), """
                <Context>
                  <Valve className="org.apache.catalina.valves.RemoteIpValve" protocolHeader="X-Forwarded-Proto"/>
                </Context>
                """);
        tomcat.deploy(
                "/",
                TomcatServer.war(),
                Map.of("multisession.db.url", database.path().toString(), "multisession.login.verification", "none"));
        tomcat.deploy(
                "/shop",
                TomcatServer.war(),
                Map.of(
                        "multisession.db.url",
                        other.path().toString(),
                        "multisession.login.verification",
                        "none",
                        "multisession.cookie.name",
                        "shop_token",
                        "multisession.cookie.domain",
                        "Example.com",
                        "multisession.cookie.path",
                        "/shop",
                        "multisession.cookie.same-site",
                        "Strict",
                        "multisession.cookie.secure",
                        "always",
                        "multisession.cookie.max-age",
                        "PT1H"));
        third = SqliteApp.open(folder.path().resolve("third.db"));
        third.run(SqliteApp.script("single"));
        tomcat.deploy(
                "/codes",
                TomcatServer.war(),
                Map.of("multisession.db.url", third.path().toString(), "multisession.login.verification", "code"));
        assertThat(tomcat.isDeployed("/") && tomcat.isDeployed("/shop") && tomcat.isDeployed("/codes"))
                .as(tomcat.log())
                .isTrue();
    }

    private static void addUser(SqliteApp database, long id, Object token) {
        database.run("INSERT INTO users (id, phone, auth_token) VALUES (?, ?, ?)", id, "+7999765" + (4000 + id), token);
    }

    @AfterParameterizedClassInvocation
    static void stop_and_find_no_token_in_the_log() {
        try {
            tomcat.close();
            String log = tomcat.log();
            assertThat(log).doesNotContain(LEGACY_TOKEN).doesNotContain(LONG_TOKEN);
            QUOTED_BY_PYTHON.forEach(
                    (token, quoted) -> assertThat(log).doesNotContain(token).doesNotContain(quoted));
            ISSUED.forEach(token -> assertThat(log).doesNotContain(token));
        } finally {
            database.close();
            other.close();
            third.close();
            folder.close();
        }
    }

    @BeforeEach
    void connect() {
        connection = new RawConnection(tomcat.port());
    }

    @AfterEach
    void disconnect() {
        connection.close();
    }

    @Test
    void a_plain_cookie_signs_in() {
        assertThat(who("Cookie: auth_token=" + LEGACY_TOKEN)).isEqualTo("42 legacy");
        assertThat(who("Cookie: auth_token=" + signIn("+79991234568"))).isEqualTo("43 session");
    }

    @Test
    void every_value_that_python_quotes_signs_in() {
        Map<String, String> found = new LinkedHashMap<>();
        Map<String, String> expected = new LinkedHashMap<>();
        int id = 100;
        for (Map.Entry<String, String> token : QUOTED_BY_PYTHON.entrySet()) {
            expected.put(token.getKey(), id++ + " legacy");
            found.put(token.getKey(), who("Cookie: a=1; auth_token=" + token.getValue() + "; b=\"2\""));
        }
        assertThat(found).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // What Express's res.cookie does; PHP's setcookie of before and of today; Python's urllib; Rails.
                "/usr/bin/node|-e|for (const t of JSON.parse(require('fs').readFileSync(0))) console.log(encodeURIComponent(t))",
                "/usr/bin/php|-r|foreach (json_decode(stream_get_contents(STDIN)) as $t) echo urlencode($t), PHP_EOL;",
                "/usr/bin/php|-r|foreach (json_decode(stream_get_contents(STDIN)) as $t) echo rawurlencode($t), PHP_EOL;",
                "/usr/bin/python3|-c|import json,sys,urllib.parse; [print(urllib.parse.quote_plus(t)) for t in json.load(sys.stdin)]"
            })
    void every_value_that_a_library_has_percent_encoded_signs_in(String program, String option, String script)
            throws IOException {
        Assumptions.assumeTrue(Files.isExecutable(Path.of(program)), "No " + program);
        Process process = new ProcessBuilder(program, option, script)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (var in = process.getOutputStream()) {
            in.write(new ObjectMapper().writeValueAsBytes(QUOTED_BY_PYTHON.keySet()));
        }
        List<String> encoded = new String(process.getInputStream().readAllBytes(), ISO_8859_1)
                .lines()
                .toList();
        List<String> found = encoded.stream()
                .map(value -> who("Cookie: a=1; auth_token=" + value + "; b=2"))
                .toList();
        assertThat(found)
                .isEqualTo(IntStream.range(100, 100 + QUOTED_BY_PYTHON.size())
                        .mapToObj(id -> id + " legacy")
                        .toList());
    }

    @Test
    void every_spelling_is_signed_out_and_told_of_alike() {
        database.run("INSERT INTO users (id, phone, auth_token) VALUES (400, '+79990000400', 'dG9r+ZW4/x=')");
        String encoded = "Cookie: auth_token=dG9r%2BZW4%2Fx%3D";
        assertThat(who(encoded)).isEqualTo("400 legacy");
        signIn("+79990000400");
        assertThat(who(encoded)).isEqualTo("400 session");
        assertThat(http().send("POST", "api/logout", "", "Cookie", "auth_token=dG9r%2BZW4%2Fx%3D")
                        .status())
                .isEqualTo(204);
        assertThat(who(encoded)).isEqualTo("nobody");
        assertThat(who("Cookie: auth_token=\"dG9r+ZW4/x=\"")).isEqualTo("nobody");
        assertThat(http().get("login", "Accept", "text/html", "Cookie", "auth_token=dG9r%2BZW4%2Fx%3D")
                        .body())
                .contains("You signed out here, or on another device");
    }

    @Test
    void a_browser_gets_its_token_in_the_cookie_alone() {
        for (String[] browser : new String[][] {
            {"Origin", "http://127.0.0.1:" + tomcat.port()},
            {"Sec-Fetch-Site", "same-origin"},
            {"Sec-GPC", "1"},
            {"Referer", tomcat.uri("/login").toString()}
        }) {
            Answer answer = http().postJson("api/login", "{\"phone\":\"+79991234569\"}", browser);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body()).startsWith("{\"user\":").doesNotContain("token");
            assertThat(answer.headers("Set-Cookie").get(0))
                    .startsWith("auth_token=")
                    .contains("HttpOnly");
        }
    }

    @Test
    void a_value_that_only_looks_quoted_is_taken_as_it_is() {
        assertThat(who("Cookie: auth_token=\"" + LEGACY_TOKEN)).isEqualTo("nobody");
        assertThat(who("Cookie: auth_token=" + LEGACY_TOKEN + "\"")).isEqualTo("nobody");
        assertThat(who("Cookie: auth_token=\"")).isEqualTo("nobody");
        assertThat(who("Cookie: auth_token=\"\\")).isEqualTo("nobody");
        assertThat(who("Cookie: auth_token=\"\\\"")).isEqualTo("nobody");
        // Somebody's token begins and ends with quotes itself, and something else than Python sent it as it is.
        assertThat(who("Cookie: auth_token=\"quoted-token\"")).isEqualTo("108 legacy");
    }

    @Test
    void a_byte_beyond_ascii_means_what_it_means_to_the_old_app() {
        assertThat(who("Cookie: auth_token=caf\u00e9-token")).isEqualTo("113 legacy");
    }

    @Test
    void a_stale_cookie_beside_the_good_one_does_no_harm_in_either_order() {
        String stale = signIn("+79991234568");
        signOut(stale);
        String good = signIn("+79991234569");
        assertThat(who("Cookie: auth_token=" + stale)).isEqualTo("nobody");
        assertThat(who("Cookie: auth_token=" + stale + "; auth_token=" + good)).isEqualTo("44 session");
        assertThat(who("Cookie: auth_token=" + good + "; auth_token=" + stale)).isEqualTo("44 session");
        assertThat(who("Cookie: auth_token=" + stale, "Cookie: auth_token=" + good))
                .isEqualTo("44 session");
        assertThat(who("Cookie: auth_token=" + good, "Cookie: auth_token=" + stale))
                .isEqualTo("44 session");
        assertThat(who("Cookie: auth_token=; auth_token=" + good + "; auth_token=; auth_token"))
                .isEqualTo("44 session");
    }

    @Test
    void of_two_good_cookies_the_last_counts_as_in_the_old_app() {
        String anna = signIn("+79991234569");
        String boris = signIn("+79991234568");
        assertThat(who("Cookie: auth_token=" + anna + "; auth_token=" + boris)).isEqualTo("43 session");
        assertThat(who("Cookie: auth_token=" + boris, "Cookie: auth_token=" + anna))
                .isEqualTo("44 session");
    }

    @Test
    void an_empty_cookie_is_nobody_although_users_have_empty_tokens() {
        addUser(database, 301, "");
        addUser(database, 302, " ");
        for (String cookie : List.of(
                "auth_token=", "auth_token", "auth_token=\"\"", "auth_token= ", "auth_token=;", "=", "", ";;;")) {
            assertThat(who("Cookie: " + cookie)).as(cookie).isEqualTo("nobody");
        }
        assertThat(who("Authorization: Bearer ")).isEqualTo("nobody");
        assertThat(who("Authorization: Bearer")).isEqualTo("nobody");
        assertThat(who("Authorization: Bearer  ", "Cookie: auth_token=")).isEqualTo("nobody");
    }

    @Test
    void a_cookie_of_nearly_the_same_name_is_another_cookie() {
        for (String name : List.of(
                "xauth_token",
                "auth_token2",
                "auth_token.x",
                "old.auth_token",
                "$auth_token",
                "__Host-auth_token",
                "AUTH_TOKEN",
                "Auth_Token",
                "auth-token",
                "auth_token[]",
                "auth%5ftoken",
                "x=auth_token",
                "\"auth_token\"",
                "shop_token",
                "JSESSIONID")) {
            assertThat(who("Cookie: " + name + "=" + LEGACY_TOKEN)).as(name).isEqualTo("nobody");
        }
    }

    @Test
    void blanks_around_the_cookie_do_not_matter() {
        assertThat(who("Cookie:   a=1 ;  auth_token=" + LEGACY_TOKEN + "  ; b=2 "))
                .isEqualTo("42 legacy");
        assertThat(who("Cookie: a=1;auth_token=" + LEGACY_TOKEN + ";b=2")).isEqualTo("42 legacy");
        assertThat(who("cookie: auth_token=" + LEGACY_TOKEN)).isEqualTo("42 legacy");
    }

    @Test
    void the_token_is_compared_letter_by_letter() {
        for (String wrong : List.of(
                LEGACY_TOKEN.toUpperCase(java.util.Locale.ROOT),
                LEGACY_TOKEN + "x",
                "x" + LEGACY_TOKEN,
                LEGACY_TOKEN.substring(1),
                "%",
                "old_token_xyz12_",
                "old%",
                LEGACY_TOKEN + "%00",
                "' OR '1'='1")) {
            assertThat(who("Cookie: auth_token=" + wrong)).as(wrong).isEqualTo("nobody");
        }
    }

    @Test
    void hundreds_of_cookies_are_answered_and_the_last_is_among_those_that_count() {
        String strangers =
                IntStream.range(0, 300).mapToObj(i -> "auth_token=x" + i).collect(Collectors.joining("; "));
        assertThat(who("Cookie: " + strangers)).isEqualTo("nobody");
        assertThat(who("Cookie: " + strangers + "; auth_token=" + LEGACY_TOKEN)).isEqualTo("42 legacy");
        // The look-ups are limited, so this one is not tried any more.
        assertThat(who("Cookie: auth_token=" + LEGACY_TOKEN + "; " + strangers)).isEqualTo("nobody");
        // One and the same cookie a hundred times is one look-up.
        assertThat(who("Cookie: auth_token=" + LEGACY_TOKEN + "; auth_token=stale".repeat(100)))
                .isEqualTo("42 legacy");
    }

    @Test
    void a_bearer_token_signs_in_in_any_case_of_the_scheme() {
        String token = signIn("+79991234569");
        for (String scheme : List.of("Bearer", "bearer", "BEARER", "bEaReR")) {
            assertThat(who("Authorization: " + scheme + " " + token)).isEqualTo("44 session");
            assertThat(who("Authorization: " + scheme + "  " + LEGACY_TOKEN + " "))
                    .isEqualTo("42 legacy");
        }
        for (String header : List.of(
                "Authorization: " + token,
                "Authorization: Token " + token,
                "Authorization: Basic " + token,
                "Authorization: Bearer" + token,
                "Authorization: Bearer=" + token,
                "Authorization: Bearer \"" + token + "\"",
                "Authorization: Bearer x, Bearer " + token,
                "Proxy-Authorization: Bearer " + token)) {
            assertThat(who(header)).as(header).isEqualTo("nobody");
        }
    }

    @Test
    void a_bearer_token_goes_before_a_cookie_and_a_wrong_one_does_not_hide_it() {
        String anna = signIn("+79991234569");
        String boris = signIn("+79991234568");
        assertThat(who("Authorization: Bearer " + anna, "Cookie: auth_token=" + boris))
                .isEqualTo("44 session");
        assertThat(who("Cookie: auth_token=" + anna, "Authorization: Bearer " + boris))
                .isEqualTo("43 session");
        assertThat(who("Authorization: Bearer unknown", "Cookie: auth_token=" + boris))
                .isEqualTo("43 session");
        assertThat(who("Authorization: Basic dXNlcjpwdw==", "Cookie: auth_token=" + boris))
                .isEqualTo("43 session");
    }

    @Test
    void a_token_of_200_characters_signs_in() {
        assertThat(who("Cookie: auth_token=" + LONG_TOKEN)).isEqualTo("200 legacy");
        assertThat(who("Cookie: auth_token=" + LONG_TOKEN.substring(1))).isEqualTo("nobody");
        assertThat(who("Cookie: auth_token=" + "y".repeat(7000))).isEqualTo("nobody");
    }

    @Test
    void a_blob_in_the_table_is_no_token() {
        for (String value : List.of(
                "deadbeef",
                "DEADBEEF",
                "x'deadbeef'",
                "0xdeadbeef",
                "\u00de\u00ad\u00be\u00ef",
                "\"\\336\\255\\276\\357\"",
                "token-in-a-blob")) {
            assertThat(who("Cookie: auth_token=" + value)).as(value).isEqualTo("nobody");
        }
    }

    @Test
    void a_number_in_the_table_is_no_token() {
        for (String value : List.of("1234567890", "1234567890.0", "1.5", "1.50", "15e-1")) {
            assertThat(connection
                            .request("GET", "/shop/api/me", "Cookie: shop_token=" + value)
                            .status())
                    .as(value)
                    .isEqualTo(401);
        }
        assertThat(connection
                        .request("GET", "/shop/api/me", "Cookie: shop_token=7777777777")
                        .body())
                .contains("\"id\":2,");
    }

    @Test
    void a_token_that_two_users_share_is_nobodys() {
        assertThat(who("Cookie: auth_token=shared-by-two-users")).isEqualTo("nobody");
    }

    @Test
    void a_token_anywhere_else_counts_for_nothing() {
        String token = signIn("+79991234569");
        for (String target : List.of(
                "/api/me?auth_token=" + token,
                "/api/me?access_token=" + token,
                "/api/me?token=" + token + "&auth_token=" + LEGACY_TOKEN,
                "/api/me;auth_token=" + token,
                "/api;auth_token=" + token + "/me",
                "/api/me;jsessionid=" + token,
                "/api/me/" + token)) {
            assertThat(connection.request("GET", target).status()).as(target).isEqualTo(401);
        }
        for (String header : List.of(
                "auth_token: " + token,
                "X-Auth-Token: " + token,
                "Cookie2: auth_token=" + token,
                "Set-Cookie: auth_token=" + token,
                "X-Forwarded-User: 42")) {
            assertThat(who(header)).as(header).isEqualTo("nobody");
        }
        for (String form : List.of("auth_token=" + token, "access_token=" + token)) {
            Answer answer =
                    http().send("POST", "api/logout", form, "Content-Type", "application/x-www-form-urlencoded");
            assertThat(answer.status()).isEqualTo(401);
        }
        assertThat(who("Cookie: auth_token=" + token)).isEqualTo("44 session");
    }

    @Test
    void a_session_id_in_a_url_is_not_looked_at_and_none_is_given_out() {
        Answer answer = connection.request("GET", "/login;jsessionid=0123456789ABCDEF0123456789ABCDEF");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.headers("Set-Cookie")).isEmpty();
        assertThat(answer.body()).doesNotContain("jsessionid");
    }

    @Test
    void a_new_token_is_43_characters_of_its_own() {
        List<String> tokens =
                IntStream.range(0, 20).mapToObj(i -> signIn("+79991234568")).toList();
        assertThat(tokens).doesNotHaveDuplicates().allMatch(token -> token.matches("[A-Za-z0-9_-]{43}"));
    }

    @Test
    void the_cookie_of_a_sign_in_is_kept_from_scripts_and_from_other_sites() {
        Answer api = http().postJson("api/login", "{\"phone\":\"+79991234569\"}");
        assertThat(api.headers("Set-Cookie")).hasSize(1);
        assertCookie(
                api.headers("Set-Cookie").get(0), token(api), "Max-Age=31536000", "Path=/", "HttpOnly", "SameSite=Lax");

        Answer form = http().postForm("login", Map.of("phone", "+79991234569"));
        assertThat(form.status()).isEqualTo(303);
        assertThat(form.headers("Set-Cookie")).hasSize(1);
        String cookie = form.headers("Set-Cookie").get(0);
        String value = cookie.replaceFirst("auth_token=([^;]*);.*", "$1");
        ISSUED.add(value);
        assertCookie(cookie, value, "Max-Age=31536000", "Path=/", "HttpOnly", "SameSite=Lax");
        assertThat(who("Cookie: auth_token=" + value)).isEqualTo("44 session");
    }

    @Test
    void over_https_the_cookie_stays_on_https() {
        Answer api = http().postJson("api/login", "{\"phone\":\"+79991234569\"}", HTTPS, "https");
        assertCookie(
                api.headers("Set-Cookie").get(0),
                token(api),
                "Max-Age=31536000",
                "Path=/",
                "Secure",
                "HttpOnly",
                "SameSite=Lax");
        Answer out = http().send("POST", "api/logout", "", HTTPS, "https", "Cookie", "auth_token=" + token(api));
        assertCookie(out.headers("Set-Cookie").get(0), "", "Max-Age=0", "Path=/", "Secure", "HttpOnly", "SameSite=Lax");
    }

    @Test
    void sign_out_takes_the_cookie_back_from_where_it_was_set() {
        for (String path : List.of("api/logout", "logout")) {
            String token = signIn("+79991234569");
            Answer out = http().send("POST", path, "", "Cookie", "auth_token=" + token);
            assertThat(out.headers("Set-Cookie"))
                    .filteredOn(line -> line.startsWith("auth_token="))
                    .hasSize(1);
            assertCookie(out.headers("Set-Cookie").get(0), "", "Max-Age=0", "Path=/", "HttpOnly", "SameSite=Lax");
            assertThat(who("Cookie: auth_token=" + token)).isEqualTo("nobody");
        }
    }

    @Test
    void a_planted_cookie_of_what_was_forgotten_keeps_nobody_signed_in() {
        for (String planted :
                List.of("a,b", "a b", "\"a b\"", "a\"b", "back\\slash", "caf\u00e9", "[x]{y}@", "", ".")) {
            for (String path : List.of("/api/logout", "/logout")) {
                String old = "auth_token=" + LEGACY_TOKEN;
                Answer out = connection.request(
                        "POST", path, "Content-Length: 0", "Cookie: " + old + "; multisession_forgotten=" + planted);
                assertThat(out.status()).as(planted).isEqualTo(path.equals("/logout") ? 303 : 204);
                String forgotten = out.headers("Set-Cookie").stream()
                        .filter(line -> line.startsWith("multisession_forgotten="))
                        .findFirst()
                        .orElseThrow();
                assertThat(who("Cookie: " + old + "; " + forgotten.replaceFirst(";.*", "")))
                        .as(planted)
                        .isEqualTo("nobody");
                assertThat(who("Cookie: " + old)).isEqualTo("42 legacy");
            }
        }
    }

    @Test
    void with_a_domain_the_cookie_is_set_and_taken_back_there_and_no_cookie_of_the_host_stays_beside_it() {
        Http shop = Http.to(tomcat.uri("/shop/"));
        Answer in = shop.postJson("api/login", "{\"phone\":\"+79991234568\"}");
        String ofHost = "shop_token=; Max-Age=0; Path=/shop; Secure; HttpOnly; SameSite=Strict";
        assertThat(in.headers("Set-Cookie")).hasSize(2);
        assertCookie(in.headers("Set-Cookie").get(0), ofHost);
        assertCookie(
                in.headers("Set-Cookie").get(1),
                "shop_token=" + token(in)
                        + "; Max-Age=3600; Domain=example.com; Path=/shop; Secure; HttpOnly; SameSite=Strict");

        Answer out = shop.send("POST", "api/logout", "", "Cookie", "shop_token=" + token(in));
        assertThat(out.headers("Set-Cookie")).hasSize(2);
        assertCookie(out.headers("Set-Cookie").get(0), ofHost);
        assertCookie(
                out.headers("Set-Cookie").get(1),
                "shop_token=; Max-Age=0; Domain=example.com; Path=/shop; Secure; HttpOnly; SameSite=Strict");
    }

    @Test
    void the_cookie_of_a_challenge_is_read_beside_a_token_that_tomcat_cannot_read() {
        Http codes = Http.to(tomcat.uri("/codes/"));
        Answer asked = codes.postForm("login", Map.of("phone", "+79991234568"));
        assertThat(asked.status()).isEqualTo(303);
        String cookie = asked.headers("Set-Cookie").get(0);
        assertThat(cookie).contains("; Path=/codes/login;").contains("HttpOnly").contains("SameSite=Lax");
        String challenge = cookie.replaceFirst(";.*", "");
        for (String line : List.of(
                challenge,
                "auth_token=\"token with spaces\\054 and\\073 more\"; " + challenge,
                "auth_token[]=" + LEGACY_TOKEN + "; " + challenge,
                "x=1; ".repeat(250) + challenge)) {
            assertThat(connection
                            .request("GET", "/codes/login/code", "Cookie: " + line)
                            .status())
                    .as(line)
                    .isEqualTo(200);
        }
        assertThat(connection
                        .request("GET", "/codes/login/code?next=%zz&%", "Cookie: " + challenge)
                        .status())
                .isEqualTo(200);
        assertThat(connection
                        .request("GET", "/codes/login/code", "Cookie: x" + challenge)
                        .status())
                .isEqualTo(303);
    }

    @Test
    void reading_sets_no_cookie() {
        for (String path : List.of("api/me", "", "login", "health", "static/app.css", "logout")) {
            assertThat(http().get(path, "Cookie", "auth_token=" + LEGACY_TOKEN).headers("Set-Cookie"))
                    .as(path)
                    .isEmpty();
            assertThat(http().get(path).headers("Set-Cookie")).as(path).isEmpty();
        }
        assertThat(http().postJson("api/login", "{\"phone\":\"+79990000000\"}").headers("Set-Cookie"))
                .isEmpty();
    }

    private static void assertCookie(String cookie, String value, String... attributes) {
        assertCookie(cookie, "auth_token=" + value + "; " + String.join("; ", attributes));
    }

    /** The attributes in any order; the old form of {@code Max-Age}, which Tomcat adds, aside. */
    private static void assertCookie(String cookie, String expected) {
        List<String> parts = new ArrayList<>(List.of(cookie.split("; ", -1)));
        // A cookie is taken back by an age of nothing or by a date in 1970; Tomcat 11 says only the second.
        if (expected.contains("Max-Age=0") && !parts.contains("Max-Age=0")) {
            assertThat(parts).anyMatch(part -> part.matches("Expires=.*1970.*"));
            parts.add("Max-Age=0");
        }
        parts.removeIf(part -> part.startsWith("Expires="));
        assertThat(parts).containsExactlyInAnyOrder(expected.split("; ", -1));
        assertThat(parts.get(0)).isEqualTo(expected.split("; ", -1)[0]);
    }

    /** Whose the request is, and by which kind of token. */
    private String who(String... headerLines) {
        Answer answer = connection.request("GET", "/api/me", headerLines);
        if (answer.status() == 401) {
            return "nobody";
        }
        Matcher me = Pattern.compile("\\{\"id\":(\\d+),.*\"via\":\"(\\w+)\".*}").matcher(answer.body());
        return me.matches() ? me.group(1) + " " + me.group(2) : answer.toString();
    }

    private static Http http() {
        return Http.to(tomcat.uri("/"));
    }

    private static String signIn(String phone) {
        return token(http().postJson("api/login", "{\"phone\":\"" + phone + "\"}"));
    }

    private static void signOut(String token) {
        assertThat(http().send("POST", "api/logout", "", "Cookie", "auth_token=" + token)
                        .status())
                .isEqualTo(204);
    }

    private static String token(Answer answer) {
        assertThat(answer.status()).isEqualTo(200);
        String token = answer.body().replaceFirst("\\{\"token\":\"([^\"]+)\".*", "$1");
        ISSUED.add(token);
        return token;
    }
}
