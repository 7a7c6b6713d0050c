package org.multisession.token;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The value of a cookie, as a header has it. Libraries write one token in different ways: Python quotes it, Express, PHP
 * and many others percent-encode it. The value does not tell which of them wrote it, so each reading is tried.
 */
public record CookieValue(String text) {

    /**
     * The tokens that it may stand for, at most four: the value as it is, without its quotes, percent-decoded, and
     * percent-decoded with a {@code +} for a space.
     */
    public List<SessionToken> readings() {
        if (isPlain()) {
            return text.isEmpty() ? List.of() : List.of(new SessionToken(text));
        }
        String plain = unquoted(text);
        Set<String> readings = new LinkedHashSet<>();
        readings.add(text);
        readings.add(plain);
        if (plain.indexOf('%') >= 0 || plain.indexOf('+') >= 0) {
            addIfAny(readings, percentDecoded(plain));
            addIfAny(readings, percentDecoded(plain.replace('+', ' ')));
        }
        // No PostgreSQL stores a NUL, nor can it be asked for one: it would fail the request, whatever else that
        // carries.
        readings.removeIf(reading -> reading.isEmpty() || reading.indexOf('\0') >= 0);
        return readings.stream().map(SessionToken::new).toList();
    }

    /** Whether there is nothing in it that anybody's way of writing would have changed, or that no token has. */
    private boolean isPlain() {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '%' || c == '+' || c == '\0') {
                return false;
            }
        }
        return true;
    }

    private static void addIfAny(Set<String> readings, @Nullable String reading) {
        if (reading != null) {
            readings.add(reading);
        }
    }

    /** Undoes the quoting of Python's {@code http.cookies}: a backslash before a character, or before three octal digits. */
    static String unquoted(String value) {
        if (value.length() < 2 || !value.startsWith("\"") || !value.endsWith("\"")) {
            return value;
        }
        StringBuilder plain = new StringBuilder(value.length());
        int end = value.length() - 1;
        for (int i = 1; i < end; i++) {
            char c = value.charAt(i);
            if (c != '\\' || i + 1 >= end) {
                plain.append(c);
            } else if (i + 3 < end && isOctal(value, i + 1)) {
                plain.append((char) Integer.parseInt(value, i + 1, i + 4, 8));
                i += 3;
            } else {
                i++;
                plain.append(value.charAt(i));
            }
        }
        return plain.toString();
    }

    /** Whether the three characters from here on are the octal number of a byte. */
    private static boolean isOctal(String value, int from) {
        return isBetween(value.charAt(from), '0', '3')
                && isBetween(value.charAt(from + 1), '0', '7')
                && isBetween(value.charAt(from + 2), '0', '7');
    }

    private static boolean isBetween(char c, char least, char most) {
        return c >= least && c <= most;
    }

    /** Null where it is no percent-encoding. The bytes are UTF-8; what is not UTF-8 is ISO 8859-1, as in a header. */
    private static @Nullable String percentDecoded(String value) {
        byte[] bytes = new byte[value.length()];
        int length = 0;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c > 0xff) {
                return null;
            }
            if (c != '%') {
                bytes[length++] = (byte) c;
            } else if (i + 2 < value.length()
                    && HexFormat.isHexDigit(value.charAt(i + 1))
                    && HexFormat.isHexDigit(value.charAt(i + 2))) {
                bytes[length++] = (byte) HexFormat.fromHexDigits(value, i + 1, i + 3);
                i += 2;
            } else {
                return null;
            }
        }
        byte[] decoded = Arrays.copyOf(bytes, length);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(decoded))
                    .toString();
        } catch (CharacterCodingException e) {
            return new String(decoded, StandardCharsets.ISO_8859_1);
        }
    }

    /** As everywhere: a token is no text to print. */
    @Override
    public String toString() {
        return "•••";
    }
}
