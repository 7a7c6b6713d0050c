package org.multisession.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;

/**
 * An app behind a proxy that asks us who calls, as a client sees it.
 *
 * @param host what the client says in {@code Host}
 */
public record ProxiedApp(RawConnection connection, EchoApp app, String host) {

    /** What the app saw of a request that it must get. */
    public String seen(String method, String target, String... headerLines) {
        Answer answer = connection.request(method, target, headerLines);
        assertThat(answer.status()).as(method + " " + target).isEqualTo(200);
        return answer.body();
    }

    /** The answer to a request that the app must not get. */
    public Answer refusedUnseen(String method, String target, String... headerLines) {
        int before = app.asked();
        Answer answer = connection.request(method, target, headerLines);
        assertThat(app.asked()).as(method + " " + target).isEqualTo(before);
        return answer;
    }

    /** The headers, among what the app saw, that a server behind the proxy could take for ours. */
    public static List<String> told(String seen) {
        return seen.lines()
                .skip(1)
                .filter(line -> line.replaceAll("[^a-z:]", "").startsWith("xauth"))
                .toList();
    }

    /** Posts a body of ASCII characters. */
    public Answer post(String target, String type, String body, String... headerLines) {
        StringBuilder head = new StringBuilder("POST " + target + " HTTP/1.1\r\nHost: " + host + "\r\n");
        for (String line : headerLines) {
            head.append(line).append("\r\n");
        }
        head.append("Content-Type: ").append(type).append("\r\n");
        head.append("Content-Length: ").append(body.length()).append("\r\n\r\n");
        return connection.exchange("POST", (head + body).getBytes(ISO_8859_1));
    }

    /** Signs in as a program does, at our application under {@code /auth}, and gives the token. */
    public String signIn(String phone) {
        Answer answer = post("/auth/api/login", "application/json", "{\"phone\":\"" + phone + "\"}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return answer.body().replaceFirst(".*\"token\":\"([^\"]*)\".*", "$1");
    }
}
