package org.multisession.config;

import java.util.function.Function;
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
        String key,
        @Nullable String fallback,
        String range,
        String meaning,
        boolean secret,
        Function<String, T> read) {}
