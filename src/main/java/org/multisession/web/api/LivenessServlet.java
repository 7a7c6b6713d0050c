package org.multisession.web.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import org.multisession.web.MethodServlet;

/**
 * {@code GET /health/live}: 200 while this application runs, whatever its database does. Who gets no answer may restart
 * Tomcat; a database that is away is not mended by that.
 */
public final class LivenessServlet extends MethodServlet {

    public LivenessServlet() {
        super("GET");
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Json.write(response, 200, Map.of("status", "up"));
    }
}
