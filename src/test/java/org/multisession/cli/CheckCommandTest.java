package org.multisession.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.multisession.check.Check;
import org.multisession.check.CheckRules;
import org.multisession.check.Format;
import org.multisession.check.Trials;
import org.multisession.migration.Progress;
import org.multisession.session.Stage;
import org.multisession.testing.NewApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/** What {@code check} writes, and what it exits with. */
class CheckCommandTest {

    private static final int WIDTH = 100;

    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(Path path, Format format) {
        CheckRules rules = new CheckRules(Stage.COEXIST, false, "RU", NewApp.RULES, true);
        Check check = new Check(rules, Trials.NONE, Duration.ofSeconds(1), new TestClock(), Progress.NONE);
        return CheckCommand.run(
                () -> check.of(path),
                format,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    private Path make(String script) {
        try (SqliteApp old = SqliteApp.make(folder, script)) {
            return old.path();
        }
    }

    private List<String> lines() {
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @ParameterizedTest
    @CsvSource({"single, 0", "multi, 0", "dirty, 1"})
    void the_exit_code_says_whether_it_is_safe_and_nothing_was_changed(String script, int code) throws IOException {
        Path path = make(script);
        Map<String, Integer> before = bytes();
        for (Format format : Format.values()) {
            assertThat(run(path, format)).isEqualTo(code);
        }
        assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
        assertThat(bytes()).isEqualTo(before);
    }

    @Test
    void what_cannot_be_read_is_exit_code_two_with_the_reason() throws IOException {
        Path missing = folder.resolve("missing.db");
        assertThat(run(missing, Format.TEXT)).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .startsWith("The check could not run: there is no file " + missing);
        assertThat(run(Files.writeString(folder.resolve("text.db"), "x".repeat(1000)), Format.TEXT))
                .isEqualTo(2);
        assertThat(out.size()).isZero();
        assertThat(bytes()).containsOnlyKeys("text.db");
    }

    @Test
    void the_text_begins_with_what_was_checked_and_ends_with_the_verdict() {
        Path path = make("dirty");
        run(path, Format.TEXT);
        assertThat(lines().get(0)).startsWith("Check of " + path + " for stage coexist, ");
        assertThat(lines().get(lines().size() - 1))
                .isEqualTo("NOT SAFE: 1 finding to fix before the deploy, for 2 users");
        assertThat(lines().stream().skip(1)).allMatch(line -> line.length() <= WIDTH);
    }

    @Test
    void a_safe_database_is_called_so() {
        run(make("multi"), Format.TEXT);
        assertThat(lines().get(lines().size() - 1)).isEqualTo("SAFE");
    }

    @Test
    void the_markdown_has_its_tables_and_a_place_to_sign() {
        run(make("dirty"), Format.MARKDOWN);
        assertThat(lines())
                .startsWith("# Check of old-app.db")
                .contains("## What the database holds", "## Findings", "Checked by: ____________________")
                .endsWith("NOT SAFE: 1 finding to fix before the deploy, for 2 users");
        // Every row of a table has as many cells as its head.
        assertThat(lines().stream().filter(line -> line.startsWith("| **not safe**")))
                .singleElement()
                .satisfies(line -> assertThat(line.split("(?<!\\\\)\\|", -1)).hasSize(8));
    }

    @Test
    void the_json_can_be_read_by_a_program() throws IOException {
        run(make("dirty"), Format.JSON);
        JsonNode json = new ObjectMapper().readTree(out.toByteArray());
        assertThat(json.get("safe").booleanValue()).isFalse();
        assertThat(json.at("/facts/users").intValue()).isEqualTo(16);
        JsonNode first = json.at("/findings/0");
        assertThat(first.get("code").textValue()).isEqualTo("shared-token");
        assertThat(first.get("severity").textValue()).isEqualTo("not-safe");
        assertThat(first.at("/rows/0/users").toString()).isEqualTo("[2,3]");
        assertThat(json.at("/findings").findValuesAsText("toDo")).noneMatch(String::isEmpty);
    }

    private Map<String, Integer> bytes() throws IOException {
        Map<String, Integer> bytes = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                bytes.put(file.getFileName().toString(), Arrays.hashCode(Files.readAllBytes(file)));
            }
        }
        return bytes;
    }
}
