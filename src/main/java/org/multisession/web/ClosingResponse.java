package org.multisession.web;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.io.PrintWriter;

/**
 * An answer that closes its connection if part of the request's body is unread when it begins, so that nobody waits for
 * the rest or takes it for the next request.
 */
final class ClosingResponse extends HttpServletResponseWrapper {

    private final Unread unread;

    /** Tells whether part of the body is unread right now. */
    interface Unread {
        boolean now() throws IOException;
    }

    ClosingResponse(HttpServletResponse response, Unread unread) {
        super(response);
        this.unread = unread;
    }

    /** Must be called before the header of the answer is sent. */
    private void begin() throws IOException {
        if (!isCommitted() && unread.now()) {
            setHeader("Connection", "close");
        }
    }

    @Override
    public ServletOutputStream getOutputStream() throws IOException {
        begin();
        return super.getOutputStream();
    }

    @Override
    public PrintWriter getWriter() throws IOException {
        begin();
        return super.getWriter();
    }

    @Override
    public void flushBuffer() throws IOException {
        begin();
        super.flushBuffer();
    }

    @Override
    public void sendError(int status) throws IOException {
        begin();
        super.sendError(status);
    }

    @Override
    public void sendError(int status, String message) throws IOException {
        begin();
        super.sendError(status, message);
    }

    @Override
    public void sendRedirect(String location) throws IOException {
        begin();
        super.sendRedirect(location);
    }
}
