package org.multisession.web.page;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
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
import org.multisession.web.ContextPath;
import org.multisession.web.HttpProblem;
import org.multisession.web.HttpProblemResponder;
import org.multisession.web.LocalPath;
import org.multisession.web.Messages;

/** Error pages for browsers; passes everybody else on to the next responder. */
public final class ErrorPages implements HttpProblemResponder {

    /** The statuses that have their own texts in the messages. */
    static final Set<Integer> WITH_WORDS = Set.of(400, 401, 403, 404, 405, 408, 413, 415, 429, 500, 503);

    private static final Set<Integer> WORTH_ANOTHER_TRY = Set.of(408, 429, 503);

    /** Request attributes of Servlet 6.1, which Tomcat 11 sets. */
    private static final String ERROR_METHOD = "jakarta.servlet.error.method";

    private static final String ERROR_QUERY_STRING = "jakarta.servlet.error.query_string";

    private final HttpProblemResponder forPrograms;

    public ErrorPages(HttpProblemResponder forPrograms) {
        this.forPrograms = forPrograms;
    }

    @Override
    public void respond(
            HttpServletRequest request, HttpServletResponse response, HttpProblem failure, @Nullable String reference)
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
        String key = key(failure);
        Map<String, Object> model = new HashMap<>();
        model.put("status", failure.status());
        model.put("titleKey", "error." + key + ".title");
        model.put("detailKey", "error." + key + ".detail");
        model.put("reference", reference);
        if (WORTH_ANOTHER_TRY.contains(failure.status())) {
            model.put("retry", Objects.requireNonNullElse(whereToTryAgain(request), ContextPath.of(request) + "/"));
            model.put("wait", Wait.ofSeconds(seconds(failure), new Messages(Browser.language(request))));
        }
        Pages.show(request, response, failure.status(), "error", model);
    }

    private static String key(HttpProblem failure) {
        if (failure.code().equals(HttpProblem.UNAVAILABLE)) {
            return HttpProblem.UNAVAILABLE;
        }
        return WITH_WORDS.contains(failure.status()) ? String.valueOf(failure.status()) : "other";
    }

    /** The page itself, or the one with the form or the button whose request failed; null if unknown. */
    private static @Nullable String whereToTryAgain(HttpServletRequest request) {
        if ("GET".equals(asked(request, ERROR_METHOD, request.getMethod()))) {
            String path = asked(request, RequestDispatcher.ERROR_REQUEST_URI, request.getRequestURI());
            String query = asked(request, ERROR_QUERY_STRING, request.getQueryString());
            return LocalPath.of(String.valueOf(path), query);
        }
        try {
            // We do not link to another site's page with the form, and its path is not on this host.
            URI form = new URI(String.valueOf(request.getHeader("Referer")));
            boolean isOurs = request.getServerName().equalsIgnoreCase(form.getHost());
            return isOurs ? LocalPath.of(String.valueOf(form.getRawPath()), form.getRawQuery()) : null;
        } catch (URISyntaxException e) {
            return null;
        }
    }

    /** The path originally requested: in an error dispatch, the request is for {@code /error}. */
    private static @Nullable String asked(HttpServletRequest request, String attribute, @Nullable String now) {
        boolean isError = request.getDispatcherType() == DispatcherType.ERROR;
        return isError && request.getAttribute(attribute) instanceof String first ? first : now;
    }

    private static long seconds(HttpProblem failure) {
        String retryAfter = failure.headers().get("Retry-After");
        return retryAfter == null ? 0 : Long.parseLong(retryAfter);
    }
}
