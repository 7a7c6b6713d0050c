package org.multisession.copy;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.multisession.db.SqlTime;

/**
 * The type of a column in PostgreSQL. It writes the values of both databases in one common text: two values are equal
 * where their texts are.
 *
 * @param name as PostgreSQL writes it
 * @param limit the most characters of a text, the bytes of a number, or the digits of a NUMERIC; 0 for no limit
 * @param scale the digits behind the point of a NUMERIC with a limit
 */
record ValueType(Kind kind, String name, int limit, int scale) {

    enum Kind {
        WHOLE,
        REAL,
        NUMERIC,
        BOOLEAN,
        /** Without a zone, which means UTC. */
        TIME,
        /** With a zone. */
        MOMENT,
        DATE,
        TIME_OF_DAY,
        BYTES,
        TEXT,
        UUID
    }

    private static final Pattern WITH_LIMIT = Pattern.compile("(.*?)\\((\\d+)(?:,\\s*(\\d+))?\\)(.*)");
    private static final Pattern WHOLE_NUMBER = Pattern.compile("-?\\d{1,18}");
    private static final DateTimeFormatter TIME_OF_DAY = DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS", Locale.ROOT);
    private static final int LAST_YEAR = 9999;

    /** Of {@code YYYY-MM-DD HH:MM:SS.ffffff}. */
    private static final int COMMON_TIME = 26;

    private static final String TO_NULL_OR_RIGHT = "put the right value there, or NULL";

