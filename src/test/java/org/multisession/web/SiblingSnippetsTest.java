package org.multisession.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.auth.SignedIn;
import org.multisession.session.SessionRules;
import org.multisession.testing.Fenced;
import org.multisession.testing.Installed;
import org.multisession.testing.NewApp;
import org.multisession.testing.Sibling;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;
import org.multisession.token.Presented;
import org.multisession.token.SessionId;
import org.multisession.token.SessionToken;

/**
 * The snippets of docs/siblings.md, run as they stand there by the languages themselves: on the vectors, and on requests
 * whose tokens our own {@link SessionCookie} reads too. Between the languages everything goes in hexadecimal digits.
 */
class SiblingSnippetsTest {

    private static final SessionCookie COOKIE = new SessionCookie(new CookieRules(
            "auth_token", "/", null, CookieRules.SameSite.LAX, CookieRules.Secure.AUTO, Duration.ofDays(365)));

    /** Nothing runs out: that is no matter of the snippets'. */
    private static final SessionRules FOR_EVER = new SessionRules(null, null, 50, Duration.ofMinutes(1));

    private static final String PYTHON_DRIVER = """
            import sys
            import who
            connection = who.open_database("vectors.db")
            for (token,) in connection.execute("SELECT token FROM vectors ORDER BY token"):
                found = who.who(connection, [["never-seen"], [token]] if token else [])
                end = "%d %s" % (found[0]["id"], found[0]["via"]) if found else "nobody"
                print("vector", token.encode("utf-8").hex(), who.both(token)["hash"], end)
            for (cookie,) in connection.execute("SELECT cookie FROM requests ORDER BY cookie"):
                found = who.who(connection, who.presented(None, cookie))
                print("cookie", "%d %s %s" % (found[0]["id"], found[1], found[0]["via"]) if found else "nobody")
            for line in open("requests"):
                headers = [None if each == "-" else bytes.fromhex(each[1:]).decode("latin-1") for each in line.split()]
                print("request", *["+".join(t.encode("utf-8").hex() for t in value) for value in who.presented(*headers)])
            """;

    private static final String PYTHON_SIGN_OUT = """
            import sqlite3
            import who
            connection = sqlite3.connect("vectors.db")
            tokens = ["second-device", "never-seen", "kept-as-a-hash", "legacy-of-boris", "hash-lives"]
            print(*who.sign_out(connection, [tokens[:1], tokens[1:3], tokens[3:]]))
            print(*[token for token in tokens if who.who(connection, [[token]])])
            """;

    private static final String PHP_SIGN_OUT = """
            <?php
            require 'who.php';
            $database = new PDO('sqlite:vectors.db');
            $tokens = ['second-device', 'never-seen', 'kept-as-a-hash', 'legacy-of-boris', 'hash-lives'];
            echo implode(' ', sign_out($database, [[$tokens[0]], array_slice($tokens, 1, 2), array_slice($tokens, 3)])), "\\n";
            echo implode(' ', array_filter($tokens, fn ($token) => who($database, [[$token]]))), "\\n";
            """;

    private static final String NODE_SIGN_OUT = """
            const { who, signOut } = require("./who.js");
            const database = new (require("node:sqlite").DatabaseSync)("vectors.db");
            const tokens = ["second-device", "never-seen", "kept-as-a-hash", "legacy-of-boris", "hash-lives"];
            console.log(signOut(database, [tokens.slice(0, 1), tokens.slice(1, 3), tokens.slice(3)]).join(" "));
            console.log(tokens.filter((token) => who(database, [[token]])).join(" "));
            """;

    /** What signing out of all that is presented leaves, in each language. */
    private static final List<String> LEFT =
            List.of(SessionId.of(new SessionToken("legacy-of-boris").hash()).text(), "legacy-of-boris");

    private static final String PHP_DRIVER = """
            <?php
            require 'who.php';
            $database = new PDO('sqlite:vectors.db');
            foreach ($database->query('SELECT token FROM vectors ORDER BY token')->fetchAll() as [$token]) {
                $found = who($database, $token === '' ? [] : [['never-seen'], [$token]]);
                $end = $found ? $found['user']['id'] . ' ' . $found['user']['via'] : 'nobody';
                echo 'vector ', bin2hex($token), ' ', both($token)['hash'], ' ', $end, "\\n";
            }
            foreach ($database->query('SELECT cookie FROM requests ORDER BY cookie')->fetchAll() as [$cookie]) {
                $found = who($database, presented(null, $cookie));
                echo 'cookie ', $found ? $found['user']['id'] . " $found[token] " . $found['user']['via'] : 'nobody', "\\n";
            }
            foreach (file('requests') as $line) {
                $headers = array_map(fn ($each) => $each === '-' ? null : hex2bin(substr($each, 1)), explode(' ', trim($line)));
                echo rtrim('request ' . implode(' ', array_map(fn ($value) => implode('+', array_map('bin2hex', $value)), presented(...$headers)))), "\\n";
            }
            """;

