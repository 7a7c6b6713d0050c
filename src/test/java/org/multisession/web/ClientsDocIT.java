package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/**
 * Runs every command of {@code docs/clients.md}, in its order, and compares what comes out with the answer shown below it.
 *
 * <p>A comment {@code <!-- run: key=value -->} starts a new Tomcat with that setting. A block of {@code bash} is a step,
 * and the block after it, if it is none of {@code bash}, the answer; {@code …} stands for anything. The reader puts the
 * address and the code in; so does this.
 */
class ClientsDocIT {

    private static final Path DOCUMENT = Path.of("docs/clients.md");
    private static final String SHOWN_ADDRESS = "http://localhost:8080";
    private static final String END = "--- end of a step ---";
    private static final Pattern RUN = Pattern.compile("<!-- run: (\\S+)=(\\S+) -->");
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\w+)\n(.*?)^```$|" + RUN.pattern());
    private static final Pattern CODE_STEP = Pattern.compile("^CODE=.*ends in (\\d{4})");

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    /** Commands, and what they print: nothing, where no answer is shown. */
    private record Step(String commands, String answer) {}

    @BeforeAll
    static void needsBashAndCurl() {
        List<String> missing = Stream.of("bash", "curl")
                .filter(program -> Arrays.stream(System.getenv("PATH").split(":"))
                        .noneMatch(path -> Files.isExecutable(Path.of(path, program))))
                .toList();
        String words = "This test runs the commands of " + DOCUMENT + " and needs " + String.join(" and ", missing);
        if (!missing.isEmpty() && Boolean.parseBoolean(System.getenv("CI"))) {
            throw new AssertionError(words);
        }
        Assumptions.assumeTrue(missing.isEmpty(), words);
    }

    @Test
    void everyCommandAnswersAsTheDocumentShows() throws IOException {
        Map<String, List<Step>> runs = runs(Files.readString(DOCUMENT));

        assertThat(runs.keySet())
                .as("both ways to prove a number are in it")
                .containsExactly("multisession.login.verification=code", "multisession.login.verification=none");
        for (Map.Entry<String, List<Step>> run : runs.entrySet()) {
            Path place =
                    Files.createDirectory(folder.resolve("run-" + run.getKey().replaceAll(".*=", "")));
            run(place, run.getKey(), run.getValue());
        }
    }

    private static void run(Path place, String setting, List<Step> steps) throws IOException {
        String[] keyAndValue = setting.split("=", 2);
        try (SqliteApp database = SqliteApp.make(place, "single");
                TomcatServer tomcat = TomcatServer.of(TomcatVersion.V11)
                        .webapp(
                                "/",
                                TomcatServer.war(),
                                Map.of(
                                        "multisession.db.url",
                                        database.path().toString(),
                                        keyAndValue[0],
                                        keyAndValue[1]))
                        .start();
                Terminal terminal = new Terminal(place)) {
            database.addUser("+79991234500", null);
            database.addUser("8 999 123-45-00", null);
            String address = tomcat.uri("").toString();
            terminal.run("BASE=" + address);
            SoftAssertions all = new SoftAssertions();
            for (Step step : steps) {
                String commands = step.commands();
                Matcher code = CODE_STEP.matcher(commands);
                if (code.find()) {
                    commands = "CODE=" + tomcat.nextCode(code.group(1));
                }
                String printed = terminal.run(commands).replace(address, SHOWN_ADDRESS);
                all.assertThat(printed.strip())
                        .as("%s, with %s:%n%s", DOCUMENT, setting, step.commands())
                        .matches(pattern(step.answer().strip()));
            }
            all.assertAll();
        }
    }

    private static Map<String, List<Step>> runs(String document) {
        Map<String, List<Step>> runs = new LinkedHashMap<>();
        List<Step> steps = new ArrayList<>();
        List<MatchResult> blocks = BLOCK.matcher(document).results().toList();
        for (int i = 0; i < blocks.size(); i++) {
            MatchResult block = blocks.get(i);
            if (block.group(3) != null) {
                steps = new ArrayList<>();
                runs.put(block.group(3) + "=" + block.group(4), steps);
            } else if (block.group(1).equals("bash")) {
                MatchResult next = i + 1 < blocks.size() ? blocks.get(i + 1) : block;
                boolean isAnswer = next.group(1) != null && !next.group(1).equals("bash");
                steps.add(new Step(block.group(2), isAnswer ? next.group(2) : ""));
            }
        }
        return runs;
    }

    private static String pattern(String shown) {
        return Arrays.stream(shown.split("…", -1))
                .map(Pattern::quote)
                .collect(Collectors.joining("[^\\n]*"))
                // On a slow machine the first use of the old cookie has been written by then.
                .replace("\"lastSeenAt\":null", "\"lastSeenAt\":\\E(null|\"[^\"]*\")\\Q");
    }

    /** One shell for all steps, as a reader has, with its variables and files. */
    private static final class Terminal implements AutoCloseable {

        private final Process process;
        private final BufferedWriter in;
        private final BufferedReader out;

        Terminal(Path place) throws IOException {
            ProcessBuilder builder =
                    new ProcessBuilder("bash").directory(place.toFile()).redirectErrorStream(true);
            // No proxy, and nothing of the user's own .curlrc.
            builder.environment().put("NO_PROXY", "*");
            builder.environment().put("CURL_HOME", place.toString());
            process = builder.start();
            in = process.outputWriter(StandardCharsets.UTF_8);
            out = process.inputReader(StandardCharsets.UTF_8);
        }

        String run(String commands) throws IOException {
            in.write(commands + "\necho '" + END + "'\n");
            in.flush();
            StringBuilder printed = new StringBuilder();
            for (String line = out.readLine(); !END.equals(line); line = out.readLine()) {
                assertThat(line)
                        .as("the shell goes on; so far it printed:%n%s", printed)
                        .isNotNull();
                printed.append(line).append('\n');
            }
            return printed.toString();
        }

        @Override
        public void close() throws IOException {
            in.close();
            process.destroy();
        }
    }
}
