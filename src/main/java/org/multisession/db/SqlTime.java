package org.multisession.db;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Converts times to and from the values in the database.
 *
 * <p>Writes one format only: TEXT, UTC, {@code YYYY-MM-DD HH:MM:SS.ffffff}. SQLAlchemy's {@code DateTime} writes this
 * on SQLite and reads nothing else: a single row in another format makes the old app's whole query fail. Reads every
 * format that a row may have: without a fraction, ISO 8601 with {@code T}, {@code Z} or an offset, and integer
 * milliseconds since 1970, and PostgreSQL's {@code …+00}. JDBC's own timestamp methods are never used, because they
 * misread microseconds.
 */
public final class SqlTime {

    private static final DateTimeFormatter WRITTEN = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private static final DateTimeFormatter READ = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE)
            .appendLiteral('T')
            .append(DateTimeFormatter.ISO_LOCAL_TIME)
            .optionalStart()
            // PostgreSQL leaves the minutes out where there are none.
            .appendOffset("+HH:mm:ss", "Z")
            .optionalEnd()
            .toFormatter(Locale.ROOT)
            // February 30 is an odd value, not February 28.
            .withResolverStyle(ResolverStyle.STRICT);

    /** Where the time begins after {@code YYYY-MM-DD}, with a space or a {@code T}. */
    private static final int SEPARATOR = 10;

    /** Of {@code YYYY-MM-DD HH:MM:SS.ffffff}. */
    private static final int COMMON_LENGTH = 26;

    /** How far the clocks of two nodes may be apart before one's times count as wrong for the other. */
    private static final Duration SKEW = Duration.ofSeconds(5);

    private SqlTime() {}

    /**
     * Whether a stored time cannot be true, because it is in the future. A clock that was wrong for an hour or for
     * years leaves such times behind; every comparison treats them as missing.
     */
    public static boolean isAhead(Instant stored, Instant now) {
        return stored.isAfter(latestOf(now));
    }

    /** The latest moment that the database may hold now. */
    public static Instant latestOf(Instant now) {
        return now.plus(SKEW);
    }

    /** Returns the text to store for this moment, truncated to microseconds. */
    public static String format(Instant time) {
        return WRITTEN.format(time);
    }

    /** Whether a stored value is a time in the format that is written. */
    public static boolean isAsWritten(String stored) {
        return parseCommon(stored) != null;
    }

    /** Returns the moment that a stored value means; null if it is NULL or cannot be read. */
    public static @Nullable Instant parse(@Nullable String stored) {
        if (stored == null || stored.isBlank()) {
            return null;
        }
        Instant common = parseCommon(stored);
        if (common != null) {
            return common;
        }
        String text = stored.strip();
        if (text.length() > SEPARATOR && text.charAt(SEPARATOR) == ' ') {
            text = text.substring(0, SEPARATOR) + 'T' + text.substring(SEPARATOR + 1);
        }
        try {
            if (isInteger(text)) {
                return Instant.ofEpochMilli(Long.parseLong(text));
            }
            TemporalAccessor read = READ.parse(text);
            ZoneOffset offset = read.isSupported(ChronoField.OFFSET_SECONDS)
                    ? ZoneOffset.ofTotalSeconds(read.get(ChronoField.OFFSET_SECONDS))
                    : ZoneOffset.UTC;
            return LocalDateTime.from(read).toInstant(offset);
        } catch (DateTimeException | NumberFormatException e) {
            return null;
        }
    }

    /**
     * The moment of a text as we and SQLAlchemy write it; null for any other, which goes the long way. Each request reads
     * three of them, and the long way takes a microsecond for each.
     */
    private static @Nullable Instant parseCommon(String text) {
        if (text.length() != COMMON_LENGTH
                || text.charAt(4) != '-'
                || text.charAt(7) != '-'
                || text.charAt(SEPARATOR) != ' '
                || text.charAt(13) != ':'
                || text.charAt(16) != ':'
                || text.charAt(19) != '.') {
            return null;
        }
        int year = digits(text, 0, 4);
        int month = digits(text, 5, 7);
        int day = digits(text, 8, 10);
        int hour = digits(text, 11, 13);
        int minute = digits(text, 14, 16);
        int second = digits(text, 17, 19);
        int micros = digits(text, 20, COMMON_LENGTH);
        // The days that only some months have are left to the calendar.
        boolean isCommon = year >= 0
                && (month >= 1 && month <= 12)
                && (day >= 1 && day <= 28)
                && (hour >= 0 && hour <= 23)
                && (minute >= 0 && minute <= 59)
                && (second >= 0 && second <= 59)
                && micros >= 0;
        return isCommon
                ? Instant.ofEpochSecond(
                        LocalDate.of(year, month, day).toEpochDay() * 86_400L + (hour * 60 + minute) * 60L + second,
                        micros * 1000L)
                : null;
    }

    /** The number that these ASCII digits make; negative where one of them is none. */
    private static int digits(String text, int from, int to) {
        int number = 0;
        for (int i = from; i < to; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return number;
    }

    private static boolean isInteger(String text) {
        int start = text.startsWith("-") ? 1 : 0;
        return start < text.length() && text.chars().skip(start).allMatch(c -> c >= '0' && c <= '9');
    }
}
