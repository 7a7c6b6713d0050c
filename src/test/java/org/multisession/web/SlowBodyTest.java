package org.multisession.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SlowBodyTest {

    /** Of which there is one. */
    private final Places places = new Places(1, 1);

    @Test
    void the_place_is_free_again_as_soon_as_the_body_is_whole() throws IOException {
        for (long length : new long[] {8, -1}) {
            try (SlowBody body = body("phone=12", length, Duration.ofMinutes(1))) {
                assertThat(body.getInputStream().read()).isEqualTo('p');
                assertThat(places.take("192.0.2.1")).isFalse();
                assertThat(body.isWhole()).isFalse();
                assertThat(body.getInputStream().readAllBytes()).asString(UTF_8).isEqualTo("hone=12");
                assertThat(body.isWhole()).isTrue();
                assertThat(places.take("192.0.2.1")).isTrue();
                places.giveBack("192.0.2.1");
            }
        }
    }

    @Test
    void the_place_is_free_again_as_soon_as_time_is_up() throws IOException {
        try (SlowBody body = body("phone=12", 100, Duration.ofSeconds(-1))) {
            assertThatThrownBy(() -> body.getInputStream().read())
                    .isInstanceOfSatisfying(
                            HttpProblem.class,
                            failure -> assertThat(failure.status()).isEqualTo(408));
            assertThat(places.take("192.0.2.1")).isTrue();
        }
    }

    @Test
    void who_gets_no_place_leaves_the_others_theirs() throws IOException {
        assertThat(places.take("192.0.2.1")).isTrue();
        try (SlowBody body = body("phone=12", 8, Duration.ofMinutes(1))) {
            assertThatThrownBy(() -> body.getInputStream().read())
                    .isInstanceOfSatisfying(
                            HttpProblem.class,
                            failure -> assertThat(failure.status()).isEqualTo(503));
        }
        assertThat(places.take("192.0.2.2")).isFalse();
    }

    private SlowBody body(String text, long length, Duration deadline) throws IOException {
        HttpServletRequest request = mock(HttpServletRequest.class);
        when(request.getRemoteAddr()).thenReturn("192.0.2.1");
        when(request.getContentLengthLong()).thenReturn(length);
        when(request.getInputStream()).thenReturn(new Bytes(text));
        return new SlowBody(request, new byte[0], places, places, deadline);
    }

    /** Gives a byte at a time. */
    private static final class Bytes extends ServletInputStream {

        private final ByteArrayInputStream bytes;

        Bytes(String text) {
            bytes = new ByteArrayInputStream(text.getBytes(UTF_8));
        }

        @Override
        public int read() {
            return bytes.read();
        }

        @Override
        public int read(byte[] buffer, int offset, int length) {
            return bytes.read(buffer, offset, Math.min(1, length));
        }

        @Override
        public boolean isFinished() {
            return false;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setReadListener(ReadListener listener) {
            throw new UnsupportedOperationException();
        }
    }
}
