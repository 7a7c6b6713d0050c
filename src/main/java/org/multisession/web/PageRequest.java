package org.multisession.web;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;

/**
 * A request on its last step, to one of our own pages, which show only what a servlet or the error filter has put into
 * it. {@link AuthFilter} lets it through: an error of a protected route must have its page too, and the container
 * still names the route as the one that is asked for.
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
