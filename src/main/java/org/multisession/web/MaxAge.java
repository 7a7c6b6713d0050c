package org.multisession.web;

import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How old the last proof of a session may be, as the query {@code max-age=SECONDS} says. Where it is given more than once,
 * the smallest counts: a proxy may append what its client has sent.
 */
public final class MaxAge {

    private static final String NAME = "max-age=";
    private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");

    private MaxAge() {}

    /** The age; null where the query does not name one. A value that is no number of seconds fails with 400. */
    public static @Nullable Duration of(HttpServletRequest request) {
        String query = request.getQueryString();
        if (query == null) {
            return null;
        }
        Duration smallest = null;
        for (String pair : query.split("&", -1)) {
            if (pair.startsWith(NAME)) {
                Duration given = seconds(pair.substring(NAME.length()));
                smallest = smallest == null || given.compareTo(smallest) < 0 ? given : smallest;
            }
        }
        return smallest;
    }

    private static Duration seconds(String value) {
        if (!SECONDS.matcher(value).matches()) {
            throw new HttpProblem(400, "malformed-max-age", "\"max-age\" must be a whole number of seconds.");
        }
        return Duration.ofSeconds(Long.parseLong(value));
    }
}
