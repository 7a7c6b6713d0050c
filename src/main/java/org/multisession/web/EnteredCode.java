package org.multisession.web;

import org.jspecify.annotations.Nullable;

/**
 * A code as people type or paste it: in the digits of their keyboard, as with numbers, with spaces or a dash in between,
 * and with the invisible signs that come along from a message.
 */
public final class EnteredCode {

    private static final int DIGITS = 6;

    private EnteredCode() {}

    /** Returns the six digits, or null if there are not exactly six. */
    public static @Nullable String orNull(@Nullable String typed) {
        if (typed == null || typed.length() > 40) {
            return null;
        }
        StringBuilder digits = new StringBuilder();
        for (int c : typed.codePoints().toArray()) {
            if (Character.isDigit(c)) {
                digits.append(Character.digit(c, 10));
            } else if (!isBetweenDigits(c)) {
                return null;
            }
        }
        return digits.length() == DIGITS ? digits.toString() : null;
    }

    private static boolean isBetweenDigits(int c) {
        return Character.isWhitespace(c)
                || Character.isSpaceChar(c)
                || Character.getType(c) == Character.DASH_PUNCTUATION
                || Character.getType(c) == Character.FORMAT;
    }
}
