package org.multisession.phone;

import com.google.i18n.phonenumbers.NumberParseException;
import com.google.i18n.phonenumbers.PhoneNumberUtil;
import com.google.i18n.phonenumbers.PhoneNumberUtil.PhoneNumberFormat;
import com.google.i18n.phonenumbers.PhoneNumberUtil.PhoneNumberType;
import com.google.i18n.phonenumbers.PhoneNumberUtil.ValidationResult;
import com.google.i18n.phonenumbers.Phonenumber;
import java.text.Normalizer;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.multisession.phone.PhoneNumber.Meaning;

/**
 * Reads telephone numbers as people and old programs write them, with Google's libphonenumber. {@code 8 (999)
 * 123-45-67}, {@code +7 999 1234567} and {@code 79991234567} are one number where the region is {@code RU}. No text
 * makes it throw.
 */
public final class PhoneNumbers {

    /** What a reading depends on beside the region. To be changed with what this class makes of a text. */
    static final String RULES = "1, libphonenumber 9.0.43";

    /** No longer text can be a phone number. */
    static final int MAX_LENGTH = 100;

    /** Longer input is no telephone number in any shape. */
    private static final int MAX_NUMBER_LENGTH = 40;

    /** E.164. */
    private static final int MAX_DIGITS = 15;

    private static final int FEWEST_DIGITS_TO_SEND_TO = 7;

    private static final String RUSSIA = "+7";
    private static final String RUSSIAN_MOBILE = RUSSIA + "9";
    private static final int RUSSIAN_LENGTH = "+79991234567".length();

    private static final int DIGITS_COMPARED = 4;

    /** The digits that the letters from A to Z stand for, as in 1-800-FLOWERS. */
    private static final String KEYPAD = "22233344455566677778889999";

    /** Marks of writing direction that a phone's contacts copy along, what joins and combines, blanks of other scripts. */
    private static final Pattern INVISIBLE =
            Pattern.compile("[\\p{Cf}\\p{Mn}\\p{Me}\\u115f\\u1160\\u2800\\u3164\\uffa0]");

    private static final Pattern SPACE = Pattern.compile("[\\s\\p{Z}\\p{Cc}]+");

    private static final Pattern DIGITS_AND_SEPARATORS = Pattern.compile("\\+?[0-9 ()./-]+");
    private static final Pattern SEPARATOR = Pattern.compile("[ ()./-]");
    private static final Pattern NO_DIGIT = Pattern.compile("[^0-9]");
    private static final Pattern PARAMETER = Pattern.compile("(?i);(?:ext|isub)=.*");

    /** A number that its column has turned into a floating-point one. */
    private static final Pattern REAL = Pattern.compile("[0-9]+\\.0");

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

    /** By which rules texts are read: where these are others, what was read by them has to be read again. */
    public String rules() {
        return region + " " + RULES;
    }

    /** The number that this text means, or null if it means none. */
    public @Nullable PhoneNumber parse(@Nullable String text) {
        PhoneNumber read = read(text);
        return read != null && read.isPossible() ? read : null;
    }

    /**
     * The number that this text means, or the text itself if it means none; null if it is blank or too long to be
     * anybody's.
     */
    public @Nullable PhoneNumber read(@Nullable String text) {
        if (text == null || text.length() > MAX_LENGTH) {
            return null;
        }
        return isRussianMobile(text)
                ? new PhoneNumber(text, text.substring(RUSSIA.length()), Meaning.VALID)
                : readThoroughly(text);
    }

