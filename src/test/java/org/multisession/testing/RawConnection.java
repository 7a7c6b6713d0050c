package org.multisession.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What {@link RawHttp} does, over one connection that stays open: thousands of requests take seconds. Opened anew
 * whenever the server has closed it.
 */
public final class RawConnection implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 30_000;

    /** How a connection is opened, where it matters. */
    public interface Opener {
        Socket open(InetAddress host, int port) throws IOException;
    }

    private final int port;
    private final Opener opener;
    private @Nullable Socket socket;
    private InputStream in = InputStream.nullInputStream();
    private int opened;

    public RawConnection(int port) {
        this(port, Socket::new);
    }

    public RawConnection(int port, Opener opener) {
        this.port = port;
        this.opener = opener;
    }

    /** How often it was opened so far. */
    public int opened() {
        return opened;
    }

    /** Sends a request without a body: its target as it stands, its header lines as they stand after {@code Host}. */
    public Answer request(String method, String target, String... headerLines) {
        return exchange(method, RawHttp.bytes(port, method, target, List.of(headerLines)));
    }

    /** Sends the bytes of a whole request and reads its answer, which to HEAD has no body. */
    public Answer exchange(String method, byte[] request) {
        try {
            boolean reused = socket != null;
            try {
                return tryExchange(method, request);
            } catch (IOException e) {
                close();
                if (!reused) {
                    throw e;
                }
                // The server had closed it, as it may between two requests.
                return tryExchange(method, request);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(new String(request, ISO_8859_1), e);
        }
    }

    private Answer tryExchange(String method, byte[] request) throws IOException {
        Socket open = socket;
        if (open == null) {
            open = opener.open(InetAddress.getLoopbackAddress(), port);
            opened++;
            open.setSoTimeout(TIMEOUT_MILLIS);
            open.setTcpNoDelay(true);
            in = new BufferedInputStream(open.getInputStream());
            socket = open;
        }
        open.getOutputStream().write(request);
        open.getOutputStream().flush();
        return read(method);
    }

    private Answer read(String method) throws IOException {
        String statusLine = line();
        if (!statusLine.startsWith("HTTP/1.")) {
            throw new IOException("No answer of HTTP but \"" + statusLine + "\"");
        }
        int status = Integer.parseInt(statusLine.substring(9, 12));
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            headers.computeIfAbsent(line.substring(0, colon), name -> new ArrayList<>())
                    .add(line.substring(colon + 1).trim());
        }
        boolean last = headers.getOrDefault("Connection", List.of()).stream()
                .anyMatch(value -> value.toLowerCase(Locale.ROOT).contains("close"));
        byte[] body;
        if (method.equals("HEAD") || status == 204 || status == 304) {
            body = new byte[0];
        } else if (headers.getOrDefault("Transfer-Encoding", List.of()).contains("chunked")) {
            body = chunks();
        } else if (headers.containsKey("Content-Length")) {
            body = in.readNBytes(Integer.parseInt(headers.get("Content-Length").get(0)));
        } else {
            body = in.readAllBytes();
            last = true;
        }
        if (last) {
            close();
        }
        return Answer.of(status, headers, body);
    }

    private byte[] chunks() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (int size = Integer.parseInt(line(), 16); size > 0; size = Integer.parseInt(line(), 16)) {
            body.write(in.readNBytes(size));
            line();
        }
        line();
        return body.toByteArray();
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("The connection was closed");
            }
            if (b != '\r') {
                line.write(b);
            }
        }
        return line.toString(ISO_8859_1);
    }

    @Override
    public void close() {
        try {
            if (socket != null) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            socket = null;
        }
    }
}
