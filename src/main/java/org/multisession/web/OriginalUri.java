package org.multisession.web;

import jakarta.servlet.http.HttpServletRequest;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The URI that a proxy was asked for when it brings a signed-out browser here instead: the header {@code
 * X-Original-URI}, with path and query. It counts only if Tomcat's {@code RemoteIpValve} vouches for the proxy, and
 * must still pass {@link LocalPath}: a proxy may pass on what its client sent.
 */
public final class OriginalUri {

    private static final String HEADER = "X-Original-URI";

    /** The request attribute that the valve sets if the request came from a proxy that it was told to trust. */
    private static final String FROM_PROXY = "org.apache.tomcat.request.forwarded";

    /** What browsers send unencoded in a query, although no URI may contain it. */
    private static final Pattern LOOSE = Pattern.compile("[\"<>^`{|}]");

    private OriginalUri() {}

    /** Returns it as a valid URI; null if there is none, or nobody vouches for it. */
    public static @Nullable String of(HttpServletRequest request) {
        String told = request.getHeader(HEADER);
        if (told == null || !Boolean.TRUE.equals(request.getAttribute(FROM_PROXY))) {
            return null;
        }
        return LOOSE.matcher(told)
                .replaceAll(loose -> "%%%02X".formatted((int) loose.group().charAt(0)));
    }
}
