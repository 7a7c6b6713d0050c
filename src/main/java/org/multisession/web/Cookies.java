package org.multisession.web;

import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Reads the {@code Cookie} header, without {@code getCookies}: Tomcat 11 keeps quotes and drops a quoted value with a
 * space, though Python quotes such values and the old app has set them; and any Tomcat logs a header that it cannot
 * read, token included.
 */
final class Cookies {

    private Cookies() {}

    /** The values of all cookies of that name as they were sent, in their order. */
    static List<String> named(HttpServletRequest request, String name) {
        List<String> values = new ArrayList<>();
        for (String header : Collections.list(request.getHeaders("Cookie"))) {
            for (String pair : header.split(";", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0 && pair.substring(0, equals).strip().equals(name)) {
                    values.add(pair.substring(equals + 1).strip());
                }
            }
        }
        return values;
    }
}
