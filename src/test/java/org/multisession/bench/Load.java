package org.multisession.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Sends requests as fast as they are answered, from a process of its own: Debian's {@code wrk} where it is installed,
 * else {@link LoadClient}.
 */
final class Load {

    private static final int CONNECTIONS = 16;
    private static final Path WRK = Path.of("/usr/bin/wrk");

    private final Path folder;

    Load(Path folder) {
        this.folder = folder;
    }

    /** Whether the faster of the two is there. */
    static boolean hasWrk() {
        return Files.isExecutable(WRK);
    }

    /**
     * What requests ask for: each takes one of the values, in turn, where it says {@code %s}.
     *
     * @param head the request line and the headers that differ from route to route, a line each
     */
    record Request(String head, String body, List<String> values) {}

    /**
     * What came of it.
     *
     * @param perSecond answered requests
     * @param p99 the 99th percentile of how long an answer took, in microseconds
     * @param refused how many of the answers had a status from 400 on
     */
    record Outcome(double perSecond, long p99, long answered, long refused) {}

    Outcome run(int port, Request request, int seconds) {
        return run(port, request, seconds, hasWrk());
    }

    Outcome run(int port, Request request, int seconds, boolean withWrk) {
        try {
            Path requests = Files.writeString(folder.resolve("requests.txt"), lines(port, request));
            List<String> command = withWrk ? wrk(port, seconds, requests) : client(port, seconds, requests);
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), UTF_8);
            if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0) {
                throw new IllegalStateException("the load ended badly: " + output);
            }
            return outcome(output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** One request a line, the ends of its own lines written as {@code \n}. */
    private static String lines(int port, Request request) {
        StringBuilder lines = new StringBuilder();
        for (String value : request.values()) {
            String body = request.body().replace("%s", value);
            lines.append(request.head().replace("%s", value).replace("\n", "\\n"))
                    .append("\\nHost: 127.0.0.1:")
                    .append(port);
            if (!body.isEmpty()) {
                lines.append("\\nContent-Length: ").append(body.length());
            }
            lines.append("\\n\\n").append(body).append('\n');
        }
        return lines.toString();
    }

    private List<String> wrk(int port, int seconds, Path requests) throws IOException {
        Path script = Files.writeString(folder.resolve("load.lua"), """
                local requests, at = {}, 0
                init = function(args)
                  for line in io.lines(args[1]) do
                    requests[#requests + 1] = line:gsub("\\\\n", "\\r\\n")
                  end
                end
                request = function()
                  at = at % #requests + 1
                  return requests[at]
                end
                done = function(summary, latency, requests)
                  local e = summary.errors
                  print(string.format("outcome %d %d %d %d %d", summary.requests, summary.duration,
                    latency:percentile(99), e.status, e.connect + e.read + e.write + e.timeout))
                end
                """);
        return List.of(
                WRK.toString(),
                "-t1",
                "-c" + CONNECTIONS,
                "-d" + seconds + "s",
                "-s",
                script.toString(),
                "http://127.0.0.1:" + port,
                "--",
                requests.toString());
    }

    private static List<String> client(int port, int seconds, Path requests) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), LoadClient.class.getName()));
        command.addAll(List.of("" + port, "" + CONNECTIONS, "" + seconds, requests.toString()));
        return command;
    }

    private static Outcome outcome(String output) {
        String line = output.lines()
                .filter(each -> each.startsWith("outcome "))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(output));
        String[] words = line.split(" ", -1);
        long answered = Long.parseLong(words[1]);
        if (Long.parseLong(words[5]) > 0) {
            throw new IllegalStateException(words[5] + " requests were not answered");
        }
        return new Outcome(
                answered * 1e6 / Long.parseLong(words[2]),
                Long.parseLong(words[3]),
                answered,
                Long.parseLong(words[4]));
    }
}
