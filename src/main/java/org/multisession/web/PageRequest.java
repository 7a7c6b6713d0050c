package org.multisession.web;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;

/**
 * A request on its last step, to one of our own pages, which show only what a servlet or the error filter has put into
 * it. Within an error dispatch Tomcat runs the filters for this step again and names the route that failed as the one
 * asked for: the filters must let it through, or the error page of a protected route is refused, for ever again.
 */
public final class PageRequest extends HttpServletRequestWrapper {

    public PageRequest(HttpServletRequest request) {
        super(request);
    }

    /** A JSP answers to PUT, DELETE and their like that it does not know them, in place of the page that is shown. */
    @Override
    public String getMethod() {
        return "GET";
    }
}
