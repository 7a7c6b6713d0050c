package org.multisession.otp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.otp.HttpSender.Gateway;
import org.multisession.phone.PhoneNumber;
import org.multisession.testing.FakeGateway;
import org.multisession.testing.NewApp;

/** Two real gateways on the loopback address. */
class FallbackSenderTest {

    private static final String NUMBER = "+79991234567";
    private static final PhoneNumber TO = NewApp.number(NUMBER);
    private static final Duration ENOUGH = Duration.ofSeconds(30);
    /** For who never answers: it only has to pass. */
    private static final Duration SHORT = Duration.ofMillis(200);

    private final FakeGateway first = new FakeGateway();
    private final FakeGateway second = new FakeGateway();

    @AfterEach
    void close() {
        first.close();
        second.close();
    }

    private static HttpSender to(String url, Duration timeout, String success) {
        return new HttpSender(new Gateway(
                "multisession.sms.http",
                "GET",
                url + "?to={phone}&code={code}",
                List.of(),
                null,
                null,
                null,
                timeout,
                SuccessPattern.parse(success)));
    }

    private void send(HttpSender one) throws IOException, InterruptedException {
        new FallbackSender(one, to(second.url("/second"), ENOUGH, "2xx")).send(TO, "123456", "Code: 123456");
    }

    @Test
    void a_message_that_the_first_takes_is_not_the_seconds() throws Exception {
        send(to(first.url("/first"), ENOUGH, "2xx"));
        assertThat(first.next().path()).isEqualTo("/first");
        assertThat(second.left()).isZero();
    }

    @Test
    void a_message_that_the_first_refuses_goes_to_the_second() throws Exception {
        first.answer(503);
        send(to(first.url("/first"), ENOUGH, "2xx"));
        assertThat(second.next().query()).containsEntry("to", NUMBER).containsEntry("code", "123456");
    }

    @Test
    void a_refusal_that_calls_itself_a_success_goes_to_the_second_too() throws Exception {
        send(to(first.url("/first"), ENOUGH, "2xx | *accepted*"));
        assertThat(second.next().path()).isEqualTo("/second");
    }

    @Test
    void a_first_that_is_out_of_reach_is_passed_over() throws Exception {
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        send(to("http://127.0.0.1:" + closed + "/first", ENOUGH, "2xx"));
        assertThat(second.next().path()).isEqualTo("/second");
    }

    @Test
    void a_message_of_which_nobody_knows_whether_the_first_has_it_is_sent_to_nobody_else() {
        first.hang();
        assertThatThrownBy(() -> send(to(first.url("/first"), SHORT, "2xx")))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(NotTakenException.class)
                .hasMessageNotContaining(NUMBER);
        assertThat(second.left()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {502, 504})
    void a_proxy_that_lost_the_answer_of_the_first_is_no_refusal_of_the_first(int status) {
        first.answer(status);
        assertThatThrownBy(() -> send(to(first.url("/first"), ENOUGH, "2xx"))).hasMessageContaining("" + status);
        assertThat(second.left()).isZero();
    }

    @Test
    void where_both_refuse_the_failure_is_the_seconds() {
        first.answer(500);
        second.answer(402);
        assertThatThrownBy(() -> send(to(first.url("/first"), ENOUGH, "2xx"))).hasMessageContaining("answered 402");
    }
}
