package org.multisession.web.api;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import org.multisession.web.MethodServlet;

/** {@code GET /api/openapi.json}: everything that programs use, in OpenAPI 3.1; public and cacheable. */
public final class DescriptionServlet extends MethodServlet {

    private final transient byte[] document;

    public DescriptionServlet() {
        super("GET");
        try (InputStream in = DescriptionServlet.class.getResourceAsStream("/openapi.json")) {
            document = Objects.requireNonNull(in).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setHeader("Cache-Control", "public, max-age=300");
        response.setContentType("application/json");
        response.setContentLength(document.length);
        response.getOutputStream().write(document);
    }
}
