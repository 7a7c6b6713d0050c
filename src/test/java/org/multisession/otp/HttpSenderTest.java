package org.multisession.otp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.multisession.otp.HttpSender.Gateway;
import org.multisession.otp.HttpSender.Gateway.Header;
import org.multisession.phone.PhoneNumber;
import org.multisession.testing.FakeGateway;
import org.multisession.testing.NewApp;

class HttpSenderTest {

    private static final String NUMBER = "+79991234567";
    private static final PhoneNumber TO = NewApp.number(NUMBER);
    private static final String CODE = "012345";
    private static final String HOSTILE =
            "\"{code}\\ {phone}{text}\n\r\t\u0000\u001f\u007f & = + % # ? / <>' | € Ё 🔑 \\u0041 \u2028\n\n@id.example.com #012345";
    private static final Duration ENOUGH = Duration.ofSeconds(30);
    /** For those who never answer: it only has to pass. */
    private static final Duration SHORT = Duration.ofMillis(200);

    private final FakeGateway gateway = new FakeGateway();

    @AfterEach
    void close() {
        gateway.close();
    }

    private Gateway json(Duration timeout) {
        return new Gateway(
                "multisession.sms.http",
                "POST",
                gateway.url("/v1/messages"),
                List.of(new Header("Content-Type", "application/json"), new Header("X-Api-Key", "key of the test")),
                "{\"to\":\"{phone}\",\"text\":\"{text}\",\"code\":\"{code}\"}",
                null,
                null,
                timeout,
                SuccessPattern.ANY_2XX);
    }

    private Gateway get(String url, Duration timeout) {
        return new Gateway(
                "multisession.sms.http", "GET", url, List.of(), null, null, null, timeout, SuccessPattern.ANY_2XX);
    }

    @Nested
    class Dialects {

        @Test
        void json_is_read_back_exactly_whatever_is_in_the_text() throws Exception {
            new HttpSender(json(ENOUGH)).send(TO, CODE, HOSTILE);
            FakeGateway.Received received = gateway.next();
            JsonNode body = new ObjectMapper().readTree(received.body());
            assertThat(received.method()).isEqualTo("POST");
            assertThat(received.path()).isEqualTo("/v1/messages");
            assertThat(received.header("Content-Type")).isEqualTo("application/json");
            assertThat(received.header("X-Api-Key")).isEqualTo("key of the test");
            assertThat(received.headers()).doesNotContainKey("Authorization");
            assertThat(body.get("to").textValue()).isEqualTo(NUMBER);
            assertThat(body.get("text").textValue()).isEqualTo(HOSTILE);
            assertThat(body.get("code").textValue()).isEqualTo(CODE);
            assertThat(body).hasSize(3);
        }

        /** As Twilio takes it. */
        @Test
        void a_form_with_basic_authentication_is_read_back_exactly() throws Exception {
            new HttpSender(new Gateway(
                            "multisession.sms.http",
                            "POST",
                            gateway.url("/2010-04-01/Accounts/ACCOUNT/Messages.json"),
                            List.of(new Header("Content-Type", "application/x-www-form-urlencoded")),
                            "From=%2B15005550006&To={phone}&Body={text}",
                            "ACCOUNT",
                            "sécret:of the test",
                            ENOUGH,
                            SuccessPattern.ANY_2XX))
                    .send(TO, CODE, HOSTILE);
            FakeGateway.Received received = gateway.next();
            assertThat(received.method()).isEqualTo("POST");
            assertThat(received.path()).isEqualTo("/2010-04-01/Accounts/ACCOUNT/Messages.json");
            assertThat(received.header("Content-Type")).isEqualTo("application/x-www-form-urlencoded");
            assertThat(received.header("Authorization"))
                    .isEqualTo("Basic "
                            + Base64.getEncoder()
                                    .encodeToString("ACCOUNT:sécret:of the test".getBytes(StandardCharsets.UTF_8)));
            assertThat(received.form())
                    .containsExactlyInAnyOrderEntriesOf(Map.of("From", "+15005550006", "To", NUMBER, "Body", HOSTILE));
        }

        /** As SMSC.ru takes it. */
        @Test
        void a_query_is_read_back_exactly() throws Exception {
            String url = gateway.url("/sys/send.php?login=LOGIN&psw=SECRET&phones={phone}&mes={text}&charset=utf-8");
            new HttpSender(get(url, ENOUGH)).send(TO, CODE, HOSTILE);
            FakeGateway.Received received = gateway.next();
            assertThat(received.method()).isEqualTo("GET");
            assertThat(received.path()).isEqualTo("/sys/send.php");
            assertThat(received.query())
                    .containsExactlyInAnyOrderEntriesOf(Map.of(
                            "login", "LOGIN", "psw", "SECRET", "phones", NUMBER, "mes", HOSTILE, "charset", "utf-8"));
            assertThat(received.body()).isEmpty();
        }

