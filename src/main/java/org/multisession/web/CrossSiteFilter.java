package org.multisession.web;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Refuses requests that change something and come from another site's page, to which the browser would add the user's
 * cookie (CSRF; OWASP ASVS 5.0, 3.5.1).
 *
 * <pre>
 * GET, HEAD, OPTIONS                      passes: they change nothing
 * Sec-Fetch-Site: same-origin | none      passes
 * Sec-Fetch-Site: anything else           403
 * no Sec-Fetch-Site, Origin of this host  passes: an older browser; over HTTP/2 the host is that of :authority
 * no Sec-Fetch-Site, any other Origin     403
 * neither header                          passes: no browser, so nobody's cookie was added behind their back
 * </pre>
 */
public final class CrossSiteFilter extends HttpFilter {

    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");

    /** A host with or without a port. {@code java.net.URI} would not accept {@code my_app} as a host. */
    private static final Pattern HOST = Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[0-9A-Za-z._-]+)(?::([0-9]{1,5}))?");

    private static final Pattern ORIGIN = Pattern.compile("(?i:https?)://" + HOST);

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (!READING.contains(request.getMethod()) && !isOwn(request)) {
            throw new HttpProblem(
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
        return origin == null || isSameHost(origin, host(request));
    }

    /** The requested host, as the client has named it, also in HTTP/2, which has no {@code Host}. */
    private static String host(HttpServletRequest request) {
        String host = request.getHeader("Host");
        return host != null ? host : request.getServerName() + ":" + request.getServerPort();
    }

    /** Compares hosts, and ports where both name one: a proxy may have left it out of {@code Host}. */
    static boolean isSameHost(String origin, @Nullable String host) {
        Matcher from = ORIGIN.matcher(origin);
        Matcher here = HOST.matcher(host == null ? "" : host);
        if (!from.matches() || !here.matches()) {
            return false;
        }
        boolean samePort =
                from.group(2) == null || here.group(2) == null || from.group(2).equals(here.group(2));
        return samePort && from.group(1).equalsIgnoreCase(here.group(1));
    }
}
