package org.multisession.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.testing.Http;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;
import org.multisession.testing.Trickle;

/** Two hundred and fifty clients that send a byte at a time, and everybody else. */
@ParameterizedClass
@EnumSource(TomcatVersion.class)
@SuppressWarnings("NullAway.Init")
class SlowBodiesIT {

    /** More than Tomcat has threads. */
    private static final int MANY = 250;

    private static final String FORM = "application/x-www-form-urlencoded";
    private static final String LEGACY_TOKEN = "old_token_xyz123";

    private static final String SIGN_IN = "phone=%2B79991234568";
    private static final String SIGN_IN_HEAD = "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: " + FORM
            + "\r\nContent-Length: " + SIGN_IN.length() + "\r\n\r\n";

    private static MemoryFolder folder;
    private static TomcatServer tomcat;

    @Parameter
    TomcatVersion version;

    @BeforeParameterizedClassInvocation
    static void start(TomcatVersion version) {
        folder = new MemoryFolder();
        try (SqliteApp database = SqliteApp.make(folder.path(), "single")) {
            tomcat = TomcatServer.of(version)
                    .app("/", database, "multisession.login.verification", "none")
                    .start();
        }
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        tomcat.close();
        folder.close();
    }

    @Test
    void slow_sign_ins_keep_nobody_else_out() throws IOException, InterruptedException {
        othersAreAnsweredWhile("POST /login HTTP/1.1", "Content-Type: " + FORM);
    }

    @Test
    void slow_requests_of_strangers_to_protected_routes_keep_nobody_out() throws IOException, InterruptedException {
        othersAreAnsweredWhile("POST /sessions/revoke HTTP/1.1", "Content-Type: " + FORM, "Connection: close");
    }

    @Test
    void slow_bodies_that_nobody_wants_keep_nobody_out() throws IOException, InterruptedException {
        othersAreAnsweredWhile("GET /static/app.css HTTP/1.1", "Connection: close");
    }

    @Test
    void slow_bodies_for_what_is_nobodys_keep_nobody_out() throws IOException, InterruptedException {
        othersAreAnsweredWhile("POST /nowhere HTTP/1.1", "Content-Type: " + FORM);
    }

