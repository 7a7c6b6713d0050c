package org.multisession.web.page;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.multisession.web.MethodServlet;

/** {@code GET /static/…}: style sheet and pictures, served by Tomcat's own file servlet; public and cacheable. */
public final class StaticServlet extends MethodServlet {

    public StaticServlet() {
        super("GET");
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        RequestDispatcher files = request.getServletContext().getNamedDispatcher("default");
        if (files == null) {
            throw new IllegalStateException("this Tomcat has no default servlet; see its conf/web.xml");
        }
        // Asked for again when it changes: Tomcat answers with an ETag.
        response.setHeader("Cache-Control", "public, max-age=300");
        files.forward(request, response);
    }
}
