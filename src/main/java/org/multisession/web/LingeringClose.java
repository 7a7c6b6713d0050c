package org.multisession.web;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.time.Duration;

/**
 * Ends a request whose answer is complete and whose body nobody wants, and then its connection. A connection that is
 * closed on bytes that nobody has read is reset, and a client that is still sending then never sees the answer (RFC 9112,
 * section 9.6). So what comes is read and dropped for a short while, without a thread of its own. Tomcat by itself would
 * hold a thread until all of it has come.
 *
 * <p>Not for a chunked body: there, Tomcat would wait for it in a busy loop.
 */
final class LingeringClose implements ReadListener, AsyncListener {

    private static final Duration MAX_LINGER = Duration.ofSeconds(2);

    /** Whoever sends more than this at once is not waited for. */
    private static final int MAX_DROPPED = 1024 * 1024;

    private final AsyncContext async;
    private final ServletInputStream in;
    private final byte[] part = new byte[2048];
    private int dropped;
    private boolean ended;

    private LingeringClose(AsyncContext async, ServletInputStream in) {
        this.async = async;
        this.in = in;
    }

    static void of(HttpServletRequest request) throws IOException {
        HttpServletRequest received = request;
        while (received instanceof ServletRequestWrapper wrapper
                && wrapper.getRequest() instanceof HttpServletRequest inner) {
            received = inner;
        }
        // One of Tomcat's own servlets, to which this was forwarded, has switched it off.
        received.setAttribute("org.apache.catalina.ASYNC_SUPPORTED", true);
        AsyncContext async = received.startAsync();
        async.setTimeout(MAX_LINGER.toMillis());
        ServletInputStream in = received.getInputStream();
        LingeringClose close = new LingeringClose(async, in);
        async.addListener(close);
        in.setReadListener(close);
    }

    @Override
    public void onDataAvailable() throws IOException {
        while (!ended && in.isReady()) {
            int read = in.read(part);
            dropped += Math.max(0, read);
            if (read < 0 || dropped > MAX_DROPPED) {
                end();
            }
        }
    }

    @Override
    public void onAllDataRead() {
        end();
    }

    @Override
    public void onError(Throwable why) {
        end();
    }

    @Override
    public void onTimeout(AsyncEvent event) {
        end();
    }

    @Override
    public void onError(AsyncEvent event) {
        end();
    }

    @Override
    public void onComplete(AsyncEvent event) {
        ended = true;
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
        // Nobody starts it again.
    }

    private void end() {
        if (!ended) {
            ended = true;
            async.complete();
        }
    }
}
