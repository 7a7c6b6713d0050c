package org.multisession.check;

import org.jspecify.annotations.Nullable;

/**
 * One thing that the database holds or is.
 *
 * @param number the value where it is one
 */
public record Fact(
        String code, String label, String value, @Nullable Long number) {

    static Fact of(String code, String label, long number) {
        return new Fact(code, label, Long.toString(number), number);
    }

    static Fact of(String code, String label, String value) {
        return new Fact(code, label, value, null);
    }
}
