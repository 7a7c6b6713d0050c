package org.multisession.user;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * A telephone number in its one normal form.
 *
 * @param e164 for example {@code +79991234567} (ITU-T E.164)
 * @param nationalPart the number without the country code, for example {@code 9991234567}
 * @param valid whether the number's range is one that the country has given out, not only its length
 */
public record PhoneNumber(String e164, String nationalPart, boolean valid) {

    /** How many last digits {@link UserDao} finds a row by, before it compares whole numbers. */
    static final int TAIL = 7;

    /**
     * The last digits under which this number may stand in a row. More than one only where the national number is
     * shorter than the tail, so that a country code or trunk prefix reaches into it.
     */
    Set<String> tails() {
        Set<String> tails = new LinkedHashSet<>();
        tails.add(tail(e164.substring(1)));
        tails.add(tail(nationalPart));
        tails.add(tail("0" + nationalPart));
        tails.add(tail("8" + nationalPart));
        return tails;
    }

    /** Whether a row whose last digits are these is looked at when somebody signs in by this number. */
    public boolean isFoundByTail(String tail) {
        return tails().contains(tail);
    }

    private static String tail(String digits) {
        return digits.substring(Math.max(0, digits.length() - TAIL));
    }

    /** Enough to recognise one's own number by, too little to call it: {@code +7 ••• •••-45-67}. */
    public String masked() {
        String country = e164.substring(0, e164.length() - nationalPart.length());
        String end = nationalPart.substring(Math.max(0, nationalPart.length() - 4));
        String shown = end.length() == 4 ? end.substring(0, 2) + "-" + end.substring(2) : end;
        return country + " ••• •••-" + shown;
    }

    @Override
    public String toString() {
        return masked();
    }
}