        @Test
        void a_place_in_the_path_is_escaped_for_the_path() throws Exception {
            new HttpSender(get(gateway.url("/to/{phone}/{text}"), ENOUGH)).send(TO, CODE, "a/b?c#d");
            assertThat(gateway.next().path()).isEqualTo("/to/%2B79991234567/a%2Fb%3Fc%23d");
        }

        @Test
        void what_stands_in_a_value_is_not_filled_again() throws Exception {
            new HttpSender(json(ENOUGH))
                    .send(new PhoneNumber("{code}", "", PhoneNumber.Meaning.NONE), "{text}", "{phone} {code} {text}");
            JsonNode body = new ObjectMapper().readTree(gateway.next().body());
            assertThat(body.get("to").textValue()).isEqualTo("{code}");
            assertThat(body.get("code").textValue()).isEqualTo("{text}");
            assertThat(body.get("text").textValue()).isEqualTo("{phone} {code} {text}");
        }

        @Test
        void other_braces_stay_as_they_are() {
            assertThat(HttpSender.fill("{}{Phone}{phone{phone}}{code", "1", "2", "3", text -> text))
                    .isEqualTo("{}{Phone}{phone1}{code");
        }
    }

    @Nested
    class AGatewayThatSaysErrorWithStatus200 {

        private static final String REFUSED = "ERROR = 2 (authorise error)";

        private void answer(String body) {
            gateway.answerBy(exchange -> {
                byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(200, bytes.length);
                exchange.getResponseBody().write(bytes);
            });
        }

        private Gateway whereSuccessIs(String pattern) {
            return new Gateway(
                    "multisession.sms.http",
                    "GET",
                    gateway.url("/sys/send.php?login=LOGIN&psw=SECRET&phones={phone}&mes={text}"),
                    List.of(new Header("X-Api-Key", "key of the test")),
                    null,
                    null,
                    null,
                    ENOUGH,
                    SuccessPattern.parse(pattern));
        }

        private @Nullable Throwable sent(String pattern) {
            return catchThrowable(
                    () -> new HttpSender(whereSuccessIs(pattern)).send(TO, CODE, "Code: 012345\n\n@host #012345"));
        }

        @Test
        void has_failed_where_the_settings_say_what_success_looks_like() {
            answer(REFUSED);
            assertThat(sent("2xx | OK*")).isInstanceOf(IOException.class).hasMessageContaining(REFUSED);
            answer("OK - 1 SMS, ID - 1234");
            assertThat(sent("2xx | OK*")).isNull();
        }

        @Test
        void is_quoted_without_number_code_and_keys_however_it_repeats_them() {
            for (String repeated : List.of(
                    "no credit for LOGIN SECRET +79991234567 Code: 012345",
                    "no credit for +7 (999) 123-45-67, text 'Code: 0 1 2 3 4 5 @host #012345'",
                    "no credit for %2B79991234567 secret",
                    "{\"error\":\"no credit\",\"phone\":\"&#43;&#55;9991234567\",\"sms\":\"MDEyMzQ1\"}",
                    "no credit +٧٩٩٩١٢٣٤٥٦٧")) {
                answer(repeated);
                assertThat(sent("2xx | OK*"))
                        .as(repeated)
                        .isInstanceOf(IOException.class)
                        .message()
                        .contains("no credit")
                        .doesNotContainIgnoringCase("secret")
                        .doesNotContain("LOGIN")
                        .doesNotContain("999")
                        .doesNotContain("345")
                        .doesNotContain("3 4")
                        .doesNotContain("MDEy")
                        .doesNotContain("٩٩٩");
            }
        }

        @Test
        void is_read_no_further_than_needed_however_long_it_goes_on() throws Exception {
            answer("OK" + " ".repeat(40 * 1024 * 1024));
            new HttpSender(whereSuccessIs("2xx | OK")).send(TO, CODE, "text");
            answer("ERROR\n".repeat(1_000_000));
            assertThat(sent("2xx | OK*"))
                    .isInstanceOf(IOException.class)
                    .message()
                    .hasSizeLessThan(400);
        }
    }

    @Nested
    class AGatewayInTrouble {

        @Test
        void that_answers_with_an_error_is_a_failure() {
            for (int status : new int[] {500, 503, 400, 401, 404, 429}) {
                gateway.answer(status);
                assertFailure(json(ENOUGH), String.valueOf(status));
            }
        }

        @Test
        void whatever_it_answers_well_is_good() throws Exception {
            for (int status : new int[] {200, 201, 202, 204}) {
                gateway.answerBy(exchange -> {
                    byte[] body = "{\"ok\":true}".getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(status, status == 204 ? -1 : body.length);
                    if (status != 204) {
                        exchange.getResponseBody().write(body);
                    }
                });
                new HttpSender(json(ENOUGH)).send(TO, CODE, "text");
            }
        }