    /**
     * Whether it is {@code +79991234567} or another with {@code +79} and nine more digits, of which the first is not a 3:
     * all these are mobile numbers of Russia. There may be millions of them in a table, and libphonenumber takes twenty
     * microseconds to read one. Of those with {@code +793} not all have been given out.
     */
    private static boolean isRussianMobile(String text) {
        if (text.length() != RUSSIAN_LENGTH
                || !text.startsWith(RUSSIAN_MOBILE)
                || text.charAt(RUSSIAN_MOBILE.length()) == '3') {
            return false;
        }
        for (int i = RUSSIAN_MOBILE.length(); i < RUSSIAN_LENGTH; i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }

    /** The same for any text. */
    @Nullable
    PhoneNumber readThoroughly(String text) {
        String plain = plain(text);
        if (plain.isEmpty() || plain.length() > MAX_LENGTH) {
            return null;
        }
        PhoneNumber number = number(plain);
        return number == null ? asItIs(plain) : number;
    }

    /**
     * Whether this text means this number. Many texts can be asked: where its digits rule it out already, none is parsed.
     */
    public boolean means(@Nullable String text, PhoneNumber number) {
        if (text == null || text.length() > MAX_LENGTH || !mayMean(text, number)) {
            return false;
        }
        PhoneNumber read = read(text);
        return read != null && read.key().equals(number.key());
    }

    /** Cheaper than to read it, and never no where reading it would say yes. */
    private static boolean mayMean(String text, PhoneNumber number) {
        String plain = isAscii(text) ? text : plain(text);
        if (!number.isSendable()) {
            return visible(plain).equals(visible(number.text()));
        }
        // Every country's numbers end as they are dialled; what follows can only be an extension.
        String digits = number.nationalPart();
        String end = digits.substring(Math.max(0, digits.length() - DIGITS_COMPARED));
        StringBuilder dialled = new StringBuilder(plain.length());
        StringBuilder onKeypad = new StringBuilder(plain.length());
        for (int i = 0; i < plain.length(); i++) {
            char c = Character.toUpperCase(plain.charAt(i));
            if (c >= '0' && c <= '9') {
                dialled.append(c);
                onKeypad.append(c);
            } else if (c >= 'A' && c <= 'Z') {
                onKeypad.append(KEYPAD.charAt(c - 'A'));
            }
        }
        return dialled.indexOf(end) >= 0 || onKeypad.indexOf(end) >= 0;
    }

    private static String visible(String text) {
        StringBuilder visible = new StringBuilder(text.length());
        text.chars().filter(c -> c > ' ' && "()./-".indexOf(c) < 0).forEach(c -> visible.append((char) c));
        return visible.toString();
    }

    /** The text in ASCII digits, without what nobody sees, and with plain spaces. */
    private static String plain(String text) {
        String plain = plainOnce(text);
        // Where a sign is gone, others may compose. Each round leaves fewer.
        for (String before = text; !plain.equals(before) && !isAscii(plain); ) {
            before = plain;
            plain = plainOnce(plain);
        }
        return plain;
    }

    private static String plainOnce(String text) {
        String composed = isAscii(text) ? text : Normalizer.normalize(text, Normalizer.Form.NFKC);
        StringBuilder plain = new StringBuilder(composed.length());
        composed.codePoints()
                .forEach(c -> plain.appendCodePoint(
                        Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER ? '0' + Character.digit(c, 10) : c));
        String visible = INVISIBLE.matcher(plain).replaceAll("");
        return SPACE.matcher(visible).replaceAll(" ").strip();
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 128);
    }

    /** Read again, it is the same: without its separators it must not have become a number. */
    private PhoneNumber asItIs(String plain) {
        String bare = DIGITS_AND_SEPARATORS.matcher(plain).matches()
                ? SEPARATOR.matcher(plain).replaceAll("")
                : plain;
        String text = bare.isEmpty() || number(bare) != null ? plain : bare;
        return new PhoneNumber(text, text, Meaning.NONE);
    }

    private @Nullable PhoneNumber number(String plain) {
        try {
            return numberOrThrow(plain);
        } catch (RuntimeException | StackOverflowError e) {
            // Whatever libphonenumber trips over, it is no number, and concerns nobody else.
            return null;
        }
    }

    private @Nullable PhoneNumber numberOrThrow(String plain) {
        String lower = plain.toLowerCase(Locale.ROOT);
        if (plain.length() > MAX_NUMBER_LENGTH || lower.contains("phone-context")) {
            return null;
        }
        String text = PARAMETER
                .matcher(lower.startsWith("tel:") ? plain.substring(4) : plain)
                .replaceFirst("")
                .strip();
        if (REAL.matcher(text).matches()) {
            text = text.substring(0, text.length() - 2);
        }
        Reading national = Reading.of(text, region);
        if (text.startsWith("+") || (national != null && national.isCertain(text))) {
            return national == null ? null : national.number();
        }
        // "79991234567" outside Russia: a whole international number that lost its plus. Where it may be either, the
        // mobile one is right: nobody signs in by a line that gets no messages.
        Reading international = Reading.of("+" + text, region);
        Reading better = international != null && international.isBetterThan(national) ? international : national;
        return better == null || !better.number().isPossible() ? null : better.number();
    }

