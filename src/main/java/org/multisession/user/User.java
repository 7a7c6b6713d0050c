package org.multisession.user;

import org.jspecify.annotations.Nullable;

/**
 * A row of {@code users}, as far as it concerns us.
 *
 * @param phone the number in whatever shape the row has it
 * @param plan null where the row has none, or the table no such column
 */
public record User(
        long id, @Nullable String phone, @Nullable String plan) {

    /** The id alone: a phone number does not belong into a log. */
    @Override
    public String toString() {
        return "user " + id;
    }
}
