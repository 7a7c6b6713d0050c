package org.multisession.web.page;

import jakarta.servlet.http.HttpServletRequest;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.multisession.web.ContextPath;
import org.multisession.web.LocalPath;

/**
 * What the code page is shown for; it travels in the page's URL and in its forms.
 *
 * @param next where to go once the code is right; null for the page that follows a sign-in
 * @param isConfirming whether somebody who is signed in only confirms who they are, so that the page speaks of no sign-in
 */
record CodeStep(@Nullable String next, boolean isConfirming) {

    /** A sign-in. */
    static CodeStep signIn(@Nullable String next) {
        return new CodeStep(next, false);
    }

    /** A signed-in user's confirmation. */
    static CodeStep confirmation(String next) {
        return new CodeStep(next, true);
    }

    static CodeStep of(FormBody fields) {
        return new CodeStep(LocalPath.orNull(fields.get("next")), fields.get("confirm") != null);
    }

    /** The page's URL. */
    String url(HttpServletRequest request) {
        String page = ContextPath.of(request) + "/login/code";
        if (next == null) {
            return page + (isConfirming ? "?confirm=1" : "");
        }
        return page + query() + (isConfirming ? "&confirm=1" : "");
    }

    /** The URL of the page that asks for another code. */
    String start(HttpServletRequest request) {
        return ContextPath.of(request) + (isConfirming ? ConfirmServlet.PATH : "/login") + query();
    }

    /** The same for a browser that has no request for a code. Its page says so, or people who allow no cookies go in circles. */
    String startOver(HttpServletRequest request) {
        String start = start(request);
        return isConfirming ? start : start + (start.contains("?") ? "&" : "?") + LoginServlet.LOST + "=1";
    }

    private String query() {
        return next == null ? "" : "?next=" + URLEncoder.encode(next, StandardCharsets.UTF_8);
    }
}
