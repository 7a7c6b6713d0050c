package org.multisession.otp;

import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * What a gateway answered, for the log: its first words, so that the operator learns what is wrong, without anything that
 * the message or the settings held. Gateways repeat what they were sent, so a number, a code and a key are taken out
 * wherever and however they are written.
 */
final class MaskedAnswer {

    private static final int MAX_LETTERS = 160;
    private static final String MASK = "•••";

    /** Four digits or more with anything but letters in between: numbers are grouped, and codes spelled out. */
    private static final Pattern DIGITS = Pattern.compile("\\p{Nd}(?:[^\\p{L}\\p{Nd}]{0,4}\\p{Nd}){3,}");

    private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{Nd}]+");

    private static final int SHORT = 3;

    private MaskedAnswer() {}

    /**
     * The beginning of a body without its secrets.
     *
     * @param sent everything that the settings send: words of it are masked
     */
    static String of(String body, String sent) {
        String line = body.substring(0, Math.min(body.length(), 4 * MAX_LETTERS))
                .replaceAll("[\\p{C}\\s]+", " ")
                .strip();
        String known = sent.toLowerCase(Locale.ROOT);
        String masked = WORD.matcher(DIGITS.matcher(line).replaceAll(MASK)).replaceAll(word -> mask(word, known));
        return masked.length() <= MAX_LETTERS ? masked : masked.substring(0, MAX_LETTERS) + "…";
    }

    /** A word from the settings is a key or a name; one of letters and digits is an id, or something encoded. */
    private static String mask(MatchResult found, String known) {
        String word = found.group();
        boolean hasDigit = word.codePoints().anyMatch(Character::isDigit);
        boolean hasLetter = word.codePoints().anyMatch(Character::isLetter);
        boolean isShown =
                word.length() <= SHORT || !((hasDigit && hasLetter) || known.contains(word.toLowerCase(Locale.ROOT)));
        return isShown ? word : MASK;
    }
}
