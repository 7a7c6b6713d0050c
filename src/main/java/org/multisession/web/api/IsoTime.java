package org.multisession.web.api;

import static java.nio.charset.StandardCharsets.US_ASCII;

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

    /** No time is longer. */
    static final int MAX_LENGTH = "+1000000000-12-31T23:59:59.999999Z".length();

    private IsoTime() {}

    static String of(Instant time) {
        byte[] text = new byte[MAX_LENGTH];
        return new String(text, 0, put(time, text, 0), US_ASCII);
    }

    /** Writes a time into a text at this position, and returns the position behind it. */
    static int put(Instant time, byte[] text, int at) {
        if (time.getEpochSecond() < FIRST || time.getEpochSecond() > LAST) {
            byte[] rare = time.truncatedTo(ChronoUnit.MICROS).toString().getBytes(US_ASCII);
            System.arraycopy(rare, 0, text, at, rare.length);
            return at + rare.length;
        }
        LocalDateTime parts = LocalDateTime.ofEpochSecond(time.getEpochSecond(), 0, ZoneOffset.UTC);
        int end = digits(text, at, parts.getYear(), 1000);
        text[end++] = '-';
        end = digits(text, end, parts.getMonthValue(), 10);
        text[end++] = '-';
        end = digits(text, end, parts.getDayOfMonth(), 10);
        text[end++] = 'T';
        end = digits(text, end, parts.getHour(), 10);
        text[end++] = ':';
        end = digits(text, end, parts.getMinute(), 10);
        text[end++] = ':';
        end = digits(text, end, parts.getSecond(), 10);
        int micros = time.getNano() / 1000;
        if (micros != 0) {
            text[end++] = '.';
            end = micros % 1000 == 0 ? digits(text, end, micros / 1000, 100) : digits(text, end, micros, 100_000);
        }
        text[end++] = 'Z';
        return end;
    }

    private static int digits(byte[] text, int at, int number, int highest) {
        int end = at;
        for (int place = highest; place > 0; place /= 10) {
            text[end++] = (byte) ('0' + number / place % 10);
        }
        return end;
    }
}
