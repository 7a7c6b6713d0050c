package org.multisession.web;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;

/**
 * Keeps clients that send their bodies slowly from occupying all of Tomcat's threads: 200 of them, each sending a byte
 * at a time, would be enough.
 *
 * <pre>
 * the whole body came with the header       it is read at once, without any limit
 * the rest is still on its way              it is read until a deadline, by few at a time: 408, 503
 * it is on its way, and nobody reads it     the answer goes out, and the connection is closed soon
 * </pre>
 *
 * Signed-in users do not wait behind strangers, and no network takes every place. It guards the servlets that ask for
 * it ({@link #GUARDED}): ours, which read their bodies only by {@code getInputStream}. A request for any other servlet
 * passes unchanged, unless it is refused first, and that servlet may read it in any way. Comes before every other
 * filter.
 */
public final class BodyFilter extends HttpFilter {

    /** Name of the init parameter that a servlet sets to {@code true} to have its bodies guarded. */
    public static final String GUARDED = "org.multisession.guarded";

    private static final String HANDED_ON = BodyFilter.class.getName() + ".handedOn";

    /** A phone in a tunnel sends 16 KiB within this time. */
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    /** A tenth of the threads that Tomcat has by default. */
    private static final int MAX_WAITING = 20;

    /** How many from one network may wait at a time. */
    private static final int MAX_PER_NETWORK = 4;

    private final transient Places strangers = new Places(MAX_WAITING, MAX_PER_NETWORK);
    private final transient Places signedIn = new Places(MAX_WAITING, MAX_PER_NETWORK);

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        boolean isHttp1 = request.getProtocol().startsWith("HTTP/1");
        long length = request.getContentLengthLong();
        // Only HTTP/1 announces a body of unknown length with a header; elsewhere it just arrives.
        boolean isUnknown = isHttp1 ? request.getHeader("Transfer-Encoding") != null : length < 0;
        if (length <= 0 && !isUnknown) {
            chain.doFilter(request, response);
        } else if (isGuarded(request)) {
            // Tomcat cannot tell how much of a chunked body has arrived.
            byte[] come = isUnknown ? new byte[0] : whatHasCome(request.getInputStream());
            try (SlowBody body = new SlowBody(request, come, strangers, signedIn, DEADLINE)) {
                pass(chain, body, response, isHttp1 && !isUnknown, () -> !body.isWhole());
            }
        } else {
            pass(chain, request, response, isHttp1 && !isUnknown, () -> isRefusedUnread(request, length));
        }
    }

    /** Called by the last of our filters: from here on, the body may be read in any way. */
    static void handOn(HttpServletRequest request) {
        // It is asked for only where a body of that length has come.
        if (request.getContentLengthLong() > 0) {
            request.setAttribute(HANDED_ON, true);
        }
    }

    private static boolean isGuarded(HttpServletRequest request) {
        String name = request.getHttpServletMapping().getServletName();
        ServletRegistration servlet = request.getServletContext().getServletRegistration(name);
        return servlet != null && "true".equals(servlet.getInitParameter(GUARDED));
    }

    /** A request that never got past our filters is unread. */
    private static boolean isRefusedUnread(HttpServletRequest request, long length) throws IOException {
        if (request.getAttribute(HANDED_ON) != null) {
            return false;
        }
        ServletInputStream in = request.getInputStream();
        return !in.isFinished() && in.available() < length;
    }

    private static void pass(
            FilterChain chain,
            HttpServletRequest request,
            HttpServletResponse response,
            boolean isLengthKnown,
            ClosingResponse.Unread unread)
            throws IOException, ServletException {
        if (!isLengthKnown) {
            chain.doFilter(request, response);
            return;
        }
        ClosingResponse answer = new ClosingResponse(response, unread);
        chain.doFilter(request, answer);
        if (!request.isAsyncStarted() && unread.now()) {
            answer.flushBuffer();
            // Not where an error page is still to come, which begins anew: the rest of the body must never be taken for
            // the next request of a connection that goes on.
            if (response.isCommitted() && "close".equals(response.getHeader("Connection"))) {
                LingeringClose.of(request);
            }
        }
    }

    /** Reads what has arrived, without waiting, and no more than any of our own servlets reads. */
    private static byte[] whatHasCome(ServletInputStream in) throws IOException {
        ByteArrayOutputStream come = new ByteArrayOutputStream();
        byte[] part = new byte[2048];
        while (come.size() <= RequestBody.MAX_LENGTH && !in.isFinished() && in.available() > 0) {
            int read = in.read(part);
            if (read < 0) {
                break;
            }
            come.write(part, 0, read);
        }
        return come.toByteArray();
    }
}
