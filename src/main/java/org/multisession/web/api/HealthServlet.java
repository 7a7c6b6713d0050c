package org.multisession.web.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.multisession.db.DatabaseException;
import org.multisession.db.DatabaseReplacedException;
import org.multisession.web.MethodServlet;

/**
 * {@code GET /health}: 200 while the database answers and has all that the promises rest on, else 503; also 503 once this
 * application is about to stop. A full disk leaves it at 200: those who are signed in are served, and another node would have
 * the same disk.
 */
public final class HealthServlet extends MethodServlet {

    private final transient Supplier<List<String>> missingFromSchema;
    private final transient BooleanSupplier databaseIsShared;
    private final transient Supplier<String> storage;
    private final transient BooleanSupplier draining;
    private final String stage;
    private final String version;

    /**
     * @param missingFromSchema names what the schema lacks, and throws if the database does not answer
     * @param databaseIsShared whether another copy of SQLite in this JVM has the file open
     * @param storage {@code up}, or what is wrong with what the database is kept on
     * @param draining whether this application is about to stop
     * @param version of this product
     */
    public HealthServlet(
            Supplier<List<String>> missingFromSchema,
            BooleanSupplier databaseIsShared,
            Supplier<String> storage,
            BooleanSupplier draining,
            String stage,
            String version) {
        super("GET");
        this.missingFromSchema = missingFromSchema;
        this.databaseIsShared = databaseIsShared;
        this.storage = storage;
        this.draining = draining;
        this.stage = stage;
        this.version = version;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        boolean serves = !databaseIsShared.getAsBoolean();
        String database = serves ? storage.get() : "shared-in-jvm";
        String schema = "unknown";
        try {
            schema = missingFromSchema.get().isEmpty() ? "complete" : "incomplete";
        } catch (DatabaseReplacedException e) {
            serves = false;
            database = "replaced";
        } catch (DatabaseException e) {
            serves = false;
            database = "down";
        }
        boolean healthy = serves && schema.equals("complete");
        boolean isDraining = draining.getAsBoolean();
        Map<String, Object> health = new LinkedHashMap<>();
        health.put("status", !healthy ? "down" : isDraining ? "draining" : database.equals("up") ? "up" : "degraded");
        health.put("database", database);
        health.put("schema", schema);
        health.put("stage", stage);
        health.put("version", version);
        Json.write(response, healthy && !isDraining ? 200 : 503, health);
    }
}
