package org.multisession.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** What Tomcat can do at most: the same bytes for everybody, headers and body, without a look at anything. */
public final class BareServlet extends HttpServlet {

    /** Where the answer lies in the web application: its headers a line each, an empty line, its body. */
    static final String ANSWER = "/WEB-INF/answer.txt";

    private final transient List<String[]> headers = new ArrayList<>();
    private transient byte[] body = {};

    @Override
    public void init() {
        try (InputStream in = Objects.requireNonNull(getServletContext().getResourceAsStream(ANSWER))) {
            String[] parts = new String(in.readAllBytes(), UTF_8).split("\n\n", 2);
            parts[0].lines().map(line -> line.split(": ", 2)).forEach(headers::add);
            body = parts[1].getBytes(UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        for (String[] header : headers) {
            response.setHeader(header[0], header[1]);
        }
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }
}
