package org.multisession.web;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Locale;

/** What a request tells about its sender. */
public final class Browser {

    private Browser() {}

    /** Whether the sender reads HTML; a program says {@code application/json} or nothing at all. */
    public static boolean accepts(HttpServletRequest request) {
        for (Enumeration<String> all = request.getHeaders("Accept"); all.hasMoreElements(); ) {
            if (all.nextElement().toLowerCase(Locale.ROOT).contains("text/html")) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether a browser sent this on behalf of a page: it has an {@code Origin}, a {@code Referer}, or a header whose
     * name begins with {@code Sec-}, which no script can set or omit. Programs send none of them.
     */
    public static boolean sent(HttpServletRequest request) {
        return Collections.list(request.getHeaderNames()).stream()
                .map(name -> name.toLowerCase(Locale.ROOT))
                .anyMatch(name -> name.startsWith("sec-") || name.equals("origin") || name.equals("referer"));
    }

    /** The first language of {@code Accept-Language} that the pages speak; English if it names none of them. */
    public static Locale language(HttpServletRequest request) {
        List<Locale> wanted = Collections.list(request.getLocales());
        for (Locale locale : wanted) {
            if (locale.getLanguage().equals("ru") || locale.getLanguage().equals("en")) {
                return Locale.forLanguageTag(locale.getLanguage());
            }
        }
        return Locale.ENGLISH;
    }
}
