package org.multisession.web.api;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.multisession.web.HttpProblem;
import org.multisession.web.Readiness;

/**
 * Answers 503 while the database is still being migrated: nothing of ours counts until that is done. {@code /health} says
 * how far it is. What asks the database nothing is served.
 */
public final class ReadinessFilter extends HttpFilter {

    private static final String HEALTH = "/health";
    private static final Set<String> ASK_NOTHING =
            Set.of("/static/*", "/static/logo", "/error", "/health/live", "/metrics", "/api/openapi.json");

    private final transient Readiness readiness;
    private final String stage;
    private final String version;

    public ReadinessFilter(Readiness readiness, String stage, String version) {
        this.readiness = readiness;
        this.stage = stage;
        this.version = version;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        Readiness.State state = readiness.state();
        if (state instanceof Readiness.State.Serving
                || ASK_NOTHING.contains(request.getHttpServletMapping().getPattern())) {
            chain.doFilter(request, response);
            return;
        }
        if (request.getHttpServletMapping().getPattern().equals(HEALTH)
                && request.getMethod().equals("GET")) {
            response.setHeader("Cache-Control", "no-store");
            Json.write(response, 503, health(state));
            return;
        }
        throw state instanceof Readiness.State.Migrating ? HttpProblem.migrating() : HttpProblem.outOfService();
    }

    private Map<String, Object> health(Readiness.State state) {
        Map<String, Object> health = new LinkedHashMap<>();
        health.put("status", state instanceof Readiness.State.Migrating ? "migrating" : "down");
        health.put("database", state instanceof Readiness.State.Migrating ? "up" : "unknown");
        health.put("schema", state instanceof Readiness.State.Migrating ? "incomplete" : "unknown");
        health.put("stage", stage);
        health.put("version", version);
        if (state instanceof Readiness.State.Migrating migrating) {
            health.put("step", migrating.step());
            health.put("done", migrating.done());
            health.put("total", migrating.total());
        }
        return health;
    }
}
