package org.multisession.check;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Where a finding is: rows by their ids, never by what they hold.
 *
 * @param users values of {@code users.id}
 * @param sessions values of {@code user_sessions.id}
 * @param detail what is peculiar to these rows; null where the finding says all
 */
public record Row(
        List<Long> users, List<Long> sessions, @Nullable String detail) {

    static Row user(long id) {
        return new Row(List.of(id), List.of(), null);
    }

    static Row user(long id, String detail) {
        return new Row(List.of(id), List.of(), detail);
    }

    static Row session(long id, long userId) {
        return session(id, userId, "of user " + userId);
    }

    static Row session(long id, long userId, String detail) {
        return new Row(List.of(), List.of(id), detail);
    }

    static Row of(String detail) {
        return new Row(List.of(), List.of(), detail);
    }

    /** For example {@code users 2, 3; session 7 (of user 2)}. */
    String text() {
        String ids = List.of(text("user", users), text("session", sessions)).stream()
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining("; "));
        if (detail == null) {
            return ids;
        }
        return ids.isEmpty() ? detail : ids + " (" + detail + ")";
    }

    private static String text(String name, List<Long> ids) {
        return ids.isEmpty()
                ? ""
                : name
                        + (ids.size() > 1 ? "s " : " ")
                        + ids.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }
}
