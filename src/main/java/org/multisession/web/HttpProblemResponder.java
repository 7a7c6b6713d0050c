package org.multisession.web;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Answers with an error: a page for a browser, {@code application/problem+json} for everybody else. */
public interface HttpProblemResponder {

    /** Answers; the sender may quote the reference to the operator of the service. It is null if nothing was logged. */
    void respond(
            HttpServletRequest request, HttpServletResponse response, HttpProblem failure, @Nullable String reference)
            throws IOException, ServletException;
}
