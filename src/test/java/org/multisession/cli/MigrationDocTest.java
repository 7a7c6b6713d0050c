package org.multisession.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.NewApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/** What {@code docs/migration.md} shows of the output is what the commands print, but for the figures. */
class MigrationDocTest {

    private static final Path DOCUMENT = Path.of("docs/migration.md");
    private static final String LARGE = "### A large database";
    private static final String FIGURES_AND_NAMES = ": |/\\S+db|[()]|\\d[\\d,.]*( of| MB| s)?|index multisession_\\w+";

    private static final Pattern OBJECTS = Pattern.compile("(made|create) [0-9]+ (tables|indexes|triggers|objects)");

    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    private final TestClock clock = new TestClock();
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @Test
    void every_line_of_output_that_it_shows_is_printed_like_that() throws IOException {
        try (SqliteApp dirty = SqliteApp.make(Files.createDirectory(folder.resolve("dirty")), "dirty")) {
            run(dirty, "check");
        }
        try (SqliteApp old = SqliteApp.make(Files.createDirectory(folder.resolve("single")), "single")) {
            run(old, "migrate", "--dry-run");
            run(old, "migrate");
            try (NewApp app = NewApp.deploy(old.path(), clock)) {
                for (String phone : List.of("+79991234567", "+79991234568")) {
                    app.signIn(phone);
                    app.signIn(phone);
                }
                for (Object token : old.all("SELECT auth_token FROM users WHERE auth_token > '' ORDER BY id")) {
                    clock.advance(Duration.ofDays(2));
                    app.opens(String.valueOf(token));
                    app.lastSeen.flush();
                }
            }
            old.run("UPDATE users SET auth_token = 'not-used-' || id || '-since-the-deploy' WHERE id IN (46, 47)");
            run(old, "status");
            run(old, "uninstall");
            run(old, "migrate", "--stage=settle");
        }
        List<String> lines = shapes(printed.toString(StandardCharsets.UTF_8));
        assertThat(shown())
                .hasSizeGreaterThan(30)
                .allSatisfy(line -> assertThat(lines)
                        .anyMatch(it -> line.endsWith("…") ? it.startsWith(line.replace(" …", "")) : it.equals(line)));
    }

    @Test
    void the_numbers_of_objects_that_it_shows_are_those_that_a_deploy_makes() throws IOException {
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            run(old, "migrate", "--dry-run");
            run(old, "migrate");
        }
        assertThat(OBJECTS.matcher(printed.toString(StandardCharsets.UTF_8))
                        .results()
                        .map(MatchResult::group))
                .hasSizeGreaterThan(5)
                .allSatisfy(number -> assertThat(read(DOCUMENT)).contains(number));
    }

    /** It is shown by a database of a size that no fast test makes; LargeDeployIT deploys on one. */
    @Test
    void every_line_that_it_shows_of_a_large_migration_is_one_that_the_program_has() throws IOException {
        String sources = sources();
        assertThat(section(LARGE).lines().filter(line -> line.startsWith("    ")))
                .isNotEmpty()
                .allMatch(line -> Arrays.stream(line.strip().split(FIGURES_AND_NAMES, -1))
                        .map(String::strip)
                        .filter(part -> !part.isEmpty())
                        .allMatch(sources::contains));
    }

    @Test
    void every_message_that_it_explains_is_one_that_the_program_has() throws IOException {
        String sources = sources();
        List<String> messages = section("## When something goes wrong")
                .lines()
                .filter(line -> line.startsWith("| "))
                .map(line -> line.split("\\|", -1)[1])
                .flatMap(cell -> CODE.matcher(cell).results().map(code -> code.group(1)))
                .toList();
        assertThat(messages)
                .hasSizeGreaterThan(10)
                .allMatch(message -> Arrays.stream(message.split("…|'/x'|\\d+", -1))
                        .map(String::strip)
                        .allMatch(sources::contains));
    }

    private static String sources() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .map(MigrationDocTest::read)
                    // Literals that are put together are one text.
                    .map(text -> text.replaceAll("\"\\s*\\+\\s*\"", ""))
                    .collect(Collectors.joining("\n"));
        }
    }

    private void run(SqliteApp database, String command, String... options) {
        PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
        List<String> arguments = Stream.concat(
                        Stream.of(command, "--db.url=" + database.path()), Arrays.stream(options))
                .toList();
        Main.run(arguments, Map.of(), out, out, clock);
    }

    /** The blocks that are indented and neither commands nor SQL. */
    private static List<String> shown() throws IOException {
        String steps = section("# The move, step by step").replace(section(LARGE), "");
        return shapes(steps.lines()
                .filter(line -> line.startsWith("    "))
                .filter(line -> !line.contains("java -jar") && !line.contains("DELETE FROM"))
                .filter(line -> !line.strip().equals("…"))
                // By Tomcat's log only; InstallIT waits for it.
                .filter(line -> !line.contains("Multi-Session is ready at"))
                .collect(Collectors.joining("\n")));
    }

    /** The text from a heading on: that of the whole page up to the troubles, that of any other up to the next. */
    private static String section(String heading) throws IOException {
        String page = read(DOCUMENT).replaceAll("(?s)```.*?```", "");
        String from = page.substring(page.indexOf(heading) + heading.length());
        String next = heading.startsWith("# ") ? "\n## When something goes wrong" : "\n##";
        return from.substring(0, from.indexOf(next));
    }

    /** Lines without their figures, spaces, paths and plurals. */
    private static List<String> shapes(String text) {
        return text.lines()
                .map(line -> line.replaceAll("/\\S+\\.db\\b", "app.db")
                        .replaceAll("app\\.db\\.backup\\S+\\.db", "app.db")
                        .replaceAll("\\d{4}-\\d\\d-\\d\\d( \\d\\d:\\d\\d UTC)?", "TIME")
                        .replaceAll("\\d[\\d,]*", "N")
                        .replaceAll("\\b(user|session|token|device|day|object)s?\\b", "$1")
                        .replaceAll("\\s+", " ")
                        .strip())
                .filter(line -> !line.isEmpty())
                .toList();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
