package org.multisession.db;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An SQL text with a name. The name says what the statement does, as in {@code find a session}; it stands in error
 * messages, where the text and the bound values never do.
 *
 * <p>A parameter is written {@code :name} and may stand in several places. {@code {word}} stands for what the
 * {@link Vocabulary} of the database knows under this word. Make one instance per text, as a constant: each connection
 * keeps its compiled statement.
 */
public final class Sql {

    /** A quoted text or name, in which nothing is replaced; a cast of PostgreSQL; a parameter. */
    private static final Pattern TOKEN = Pattern.compile("'[^']*'|\"[^\"]*\"|::|:(\\w+)");

    private final String name;
    private final String text;
    private final boolean kept;

    private Sql(String name, String text, boolean kept) {
        this.name = name;
        this.text = text;
        this.kept = kept;
    }

    /** A statement that is run again and again; connections keep it compiled. */
    public static Sql of(String name, String text) {
        return new Sql(name, text, true);
    }

    /** A statement that is run once, or whose text is put together at run time; nothing of it is kept. */
    public static Sql once(String name, String text) {
        return new Sql(name, text, false);
    }

    boolean isKept() {
        return kept;
    }

    /** The text as JDBC takes it. */
    Resolved resolve(Vocabulary vocabulary) {
        Map<String, List<Integer>> positions = new HashMap<>();
        int count = 0;
        Matcher token = TOKEN.matcher(vocabulary.resolve(text));
        StringBuilder jdbc = new StringBuilder();
        while (token.find()) {
            String parameter = token.group(1);
            if (parameter == null) {
                token.appendReplacement(jdbc, Matcher.quoteReplacement(token.group()));
            } else {
                positions.computeIfAbsent(parameter, name -> new ArrayList<>()).add(++count);
                token.appendReplacement(jdbc, "?");
            }
        }
        return new Resolved(token.appendTail(jdbc).toString(), positions, count);
    }

    /**
     * A statement with its words replaced.
     *
     * @param text with a {@code ?} for each parameter
     * @param positions where each parameter stands, from 1; one may stand in several places
     * @param count how many places there are
     */
    record Resolved(String text, Map<String, List<Integer>> positions, int count) {}

    /** Its name. */
    @Override
    public String toString() {
        return name;
    }
}
