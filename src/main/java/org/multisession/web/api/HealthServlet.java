package org.multisession.web.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.multisession.db.DatabaseException;
import org.multisession.web.Route;

/** {@code GET /health}: 200 while the database answers and has all that the promises rest on, else 503. */
public final class HealthServlet extends Route {

    private final transient Supplier<List<String>> missingFromSchema;
    private final String stage;

    /** The supplier names what the schema lacks, and throws if the database does not answer. */
    public HealthServlet(Supplier<List<String>> missingFromSchema, String stage) {
        super("GET");
        this.missingFromSchema = missingFromSchema;
        this.stage = stage;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String database = "up";
        String schema = "unknown";
        try {
            schema = missingFromSchema.get().isEmpty() ? "complete" : "incomplete";
        } catch (DatabaseException e) {
            database = "down";
        }
        boolean healthy = schema.equals("complete");
        Map<String, Object> health = new LinkedHashMap<>();
        health.put("status", healthy ? "up" : "down");
        health.put("database", database);
        health.put("schema", schema);
        health.put("stage", stage);
        Json.write(response, healthy ? 200 : 503, health);
    }
}
