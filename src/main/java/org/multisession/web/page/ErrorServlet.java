package org.multisession.web.page;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.multisession.web.HttpProblem;
import org.multisession.web.HttpProblemResponder;

/**
 * What the container shows instead of its own error page, which would reveal its version: for its own 404 and 400, and
 * for other servlets' {@code sendError}.
 */
public final class ErrorServlet extends HttpServlet {

    private final transient HttpProblemResponder responder;

    public ErrorServlet(HttpProblemResponder responder) {
        this.responder = responder;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        Object status = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE);
        boolean isError = request.getDispatcherType() == DispatcherType.ERROR && status instanceof Integer;
        responder.respond(request, response, failure(isError ? (Integer) status : 404), null);
    }

    private static HttpProblem failure(int status) {
        return switch (status) {
            case 400 -> new HttpProblem(400, "bad-request", "The request could not be understood.");
            case 401 -> HttpProblem.unauthenticated();
            case 403 -> new HttpProblem(403, "forbidden", "You may not do that.");
            case 404 -> new HttpProblem(404, "not-found", "There is nothing at this address.");
            case 405 -> new HttpProblem(405, "method-not-allowed", "This address does not support that method.");
            default ->
                status >= 500
                        ? new HttpProblem(status, "internal", "The request failed with an internal error.")
                        : new HttpProblem(status, "error", "The request could not be answered.");
        };
    }
}
