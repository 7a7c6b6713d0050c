package org.multisession.web;

import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.net.URISyntaxException;

/**
 * The path of this application in its one spelling, encoded. A request tells it as its sender wrote it, such as {@code
 * /auth;x=1}, and no cookie can be set for that.
 */
public final class ContextPath {

    private ContextPath() {}

    /** Empty at the root. */
    public static String of(HttpServletRequest request) {
        try {
            return new URI(null, null, request.getServletContext().getContextPath(), null).toASCIIString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
