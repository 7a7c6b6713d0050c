package org.multisession.web.page;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.multisession.web.Browser;
import org.multisession.web.PageRequest;

/**
 * Shows a JSP. The build compiles the JSPs ({@code maven-antrun-plugin} in the pom), so that the first view is as fast
 * as any other and Tomcat compiles nothing. They are servlets with a name but without a URL, so nobody can request one.
 */
public final class Pages {

    /** The names of all pages; {@code NAME} is {@code /WEB-INF/jsp/NAME.jsp}. */
    public static final List<String> NAMES = List.of("login", "code", "confirm", "logout", "home", "sessions", "error");

    private Pages() {}

    /** The name of this page's servlet. */
    public static String servletName(String page) {
        return "page-" + page;
    }

    /** The class that the page compiler creates from this page. */
    public static String className(String page) {
        return "org.apache.jsp.WEB_002dINF.jsp." + page + "_jsp";
    }

    static void show(
            HttpServletRequest request, HttpServletResponse response, int status, String page, Map<String, ?> model)
            throws ServletException, IOException {
        Locale language = Browser.language(request);
        model.forEach(request::setAttribute);
        request.setAttribute("lang", language.getLanguage());
        response.setStatus(status);
        response.setContentType("text/html;charset=UTF-8");
        response.setHeader("Content-Language", language.getLanguage());
        response.setHeader("Vary", "Accept-Language, Cookie");
        RequestDispatcher view = request.getServletContext().getNamedDispatcher(servletName(page));
        if (view == null) {
            throw new IllegalStateException("there is no page " + page);
        }
        view.forward(new PageRequest(request), response);
    }
}
