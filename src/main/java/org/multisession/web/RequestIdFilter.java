package org.multisession.web;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Gives each request an id, by which its lines in the log, its answer and the logs of a proxy can be matched: the one
 * it brings in {@value #HEADER}, if that does no harm in a log, or else a random one.
 */
public final class RequestIdFilter extends HttpFilter {

    static final String HEADER = "X-Request-Id";

    /** Nothing that ends a line; longer than a code or a number, and shorter than a token of ours: none goes into a log. */
    private static final Pattern GOOD = Pattern.compile("[A-Za-z0-9._-]{16,36}");

    private final transient RequestIds ids;

    public RequestIdFilter(RequestIds ids) {
        this.ids = ids;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        String outer = ids.current().orElse(null);
        String id = id(request);
        request.setAttribute(RequestIds.ATTRIBUTE, id);
        response.setHeader(HEADER, id);
        ids.set(id);
        try {
            chain.doFilter(request, response);
        } finally {
            ids.set(outer);
        }
    }

    private String id(HttpServletRequest request) {
        if (request.getAttribute(RequestIds.ATTRIBUTE) instanceof String known) {
            // A later dispatch of the same request.
            return known;
        }
        @Nullable String given = request.getHeader(HEADER);
        if (given != null && GOOD.matcher(given).matches()) {
            return given;
        }
        // It tells requests apart and guards nothing, so it need not be hard to guess.
        return HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    }
}
