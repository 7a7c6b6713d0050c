package org.multisession.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The blocks of code in a document, so that a test can run what is shown there. */
public final class Fenced {

    private static final Pattern BLOCK = Pattern.compile("(?ms)^( *)```(\\w+)\n(.*?)^\\1```$");

    private Fenced() {}

    /** The one block of that language that contains a text. */
    public static String block(Path document, String language, String containing) {
        try {
            List<String> blocks = BLOCK.matcher(Files.readString(document))
                    .results()
                    .filter(block -> block.group(2).equals(language))
                    // In a list it is indented.
                    .map(block -> block.group(3).replaceAll("(?m)^" + block.group(1), ""))
                    .filter(block -> block.contains(containing))
                    .toList();
            if (blocks.size() != 1) {
                throw new AssertionError(
                        document + " has " + blocks.size() + " blocks of " + language + " with \"" + containing + "\"");
            }
            return blocks.get(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The same text with one part replaced, which must be there once. */
    public static String replaced(String block, String part, String by) {
        long times =
                Pattern.compile(part, Pattern.LITERAL).matcher(block).results().count();
        if (times != 1) {
            throw new AssertionError("\"" + part + "\" is there " + times + " times in:\n" + block);
        }
        return block.replaceFirst(Pattern.quote(part), Matcher.quoteReplacement(by));
    }
}
