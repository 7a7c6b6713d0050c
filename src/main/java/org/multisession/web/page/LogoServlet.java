package org.multisession.web.page;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.multisession.web.MethodServlet;

/** {@code GET /static/logo}: the picture of the brand. */
public final class LogoServlet extends MethodServlet {

    /** A vector picture may style itself; opened at its own URL, it can do nothing else. */
    private static final String CONTENT_SECURITY_POLICY =
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

    private final transient Logo logo;

    public LogoServlet(Logo logo) {
        super("GET");
        this.logo = logo;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setHeader("Content-Security-Policy", CONTENT_SECURITY_POLICY);
        response.setHeader("Cache-Control", "public, max-age=300");
        response.setHeader("ETag", logo.tag());
        // A compressing proxy turns it into a weak tag.
        if (String.valueOf(request.getHeader("If-None-Match")).contains(logo.tag())) {
            response.setStatus(HttpServletResponse.SC_NOT_MODIFIED);
            return;
        }
        byte[] bytes = logo.bytes();
        response.setContentType(logo.type());
        response.setContentLength(bytes.length);
        response.getOutputStream().write(bytes);
    }
}
