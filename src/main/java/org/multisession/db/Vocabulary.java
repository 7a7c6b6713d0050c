package org.multisession.db;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the words in curly brackets of an {@link Sql} text stand for. It is the one place where statements differ between
 * databases and between teams' tables. Immutable.
 */
public final class Vocabulary {

    private static final Pattern WORD = Pattern.compile("\\{(\\w+)}");

    static final Vocabulary EMPTY = new Vocabulary(Map.of());

    private final Map<String, String> words;

    private Vocabulary(Map<String, String> words) {
        this.words = words;
    }

    /** What the words of a vendor mean. */
    static Vocabulary of(Vendor vendor) {
        return EMPTY.with(vendor.words());
    }

    /** The same with these words in addition; a word that is known already changes its meaning. */
    public Vocabulary with(Map<String, String> more) {
        Map<String, String> all = new HashMap<>(words);
        all.putAll(more);
        return new Vocabulary(Map.copyOf(all));
    }

    /** The text with each word replaced; what a word stands for may hold words itself. */
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
