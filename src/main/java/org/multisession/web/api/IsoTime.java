package org.multisession.web.api;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/**
 * Times in JSON: ISO 8601 in UTC, as {@link Instant#toString} writes them, with the precision of the database. Written by
 * hand, because a formatter takes as long as the rest of the answer's body.
 */
final class IsoTime {

    private static final long FIRST = Instant.parse("0000-01-01T00:00:00Z").getEpochSecond();
    private static final long LAST = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();

    private IsoTime() {}

    static String of(Instant time) {
        if (time.getEpochSecond() < FIRST || time.getEpochSecond() > LAST) {
            return time.truncatedTo(ChronoUnit.MICROS).toString();
        }
        LocalDateTime parts = LocalDateTime.ofEpochSecond(time.getEpochSecond(), 0, ZoneOffset.UTC);
        StringBuilder text = new StringBuilder("0000-00-00T00:00:00.000000Z".length());
        digits(text, parts.getYear(), 1000).append('-');
        digits(text, parts.getMonthValue(), 10).append('-');
        digits(text, parts.getDayOfMonth(), 10).append('T');
        digits(text, parts.getHour(), 10).append(':');
        digits(text, parts.getMinute(), 10).append(':');
        digits(text, parts.getSecond(), 10);
        int micros = time.getNano() / 1000;
        if (micros % 1000 != 0) {
            digits(text.append('.'), micros, 100_000);
        } else if (micros != 0) {
            digits(text.append('.'), micros / 1000, 100);
        }
        return text.append('Z').toString();
    }

    private static StringBuilder digits(StringBuilder text, int number, int highest) {
        for (int place = highest; place > 0; place /= 10) {
            text.append((char) ('0' + number / place % 10));
        }
        return text;
    }
}
