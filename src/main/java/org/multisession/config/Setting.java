package org.multisession.config;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One key: its default as an operator would write it, the values it may have in words, and how to read it.
 *
 * @param fallback null where the setting has no value unless one is given
 * @param range what a value must be, completing the sentence "must be …"
 * @param read throws {@link IllegalArgumentException} for anything else
 */
record Setting<T>(String key, @Nullable String fallback, String range, boolean secret, Function<String, T> read) {}
