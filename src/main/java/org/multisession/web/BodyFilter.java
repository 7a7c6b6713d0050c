package org.multisession.web;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
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
 * Keeps those who send their bodies slowly from holding all of Tomcat's threads: a byte at a time, 200 of them would.
 *
 * <pre>
 * the whole body has come with the header   read at once, without any limit
 * the rest is still on its way              read until a deadline, by few at a time: 408, 503
 * it is on its way, and nobody reads it     the answer goes out, and the connection is closed
 * </pre>
 *
 * Who is signed in does not wait behind those who are not, and no network takes every place. It guards the servlets that
 * say so ({@link #GUARDED}): ours, which read their bodies by {@code getInputStream} alone. A request for any other servlet
 * passes as it is, to be read in whatever way that servlet likes, unless it is refused before. Comes before every other
 * filter.
 */
public final class BodyFilter extends HttpFilter {

    /** Name of the init parameter by which a servlet says {@code true} if its bodies are read under guard. */
    public static final String GUARDED = "org.multisession.guarded";

    private static final String HANDED_ON = BodyFilter.class.getName() + ".handedOn";

    /** A phone in a tunnel sends 16 KiB within this time. */
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    /** A tenth of the threads that Tomcat has by default. */
    private static final int MAX_WAITING = 20;

    /** Those of one network who may wait at a time. */
    private static final int MAX_PER_NETWORK = 4;

    private final transient Places strangers = new Places(MAX_WAITING, MAX_PER_NETWORK);
    private final transient Places signedIn = new Places(MAX_WAITING, MAX_PER_NETWORK);

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        boolean isHttp1 = request.getProtocol().startsWith("HTTP/1");
        long length = request.getContentLengthLong();
        // Only HTTP/1 says by a header that a body of unknown length comes; elsewhere it just comes.
        boolean isUnknown = isHttp1 ? request.getHeader("Transfer-Encoding") != null : length < 0;
        if (length <= 0 && !isUnknown) {
            chain.doFilter(request, response);
        } else if (isGuarded(request)) {
            // How much of a body in chunks has come, Tomcat cannot tell.
            byte[] come = isUnknown ? new byte[0] : whatHasCome(request.getInputStream());
            try (SlowBody body = new SlowBody(request, come, strangers, signedIn, DEADLINE)) {
                pass(chain, body, response, isHttp1 && !isUnknown, () -> !body.isWhole());
            }
        } else {
            pass(chain, request, response, isHttp1 && !isUnknown, () -> isRefusedUnread(request, length));
        }
    }

    /** Called by the last of our filters: whoever comes now may read the body in their own way. */
    static void handOn(HttpServletRequest request) {
        request.setAttribute(HANDED_ON, true);
    }

    private static boolean isGuarded(HttpServletRequest request) {
        String name = request.getHttpServletMapping().getServletName();
        ServletRegistration servlet = request.getServletContext().getServletRegistration(name);
        return servlet != null && "true".equals(servlet.getInitParameter(GUARDED));
    }

    /** Nobody has read anything of what never got past our filters. */
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
                leave(request);
            }
        }
    }

    /** Without waiting for more, and no more than any of our own servlets reads. */
    private static byte[] whatHasCome(ServletInputStream in) throws IOException {
        ByteArrayOutputStream come = new ByteArrayOutputStream();
        byte[] part = new byte[2048];
        while (come.size() <= RequestBody.LARGEST && !in.isFinished() && in.available() > 0) {
            int read = in.read(part);
            if (read < 0) {
                break;
            }
            come.write(part, 0, read);
        }
        return come.toByteArray();
    }

    /**
     * Ends the request without its body. Tomcat would wait for the rest, to find the next request behind it; not where
     * the body was to be read without blocking. (Of a body in chunks it would then wait in a busy loop, so not there.)
     */
    private static void leave(HttpServletRequest request) throws IOException {
        // A servlet of Tomcat's own, to which this was forwarded, has switched it off.
        request.setAttribute("org.apache.catalina.ASYNC_SUPPORTED", true);
        AsyncContext async = request.startAsync();
        request.getInputStream().setReadListener(NobodyReads.INSTANCE);
        async.complete();
    }

    private enum NobodyReads implements ReadListener {
        INSTANCE;

        @Override
        public void onDataAvailable() {}

        @Override
        public void onAllDataRead() {}

        @Override
        public void onError(Throwable throwable) {}
    }
}
