package org.multisession.phone;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;

/** No text makes it throw, and what it makes of one it reads as the same number. */
public final class PhoneNumbersFuzz {

    private static final PhoneNumbers NUMBERS = new PhoneNumbers("RU");

    private PhoneNumbersFuzz() {}

    public static void fuzzerTestOneInput(FuzzedDataProvider data) {
        String text = data.consumeRemainingAsString();
        NUMBERS.pretty(text);
        PhoneNumber stored = NUMBERS.read(text);
        PhoneNumber number = NUMBERS.parse(text);
        if (stored != null && number != null) {
            NUMBERS.means(text, number);
        }
        if (number != null && !number.equals(NUMBERS.parse(number.text()))) {
            throw new AssertionError("read otherwise the second time");
        }
    }
}
