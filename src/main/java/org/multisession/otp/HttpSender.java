package org.multisession.otp;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.multisession.phone.PhoneNumber;

/**
 * Any gateway with an HTTP API. In URL and body {@code {phone}}, {@code {text}} and {@code {code}} stand for the message;
 * each is escaped for where it stands: percent-encoded in the URL and in a form, as the inside of a string in JSON.
 */
public final class HttpSender implements SmsSender {

    private static final Pattern PLACEHOLDER = Pattern.compile("\\{(phone|text|code)}");

    /**
     * How to reach the gateway.
     *
     * @param keys what the keys of its settings begin with, for messages
     * @param headers {@code Name: value}, as they are sent
     * @param body null where the method has none
     * @param user name for HTTP basic authentication, or null
     * @param timeout for connecting, and for the whole answer
     * @param success what the answer looks like when the gateway has taken the message
     */
    public record Gateway(
            String keys,
            String method,
            String url,
            List<Header> headers,
            @Nullable String body,
            @Nullable String user,
            @Nullable String password,
            Duration timeout,
            SuccessPattern success) {

        /** One header of every request. */
        public record Header(String name, String value) {}

        /** Everything that goes out with each message, in one text. */
        private String sent() {
            StringBuilder all = new StringBuilder(url).append(' ').append(body).append(' ');
            all.append(user).append(' ').append(password);
            headers.forEach(header -> all.append(' ').append(header.value()));
            return all.toString();
        }

        /** The headers may contain secrets. */
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
                    // No offer of HTTP/2 with the request: not every gateway copes with it. SentOnce relies on this,
                    // too.
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(timeout)
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .build();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /**
     * A body that goes out once. The JDK's client sends a GET again by itself where a connection closes without an
     * answer, and the message could arrive twice. There is no switch for that, but it asks for the length before each.
     */
    private record SentOnce(HttpRequest.BodyPublisher body, AtomicBoolean isSent) implements HttpRequest.BodyPublisher {

        @Override
        public long contentLength() {
            if (isSent.getAndSet(true)) {
                throw new IllegalStateException("a message is sent once");
            }
            return body.contentLength();
        }

        @Override
        public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
            body.subscribe(subscriber);
        }
    }

    /** Keeps the beginning of a body and discards the rest; the timeout limits how long that may take. */
    private static final class Beginning implements HttpResponse.BodySubscriber<String> {

        private final byte[] kept = new byte[SuccessPattern.MAX_BYTES];
        private int length;
        private final CompletableFuture<String> body = new CompletableFuture<>();

        @Override
        public CompletionStage<String> getBody() {
            return body;
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            for (ByteBuffer buffer : buffers) {
                int taken = Math.min(buffer.remaining(), kept.length - length);
                buffer.get(kept, length, taken);
                length += taken;
            }
        }

        @Override
        public void onError(Throwable failure) {
            body.completeExceptionally(failure);
        }

        @Override
        public void onComplete() {
            body.complete(new String(kept, 0, length, StandardCharsets.UTF_8));
        }
    }

    @Override
    public void send(PhoneNumber number, String code, String text) throws IOException, InterruptedException {
        HttpResponse<String> answer = answered(number.text(), code, text);
        if (!gateway.success().matches(answer.statusCode(), answer.body())) {
            String words = MaskedAnswer.of(answer.body(), gateway.sent() + " " + text);
            String reason = "the gateway answered " + answer.statusCode()
                    + (words.isEmpty() ? "" : ": " + words)
                    + ". " + gateway.keys() + ".success = " + gateway.success();
            // A proxy in front of the gateway says so when it does not know what became of the request.
            boolean isUnknown = answer.statusCode() == 502 || answer.statusCode() == 504;
            throw isUnknown ? new IOException(reason) : new NotTakenException(reason);
        }
    }

    /** The answer, as much of it as is looked at. What is thrown has words of our own: the library's may hold the number and the code. */
    private HttpResponse<String> answered(String number, String code, String text)
            throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<String>> answer;
        try {
            answer = client.sendAsync(request(number, code, text), head -> new Beginning());
        } catch (IllegalArgumentException e) {
            throw new NotTakenException("the gateway's address is none with this number in it");
        }
        try {
            // The request's own timeout is over with the head of the answer; the rest of it might never come.
            return answer.get(gateway.timeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            Throwable reason = e.getCause() == null ? e : e.getCause();
            String words =
                    "the gateway could not be reached (" + reason.getClass().getSimpleName() + ")";
            // Without a connection nothing has gone out. (The one class stands for a name that is unknown, too.)
            boolean isUnsent = reason instanceof ConnectException || reason instanceof HttpConnectTimeoutException;
            throw isUnsent ? new NotTakenException(words) : new IOException(words);
        } catch (TimeoutException e) {
            throw new IOException("the gateway could not be reached (no whole answer in time)");
        } finally {
            answer.cancel(true);
        }
    }

    private HttpRequest request(String number, String code, String text) {
        HttpRequest.BodyPublisher body = gateway.body() == null
                ? HttpRequest.BodyPublishers.noBody()
                : HttpRequest.BodyPublishers.ofString(fill(gateway.body(), number, code, text, bodyEscape));
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create(fill(gateway.url(), number, code, text, HttpSender::percentEncoded)))
                .timeout(gateway.timeout())
                .method(gateway.method(), new SentOnce(body, new AtomicBoolean()));
        if (gateway.body() != null) {
            request.setHeader("Content-Type", "application/x-www-form-urlencoded");
        }
        gateway.headers().forEach(header -> request.setHeader(header.name(), header.value()));
        if (gateway.user() != null) {
            String credentials = gateway.user() + ":" + (gateway.password() == null ? "" : gateway.password());
            request.setHeader(
                    "Authorization",
                    "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)));
        }
        return request.build();
    }

    /** In one pass, so that braces in a value are not replaced again. */
    static String fill(String template, String number, String code, String text, UnaryOperator<String> escape) {
        return PLACEHOLDER
                .matcher(template)
                .replaceAll(placeholder -> Matcher.quoteReplacement(escape.apply(
                        switch (placeholder.group(1)) {
                            case "phone" -> number;
                            case "code" -> code;
                            default -> text;
                        })));
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
