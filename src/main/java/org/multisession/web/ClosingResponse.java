package org.multisession.web;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;

/**
 * An answer that closes its connection if part of the request's body is unread when it begins, so that nobody waits for
 * the rest or takes it for the next request. The end of such an answer is told by the closing and not by a length: once
 * Tomcat has as much as was announced, it closes the body of the request too, and {@link LingeringClose} could not drop
 * what still comes.
 */
final class ClosingResponse extends HttpServletResponseWrapper {

    private final Unread unread;
    private boolean isClosing;

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
            isClosing = true;
        }
    }

    @Override
    public void setContentLength(int length) {
        setContentLengthLong(length);
    }

    @Override
    public void setContentLengthLong(long length) {
        try {
            begin();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!isClosing) {
            super.setContentLengthLong(length);
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
