package org.multisession.web;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Refuses requests that change something and come from another site's page, where the browser adds the user's cookie
 * by itself (CSRF; OWASP ASVS 5.0, 3.5.1).
 *
 * <pre>
 * GET, HEAD, OPTIONS                      passes: they change nothing
 * Sec-Fetch-Site: same-origin | none      passes
 * Sec-Fetch-Site: anything else           403
 * no Sec-Fetch-Site, Origin of this host  passes: an older browser
 * no Sec-Fetch-Site, any other Origin     403
 * neither header                          passes: no browser, so nobody's cookie was added behind their back
 * </pre>
 */
public final class CrossSiteFilter extends HttpFilter {

    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (!READING.contains(request.getMethod()) && !isOwn(request)) {
            throw new RequestFailure(
                    403,
                    "cross-site",
                    "This request came from a page of another site and was refused. Nothing was changed.");
        }
        chain.doFilter(request, response);
    }

    private static boolean isOwn(HttpServletRequest request) {
        String fetchSite = request.getHeader("Sec-Fetch-Site");
        if (fetchSite != null) {
            return fetchSite.equals("same-origin") || fetchSite.equals("none");
        }
        String origin = request.getHeader("Origin");
        return origin == null || isSameHost(origin, request.getHeader("Host"));
    }

    /** Compares hosts, and ports where both name one: a proxy may have left it out of {@code Host}. */
    static boolean isSameHost(String origin, @Nullable String host) {
        URI from = parsed(origin);
        URI here = parsed("http://" + host);
        if (from == null || here == null || from.getHost() == null || here.getHost() == null) {
            return false;
        }
        boolean samePort = from.getPort() == -1 || here.getPort() == -1 || from.getPort() == here.getPort();
        return samePort
                && from.getHost().toLowerCase(Locale.ROOT).equals(here.getHost().toLowerCase(Locale.ROOT));
    }

    private static @Nullable URI parsed(String text) {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            return null;
        }
    }
}
