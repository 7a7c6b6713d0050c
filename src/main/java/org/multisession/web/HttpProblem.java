package org.multisession.web;

import java.time.Duration;
import java.util.Map;

/**
 * A request that cannot be answered as wanted, with what its sender is told. Thrown from anywhere behind {@link
 * ErrorFilter}, which alone turns it into an answer.
 */
public final class HttpProblem extends RuntimeException {

    /** After so many seconds, what is busy may be asked again. */
    public static final int BUSY_SECONDS = 1;

    /** The same for what fails until somebody has put it right. */
    public static final int UNAVAILABLE_SECONDS = 30;

    private static final Map<String, String> RETRY = retryAfter(BUSY_SECONDS);

    /** The code of what fails until somebody has put it right. */
    public static final String UNAVAILABLE = "unavailable";

    private final int status;
    private final String code;
    private final transient Map<String, String> headers;

    /**
     * @param code stable name for programs, such as {@code unauthenticated}
     * @param detail one or two sentences for the sender, never with a token, a code or a phone number
     */
    public HttpProblem(int status, String code, String detail) {
        // RFC 9110, 15.5.2: a 401 names the scheme that it would accept. Some clients fail where it does not.
        this(status, code, detail, status == 401 ? Map.of("WWW-Authenticate", "Bearer") : Map.of());
    }

    private HttpProblem(int status, String code, String detail, Map<String, String> headers) {
        // No stack trace: it is an answer, not a fault of ours.
        super(detail, null, false, false);
        this.status = status;
        this.code = code;
        this.headers = headers;
    }

    /** 401: the request carries no valid token. */
    public static HttpProblem unauthenticated() {
        return new HttpProblem(
                401, "unauthenticated", "No valid session came with this request. Sign in and send its token.");
    }

    /** 401: whose it is may have been proved too long ago (RFC 9470). */
    public static HttpProblem proofTooOld(Duration maxAge) {
        return new HttpProblem(
                401,
                "insufficient-user-authentication",
                "This needs a sign-in that is no older than " + maxAge.toSeconds()
                        + " s. Sign in again and repeat the request with the new token.",
                Map.of(
                        "WWW-Authenticate",
                        "Bearer error=\"insufficient_user_authentication\","
                                + " error_description=\"A more recent sign-in is required\", max_age=\""
                                + maxAge.toSeconds() + "\""));
    }

    /** 404: there is nothing here, or nothing that belongs to this user. */
    public static HttpProblem notFound(String detail) {
        return new HttpProblem(404, "not-found", detail);
    }

    /** 405: names the supported methods. */
    public static HttpProblem wrongMethod(String allowed) {
        return new HttpProblem(
                405, "method-not-allowed", "This address does not support that method.", Map.of("Allow", allowed));
    }

    /** 429: over a limit, until this many seconds from now. */
    public static HttpProblem tooMany(long seconds) {
        return new HttpProblem(
                429,
                "too-many-requests",
                "Too many codes were requested. Nothing was sent; try again later.",
                retryAfter(Math.max(1, seconds)));
    }

    /** 408: the body did not arrive in time. */
    static HttpProblem tooSlow() {
        return new HttpProblem(
                408, "too-slow", "The body of this request did not arrive in time. Nothing was done.", RETRY);
    }

    /** 503: too many others are sending slowly. */
    static HttpProblem crowded() {
        return new HttpProblem(
                503, "busy", "Too many requests are in progress. Nothing was done; try again in a moment.", RETRY);
    }

    /** 503: somebody else holds the database. */
    public static HttpProblem busy() {
        return new HttpProblem(503, "busy", "The database is busy. Nothing was changed; try again in a moment.", RETRY);
    }

    /** 503: the disk of the database is full or fails, or it cannot be written. Somebody has to put that right. */
    public static HttpProblem unavailable() {
        return new HttpProblem(
                503,
                UNAVAILABLE,
                "The database cannot do this at present. Nothing was changed; try again later.",
                retryAfter(UNAVAILABLE_SECONDS));
    }

    /** 503: the database is still being migrated. */
    public static HttpProblem migrating() {
        return new HttpProblem(
                503,
                "migrating",
                "The database is being prepared. Nothing was changed; try again in a moment.",
                retryAfter(10));
    }

    /** 503: the migration of the database failed. */
    public static HttpProblem outOfService() {
        return new HttpProblem(503, "out-of-service", "This application could not start. Its log says why.");
    }

    public int status() {
        return status;
    }

    public String code() {
        return code;
    }

    public String detail() {
        return String.valueOf(getMessage());
    }

    /** Headers that the answer needs besides its status. */
    public Map<String, String> headers() {
        return headers;
    }

    private static Map<String, String> retryAfter(long seconds) {
        return Map.of("Retry-After", String.valueOf(seconds));
    }
}