    private static final String NODE_DRIVER = """
            const { readFileSync } = require("node:fs");
            const { both, presented, who } = require("./who.js");
            let sqlite = null;
            try { sqlite = require("node:sqlite"); } catch { console.log("no sqlite"); }
            if (sqlite) {
              const database = new sqlite.DatabaseSync("vectors.db");
              for (const { token } of database.prepare("SELECT token FROM vectors ORDER BY token").all()) {
                const found = who(database, token === "" ? [] : [["never-seen"], [token]]);
                const end = found ? found.user.id + " " + found.user.via : "nobody";
                console.log("vector", Buffer.from(token).toString("hex"), both(token).hash, end);
              }
              for (const { cookie } of database.prepare("SELECT cookie FROM requests ORDER BY cookie").all()) {
                const found = who(database, presented({ cookie }));
                console.log("cookie", found ? [found.user.id, found.token, found.user.via].join(" ") : "nobody");
              }
            }
            for (const line of readFileSync("requests", "utf8").trim().split("\\n")) {
              const [authorization, cookie] = line.split(" ").map((each) =>
                each === "-" ? undefined : Buffer.from(each.slice(1), "hex").toString("latin1"));
              console.log(["request", ...presented({ authorization, cookie })
                .map((value) => value.map((t) => Buffer.from(t).toString("hex")).join("+"))].join(" "));
            }
            """;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private List<String> vectors = List.of();
    private List<String> requests = List.of();

    /** The headers of a request, one character for each byte. */
    private record Headers(
            @Nullable String authorization, @Nullable String cookie) {

        String line() {
            return hex(authorization) + " " + hex(cookie);
        }

        private static String hex(@Nullable String header) {
            return header == null ? "-" : "x" + HexFormat.of().formatHex(header.getBytes(ISO_8859_1));
        }

        /** What our own reading of them makes of it. */
        String presented() {
            return Stream.concat(
                            Stream.of("request"),
                            SiblingSnippetsTest.presented(cookie, authorization).values().stream()
                                    .map(value -> value.stream()
                                            .map(SessionToken::value)
                                            .map(token -> HexFormat.of().formatHex(token.getBytes(UTF_8)))
                                            .collect(Collectors.joining("+"))))
                    .collect(Collectors.joining(" "));
        }
    }

    private static Presented presented(@Nullable String cookie, @Nullable String authorization) {
        HttpServletRequest request = mock(HttpServletRequest.class);
        when(request.getHeader("Authorization")).thenReturn(authorization);
        when(request.getHeaders("Cookie"))
                .thenAnswer(call -> Collections.enumeration(cookie == null ? List.of() : List.of(cookie)));
        return COOKIE.presented(request);
    }

    @BeforeEach
    void makeVectorsAndRequests() throws IOException {
        Files.writeString(folder.resolve("who.sql"), Sibling.QUERY);
        try (SqliteApp database = SqliteApp.open(folder.resolve("vectors.db"))) {
            database.run(Files.readString(Path.of("docs/siblings/vectors.sql")));
            vectors = new ArrayList<>(database
                    .all("SELECT 'vector ' || lower(hex(token)) || ' ' || hash || ' '"
                            + " || coalesce(user_id || ' ' || via, 'nobody') FROM vectors ORDER BY token")
                    .stream()
                    .map(Objects::requireNonNull)
                    .toList());
            database.all("SELECT 'cookie ' || coalesce(user_id || ' ' || token || ' ' || via, 'nobody')"
                            + " FROM requests ORDER BY cookie")
                    .forEach(vectors::add);
        }
        List<Headers> headers = headers();
        requests = headers.stream().map(Headers::presented).toList();
        Files.write(
                folder.resolve("requests"), headers.stream().map(Headers::line).toList());
    }

    @Test
    void our_app_takes_the_requests_for_whom_the_vectors_say() {
        try (SqliteApp database = SqliteApp.open(folder.resolve("vectors.db"));
                NewApp app = NewApp.deploy(database.path(), FOR_EVER, new TestClock())) {
            for (String cookie : database.all("SELECT cookie FROM requests")) {
                SignedIn signedIn = app.authenticator.authenticate(presented(cookie, null), () -> NewApp.CLIENT);
                String ours = signedIn == null
                        ? "nobody"
                        : signedIn.user().id() + " " + signedIn.token().value() + " "
                                + signedIn.via().name().toLowerCase(Locale.ROOT);
                assertThat(ours)
                        .as(cookie)
                        .isEqualTo(database.one(
                                "SELECT coalesce(user_id || ' ' || token || ' ' || via, 'nobody') FROM requests"
                                        + " WHERE cookie = ?",
                                cookie));
            }
        }
    }

    @Test
    void python() throws IOException {
        Installed.require("Python 3", "python3", Path.of("/usr/bin/python3"));
        snippet("python", "import sqlite3", "who.py");

        assertSame(output("/usr/bin/python3", "driver.py", PYTHON_DRIVER), both());
        assertThat(output("/usr/bin/python3", "sign-out.py", PYTHON_SIGN_OUT)).isEqualTo(LEFT);
    }

