package org.multisession.web;

import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Reads the {@code Cookie} header. Not by {@code getCookies}: Tomcat 11 leaves quotes on and drops a value with a space
 * in its quotes, though Python quotes such values and the old app has set them; and any Tomcat writes a header that it
 * cannot read into its log, with the token in it.
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
