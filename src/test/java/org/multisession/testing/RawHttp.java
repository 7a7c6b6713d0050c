package org.multisession.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Sends exactly the bytes a test wants, which no proper client would: odd paths, several cookie headers, no host. */
public final class RawHttp {
    private static final int TIMEOUT_MILLIS = 30_000;

    private RawHttp() {}

    /** GET of a target as it stands, with header lines as they stand after {@code Host} and {@code Connection}. */
    public static Answer get(int port, String target, String... headerLines) {
        return request(port, "GET", target, headerLines);
    }

    /** The same by any method, without a body. */
    public static Answer request(int port, String method, String target, String... headerLines) {
        List<String> lines = new ArrayList<>(List.of("Connection: close"));
        lines.addAll(List.of(headerLines));
        return exchange(port, bytes(port, method, target, lines));
    }

    /** A request without a body. */
    static byte[] bytes(int port, String method, String target, List<String> headerLines) {
        StringBuilder request = new StringBuilder()
                .append(method)
                .append(' ')
                .append(target)
                .append(" HTTP/1.1\r\nHost: 127.0.0.1:")
                .append(port)
                .append("\r\n");
        headerLines.forEach(line -> request.append(line).append("\r\n"));
        return request.append("\r\n").toString().getBytes(ISO_8859_1);
    }

    /** A POST whose body comes a byte at a time, until the answer is there. */
    @SuppressWarnings("try") // The trickle does its work by being there.
    public static Answer postSlowly(int port, String target, String mediaType) {
        String head = "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: %s\r\nContent-Length: 10000\r\n\r\n"
                .formatted(target, port, mediaType);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.getOutputStream().write(head.getBytes(ISO_8859_1));
            socket.getOutputStream().flush();
            try (Trickle trickle = new Trickle(List.of(socket))) {
                return parse(new ByteArrayInputStream(socket.getInputStream().readAllBytes()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends the bytes of a whole request, which must ask to close the connection, and reads the answer. */
    public static Answer exchange(int port, byte[] request) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.getOutputStream().write(request);
            socket.getOutputStream().flush();
            return parse(new ByteArrayInputStream(socket.getInputStream().readAllBytes()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Answer parse(InputStream bytes) throws IOException {
        String statusLine = line(bytes);
        if (!statusLine.startsWith("HTTP/1.")) {
            throw new IOException("No answer of HTTP but \"" + statusLine + "\"");
        }
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line = line(bytes); !line.isEmpty(); line = line(bytes)) {
            int colon = line.indexOf(':');
            headers.computeIfAbsent(line.substring(0, colon), name -> new ArrayList<>())
                    .add(line.substring(colon + 1).trim());
        }
        boolean chunked = headers.getOrDefault("Transfer-Encoding", List.of()).contains("chunked");
        byte[] body = chunked ? chunks(bytes) : bytes.readAllBytes();
        return Answer.of(Integer.parseInt(statusLine.substring(9, 12)), headers, body);
    }

    private static byte[] chunks(InputStream bytes) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (int size = chunkSize(bytes); size > 0; size = chunkSize(bytes)) {
            body.write(bytes.readNBytes(size));
            line(bytes);
        }
        return body.toByteArray();
    }

    private static int chunkSize(InputStream bytes) throws IOException {
        return Integer.parseInt(line(bytes), 16);
    }

    private static String line(InputStream bytes) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = bytes.read(); b >= 0 && b != '\n'; b = bytes.read()) {
            if (b != '\r') {
                line.write(b);
            }
        }
        return line.toString(ISO_8859_1);
    }
}
