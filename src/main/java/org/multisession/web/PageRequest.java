package org.multisession.web;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;

/**
 * A request on its last step, to one of our own pages, which show only what a servlet or the error filter has put into
 * it. Within an error dispatch Tomcat runs the filters for this step again and names the failed route as the requested
 * one. The filters must let it through, or the error page of a protected route would be refused again and again.
 */
public final class PageRequest extends HttpServletRequestWrapper {

    public PageRequest(HttpServletRequest request) {
        super(request);
    }

    /** A JSP rejects PUT, DELETE and the like instead of showing its page. */
    @Override
    public String getMethod() {
        return "GET";
    }

    /** So that every link of the page has it in its one spelling. */
    @Override
    public String getContextPath() {
        return ContextPath.of((HttpServletRequest) getRequest());
    }
}
