package org.multisession.web;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;

/** A servlet that declares its methods; any other gets 405 with {@code Allow}. HEAD is handled like GET. */
public abstract class MethodServlet extends HttpServlet {

    private final List<String> methods;

    protected MethodServlet(String... methods) {
        this.methods = List.of(methods);
    }

    @Override
    protected final void service(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        requirePath(request);
        String method = request.getMethod().equals("HEAD") ? "GET" : request.getMethod();
        if (method.equals("OPTIONS")) {
            response.setHeader("Allow", allowed());
            response.setStatus(HttpServletResponse.SC_NO_CONTENT);
        } else if (!methods.contains(method)) {
            throw HttpProblem.wrongMethod(allowed());
        } else {
            switch (method) {
                case "GET" -> doGet(request, response);
                case "POST" -> doPost(request, response);
                case "DELETE" -> doDelete(request, response);
                default -> throw new IllegalStateException("no handler for " + method);
            }
        }
    }

    /** Fails with 404 if there is nothing at this path, before the method is checked. By default there always is. */
    protected void requirePath(HttpServletRequest request) {}

    private String allowed() {
        return (methods.contains("GET") ? "HEAD, " : "") + String.join(", ", methods) + ", OPTIONS";
    }
}
