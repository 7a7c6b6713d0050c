package org.multisession.web.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Times in JSON. */
class IsoTimeTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2026-11-01T12:00:00Z",
                "2026-11-01T12:00:00.1Z",
                "2026-11-01T12:00:00.000001Z",
                "2026-11-01T12:00:00.999999999Z",
                "1969-12-31T23:59:59.5Z",
                "2024-02-29T23:59:59.012Z",
                "0000-01-01T00:00:00Z",
                "9999-12-31T23:59:59.999999Z",
                "-0001-01-01T00:00:00Z",
                "+10000-01-01T00:00:00Z"
            })
    void one_is_written_as_every_library_reads_it(String text) {
        Instant time = Instant.parse(text);

        assertThat(IsoTime.of(time))
                .isEqualTo(time.truncatedTo(ChronoUnit.MICROS).toString());
    }

    @Test
    void a_hundred_thousand_are_written_as_java_writes_them() {
        Random random = new Random(7);
        for (int i = 0; i < 100_000; i++) {
            Instant time = Instant.ofEpochSecond(
                    random.nextLong(-62_167_219_200L, 253_402_300_800L),
                    i % 3 == 0 ? random.nextInt(1000) * 1_000_000L : random.nextInt(1_000_000_000));

            assertThat(IsoTime.of(time))
                    .isEqualTo(time.truncatedTo(ChronoUnit.MICROS).toString());
        }
    }
}
