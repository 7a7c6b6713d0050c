package org.multisession.db;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An SQL text with a name. The name says what the statement does, such as {@code find a session}, and appears in error
 * messages; the text and the bound values never do.
 *
 * <p>A parameter is written {@code :name} and may occur several times. {@code {word}} is replaced with its meaning in
 * the {@link Vocabulary} of the database. Create one instance per text, as a constant: each connection keeps its
 * compiled statement.
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

    /** A statement that runs once, or whose text is composed at run time; it is not kept. */
    public static Sql once(String name, String text) {
        return new Sql(name, text, false);
    }

    boolean isKept() {
        return kept;
    }

    /**
     * The text as JDBC takes it.
     *
     * @param isNumbered whether its parameters are numbered, so that each is bound once
     */
    Resolved resolve(Vocabulary vocabulary, boolean isNumbered) {
        Map<String, List<Integer>> positions = new HashMap<>();
        int count = 0;
        Matcher token = TOKEN.matcher(vocabulary.resolve(text));
        StringBuilder jdbc = new StringBuilder();
        while (token.find()) {
            String parameter = token.group(1);
            if (parameter == null) {
                token.appendReplacement(jdbc, Matcher.quoteReplacement(token.group()));
            } else {
                List<Integer> known = positions.computeIfAbsent(parameter, name -> new ArrayList<>());
                if (known.isEmpty() || !isNumbered) {
                    known.add(++count);
                }
                token.appendReplacement(jdbc, isNumbered ? "?" + known.get(0) : "?");
            }
        }
        return new Resolved(token.appendTail(jdbc).toString(), positions, count);
    }

    /**
     * A statement with its words replaced.
     *
     * @param text with a {@code ?} for each parameter, or with its number
     * @param positions the positions of each parameter, from 1; several where parameters have no numbers
     * @param count how many positions there are
     */
    record Resolved(String text, Map<String, List<Integer>> positions, int count) {}

    /** Its name. */
    @Override
    public String toString() {
        return name;
    }
}
