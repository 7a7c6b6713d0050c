package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The page that tells which requirement of the ASVS is met by which test. */
class AsvsDocTest {

    private static final Path PAGE = Path.of("docs/asvs.md");

    private static final Pattern NAMED_TEST = Pattern.compile("`([A-Z]\\w+(?:Test|IT|Contract))(?:#(\\w+))?`");

    /** As the requirements that apply to a sign-in are numbered. */
    private static final List<String> CHAPTERS = List.of(
            "3.3.1-4",
            "3.4.1-6",
            "3.5.1-4",
            "6.1.1",
            "6.1.3",
            "6.3.1-5",
            "6.3.8",
            "6.5.1-5",
            "6.6.1-3",
            "7.1.1-2",
            "7.2.1-4",
            "7.3.1-2",
            "7.4.1-5",
            "7.5.1-2",
            "11.5.1-2",
            "14.2.1-8",
            "14.3.1-3",
            "16.2.1-5",
            "16.3.1-4");

    @Test
    void names_only_tests_that_exist() throws IOException {
        Map<String, String> sources = sources();
        List<MatchResult> named =
                NAMED_TEST.matcher(Files.readString(PAGE)).results().toList();
        assertThat(named).hasSizeGreaterThan(20);
        assertThat(named)
                .filteredOn(test -> !isIn(sources, test.group(1), test.group(2)))
                .extracting(MatchResult::group)
                .isEmpty();
    }

    private static boolean isIn(Map<String, String> sources, String className, @Nullable String method) {
        String source = sources.get(className);
        return source != null && (method == null || source.contains(" " + method + "("));
    }

    @Test
    void has_a_row_for_each_requirement_that_a_sign_in_has_to_answer() throws IOException {
        String page = Files.readString(PAGE);
        assertThat(CHAPTERS.stream().flatMap(AsvsDocTest::each))
                .allSatisfy(number -> assertThat(page)
                        .containsPattern("(?m)^\\| " + Pattern.quote(number) + " \\S.* \\| [123] \\| .+ \\| .+ \\|$"));
    }

    private static Stream<String> each(String range) {
        int dash = range.indexOf('-');
        if (dash < 0) {
            return Stream.of(range);
        }
        int dot = range.lastIndexOf('.');
        int first = Integer.parseInt(range.substring(dot + 1, dash));
        int last = Integer.parseInt(range.substring(dash + 1));
        return Stream.iterate(first, i -> i <= last, i -> i + 1).map(i -> range.substring(0, dot + 1) + i);
    }

    private static Map<String, String> sources() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .collect(Collectors.toMap(
                            file -> file.getFileName().toString().replace(".java", ""),
                            AsvsDocTest::read,
                            (a, b) -> a));
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
