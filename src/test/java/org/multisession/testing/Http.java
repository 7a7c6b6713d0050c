package org.multisession.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A plain client: HTTP/1.1, follows no redirect, keeps no cookie. Headers are given as name, value, name, value.
 *
 * <p>It refuses what no client should send (a wrong {@code Host}, an odd path): see {@link RawHttp} for that.
 */
public final class Http {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(TIMEOUT)
            .build();

    private final URI context;

    private Http(URI context) {
        this.context = context;
    }

    /** A client of the application at that address, which ends in a slash. */
    public static Http to(URI context) {
        return new Http(context);
    }

    /** GET of a path below the application's address. */
    public Answer get(String path, String... headers) {
        return send("GET", path, "", headers);
    }

    /** POST of form fields. */
    public Answer postForm(String path, Map<String, String> fields, String... headers) {
        String body = fields.entrySet().stream()
                .map(field -> encode(field.getKey()) + "=" + encode(field.getValue()))
                .collect(Collectors.joining("&"));
        return send("POST", path, body, plus(headers, "Content-Type", "application/x-www-form-urlencoded"));
    }

    /** POST of JSON. */
    public Answer postJson(String path, String json, String... headers) {
        return send("POST", path, json, plus(headers, "Content-Type", "application/json"));
    }

    /** Any method; an empty body is none. */
    public Answer send(String method, String path, String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(context.resolve(path))
                .timeout(TIMEOUT)
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        try {
            HttpResponse<byte[]> response = CLIENT.send(request.build(), BodyHandlers.ofByteArray());
            Map<String, List<String>> answered = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            answered.putAll(response.headers().map());
            return Answer.of(response.statusCode(), answered, response.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for an answer", e);
        }
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, UTF_8);
    }

    private static String[] plus(String[] headers, String name, String value) {
        String[] more = java.util.Arrays.copyOf(headers, headers.length + 2);
        more[headers.length] = name;
        more[headers.length + 1] = value;
        return more;
    }
}