    /** What libphonenumber makes of a text. */
    private record Reading(PhoneNumber number, PhoneNumberType type) {

        static @Nullable Reading of(String text, String region) {
            Phonenumber.PhoneNumber parsed;
            try {
                parsed = UTIL.parse(text, region);
            } catch (NumberParseException e) {
                return null;
            }
            PhoneNumberType type = UTIL.getNumberType(parsed);
            Meaning meaning = meaning(parsed, type);
            String e164 = UTIL.format(parsed, PhoneNumberFormat.E164);
            if (!isPossible(meaning) && !isOfSendableLength(e164)) {
                return null;
            }
            if (meaning != Meaning.VALID && !isReadTheSame(e164, region)) {
                return null;
            }
            return new Reading(new PhoneNumber(e164, UTIL.getNationalSignificantNumber(parsed), meaning), type);
        }

        private static Meaning meaning(Phonenumber.PhoneNumber parsed, PhoneNumberType type) {
            if (type != PhoneNumberType.UNKNOWN) {
                return Meaning.VALID;
            }
            // Possible, not valid: a range given out after this library's release must not lock its users out. One
            // without its area code is somebody's in every area.
            return UTIL.isPossibleNumberWithReason(parsed) == ValidationResult.IS_POSSIBLE
                    ? Meaning.POSSIBLE
                    : Meaning.SENDABLE;
        }

        private static boolean isPossible(Meaning meaning) {
            return meaning == Meaning.VALID || meaning == Meaning.POSSIBLE;
        }

        /** Of nonsense with many zeros, each reading drops some: that is no normal form of anything. */
        private static boolean isReadTheSame(String e164, String region) {
            try {
                return UTIL.format(UTIL.parse(e164, region), PhoneNumberFormat.E164)
                        .equals(e164);
            } catch (NumberParseException e) {
                return false;
            }
        }

        private static boolean isOfSendableLength(String e164) {
            int digits = e164.length() - 1;
            return digits >= FEWEST_DIGITS_TO_SEND_TO && digits <= MAX_DIGITS;
        }

        boolean isMobile() {
            return type == PhoneNumberType.MOBILE || type == PhoneNumberType.FIXED_LINE_OR_MOBILE;
        }

        /** Whether no other reading can be meant: it is a mobile number, or begins with what only a national one does. */
        boolean isCertain(String text) {
            return isMobile()
                    || (isPossible(number.meaning())
                            && !NO_DIGIT.matcher(text).replaceAll("").equals(number.nationalPart()));
        }

        private int rank() {
            return switch (number.meaning()) {
                case VALID -> isMobile() ? 3 : 2;
                case POSSIBLE -> 1;
                case SENDABLE, NONE -> 0;
            };
        }

        boolean isBetterThan(@Nullable Reading other) {
            return other == null || rank() > other.rank();
        }
    }

    /** The region (ISO 3166) whose number it is; empty where no country has given it out. */
    public Optional<String> regionOf(PhoneNumber number) {
        try {
            return Optional.ofNullable(UTIL.getRegionCodeForNumber(UTIL.parse(number.text(), region)))
                    .filter(PhoneNumbers::knowsRegion);
        } catch (NumberParseException e) {
            return Optional.empty();
        }
    }

    /** A stored number as its owner likes to read it; as it is where it means no number, null where there is none. */
    public @Nullable String pretty(@Nullable String stored) {
        PhoneNumber number = parse(stored);
        try {
            return number == null
                    ? stored
                    : UTIL.format(UTIL.parse(number.text(), region), PhoneNumberFormat.INTERNATIONAL);
        } catch (NumberParseException e) {
            return stored;
        }
    }

    /** A number of the region as its people write it, to show in a form. */
    public String example() {
        Phonenumber.PhoneNumber mobile = UTIL.getExampleNumberForType(region, PhoneNumberType.MOBILE);
        // A few small regions have no mobile numbers.
        return UTIL.format(mobile == null ? UTIL.getExampleNumber(region) : mobile, PhoneNumberFormat.INTERNATIONAL);
    }
}