    /** Nothing comes after the header: of one that sends a byte at a time, Tomcat itself closes an HTTP/2 connection. */
    @Test
    void few_are_waited_for_over_http_2_too() throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        // The first request is the one that changes to HTTP/2.
        client.send(HttpRequest.newBuilder(tomcat.uri("/health")).build(), BodyHandlers.discarding());
        List<SubmissionPublisher<ByteBuffer>> bodies = new ArrayList<>();
        List<CompletableFuture<HttpResponse<Void>>> answers = new ArrayList<>();
        try {
            for (int i = 0; i < 12; i++) {
                SubmissionPublisher<ByteBuffer> body = new SubmissionPublisher<>();
                bodies.add(body);
                HttpRequest request = HttpRequest.newBuilder(tomcat.uri("/login"))
                        .header("Content-Type", FORM)
                        .POST(BodyPublishers.fromPublisher(body))
                        .build();
                answers.add(client.sendAsync(request, BodyHandlers.discarding()));
            }
            awaitThatItIsRead();
        } finally {
            // This client looks at an answer only when it has sent its body.
            bodies.forEach(SubmissionPublisher::close);
        }
        List<Integer> statuses = new ArrayList<>();
        for (CompletableFuture<HttpResponse<Void>> answer : answers) {
            HttpResponse<Void> come = answer.get(1, TimeUnit.MINUTES);
            assertThat(come.version()).isEqualTo(HttpClient.Version.HTTP_2);
            statuses.add(come.statusCode());
        }
        // 422: a form without a number.
        assertThat(statuses).contains(503, 422);
    }

    @Test
    @SuppressWarnings("try") // The trickle does its work by being there.
    void one_machine_takes_no_place_from_another() throws IOException {
        List<Socket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 24; i++) {
                Socket socket = open(InetAddress.getByName("127.0.0.2"));
                slow.add(socket);
                send(socket, head("POST /login HTTP/1.1", "Content-Type: " + FORM));
            }
            try (Trickle trickle = new Trickle(slow)) {
                // All but four know at once that there is no place for them, and so the four have theirs, whoever they
                // are.
                for (Socket refused : answeredFirst(slow, slow.size() - 4)) {
                    assertThat(statusLine(refused)).contains(" 503 ");
                }
                try (Socket socket = open(InetAddress.getByName("127.0.0.5"))) {
                    send(socket, SIGN_IN_HEAD + SIGN_IN.substring(0, 5));
                    awaitThatItIsRead();
                    send(socket, SIGN_IN.substring(5));
                    assertThat(statusLine(socket)).contains(" 303 ");
                }
            }
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    /** So many of them that have an answer; by its timeout at the latest, each has one. */
    private static List<Socket> answeredFirst(List<Socket> sockets, int number) throws IOException {
        List<Socket> answered = new ArrayList<>();
        while (answered.size() < number) {
            for (Socket socket : sockets) {
                if (!answered.contains(socket) && socket.getInputStream().available() > 0) {
                    answered.add(socket);
                }
            }
            Thread.onSpinWait();
        }
        return answered.subList(0, number);
    }

    @Test
    void a_protected_route_answers_a_stranger_before_any_of_the_body_has_come() throws IOException {
        try (Socket socket = open()) {
            send(socket, head("POST /sessions/revoke HTTP/1.1", "Content-Type: " + FORM));
            assertThat(statusLine(socket)).contains(" 401 ");
        }
    }

    @Test
    void a_body_that_comes_in_parts_is_read_and_the_connection_goes_on() throws IOException {
        try (Socket socket = open(InetAddress.getByName("127.0.0.3"))) {
            BufferedReader answers = new BufferedReader(new InputStreamReader(socket.getInputStream(), ISO_8859_1));
            for (int i = 0; i < 2; i++) {
                send(socket, SIGN_IN_HEAD);
                awaitThatItIsRead();
                send(socket, SIGN_IN.substring(0, 5));
                send(socket, SIGN_IN.substring(5));
                List<String> answer = new ArrayList<>();
                for (String line = answers.readLine(); line != null && !line.isEmpty(); line = answers.readLine()) {
                    answer.add(line);
                }
                assertThat(answer.get(0)).contains(" 303 ");
                assertThat(answer).doesNotContain("Connection: close").contains("Content-Length: 0");
            }
        }
    }

    @Test
    @SuppressWarnings("try") // The trickle does its work by being there.
    void who_sends_nothing_more_is_told_so_at_last() throws IOException {
        try (Socket socket = open(InetAddress.getByName("127.0.0.4"))) {
            send(socket, head("POST /login HTTP/1.1", "Content-Type: " + FORM));
            try (Trickle trickle = new Trickle(List.of(socket))) {
                assertThat(statusLine(socket)).contains(" 408 ");
            }
        }
    }

    @Test
    @SuppressWarnings("try") // The trickle does its work by being there.
    void a_browser_on_a_slow_line_is_told_what_happened_and_may_try_again() throws IOException {
        try (Socket socket = open(InetAddress.getByName("127.0.0.5"))) {
            send(
                    socket,
                    head("POST /login HTTP/1.1", "Content-Type: " + FORM, "Accept: text/html", "Accept-Language: en"));
            try (Trickle trickle = new Trickle(List.of(socket))) {
                String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
                assertThat(answer.lines().findFirst().orElseThrow()).contains(" 408 ");
                assertThat(answer).contains("Retry-After: ", "The connection was too slow", ">Try again<");
            }
        }
    }

    private static void othersAreAnsweredWhile(String requestLine, String... headers)
            throws IOException, InterruptedException {
        List<Socket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < MANY; i++) {
                Socket socket = open();
                sockets.add(socket);
                send(socket, head(requestLine, headers));
            }
            try (Trickle trickle = new Trickle(sockets)) {
                othersAreAnsweredDuring(trickle);
            }
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    /** Likely: what was sent before a request that has been answered was looked at before, too. */
    private static void awaitThatItIsRead() {
        for (int i = 0; i < 3; i++) {
            assertThat(Http.to(tomcat.uri("/")).get("health").status()).isEqualTo(200);
        }
    }

    private static void othersAreAnsweredDuring(Trickle trickle) throws IOException {
        Http others = Http.to(tomcat.uri("/"));
        for (int i = 0; i < 5; i++) {
            assertThat(others.get("health").status()).isEqualTo(200);
            assertThat(others.get("login", "Accept", "text/html").status()).isEqualTo(200);
            assertThat(others.get("api/me", "Cookie", "auth_token=" + LEGACY_TOKEN)
                            .status())
                    .isEqualTo(200);
            try (Socket socket = open()) {
                send(socket, SIGN_IN_HEAD + SIGN_IN);
                assertThat(statusLine(socket)).contains(" 303 ");
            }
            assertThat(trickle.goesOn()).isTrue();
        }
    }

    private static Socket open() throws IOException {
        return open(InetAddress.getLoopbackAddress());
    }

    private static Socket open(InetAddress from) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), tomcat.port(), from, 0);
        socket.setSoTimeout(60_000);
        socket.setTcpNoDelay(true);
        return socket;
    }

    private static String head(String requestLine, String... headers) {
        return requestLine + "\r\nHost: 127.0.0.1\r\nContent-Length: 10000\r\n"
                + (headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n") + "\r\n";
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(ISO_8859_1));
        socket.getOutputStream().flush();
    }

    private static String statusLine(Socket socket) throws IOException {
        return Objects.requireNonNullElse(
                new BufferedReader(new InputStreamReader(socket.getInputStream(), ISO_8859_1)).readLine(), "nothing");
    }

    /** A connection that is closed on unread bytes is reset, and takes the answer with it. */
    @Test
    void whoever_sends_too_much_sends_all_of_it_and_reads_the_answer() throws IOException {
        String piece = " ".repeat(5_000);
        for (int i = 0; i < 200; i++) {
            try (Socket socket = open()) {
                send(
                        socket,
                        "POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                                + "Content-Length: 20000\r\n\r\n" + piece);
                BufferedReader answer = new BufferedReader(new InputStreamReader(socket.getInputStream(), ISO_8859_1));
                assertThat(answer.readLine()).as("request %d", i).contains(" 413 ");
                for (int more = 0; more < 3; more++) {
                    send(socket, piece);
                }
                assertThat(answer.lines()).as("request %d", i).anyMatch(line -> line.contains("too-large"));
            }
        }
    }

    @Test
    void what_is_left_of_a_body_is_never_taken_for_the_next_request() throws IOException {
        for (String target : List.of("/sessions/revoke", "/static/app.css", "/nowhere", "/login")) {
            try (Socket socket = open()) {
                String smuggled = "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
                send(
                        socket,
                        "POST " + target
                                + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: "
                                + smuggled.length() + "\r\n\r\n");
                BufferedReader answers = new BufferedReader(new InputStreamReader(socket.getInputStream(), ISO_8859_1));
                assertThat(answers.readLine()).as(target).startsWith("HTTP/1.1 4");
                try {
                    send(socket, smuggled);
                    assertThat(answers.lines()).as(target).noneMatch(line -> line.contains("HTTP/1.1 200"));
                } catch (IOException | UncheckedIOException e) {
                    // Closed, as it should be.
                }
            }
        }
    }
}
