package org.multisession.web;

import jakarta.servlet.http.HttpServletResponse;

/** Redirects in the one form that is used here. */
public final class Redirect {

    private Redirect() {}

    /** 303: go and GET this path of the same host. */
    public static void seeOther(HttpServletResponse response, String path) {
        response.setStatus(HttpServletResponse.SC_SEE_OTHER);
        response.setHeader("Location", path);
    }
}
