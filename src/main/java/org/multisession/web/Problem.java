package org.multisession.web;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An error for programs (RFC 9457, {@code application/problem+json}).
 *
 * @param code stable name of the problem
 * @param reference what to quote to the operator of the service, or null
 */
public record Problem(
        int status, String code, String detail, @Nullable String reference) {

    private static final Map<Integer, String> TITLES = Map.ofEntries(
            Map.entry(400, "Bad Request"),
            Map.entry(401, "Unauthorized"),
            Map.entry(403, "Forbidden"),
            Map.entry(404, "Not Found"),
            Map.entry(405, "Method Not Allowed"),
            Map.entry(408, "Request Timeout"),
            Map.entry(409, "Conflict"),
            Map.entry(413, "Content Too Large"),
            Map.entry(415, "Unsupported Media Type"),
            Map.entry(422, "Unprocessable Content"),
            Map.entry(429, "Too Many Requests"),
            Map.entry(500, "Internal Server Error"),
            Map.entry(503, "Service Unavailable"));

    /** What the status is called. */
    public String title() {
        return TITLES.getOrDefault(status, "Error");
    }
}
