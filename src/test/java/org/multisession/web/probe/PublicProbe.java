package org.multisession.web.probe;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Objects;

/** Open to everybody, and leads a request on to wherever its parameters say, in every way that servlets know. */
public final class PublicProbe extends HttpServlet {

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        String to = request.getParameter("to");
        switch (request.getParameter("how")) {
            case "forward" -> dispatcher(request, to).forward(request, response);
            case "include" -> dispatcher(request, to).include(request, response);
            case "forward-by-name" -> named(request, to).forward(request, response);
            case "include-by-name" -> named(request, to).include(request, response);
            case "async" -> request.startAsync().dispatch(to);
            case "async-wrapped" -> request.startAsync(request, response).dispatch(to);
            case "error" -> response.sendError(Integer.parseInt(to));
            case "forward-error" -> {
                // A page that another one includes its own errors into.
                request.setAttribute(RequestDispatcher.ERROR_STATUS_CODE, 200);
                dispatcher(request, to).forward(request, response);
            }
            default -> throw new ServletException("which way?");
        }
    }

    private static RequestDispatcher dispatcher(HttpServletRequest request, String to) {
        return Objects.requireNonNull(request.getRequestDispatcher(to));
    }

    private static RequestDispatcher named(HttpServletRequest request, String name) {
        return Objects.requireNonNull(request.getServletContext().getNamedDispatcher(name));
    }
}
