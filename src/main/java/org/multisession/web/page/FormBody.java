package org.multisession.web.page;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.multisession.web.CurrentUser;
import org.multisession.web.HttpProblem;
import org.multisession.web.RequestBody;

/**
 * The fields of a posted form, read only from the body, unlike {@code getParameter}: a phone number or a code in the
 * query string would end up in access logs, so it is ignored there.
 */
record FormBody(Map<String, String> fields) {

    private static final String MEDIA_TYPE = "application/x-www-form-urlencoded";

    /** The same where a request without a form will do. */
    static FormBody readIfAny(HttpServletRequest request) throws IOException {
        boolean isForm = String.valueOf(request.getContentType())
                .toLowerCase(Locale.ROOT)
                .startsWith(MEDIA_TYPE);
        return isForm ? read(request) : new FormBody(Map.of());
    }

    /** Reads the body, or fails with 400, 413 or 415. */
    static FormBody read(HttpServletRequest request) throws IOException {
        return parse(RequestBody.read(request, MEDIA_TYPE));
    }

    /**
     * Whether the form stands on a page of another account than the one that this browser is signed in to by now, as in a
     * tab that was left open: what it would end was never shown to anybody. A program need not name the account.
     */
    boolean isOfAnother(CurrentUser user) {
        String account = get("account");
        return account != null && !account.equals(user.getName());
    }

    /**
     * The fields of the query string; none if it cannot be read. {@code getParameter} is not used because Tomcat 10.1
     * skips what it cannot read, and Tomcat 11 throws.
     */
    static FormBody ofQuery(HttpServletRequest request) {
        String query = request.getQueryString();
        try {
            return parse(query == null ? new byte[0] : query.getBytes(StandardCharsets.ISO_8859_1));
        } catch (HttpProblem e) {
            return new FormBody(Map.of());
        }
    }

    /** If a field occurs twice, the first counts. */
    static FormBody parse(byte[] body) {
        Map<String, String> fields = new HashMap<>();
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString();
            for (String pair : text.split("&", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0) {
                    fields.putIfAbsent(decoded(pair.substring(0, equals)), decoded(pair.substring(equals + 1)));
                }
            }
            return new FormBody(Map.copyOf(fields));
        } catch (CharacterCodingException | IllegalArgumentException e) {
            throw new HttpProblem(400, "malformed-form", "The form could not be read. Nothing was done.");
        }
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    @Nullable
    String get(String name) {
        return fields.get(name);
    }
}
