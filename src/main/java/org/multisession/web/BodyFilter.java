package org.multisession.web;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;

/**
 * Keeps those who send their bodies slowly from holding all of Tomcat's threads: a byte at a time, 200 of them would.
 *
 * <pre>
 * the whole body has come with the header   read at once, without any limit
 * the rest is still on its way              read until a deadline, by few at a time: 408, 503
 * it is on its way, and nobody reads it     the answer goes out, and the connection is closed
 * </pre>
 *
 * Who is signed in does not wait behind those who are not. Comes before every other filter.
 */
public final class BodyFilter extends HttpFilter {

    /** A phone in a tunnel sends 16 KiB within this time. */
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    /** A tenth of the threads that Tomcat has by default. */
    private static final int MOST_WAITING = 20;

    private final Duration deadline;
    private final transient Semaphore strangers = new Semaphore(MOST_WAITING);
    private final transient Semaphore signedIn = new Semaphore(MOST_WAITING);

    public BodyFilter() {
        this(DEADLINE);
    }

    BodyFilter(Duration deadline) {
        this.deadline = deadline;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        boolean isChunked = request.getHeader("Transfer-Encoding") != null;
        long length = request.getContentLengthLong();
        if (length <= 0 && !isChunked) {
            chain.doFilter(request, response);
            return;
        }
        // How much of a body in chunks has come, Tomcat cannot tell.
        byte[] come = isChunked ? new byte[0] : whatHasCome(request.getInputStream());
        boolean closes =
                !isChunked && come.length < length && request.getProtocol().startsWith("HTTP/1");
        if (closes) {
            // Said now, since a page is on its way when it is done.
            response.setHeader("Connection", "close");
        }
        try (SlowBody body = new SlowBody(request, come, strangers, signedIn, deadline)) {
            chain.doFilter(body, response);
        }
        if (closes && !request.isAsyncStarted() && !request.getInputStream().isFinished()) {
            response.flushBuffer();
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
