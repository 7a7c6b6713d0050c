package org.multisession.otp;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What the answer of a gateway looks like that has taken the message: its status, then what its body must and must not
 * look like, separated by {@code " | "}.
 *
 * <pre>
 * 2xx                           any status from 200 to 299
 * 200,201                       one of these
 * 2xx | OK*                     the body begins with OK
 * 2xx | *"id":* | not *"error*  it holds "id": and does not hold "error
 * </pre>
 *
 * <p>{@code *} stands for any text, or none. White space counts for nothing, on both sides, so that the layout of JSON
 * does not matter. There is no other sign with a meaning, and so no pattern that takes long.
 */
public final class SuccessPattern {

    /** How much of a body is looked at, in bytes. */
    static final int MAX_BYTES = 16 * 1024;

    private static final int MAX_LETTERS = 500;

    private static final String NOT = "not ";

    private static final Pattern STATUSES = Pattern.compile("2xx|[2-5][0-9]{2}(,[2-5][0-9]{2})*");

    /** Any status from 200 to 299, whatever the body. */
    public static final SuccessPattern ANY_2XX = parse("2xx");

    /** What one part says of the body. */
    private record Body(List<String> pieces, boolean isWanted) {

        static Body parse(String part) {
            // The last part may have lost the space behind its "not".
            boolean isWanted = !(part + " ").startsWith(NOT);
            String glob =
                    withoutSpace(isWanted ? part : part.substring(NOT.strip().length()));
            if (glob.isEmpty()) {
                throw new IllegalArgumentException("a part without a text");
            }
            return new Body(List.of(glob.split("\\*", -1)), isWanted);
        }

        boolean holds(String body) {
            return matches(body) == isWanted;
        }

        /** Each piece where it first fits behind the one before: with stars alone, no other choice finds more. */
        private boolean matches(String body) {
            String first = pieces.get(0);
            String last = pieces.get(pieces.size() - 1);
            if (pieces.size() == 1) {
                return body.equals(first);
            }
            if (body.length() < first.length() + last.length() || !body.startsWith(first) || !body.endsWith(last)) {
                return false;
            }
            int from = first.length();
            int end = body.length() - last.length();
            for (String piece : pieces.subList(1, pieces.size() - 1)) {
                int found = body.indexOf(piece, from);
                if (found < 0 || found + piece.length() > end) {
                    return false;
                }
                from = found + piece.length();
            }
            return true;
        }
    }

    private final String text;
    private final List<String> statuses;
    private final List<Body> bodies;

    private SuccessPattern(String text, List<String> statuses, List<Body> bodies) {
        this.text = text;
        this.statuses = statuses;
        this.bodies = bodies;
    }

    /**
     * Reads a pattern.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static SuccessPattern parse(String text) {
        String[] parts = text.strip().split(" \\| ", -1);
        String status = withoutSpace(parts[0]).toLowerCase(Locale.ROOT);
        if (text.length() > MAX_LETTERS || !STATUSES.matcher(status).matches()) {
            throw new IllegalArgumentException("no status, or too long");
        }
        List<Body> bodies = new ArrayList<>();
        for (int i = 1; i < parts.length; i++) {
            bodies.add(Body.parse(parts[i].strip()));
        }
        return new SuccessPattern(text, List.of(status.split(",", -1)), List.copyOf(bodies));
    }

    /** Whether an answer is one of success; of the body, the beginning is enough that {@link #MAX_BYTES} bounds. */
    boolean matches(int status, String body) {
        boolean isStatus = statuses.contains(String.valueOf(status)) || (statuses.contains("2xx") && status / 100 == 2);
        String text = withoutSpace(body);
        return isStatus && bodies.stream().allMatch(part -> part.holds(text));
    }

    private static String withoutSpace(String text) {
        StringBuilder kept = new StringBuilder(text.length());
        text.codePoints()
                .filter(c -> !Character.isWhitespace(c) && c != '\u00a0' && c != '\ufeff')
                .forEach(kept::appendCodePoint);
        return kept.toString();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SuccessPattern pattern && text.equals(pattern.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
