package org.multisession.phone;

import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * A telephone number in its one normal form; or a text that stands for no number anywhere, but may be somebody's in
 * {@code users.phone} all the same, as numbers from before a change of their country's plan are.
 *
 * @param text for example {@code +79991234567} (ITU-T E.164); of a text that means no number, the text itself in ASCII
 *     digits and without invisible signs
 * @param nationalPart the number without the country code, for example {@code 9991234567}
 * @param meaning what the text means
 */
public record PhoneNumber(String text, String nationalPart, Meaning meaning) {

    /** What a text means, from the surest on. */
    public enum Meaning {
        /** A number of a range that the country has given out. */
        VALID,
        /** A number of the right length. */
        POSSIBLE,
        /** No number of today's plan, but with a country code: a message can be sent to it. */
        SENDABLE,
        /** No number. */
        NONE
    }

    /** By how many last digits a row is found that was not read yet. */
    private static final int TAIL = 6;

    private static final int SHAPE = 3;

    private static final Pattern NO_DIGIT = Pattern.compile("[^0-9]");

    /** Whether the number's range is one that the country has given out, not only its length. */
    public boolean isValid() {
        return meaning == Meaning.VALID;
    }

    /** Whether this is a number by its country's plan, so that {@link #text} is E.164. */
    public boolean isPossible() {
        return meaning == Meaning.VALID || meaning == Meaning.POSSIBLE;
    }

    /** Whether there is a number that a message can go to. */
    public boolean isSendable() {
        return meaning != Meaning.NONE;
    }

    /** By what a row with this number is found. Two texts have the same one if and only if they mean the same. */
    public String key() {
        return isPossible() ? text : String.format(Locale.ROOT, "=%03d:%s", text.length(), text);
    }

    /**
     * What the keys of all texts begin with that look like this one: as many characters, the same first three. Of a text
     * that means no number.
     */
    public String shape() {
        return key().substring(0, key().indexOf(':') + 1) + text.substring(0, Math.min(SHAPE, text.length()));
    }

    /**
     * The last digits under which this number may stand in a row that was not read yet. More than one only where the
     * national number is shorter than the tail, so that a country code or trunk prefix reaches into it.
     */
    public Set<String> tails() {
        Set<String> tails = new TreeSet<>();
        tails.add(tail(text));
        if (isPossible()) {
            tails.add(tail(nationalPart));
            tails.add(tail("0" + nationalPart));
            tails.add(tail("8" + nationalPart));
        }
        return tails;
    }

    private static String tail(String text) {
        String digits = NO_DIGIT.matcher(text).replaceAll("");
        return digits.substring(Math.max(0, digits.length() - TAIL));
    }

    /** Enough to recognise one's own number by, too little to call it: {@code +7 ••• •••-45-67}. */
    public String masked() {
        if (!isSendable()) {
            return "•••";
        }
        String country = text.substring(0, text.length() - nationalPart.length());
        String end = nationalPart.substring(Math.max(0, nationalPart.length() - 4));
        String shown = end.length() == 4 ? end.substring(0, 2) + "-" + end.substring(2) : end;
        return country + " ••• •••-" + shown;
    }

    /** The last four characters, by which its owner tells it from others. */
    public String ending() {
        return text.substring(Math.max(0, text.length() - 4));
    }

    @Override
    public String toString() {
        return masked();
    }
}
