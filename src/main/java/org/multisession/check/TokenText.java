package org.multisession.check;

import java.util.regex.Pattern;

/** What the text of a token means for its transport: in a cookie, as the old app or another client writes it. */
record TokenText(String text) {

    /** A token of this length cannot be guessed; random ones have 43 characters. */
    static final int LONG_ENOUGH = 16;

    /** As the table declares it. SQLite does not enforce it; PostgreSQL does. */
    static final int DECLARED = 128;

    /**
     * A cookie of this many bytes leaves a kibibyte for the other headers; Tomcat accepts 8 KiB in all ({@code
     * maxHttpHeaderSize}).
     */
    static final int MAX_COOKIE_LENGTH = 7 * 1024;

    /** Digits alone are easy to guess, unless there are this many. */
    private static final int MANY_DIGITS = 32;

    private static final String NAME = "auth_token=";

    /** RFC 6265, section 4.1.1: what a cookie's value may consist of without quotes. */
    private static final Pattern COOKIE_OCTETS = Pattern.compile("[!#-+\\--:<-\\[\\]-~]*");

    /** What Python's {@code http.cookies} leaves without quotes. */
    private static final Pattern PLAIN_TO_PYTHON = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~:-]*");

    private static final Pattern DIGITS = Pattern.compile("[0-9]+");

    /** What TokenHash makes of a token, which is never accepted as one. */
    private static final Pattern HASH = Pattern.compile("sha256:[A-Za-z0-9_-]{43}");

    private static final int HASH_LENGTH = "sha256:".length() + 43;

    /** Headers carry single bytes, which both apps read as ISO 8859-1; Python's quoting ends at {@code \377} too. */
    boolean canTravel() {
        return isOrdinary() || text.chars().allMatch(c -> c <= 0xff);
    }

    /**
     * Whether it consists of letters, digits, hyphens and underscores, as nearly every token does: then nothing is odd
     * about its characters, and of a million tokens none need be matched against patterns.
     */
    private boolean isOrdinary() {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean isOrdinary =
                    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
            if (!isOrdinary) {
                return false;
            }
        }
        return true;
    }

    /** Whether it can only be sent in quotes, with its special characters escaped. */
    boolean needsQuotes() {
        return !isOrdinary() && !COOKIE_OCTETS.matcher(text).matches();
    }

    boolean isTooLongForAHeader() {
        return text.length() > (MAX_COOKIE_LENGTH - NAME.length()) / 4 && cookieLength() > MAX_COOKIE_LENGTH;
    }

    private int cookieLength() {
        int length = NAME.length() + text.length();
        if (PLAIN_TO_PYTHON.matcher(text).matches()) {
            return length;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                length += 1;
            } else if (c < ' ' || c > '~' || c == ',' || c == ';') {
                length += 3;
            }
        }
        return length + 2;
    }

    boolean isLongerThanDeclared() {
        return text.codePointCount(0, text.length()) > DECLARED;
    }

    boolean isShort() {
        return text.codePointCount(0, text.length()) < LONG_ENOUGH;
    }

    boolean isOnlyDigits() {
        return text.length() < MANY_DIGITS && DIGITS.matcher(text).matches();
    }

    boolean looksLikeAHash() {
        return text.length() == HASH_LENGTH && HASH.matcher(text).matches();
    }

    /** As everywhere, a token must not be printed. */
    @Override
    public String toString() {
        return "•••";
    }
}
