package org.multisession.web;

import org.jspecify.annotations.Nullable;

/** A code as people type it, with spaces or a dash in between. */
public final class EnteredCode {

    private EnteredCode() {}

    /** Returns the six digits, or null if there are not exactly six. */
    public static @Nullable String orNull(@Nullable String typed) {
        if (typed == null || typed.length() > 40) {
            return null;
        }
        String digits = typed.replaceAll("[\\s\\u00a0-]", "");
        return digits.matches("[0-9]{6}") ? digits : null;
    }
}
