package org.multisession.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The place of a finding: rows by their ids, never by their contents.
 *
 * @param users values of {@code users.id}
 * @param sessions values of {@code user_sessions.id}
 * @param owner the user that those sessions name; null if there are none, or no such user
 * @param detail what is special about these rows; null if the finding says it all
 */
public record Row(
        List<Long> users,
        List<Long> sessions,
        @Nullable Long owner,
        @Nullable String detail) {

    /** More are of no use to people; programs get all of them. */
    private static final int IDS_SHOWN = 20;

    static Row user(long id) {
        return new Row(List.of(id), List.of(), null, null);
    }

    static Row user(long id, String detail) {
        return new Row(List.of(id), List.of(), null, detail);
    }

    static Row users(List<Long> ids, @Nullable String detail) {
        return new Row(List.copyOf(ids), List.of(), null, detail);
    }

    static Row userWithSession(long userId, long sessionId, long owner) {
        return new Row(List.of(userId), List.of(sessionId), owner, null);
    }

    static Row of(String detail) {
        return new Row(List.of(), List.of(), null, detail);
    }

    /** The users it concerns: those of the row, or else the owner of the session. */
    List<Long> concerned() {
        return !users.isEmpty() || owner == null ? users : List.of(owner);
    }

    /** What is special about it, in words; null if there is nothing. */
    @Nullable
    String note() {
        List<String> parts = new ArrayList<>();
        if (detail != null) {
            parts.add(detail);
        }
        if (owner != null) {
            parts.add("of user " + owner);
        }
        return parts.isEmpty() ? null : String.join(", ", parts);
    }

    /** For example {@code users 2, 3; session 7 (of user 2)}. */
    String text() {
        String ids = List.of(text("user", users), text("session", sessions)).stream()
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining("; "));
        String note = note();
        if (note == null) {
            return ids;
        }
        return ids.isEmpty() ? note : ids + " (" + note + ")";
    }

    private static String text(String name, List<Long> ids) {
        if (ids.isEmpty()) {
            return "";
        }
        String shown = ids.stream().limit(IDS_SHOWN).map(String::valueOf).collect(Collectors.joining(", "));
        return name
                + (ids.size() > 1 ? "s " : " ")
                + shown
                + (ids.size() > IDS_SHOWN ? String.format(Locale.ROOT, " and %,d more", ids.size() - IDS_SHOWN) : "");
    }
}
