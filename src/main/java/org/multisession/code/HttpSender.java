package org.multisession.code;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Any gateway with an HTTP API. In URL and body {@code {phone}}, {@code {text}} and {@code {code}} stand for the message;
 * each is escaped for where it stands: percent-encoded in the URL and in a form, as the inside of a string in JSON.
 */
public final class HttpSender implements SmsSender {

    /**
     * How to reach the gateway.
     *
     * @param headers {@code Name: value}, as they are sent
     * @param body null where the method has none
     * @param user name for HTTP basic authentication, or null
     * @param timeout for connecting, and for the whole answer
     */
    public record Gateway(
            String method,
            String url,
            List<Header> headers,
            @Nullable String body,
            @Nullable String user,
            @Nullable String password,
            Duration timeout) {

        /** One header of every request. */
        public record Header(String name, String value) {}

        /** Secrets are among the headers. */
        @Override
        public String toString() {
            return method + " to the gateway";
        }
    }

    private final Gateway gateway;
    private final HttpClient client;
    private final UnaryOperator<String> bodyEscape;

    public HttpSender(Gateway gateway) {
        this.gateway = gateway;
        this.client = client(gateway.timeout());
        this.bodyEscape = gateway.headers().stream()
                        .anyMatch(header -> header.name().equalsIgnoreCase("Content-Type")
                                && header.value().contains("json"))
                ? HttpSender::insideJsonString
                : HttpSender::percentEncoded;
    }

    /** The client's own thread must not keep the application's class loader alive after an undeploy. */
    private static HttpClient client(Duration timeout) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(ClassLoader.getPlatformClassLoader());
        try {
            return HttpClient.newBuilder()
                    .connectTimeout(timeout)
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .build();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @Override
    public void send(String number, String code, String text) throws IOException, InterruptedException {
        HttpResponse<Void> response;
        try {
            response = client.send(request(number, code, text), HttpResponse.BodyHandlers.discarding());
        } catch (IOException e) {
            // The library's message may hold the URL, and with it the number and the code.
            throw new IOException(
                    "the gateway could not be reached (" + e.getClass().getSimpleName() + ")");
        }
        if (response.statusCode() / 100 != 2) {
            throw new IOException("the gateway answered " + response.statusCode());
        }
    }

    private HttpRequest request(String number, String code, String text) {
        HttpRequest.BodyPublisher body = gateway.body() == null
                ? HttpRequest.BodyPublishers.noBody()
                : HttpRequest.BodyPublishers.ofString(fill(gateway.body(), number, code, text, bodyEscape));
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create(fill(gateway.url(), number, code, text, HttpSender::percentEncoded)))
                .timeout(gateway.timeout())
                .method(gateway.method(), body);
        gateway.headers().forEach(header -> request.setHeader(header.name(), header.value()));
        if (gateway.user() != null) {
            String credentials = gateway.user() + ":" + (gateway.password() == null ? "" : gateway.password());
            request.setHeader(
                    "Authorization",
                    "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)));
        }
        return request.build();
    }

    /** In one pass, so that braces in a value are not taken for a place to fill. */
    static String fill(String template, String number, String code, String text, UnaryOperator<String> escape) {
        StringBuilder filled = new StringBuilder();
        int from = 0;
        while (from < template.length()) {
            String rest = template.substring(from);
            if (rest.startsWith("{phone}")) {
                filled.append(escape.apply(number));
                from += "{phone}".length();
            } else if (rest.startsWith("{text}")) {
                filled.append(escape.apply(text));
                from += "{text}".length();
            } else if (rest.startsWith("{code}")) {
                filled.append(escape.apply(code));
                from += "{code}".length();
            } else {
                filled.append(template.charAt(from++));
            }
        }
        return filled.toString();
    }

    static String percentEncoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    static String insideJsonString(String text) {
        StringBuilder escaped = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                escaped.append('\\').append(c);
            } else if (c < ' ') {
                escaped.append("\\u%04x".formatted((int) c));
            } else {
                escaped.append(c);
            }
        }
        return escaped.toString();
    }
}
