package org.multisession.web.page;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.web.Browser;
import org.multisession.web.FailureResponder;
import org.multisession.web.RequestFailure;

/** Error pages for browsers; hands everybody else over to the next responder. */
public final class ErrorPages implements FailureResponder {

    /** The answers that have words of their own in the messages. */
    static final Set<Integer> WITH_WORDS = Set.of(400, 401, 403, 404, 405, 413, 415, 429, 500, 503);

    private final FailureResponder forPrograms;

    public ErrorPages(FailureResponder forPrograms) {
        this.forPrograms = forPrograms;
    }

    @Override
    public void respond(
            HttpServletRequest request,
            HttpServletResponse response,
            RequestFailure failure,
            @Nullable String reference)
            throws IOException, ServletException {
        if (response.isCommitted()) {
            return;
        }
        response.resetBuffer();
        failure.headers().forEach(response::setHeader);
        if (!Browser.accepts(request)) {
            forPrograms.respond(request, response, failure, reference);
            return;
        }
        String key = WITH_WORDS.contains(failure.status()) ? String.valueOf(failure.status()) : "other";
        Map<String, Object> model = new HashMap<>();
        model.put("status", failure.status());
        model.put("titleKey", "error." + key + ".title");
        model.put("detailKey", "error." + key + ".detail");
        model.put("reference", reference);
        model.put("retryAfter", failure.headers().get("Retry-After"));
        Pages.show(request, response, failure.status(), "error", model);
    }
}
