package org.multisession.db;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The meaning of the words in curly braces in an {@link Sql} text: the one place where statements differ between
 * databases and between teams' tables. Immutable.
 */
public final class Vocabulary {

    private static final Pattern WORD = Pattern.compile("\\{(\\w+)}");

    static final Vocabulary EMPTY = new Vocabulary(Map.of());

    private final Map<String, String> words;

    private Vocabulary(Map<String, String> words) {
        this.words = words;
    }

    /** The meanings of a vendor's words. */
    static Vocabulary of(Vendor vendor) {
        return EMPTY.with(vendor.words());
    }

    /** The same with these additional words; a known word changes its meaning. */
    public Vocabulary with(Map<String, String> more) {
        Map<String, String> all = new HashMap<>(words);
        all.putAll(more);
        return new Vocabulary(Map.copyOf(all));
    }

    /** Returns the text with each word replaced; a meaning may itself contain words. */
    String resolve(String text) {
        Matcher word = WORD.matcher(text);
        StringBuilder resolved = new StringBuilder();
        while (word.find()) {
            String meaning = words.get(word.group(1));
            if (meaning == null) {
                throw new IllegalArgumentException("there is no meaning for {" + word.group(1) + "}");
            }
            word.appendReplacement(resolved, Matcher.quoteReplacement(resolve(meaning)));
        }
        return word.appendTail(resolved).toString();
    }
}
