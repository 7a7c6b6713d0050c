package org.multisession.config;

import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Everything there is to know about one key. Validation, messages and the table in the documents are all derived from
 * it.
 *
 * @param fallback the default as an operator would write it; null if there is none
 * @param range what a value must be, completing the sentence "must be …"
 * @param meaning what it is for, in Markdown
 * @param secret whether no log may show its value
 * @param read throws {@link IllegalArgumentException} for anything out of range
 */
record Setting<T>(
        String key, @Nullable String fallback, String range, String meaning, boolean secret, Function<String, T> read) {

    /** As in {@code ?password=…} and {@code //name:…@host}. */
    private static final Pattern PASSWORD =
            Pattern.compile("(?i)((?:password|secret)=|//[^/?#@\\s]*:)(?:(?<==)[^&]*|[^/?#\\s]*(?=@))");

    /** The value as a log or a message may show it. */
    String shown(String value) {
        return secret ? "•••" : withoutPasswords(value);
    }

    static String withoutPasswords(String text) {
        return PASSWORD.matcher(text).replaceAll("$1•••");
    }
}
