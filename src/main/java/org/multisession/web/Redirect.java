package org.multisession.web;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The one kind of redirect that is used here. */
public final class Redirect {

    private Redirect() {}

    /** 303: go and GET this path of the same host. */
    public static void seeOther(HttpServletResponse response, String path) {
        response.setStatus(HttpServletResponse.SC_SEE_OTHER);
        response.setHeader("Location", path);
    }

    /** 303 to the sign-in, which leads on to {@code next}, a {@link LocalPath}; null or the front page is left out. */
    public static void toSignIn(HttpServletRequest request, HttpServletResponse response, @Nullable String next) {
        String login = ContextPath.of(request) + "/login";
        // The sign-in leads to the front page anyway.
        if (next != null && !next.equals(ContextPath.of(request) + "/")) {
            login += "?next=" + URLEncoder.encode(next, StandardCharsets.UTF_8);
        }
        seeOther(response, login);
    }
}
