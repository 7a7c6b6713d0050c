package org.multisession.user;

import com.google.i18n.phonenumbers.NumberParseException;
import com.google.i18n.phonenumbers.PhoneNumberUtil;
import com.google.i18n.phonenumbers.PhoneNumberUtil.PhoneNumberFormat;
import com.google.i18n.phonenumbers.PhoneNumberUtil.PhoneNumberType;
import com.google.i18n.phonenumbers.PhoneNumberUtil.ValidationResult;
import com.google.i18n.phonenumbers.Phonenumber;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads telephone numbers as people and old programs write them, with Google's libphonenumber. {@code 8 (999)
 * 123-45-67}, {@code +7 999 1234567} and {@code 79991234567} are one number where the region is {@code RU}.
 */
public final class PhoneNumbers {

    /** Longer input is no telephone number in any shape. */
    private static final int LONGEST = 40;

    /** Spaces of every width, line breaks, and the marks of writing direction that a phone's contacts copy along. */
    private static final Pattern INVISIBLE = Pattern.compile("[\\s\\p{Z}\\p{Cf}]");

    private static final PhoneNumberUtil UTIL = PhoneNumberUtil.getInstance();

    private final String region;

    /** Reads numbers without a country code as numbers of this region (ISO 3166). */
    public PhoneNumbers(String region) {
        this.region = region;
    }

    /** Whether libphonenumber knows this region. */
    public static boolean knowsRegion(String region) {
        return UTIL.getSupportedRegions().contains(region);
    }

    /** The number that this text means, or null if it means none. */
    public @Nullable PhoneNumber parse(@Nullable String text) {
        if (text == null || text.length() > LONGEST) {
            return null;
        }
        String plain = INVISIBLE.matcher(text).replaceAll(" ").strip();
        PhoneNumber national = possible(plain, region);
        if (national != null) {
            return national;
        }
        // "79991234567" outside Russia: a whole international number that lost its plus.
        return plain.startsWith("+") ? null : possible("+" + plain, region);
    }

    private static @Nullable PhoneNumber possible(String text, String region) {
        try {
            Phonenumber.PhoneNumber parsed = UTIL.parse(text, region);
            // Possible, not valid: a range given out after this library's release must not lock its users out. One
            // without its area code is somebody's in every area.
            if (UTIL.isPossibleNumberWithReason(parsed) != ValidationResult.IS_POSSIBLE) {
                return null;
            }
            return new PhoneNumber(
                    UTIL.format(parsed, PhoneNumberFormat.E164),
                    UTIL.getNationalSignificantNumber(parsed),
                    UTIL.isValidNumber(parsed));
        } catch (NumberParseException e) {
            return null;
        }
    }

    /** A stored number as its owner likes to read it; as it is where it means no number, null where there is none. */
    public @Nullable String pretty(@Nullable String stored) {
        PhoneNumber number = parse(stored);
        try {
            return number == null
                    ? stored
                    : UTIL.format(UTIL.parse(number.e164(), region), PhoneNumberFormat.INTERNATIONAL);
        } catch (NumberParseException e) {
            return stored;
        }
    }

    /** A number of the region as its people write it, to show in a form. */
    public String example() {
        return UTIL.format(
                UTIL.getExampleNumberForType(region, PhoneNumberType.MOBILE), PhoneNumberFormat.INTERNATIONAL);
    }
}
