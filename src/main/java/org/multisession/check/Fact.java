package org.multisession.check;

import org.jspecify.annotations.Nullable;

/**
 * One fact about the database.
 *
 * @param number the value, if it is a number
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
