package org.multisession.sample;

import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/**
 * Says, once Tomcat is up, what there is to try, and holds the build open for as long as Tomcat runs.
 *
 * <p>Started from its source file, before the tests are compiled: it must stand alone.
 */
public final class WhatToTry {
    private WhatToTry() {}

    /** Takes the port and the database file. */
    public static void main(String[] args) throws IOException, InterruptedException {
        String port = args[0];
        String database = args[1];
        // A terminal's encoding may be ASCII by default; the path of the database may not be.
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        int status = status("http://localhost:" + port + "/health");
        if (status == 200) {
            out.print(hints(port, database));
        } else {
            out.printf(
                    "%n  Multi-Session did not start (/health answered %d); the reason is above. Stop with Ctrl-C.%n%n",
                    status);
        }
        tomcatEnds();
    }

    private static String hints(String port, String database) {
        return """

                  Multi-Session runs on   http://localhost:%1$s/

                  Sign in as user 42      with the number +7 999 123-45-67;
                                          the code that a message would bring is written here
                  Come as an old device   curl -b auth_token=old_token_xyz123 http://localhost:%1$s/api/me
                  The database            %2$s
                                          (kept between runs; delete it to start afresh)
                  Stop                    Ctrl-C

                """.formatted(port, database);
    }

    private static int status(String address) throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(address)).build(), HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    /** Tomcat is the other child of the build that started this program. */
    private static void tomcatEnds() {
        CompletableFuture<?>[] others = ProcessHandle.current().parent().stream()
                .flatMap(ProcessHandle::children)
                .filter(process -> !process.equals(ProcessHandle.current()))
                .map(ProcessHandle::onExit)
                .toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(others).join();
    }
}