    /** The type by the name that PostgreSQL's catalogue gives it; empty if none of its values can be carried. */
    static Optional<ValueType> ofPostgres(String name) {
        int limit = 0;
        int scale = 0;
        String plain = name;
        Matcher matcher = WITH_LIMIT.matcher(name);
        if (matcher.matches()) {
            plain = matcher.group(1) + matcher.group(4);
            limit = Integer.parseInt(matcher.group(2));
            scale = matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3));
        }
        Kind kind = switch (plain) {
            case "bigint", "integer", "smallint" -> Kind.WHOLE;
            case "double precision", "real" -> Kind.REAL;
            case "numeric" -> Kind.NUMERIC;
            case "boolean" -> Kind.BOOLEAN;
            case "timestamp without time zone" -> Kind.TIME;
            case "timestamp with time zone" -> Kind.MOMENT;
            case "date" -> Kind.DATE;
            case "time without time zone" -> Kind.TIME_OF_DAY;
            case "bytea" -> Kind.BYTES;
            case "text", "character varying", "character", "json" -> Kind.TEXT;
            case "uuid" -> Kind.UUID;
            default -> null;
        };
        if (kind == null) {
            return Optional.empty();
        }
        int bytes = switch (plain) {
            case "bigint", "double precision" -> 8;
            case "integer", "real" -> 4;
            case "smallint" -> 2;
            default -> limit;
        };
        return Optional.of(new ValueType(kind, name, bytes, scale));
    }

    /** The type that PostgreSQL is to have for a column that SQLite declares so, as SQLAlchemy would choose it. */
    static ValueType ofSqlite(String declared) {
        String upper = declared.toUpperCase(Locale.ROOT);
        String arguments = "";
        Matcher matcher = WITH_LIMIT.matcher(upper);
        if (matcher.matches()) {
            arguments =
                    upper.substring(upper.indexOf('('), upper.indexOf(')') + 1).replace(" ", "");
        }
        String name;
        if (upper.contains("BOOL")) {
            name = "boolean";
        } else if (upper.contains("INT")) {
            name = "bigint";
        } else if (upper.contains("DATETIME") || upper.contains("TIMESTAMP")) {
            name = "timestamp without time zone";
        } else if (upper.contains("CHAR")) {
            name = "character varying" + (arguments.contains(",") ? "" : arguments);
        } else if (upper.contains("DATE")) {
            name = "date";
        } else if (upper.equals("TIME")) {
            name = "time without time zone";
        } else if (upper.contains("BLOB") || upper.contains("BINARY")) {
            name = "bytea";
        } else if (upper.contains("REAL") || upper.contains("FLOA") || upper.contains("DOUB")) {
            name = "double precision";
        } else if (upper.contains("NUMERIC") || upper.contains("DECIMAL")) {
            name = "numeric" + arguments;
        } else {
            name = "text";
        }
        return ofPostgres(name).orElseThrow();
    }

    /** The same without a limit on its length. */
    ValueType unlimited() {
        return new ValueType(Kind.TEXT, "text", 0, 0);
    }

    boolean hasLimitedText() {
        return kind == Kind.TEXT && limit > 0;
    }

    /**
     * Whether both databases sort by it in the order of the common texts, and no two values of SQLite have the same.
     *
     * @param declared what SQLite calls the type of the column; by it, SQLite stores all numbers as numbers there, or as
     *     texts
     */
    boolean isSortable(String declared) {
        String upper = declared.toUpperCase(Locale.ROOT);
        return switch (kind) {
            case WHOLE -> upper.contains("INT");
            case TEXT ->
                !upper.contains("INT") && Stream.of("CHAR", "CLOB", "TEXT").anyMatch(upper::contains);
            default -> false;
        };
    }

    /** The declaration of such a column in SQLite, as SQLAlchemy writes it there. */
    String sqliteName() {
        return switch (kind) {
            case WHOLE -> "INTEGER";
            case REAL -> "FLOAT";
            case NUMERIC -> limit == 0 ? "NUMERIC" : "NUMERIC(" + limit + ", " + scale + ")";
            case BOOLEAN -> "BOOLEAN";
            case TIME, MOMENT -> "DATETIME";
            case DATE -> "DATE";
            case TIME_OF_DAY -> "TIME";
            case BYTES -> "BLOB";
            case TEXT -> limit == 0 ? "TEXT" : "VARCHAR(" + limit + ")";
            case UUID -> "CHAR(32)";
        };
    }

    /** The common text of what SQLite's driver returns. */
    @Nullable
    String ofSqliteValue(@Nullable Object value) throws UnfitValueException {
        if (value == null) {
            return null;
        }
        if (value instanceof byte[] bytes) {
            if (kind != Kind.BYTES) {
                throw new UnfitValueException("is a blob, not " + inWords(), TO_NULL_OR_RIGHT);
            }
            return HexFormat.of().formatHex(bytes);
        }
        return switch (kind) {
            case WHOLE -> whole(value);
            case REAL -> real(value);
            case NUMERIC -> numeric(value);
            case BOOLEAN -> bool(value);
            case TIME, MOMENT -> time(value);
            case DATE -> date(value);
            case TIME_OF_DAY -> timeOfDay(value);
            case BYTES ->
                throw new UnfitValueException(
                        "is " + kindOf(value) + ", not a blob", "store it as a blob, or put NULL there");
            case TEXT -> text(value);
            case UUID -> uuid(value);
        };
    }

    private String whole(Object value) throws UnfitValueException {
        long number;
        if (value instanceof Integer || value instanceof Long) {
            number = ((Number) value).longValue();
        } else if (value instanceof Double real && real == Math.rint(real) && Math.abs(real) < 1L << 53) {
            number = real.longValue();
        } else if (value instanceof String text && WHOLE_NUMBER.matcher(text).matches()) {
            number = Long.parseLong(text);
        } else {
            throw new UnfitValueException("is " + kindOf(value) + ", not a whole number", TO_NULL_OR_RIGHT);
        }
        int bits = limit * 8 - 1;
        if (limit < 8 && (number >= 1L << bits || number < -(1L << bits))) {
            throw new UnfitValueException(
                    "is too large for " + name, "make the column a BIGINT there, or put a smaller number here");
        }
        return Long.toString(number);
    }

    private String real(Object value) throws UnfitValueException {
        if (!(value instanceof Number number)) {
            throw new UnfitValueException("is text, not a number", TO_NULL_OR_RIGHT);
        }
        return limit == 4 ? Float.toString(number.floatValue()) : Double.toString(number.doubleValue());
    }

    private String numeric(Object value) throws UnfitValueException {
        try {
            BigDecimal number = new BigDecimal(String.valueOf(value).strip());
            if (limit == 0) {
                return plain(number);
            }
            // As PostgreSQL rounds, and as SQLAlchemy rounds what it reads of SQLite.
            BigDecimal rounded = number.setScale(scale, RoundingMode.HALF_UP);
            if (rounded.precision() - rounded.scale() > limit - scale) {
                throw new UnfitValueException("has more digits than " + name + " holds", TO_NULL_OR_RIGHT);
            }
            return plain(rounded);
        } catch (NumberFormatException e) {
            throw new UnfitValueException("is " + kindOf(value) + ", not a number", TO_NULL_OR_RIGHT);
        }
    }

    private static String plain(BigDecimal number) {
        return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
    }

    private static String bool(Object value) throws UnfitValueException {
        return switch (String.valueOf(value).toLowerCase(Locale.ROOT)) {
            case "1", "1.0", "true" -> "true";
            case "0", "0.0", "false" -> "false";
            default -> throw new UnfitValueException("is neither 0 nor 1", TO_NULL_OR_RIGHT);
        };
    }

    private static String time(Object value) throws UnfitValueException {
        Instant time = value instanceof Double ? null : SqlTime.parse(String.valueOf(value));
        if (time != null && value instanceof String text && text.length() == COMMON_TIME && text.charAt(10) == ' ') {
            // It is written so already, and writing it again would take most of the time of a copy.
            return text;
        }
        if (time == null && value instanceof String text) {
            try {
                time = LocalDate.parse(text.strip()).atStartOfDay().toInstant(ZoneOffset.UTC);
            } catch (DateTimeException e) {
                // Told below.
            }
        }
        if (time == null || isOutOfRange(time)) {
            throw new UnfitValueException(
                    "is no time that can be read", "write it as YYYY-MM-DD HH:MM:SS, in UTC, or put NULL there");
        }
        return SqlTime.format(time);
    }

    private static boolean isOutOfRange(Instant time) {
        int year = time.atOffset(ZoneOffset.UTC).getYear();
        return year < 1 || year > LAST_YEAR;
    }

    private static String date(Object value) throws UnfitValueException {
        try {
            return LocalDate.parse(String.valueOf(value).strip()).toString();
        } catch (DateTimeException e) {
            throw new UnfitValueException("is no date that can be read", "write it as YYYY-MM-DD, or put NULL there");
        }
    }

    private static String timeOfDay(Object value) throws UnfitValueException {
        try {
            return TIME_OF_DAY.format(LocalTime.parse(String.valueOf(value).strip()));
        } catch (DateTimeException e) {
            throw new UnfitValueException(
                    "is no time of day that can be read", "write it as HH:MM:SS, or put NULL there");
        }
    }

    private String text(Object value) throws UnfitValueException {
        // PostgreSQL fills a CHAR up with blanks, which mean nothing there.
        String text = name.startsWith("character(") ? String.valueOf(value).stripTrailing() : String.valueOf(value);
        if (text.indexOf('\0') >= 0) {
            throw new UnfitValueException(
                    "has a NUL character in it, which PostgreSQL cannot store", "take that character out");
        }
        if (limit > 0 && text.length() > limit && text.codePointCount(0, text.length()) > limit) {
            throw new UnfitValueException(
                    "is longer than the " + limit + " characters of its column",
                    "make the column wider there, as by ALTER TABLE … ALTER COLUMN … TYPE TEXT, or shorten it here");
        }
        return text;
    }

    private static String uuid(Object value) throws UnfitValueException {
        String hex = String.valueOf(value).replace("-", "").toLowerCase(Locale.ROOT);
        if (hex.length() != 32 || !hex.chars().allMatch(HexFormat::isHexDigit)) {
            throw new UnfitValueException("is no UUID", TO_NULL_OR_RIGHT);
        }
        return hex;
    }

    private static String kindOf(Object value) {
        return value instanceof String ? "text" : value instanceof Double ? "a fraction" : "a number";
    }

    private String inWords() {
        return switch (kind) {
            case WHOLE -> "a whole number";
            case REAL, NUMERIC -> "a number";
            case BOOLEAN -> "0 or 1";
            case TIME, MOMENT -> "a time";
            case DATE -> "a date";
            case TIME_OF_DAY -> "a time of day";
            case BYTES -> "a blob";
            case TEXT -> "text";
            case UUID -> "a UUID";
        };
    }

    /** How a statement asks PostgreSQL for the value of a column. */
    String postgresExpression(String column) {
        return switch (kind) {
            case BYTES -> "encode(" + column + ", 'hex')";
            case TIME, MOMENT ->
                "CASE WHEN " + column + " BETWEEN '0001-01-01' AND '9999-12-31' THEN to_char(" + column
                        + ", 'YYYY-MM-DD HH24:MI:SS.US') ELSE " + column + "::text END";
            default -> column + "::text";
        };
    }

    /** The common text of what PostgreSQL returns for {@link #postgresExpression}. */
    @Nullable
    String ofPostgresText(@Nullable String value) throws UnfitValueException {
        if (value == null) {
            return null;
        }
        return switch (kind) {
            case WHOLE, TEXT, BYTES, DATE -> value;
            case REAL ->
                limit == 4 ? Float.toString(Float.parseFloat(value)) : Double.toString(Double.parseDouble(value));
            case NUMERIC -> numeric(value);
            case BOOLEAN -> bool(value);
            case TIME, MOMENT -> time(value);
            case TIME_OF_DAY -> timeOfDay(value);
            case UUID -> uuid(value);
        };
    }

    /** What a COPY takes for this common text, without its escapes. */
    String toPostgres(String common) {
        return switch (kind) {
            case BYTES -> "\\x" + common;
            case MOMENT -> common + "+00";
            default -> common;
        };
    }

    /** What to store in SQLite for this common text. */
    Object toSqlite(String common) {
        return switch (kind) {
            case WHOLE -> Long.valueOf(common);
            case REAL -> Double.valueOf(common);
            case BOOLEAN -> common.equals("true") ? 1L : 0L;
            case BYTES -> HexFormat.of().parseHex(common);
            case NUMERIC, TIME, MOMENT, DATE, TIME_OF_DAY, TEXT, UUID -> common;
        };
    }

    /** The order of two common texts, which is that of both databases. */
    int compare(String one, String other) {
        return kind == Kind.WHOLE ? Long.compare(Long.parseLong(one), Long.parseLong(other)) : byCodePoints(one, other);
    }

    /** As the bytes of UTF-8 are ordered; Java's own order differs beyond U+FFFF. */
    private static int byCodePoints(String one, String other) {
        int shorter = Math.min(one.length(), other.length());
        for (int i = 0; i < shorter; i++) {
            char left = one.charAt(i);
            char right = other.charAt(i);
            if (left != right) {
                boolean bothOrNone = Character.isSurrogate(left) == Character.isSurrogate(right);
                return bothOrNone ? Character.compare(left, right) : Character.isSurrogate(left) ? 1 : -1;
            }
        }
        return Integer.compare(one.length(), other.length());
    }
}
