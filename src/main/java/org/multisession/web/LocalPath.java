package org.multisession.web;

import java.net.URI;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * A path of this host to go to after sign-in, or nothing: whatever a browser could read as another host
 * ({@code //evil}, {@code /\evil}, {@code https:evil}) is dropped.
 */
public final class LocalPath {

    private static final int MAX_LENGTH = 2000;

    private LocalPath() {}

    /** Returns the text if it is such a path, otherwise null. */
    public static @Nullable String orNull(@Nullable String text) {
        if (text == null || text.length() > MAX_LENGTH || !text.startsWith("/") || text.startsWith("//")) {
            return null;
        }
        // Browsers treat a backslash as a slash, and first drop tabs and line breaks.
        if (text.chars().anyMatch(c -> c <= ' ' || c == '\\' || c >= 0x7f)) {
            return null;
        }
        try {
            URI uri = new URI(text);
            String path = uri.getRawPath();
            boolean local = !uri.isAbsolute() && uri.getRawAuthority() == null && path != null;
            // "/..//evil" is harmless in a Location, but a client that normalizes it first would leave this host.
            return local && !path.contains("//") ? text : null;
        } catch (URISyntaxException e) {
            return null;
        }
    }

    /** A path with its query. */
    public static @Nullable String of(String path, @Nullable String query) {
        return orNull(query == null ? path : path + "?" + query);
    }
}
