package org.multisession.web;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseReplacedException;
import org.multisession.db.FailureKind;
import org.multisession.db.StorageException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one place where a failure becomes an HTTP answer; only the filters for the request id and the body come before
 * it. An unexpected failure is answered with 500 and a short reference, under which it stands in the log, and with
 * nothing else.
 */
public final class ErrorFilter extends HttpFilter {

    private static final Logger log = LoggerFactory.getLogger(ErrorFilter.class);

    private static final Duration REMINDER = Duration.ofSeconds(10);

    private final transient HttpProblemResponder responder;
    private final SecureRandom random;
    private final transient LongSupplier nanos;

    /** When it was last told that the database cannot be reached. */
    private final AtomicLong toldAt;

    /** @param nanos tells the time that has passed, as {@link System#nanoTime} does */
    public ErrorFilter(HttpProblemResponder responder, SecureRandom random, LongSupplier nanos) {
        this.responder = responder;
        this.random = random;
        this.nanos = nanos;
        this.toldAt = new AtomicLong(nanos.getAsLong() - REMINDER.toNanos());
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (request instanceof PageRequest) {
            // If showing a page fails, an error page in its place would fail the same way, without end.
            chain.doFilter(request, response);
            return;
        }
        try {
            chain.doFilter(request, response);
        } catch (HttpProblem failure) {
            responder.respond(request, response, failure, null);
        } catch (DatabaseReplacedException e) {
            // Logged once, when it was noticed, and not for each request.
            responder.respond(request, response, HttpProblem.busy(), null);
        } catch (StorageException e) {
            // Logged by whoever watches that, now and then, and not for each request.
            responder.respond(request, response, HttpProblem.unavailable(), null);
        } catch (DatabaseBusyException e) {
            if (e.kind() == FailureKind.BUSY || isDueAgain()) {
                log.warn("A request was answered with 503: {}", e.getMessage());
            }
            responder.respond(request, response, HttpProblem.busy(), null);
        } catch (RuntimeException | ServletException e) {
            String reference = reference();
            // Only the path: a query string may contain what must not be logged. Control characters would forge lines.
            log.error(
                    "Request failed, reference {}: {} {}",
                    reference,
                    request.getMethod(),
                    request.getRequestURI().replaceAll("\\p{Cntrl}", "?"),
                    e);
            if (response.isCommitted()) {
                throw e;
            }
            HttpProblem failure = new HttpProblem(
                    500,
                    "internal",
                    "The request failed with an internal error, which is in the log under this reference.");
            responder.respond(request, response, failure, reference);
        }
    }

    /** While a server is away every request fails, as fast as they come. */
    private boolean isDueAgain() {
        long now = nanos.getAsLong();
        long last = toldAt.get();
        return now - last >= REMINDER.toNanos() && toldAt.compareAndSet(last, now);
    }

    private String reference() {
        byte[] bytes = new byte[4];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