    @Test
    void php() throws IOException {
        Installed.require("PHP with its driver for SQLite", "php-cli php-sqlite3", Path.of("/usr/bin/php"));
        assertThat(Fenced.block(Sibling.DOCUMENT, "php", "PDO $database"))
                .as("an extension that not every PHP has")
                .doesNotContain("mb_", "iconv", "ctype_");
        snippet("php", "PDO $database", "who.php");

        assertSame(output("/usr/bin/php", "driver.php", PHP_DRIVER), both());
        assertThat(output("/usr/bin/php", "sign-out.php", PHP_SIGN_OUT)).isEqualTo(LEFT);
    }

    @Test
    void node_and_the_query_where_it_has_sqlite() throws IOException {
        Installed.require("Node", "nodejs", Path.of("/usr/bin/node"));
        snippet("js", "createHash", "who.js");

        List<String> output = output("/usr/bin/node", "driver.js", NODE_DRIVER);
        if (output.get(0).equals("no sqlite")) {
            assertSame(output.subList(1, output.size()), requests);
        } else {
            assertSame(output, both());
            assertThat(output("/usr/bin/node", "sign-out.js", NODE_SIGN_OUT)).isEqualTo(LEFT);
        }
    }

    private void snippet(String language, String containing, String file) throws IOException {
        Files.writeString(folder.resolve(file), Fenced.block(Sibling.DOCUMENT, language, containing));
    }

    /** Tells the lines that differ, of thousands. */
    private static void assertSame(List<String> actual, List<String> expected) {
        assertThat(IntStream.range(0, Math.min(actual.size(), expected.size()))
                        .filter(i -> !actual.get(i).equals(expected.get(i)))
                        .mapToObj(i -> actual.get(i) + ", not " + expected.get(i))
                        .limit(5))
                .isEmpty();
        assertThat(actual.size()).isEqualTo(expected.size());
    }

    private List<String> both() {
        return Stream.concat(vectors.stream(), requests.stream()).toList();
    }

    private static String publicId(String token) {
        return SessionId.of(new SessionToken(token).hash()).text();
    }

    private static List<Headers> headers() {
        List<Headers> all = new ArrayList<>(List.of(
                new Headers(null, null),
                new Headers("Bearer a", null),
                new Headers("bEARER  b ", "auth_token=a"),
                new Headers("Basic YTpi", "auth_token=a"),
                new Headers("Bearer", "auth_token"),
                new Headers("Bearer ", "auth_token=; auth_token=\"\""),
                new Headers(null, "auth_token=a; x=y; auth_token=b;auth_token=c"),
                new Headers(null, "xauth_token=a; auth_tokenx=b; Auth_Token=c; =d"),
                new Headers(null, "auth_token=a=b==; auth_token = c d "),
                new Headers(null, "auth_token=a+b%20c"),
                new Headers("Bearer a", "auth_token=a%2Bb; multisession_forgotten=" + publicId("a")),
                new Headers(null, "multisession_forgotten=" + publicId("a%2Bb") + ".x; auth_token=a%2Bb; auth_token=b"),
                new Headers(null, "multisession_forgotten=.; auth_token=a; multisession_forgotten= " + publicId("a")),
                new Headers(null, "multisession_forgottenx=" + publicId("a") + "; auth_token=a"),
                new Headers(null, "auth_token=caf\u00e9; auth_token=\"caf\\351 \\054\\073\""),
                new Headers(null, "auth_token=\"say \\\"hi\\\"\"; auth_token=\"back\\\\slash\"; auth_token=\"half"),
                new Headers(null, "auth_token=\"\\400\\18\"; auth_token=\"\\\"; auth_token=\"; auth_token=\"\\07\""),
                new Headers(
                        null,
                        IntStream.range(0, 30).mapToObj(i -> "auth_token=t" + i).collect(Collectors.joining("; ")))));
        Random random = new Random(20_251_124);
        String likely = "auth_token=\"\\;, 0123456789\u00ff%%+C3A9";
        for (int i = 0; i < 2000; i++) {
            StringBuilder cookie = new StringBuilder("auth_token=");
            for (int length = random.nextInt(40); length > 0; length--) {
                // No control characters: no server hands such a header over.
                cookie.append(
                        random.nextInt(4) == 0
                                ? (char)
                                        (random.nextBoolean()
                                                ? 0x21 + random.nextInt(0x5e)
                                                : 0xa1 + random.nextInt(0x5f))
                                : likely.charAt(random.nextInt(likely.length())));
            }
            all.add(new Headers(null, cookie.toString()));
        }
        return all;
    }

    private List<String> output(String program, String file, String driver) throws IOException {
        Files.writeString(folder.resolve(file), driver);
        Path printed = folder.resolve(file + ".out");
        Process process = new ProcessBuilder(program, file)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(printed.toFile())
                .start();
        try {
            if (!process.waitFor(1, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new AssertionError(program + " did not end");
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for " + program, e);
        }
        List<String> lines = Arrays.asList(Files.readString(printed).split("\n", -1));
        assertThat(process.exitValue()).as("%s printed %s", program, lines).isZero();
        return lines.get(lines.size() - 1).isEmpty() ? lines.subList(0, lines.size() - 1) : lines;
    }
}
