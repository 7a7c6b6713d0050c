package org.multisession.web.page;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.web.Browser;
import org.multisession.web.FailureResponder;
import org.multisession.web.LocalPath;
import org.multisession.web.RequestFailure;
import org.multisession.web.Words;

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
        boolean isWorthAnotherTry = failure.status() == 429 || failure.status() == 503;
        if (isWorthAnotherTry) {
            model.put("retry", Objects.requireNonNullElse(whereToTryAgain(request), request.getContextPath() + "/"));
            model.put("wait", Wait.ofSeconds(seconds(failure), new Words(Browser.language(request))));
        }
        Pages.show(request, response, failure.status(), "error", model);
    }

    /** The page itself, or the one with the form or the button whose request has failed; null where it is not known. */
    private static @Nullable String whereToTryAgain(HttpServletRequest request) {
        if (request.getMethod().equals("GET")) {
            return LocalPath.of(request.getRequestURI(), request.getQueryString());
        }
        try {
            // The page that another site's form comes from is not ours to lead to, and its path is not on this host.
            URI form = new URI(String.valueOf(request.getHeader("Referer")));
            boolean isOurs = request.getServerName().equalsIgnoreCase(form.getHost());
            return isOurs ? LocalPath.of(String.valueOf(form.getRawPath()), form.getRawQuery()) : null;
        } catch (URISyntaxException e) {
            return null;
        }
    }

    private static long seconds(RequestFailure failure) {
        String retryAfter = failure.headers().get("Retry-After");
        return retryAfter == null ? 0 : Long.parseLong(retryAfter);
    }
}
