package org.multisession.sample;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.Http;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** What {@code mvn -Prun} does with the WAR, once it is built. */
@Timeout(120)
class SampleServerIT {

    @TempDir
    private Path folder;

    @Test
    void an_old_cookie_works_as_the_terminal_says_and_a_second_run_on_that_port_is_refused() throws Exception {
        int port = freePort();
        Process sample = start(arguments(port));
        try (BufferedReader output = sample.inputReader(StandardCharsets.UTF_8)) {
            String said = readUpTo(output, "Stop  ");
            assertThat(said)
                    .contains(
                            "http://localhost:" + port + "/",
                            folder.resolve("old-app.db").toString());
            assertThat(said).contains("curl -b auth_token=old_token_xyz123 http://localhost:" + port + "/api/me");
            assertThat(Http.to(URI.create("http://127.0.0.1:" + port + "/"))
                            .get("api/me", "Cookie", "auth_token=old_token_xyz123")
                            .body())
                    .contains("\"id\":42");

            Process second = start(List.of(String.valueOf(port)));
            assertThat(new String(second.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("Port " + port + " is taken by another program");
            assertThat(second.waitFor()).isNotZero();
        } finally {
            List<ProcessHandle> tomcat = sample.children().toList();
            sample.toHandle().destroy();
            for (ProcessHandle each : tomcat) {
                each.onExit().join();
            }
        }
    }

    private List<String> arguments(int port) {
        return List.of(
                String.valueOf(port),
                TomcatVersion.V11.home().toString(),
                folder.resolve("tomcat").toString(),
                "src/test/tomcat/logging.properties",
                TomcatServer.war().toString(),
                "src/test/resources/legacy/single.sql",
                folder.resolve("old-app.db").toString());
    }

    private static Process start(List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-classpath",
                System.getProperty("java.class.path"),
                "src/test/java/org/multisession/sample/SampleServer.java"));
        command.addAll(arguments);
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static String readUpTo(BufferedReader output, String text) throws IOException {
        StringBuilder read = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            read.append(line).append('\n');
            if (line.contains(text)) {
                return read.toString();
            }
        }
        throw new AssertionError("It ended before it said \"" + text + "\":\n" + read);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
