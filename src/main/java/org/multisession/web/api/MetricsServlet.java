package org.multisession.web.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Supplier;
import org.multisession.web.AddressRanges;
import org.multisession.web.HttpProblem;
import org.multisession.web.MethodServlet;

/** {@code GET /metrics}: what Prometheus scrapes. To anybody else there is nothing here. */
public final class MetricsServlet extends MethodServlet {

    /** How a proxy tells for whom it asks. */
    private static final List<String> FORWARDED = List.of("Forwarded", "X-Forwarded-For", "X-Real-IP");

    private final transient Supplier<String> metrics;
    private final transient AddressRanges allowed;

    /** @param metrics in the text format of Prometheus */
    public MetricsServlet(Supplier<String> metrics, AddressRanges allowed) {
        super("GET");
        this.metrics = metrics;
        this.allowed = allowed;
    }

    @Override
    protected void requirePath(HttpServletRequest request) {
        if (!isAllowed(request)) {
            throw HttpProblem.notFound("There is nothing here.");
        }
    }

    /**
     * One that a proxy hands on comes from whom the proxy names, and who that is, only Tomcat's {@code RemoteIpValve} can
     * tell, which takes the proxy's headers out.
     */
    private boolean isAllowed(HttpServletRequest request) {
        return FORWARDED.stream().allMatch(name -> request.getHeader(name) == null)
                && allowed.hold(request.getRemoteAddr());
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        byte[] body = metrics.get().getBytes(StandardCharsets.UTF_8);
        response.setContentType("text/plain; version=0.0.4; charset=utf-8");
        response.setHeader("Cache-Control", "no-store");
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }
}
