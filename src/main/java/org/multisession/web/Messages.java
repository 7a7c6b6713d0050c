package org.multisession.web;

import java.text.MessageFormat;
import java.util.Locale;
import java.util.ResourceBundle;

/** The texts in one language, for what a page cannot compose by itself. */
public final class Messages {

    private final Locale language;
    private final ResourceBundle texts;

    /** Those of Russian or English. */
    public Messages(Locale language) {
        this.language = language;
        this.texts = ResourceBundle.getBundle("messages", language);
    }

    public Locale language() {
        return language;
    }

    /** Returns the text of this key, with its parameters filled in. */
    public String of(String key, Object... values) {
        String text = texts.getString(key);
        return values.length == 0 ? text : new MessageFormat(text, language).format(values);
    }

    /**
     * Returns a number with its noun. The text has the noun's forms: one and many in English; one, two and five in
     * Russian.
     */
    public String counted(long number, String key) {
        String[] forms = texts.getString(key).split("\\|", -1);
        return number + "\u00a0"
                + forms[language.getLanguage().equals("ru") ? russianForm(number) : englishForm(number)];
    }

    private static int englishForm(long number) {
        return number == 1 ? 0 : 1;
    }

    /** The first for 1, 21, 101; the second for 2 to 4, 22 to 24; the third for all others, including 11 to 14. */
    private static int russianForm(long number) {
        long ones = number % 10;
        boolean isTeen = number % 100 / 10 == 1;
        if (isTeen || ones == 0 || ones > 4) {
            return 2;
        }
        return ones == 1 ? 0 : 1;
    }
}