        @Test
        void that_redirects_is_not_followed() {
            gateway.answerBy(exchange -> {
                exchange.getResponseHeaders().set("Location", gateway.url("/elsewhere"));
                exchange.sendResponseHeaders(307, -1);
            });
            assertFailure(json(ENOUGH), "307");
            assertThat(gateway.next().path()).isEqualTo("/v1/messages");
            assertThat(gateway.left()).isZero();
        }

        @Test
        void that_refuses_connections_is_a_failure() {
            Gateway gone = json(ENOUGH);
            gateway.close();
            assertFailure(gone, "could not be reached");
        }

        @Test
        void that_hangs_is_given_up_after_the_timeout() {
            gateway.hang();
            assertFailure(json(SHORT), "could not be reached");
        }

        @Test
        void that_hangs_in_the_middle_of_its_answer_is_given_up_too() {
            gateway.hangAfterTheHead();
            assertFailure(json(SHORT), "could not be reached");
        }

        @Test
        void that_drips_its_answer_for_ever_is_given_up_too() {
            gateway.answerBy(exchange -> {
                exchange.sendResponseHeaders(200, 0);
                // Until the other end lets go.
                while (true) {
                    exchange.getResponseBody().write('.');
                    exchange.getResponseBody().flush();
                }
            });
            assertFailure(json(SHORT), "could not be reached");
        }

        @Test
        void that_closes_without_an_answer_is_a_failure_and_is_not_asked_twice() throws Exception {
            for (String method : List.of("GET", "POST", "PUT")) {
                assertThat(requestsForAMessageThatGetsNoAnswer(method))
                        .as(method)
                        .isEqualTo(1);
            }
        }

        @Test
        void an_interrupt_ends_the_wait_for_it() throws Exception {
            gateway.hang();
            ExecutorService worker = Executors.newSingleThreadExecutor();
            Future<@Nullable Throwable> sending =
                    worker.submit(() -> catchThrowable(() -> new HttpSender(json(ENOUGH)).send(TO, CODE, "text")));
            gateway.next();
            worker.shutdownNow();
            assertThat(sending.get()).isInstanceOf(InterruptedException.class);
        }

        @Test
        void an_address_that_a_number_makes_impossible_is_a_failure_without_the_number() {
            assertFailure(get("http://{phone}.invalid/?{text}&{code}", ENOUGH), "");
        }

        /** The first message is answered and its connection kept; on the second, it is closed without a word. */
        private static int requestsForAMessageThatGetsNoAnswer(String method) throws Exception {
            AtomicInteger requests = new AtomicInteger();
            ExecutorService acceptor = Executors.newCachedThreadPool();
            try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
                var unused = acceptor.submit(() -> {
                    while (true) {
                        Socket socket = server.accept();
                        var unusedToo = acceptor.submit(() -> {
                            try (socket) {
                                InputStream in = socket.getInputStream();
                                while (readRequest(in)) {
                                    if (requests.incrementAndGet() > 1) {
                                        break;
                                    }
                                    socket.getOutputStream()
                                            .write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                                                    .getBytes(StandardCharsets.US_ASCII));
                                }
                            }
                            return true;
                        });
                    }
                });
                HttpSender sender = new HttpSender(new Gateway(
                        "multisession.sms.http",
                        method,
                        "http://127.0.0.1:" + server.getLocalPort() + "/?{phone}",
                        List.of(),
                        null,
                        null,
                        null,
                        ENOUGH,
                        SuccessPattern.ANY_2XX));
                sender.send(TO, CODE, "text");
                assertThat(catchThrowable(() -> sender.send(TO, CODE, "text")))
                        .isInstanceOf(IOException.class)
                        .isNotInstanceOf(NotTakenException.class);
                return requests.get() - 1;
            } finally {
                acceptor.shutdownNow();
            }
        }

        /** Reads up to the empty line; false at the end. */
        private static boolean readRequest(InputStream in) throws IOException {
            int last = 0;
            for (int c = in.read(); c >= 0; c = in.read()) {
                last = last << 8 | c;
                if (last == 0x0d0a0d0a) {
                    return true;
                }
            }
            return false;
        }

        private void assertFailure(Gateway to, String says) {
            Throwable failure = catchThrowable(() -> new HttpSender(to).send(TO, CODE, "text of the test"));
            assertThat(failure).isInstanceOf(IOException.class).hasMessageContaining(says);
            StringWriter all = new StringWriter();
            Objects.requireNonNull(failure).printStackTrace(new PrintWriter(all));
            assertThat(all.toString())
                    .doesNotContain("9991234567")
                    .doesNotContain(CODE)
                    .doesNotContain("text of the test")
                    .doesNotContain("http:")
                    .doesNotContain("127.0.0.1")
                    .doesNotContain("key of the test");
        }
    }

    @Test
    void as_text_a_gateway_gives_nothing_away() {
        assertThat(json(ENOUGH).toString()).doesNotContain("127.0.0.1").doesNotContain("key of the test");
    }
}
