package org.multisession.config;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One key, and all that there is to know of it: validation, messages and the documents' table go by this alone.
 *
 * @param fallback the default as an operator would write it; null where the setting has no value unless one is given
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
