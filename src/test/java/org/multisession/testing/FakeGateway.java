package org.multisession.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A gateway for messages: a real HTTP server on the loopback address that keeps what it was sent. */
public final class FakeGateway implements AutoCloseable {

    /** One request as it came. */
    public record Received(
            String method, String path, String rawQuery, Map<String, List<String>> headers, String body) {

        /** The one value of a header. */
        public String header(String name) {
            return String.join("\n", headers.getOrDefault(name, List.of()));
        }

        /** The fields of a form, decoded. */
        public Map<String, String> form() {
            return fields(body);
        }

        /** The parameters of the URL, decoded. */
        public Map<String, String> query() {
            return fields(rawQuery);
        }

        private static Map<String, String> fields(String encoded) {
            Map<String, String> fields = new LinkedHashMap<>();
            for (String pair : encoded.split("&", -1)) {
                String[] parts = pair.split("=", -1);
                String before = fields.put(URLDecoder.decode(parts[0], UTF_8), URLDecoder.decode(parts[1], UTF_8));
                if (before != null || parts.length != 2) {
                    throw new AssertionError("not a form: " + encoded);
                }
            }
            return fields;
        }
    }

    private final HttpServer server;
    private final ExecutorService workers = Executors.newCachedThreadPool();
    private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
    private volatile CountDownLatch waiting = new CountDownLatch(1);
    private volatile HttpHandler answer = exchange -> exchange.sendResponseHeaders(204, -1);

    public FakeGateway() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(workers);
        server.createContext("/", this::take);
        server.start();
    }

    private void take(HttpExchange exchange) throws IOException {
        // Before it is told: what a test asks for once it knows of this request is for those that come later.
        HttpHandler answering = answer;
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.putAll(exchange.getRequestHeaders());
        String query = exchange.getRequestURI().getRawQuery();
        received.add(new Received(
                exchange.getRequestMethod(),
                exchange.getRequestURI().getRawPath(),
                query == null ? "" : query,
                headers,
                new String(exchange.getRequestBody().readAllBytes(), UTF_8)));
        try (exchange) {
            answering.handle(exchange);
        }
    }

    /** The address of a path, which starts with a slash. */
    public String url(String path) {
        return "http://127.0.0.1:" + server.getAddress().getPort() + path;
    }

    /** How to answer from now on; at first with 204. */
    public void answerBy(HttpHandler handler) {
        answer = handler;
    }

    /** Answers with this status from now on. */
    public void answer(int status) {
        answer = exchange -> exchange.sendResponseHeaders(status, -1);
    }

    /** Answers nothing any more, until {@link #letGo} or the end. */
    public void hang() {
        waiting = new CountDownLatch(1);
        answer = exchange -> awaitRelease();
    }

    /** Sends the head of an answer, and the rest of it never. */
    public void hangAfterTheHead() {
        answer = exchange -> {
            exchange.sendResponseHeaders(200, 10);
            exchange.getResponseBody().write('1');
            exchange.getResponseBody().flush();
            awaitRelease();
        };
    }

    /** Lets those go that hang. */
    public void letGo() {
        waiting.countDown();
    }

    private void awaitRelease() {
        try {
            waiting.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The next request; waits for it. */
    public Received next() {
        try {
            Received next = received.poll(30, TimeUnit.SECONDS);
            if (next == null) {
                throw new AssertionError("the gateway was sent nothing");
            }
            return next;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for a request", e);
        }
    }

    /** How many requests have come and were not asked for by {@link #next()}. */
    public int left() {
        return received.size();
    }

    @Override
    public void close() {
        letGo();
        server.stop(0);
        workers.shutdownNow();
    }
}
