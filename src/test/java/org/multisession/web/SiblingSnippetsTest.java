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
import org.multisession.session.SessionToken;
import org.multisession.testing.Fenced;
import org.multisession.testing.Installed;
import org.multisession.testing.OldDatabase;
import org.multisession.testing.Sibling;

/**
 * The snippets of docs/siblings.md, run as they stand there by the languages themselves: on the vectors, and on requests
 * whose tokens our own {@link SessionCookie} reads too. Between the languages everything goes in hexadecimal digits.
 */
class SiblingSnippetsTest {

    private static final SessionCookie COOKIE = new SessionCookie(new CookieRules(
            "auth_token", "/", null, CookieRules.SameSite.LAX, CookieRules.Secure.AUTO, Duration.ofDays(365)));

    private static final String PYTHON_DRIVER = """
            import sys
            import who
            connection = who.open_database("vectors.db")
            for (token,) in connection.execute("SELECT token FROM vectors ORDER BY token"):
                found = who.who(connection, ["never-seen", token])
                end = "%d %s" % (found[0]["id"], found[0]["via"]) if found else "nobody"
                print("vector", token.encode("utf-8").hex(), who.both(token)["hash"], end)
            for line in open("requests"):
                headers = [None if each == "-" else bytes.fromhex(each[1:]).decode("latin-1") for each in line.split()]
                print("request", *[token.encode("utf-8").hex() for token in who.presented(*headers)])
            """;

    private static final String PYTHON_SIGN_OUT = """
            import sqlite3
            import who
            connection = sqlite3.connect("vectors.db")
            for token in ("second-device", "kept-as-a-hash", "legacy-of-boris"):
                user, found = who.who(connection, ["never-seen", token])
                who.sign_out(connection, user, found)
                print("in" if who.who(connection, [token]) else "out")
            """;

    private static final String PHP_DRIVER = """
            <?php
            require 'who.php';
            $database = new PDO('sqlite:vectors.db');
            foreach ($database->query('SELECT token FROM vectors ORDER BY token')->fetchAll() as [$token]) {
                $found = who($database, ['never-seen', $token]);
                $end = $found ? $found['user']['id'] . ' ' . $found['user']['via'] : 'nobody';
                echo 'vector ', bin2hex($token), ' ', both($token)['hash'], ' ', $end, "\\n";
            }
            foreach (file('requests') as $line) {
                $headers = array_map(fn ($each) => $each === '-' ? null : hex2bin(substr($each, 1)), explode(' ', trim($line)));
                echo rtrim('request ' . implode(' ', array_map('bin2hex', presented(...$headers)))), "\\n";
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
                const found = who(database, ["never-seen", token]);
                const end = found ? found.user.id + " " + found.user.via : "nobody";
                console.log("vector", Buffer.from(token).toString("hex"), both(token).hash, end);
              }
            }
            for (const line of readFileSync("requests", "utf8").trim().split("\\n")) {
              const [authorization, cookie] = line.split(" ").map((each) =>
                each === "-" ? undefined : Buffer.from(each.slice(1), "hex").toString("latin1"));
              console.log(["request", ...presented({ authorization, cookie }).map((t) => Buffer.from(t).toString("hex"))].join(" "));
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
            HttpServletRequest request = mock(HttpServletRequest.class);
            when(request.getHeader("Authorization")).thenReturn(authorization);
            when(request.getHeaders("Cookie"))
                    .thenReturn(Collections.enumeration(cookie == null ? List.of() : List.of(cookie)));
            return Stream.concat(
                            Stream.of("request"),
                            COOKIE.presented(request).tokens().stream()
                                    .map(SessionToken::value)
                                    .map(token -> HexFormat.of().formatHex(token.getBytes(UTF_8))))
                    .collect(Collectors.joining(" "));
        }
    }

    @BeforeEach
    void makeVectorsAndRequests() throws IOException {
        Files.writeString(folder.resolve("who.sql"), Sibling.QUERY);
        try (OldDatabase database = OldDatabase.open(folder.resolve("vectors.db"))) {
            database.run(Files.readString(Path.of("docs/siblings/vectors.sql")));
            vectors = database
                    .all("SELECT 'vector ' || lower(hex(token)) || ' ' || hash || ' '"
                            + " || coalesce(user_id || ' ' || via, 'nobody') FROM vectors ORDER BY token")
                    .stream()
                    .map(Objects::requireNonNull)
                    .toList();
        }
        List<Headers> headers = headers();
        requests = headers.stream().map(Headers::presented).toList();
        Files.write(
                folder.resolve("requests"), headers.stream().map(Headers::line).toList());
    }

    @Test
    void python() throws IOException {
        Installed.require("Python 3", "python3", Path.of("/usr/bin/python3"));
        snippet("python", "import sqlite3", "who.py");

        assertSame(output("/usr/bin/python3", "driver.py", PYTHON_DRIVER), both());
        assertThat(output("/usr/bin/python3", "sign-out.py", PYTHON_SIGN_OUT)).containsExactly("out", "out", "in");
    }

    @Test
    void php() throws IOException {
        Installed.require("PHP with its driver for SQLite", "php-cli php-sqlite3", Path.of("/usr/bin/php"));
        assertThat(Fenced.block(Sibling.DOCUMENT, "php", "PDO $database"))
                .as("an extension that not every PHP has")
                .doesNotContain("mb_", "iconv", "ctype_");
        snippet("php", "PDO $database", "who.php");

        assertSame(output("/usr/bin/php", "driver.php", PHP_DRIVER), both());
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
