package org.multisession;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.multisession.auth.AuthEvent;
import org.multisession.otp.OneTimeCodes.Refusal;

/** What all documents have in common: their links lead somewhere, their lines fit, and the index names each of them. */
class DocumentationTest {

    private static final Path INDEX = Path.of("docs/README.md");
    /** About a hundred. */
    private static final int WIDTH = 110;

    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("#+ (.+)");

    static List<Path> documents() throws IOException {
        List<Path> documents = new ArrayList<>();
        for (Path folder : List.of(Path.of(""), Path.of("docs"))) {
            try (Stream<Path> files = Files.list(folder)) {
                files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(documents::add);
            }
        }
        return documents;
    }

    @ParameterizedTest
    @MethodSource("documents")
    void every_link_leads_to_a_file_and_a_heading_that_exist(Path document) throws IOException {
        for (String line : prose(document)) {
            for (String link : LINK.matcher(line)
                    .results()
                    .map(found -> found.group(1))
                    .filter(found -> !found.contains("://"))
                    .toList()) {
                String[] parts = link.split("#", 2);
                Path target = parts[0].isEmpty()
                        ? document
                        : document.resolveSibling(parts[0]).normalize();
                assertThat(target).as("%s: %s", document, link).exists();
                if (parts.length > 1) {
                    assertThat(anchors(target)).as("%s: %s", document, link).contains(parts[1]);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void prose_fits_into_a_window_beside_the_code(Path document) throws IOException {
        assertThat(prose(document))
                .filteredOn(line -> !line.stripLeading().startsWith("|") && !line.startsWith("!["))
                // What cannot be broken: one long link, or one long piece of code.
                .filteredOn(line -> line.strip().replaceAll("`[^`]*`", "x").contains(" "))
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(WIDTH));
    }

    @Test
    void the_index_names_every_page() throws IOException {
        String index = Files.readString(INDEX);
        assertThat(documents())
                .filteredOn(page -> page.startsWith("docs") && !page.equals(INDEX))
                .isNotEmpty()
                .allSatisfy(page -> assertThat(index).contains("(" + page.getFileName() + ")"));
    }

    @Test
    void the_page_on_the_architecture_names_every_package() throws IOException {
        String page = Files.readString(Path.of("docs/architecture.md"));
        Path root = Path.of("src/main/java/org/multisession");
        try (Stream<Path> folders = Files.walk(root)) {
            assertThat(folders.filter(folder -> Files.isDirectory(folder) && !folder.equals(root)))
                    .isNotEmpty()
                    .allSatisfy(folder -> assertThat(page)
                            .contains("`" + root.relativize(folder).toString().replace('/', '.') + "`"));
        }
    }

    @Test
    void the_page_on_the_architecture_names_every_filter_in_its_order() throws IOException {
        String routes = Files.readString(Path.of("src/main/java/org/multisession/boot/Routes.java"));
        String names = Pattern.compile("new (\\w+Filter)\\(")
                .matcher(routes)
                .results()
                .map(filter -> "\\b" + filter.group(1) + "`")
                .collect(Collectors.joining(".*"));
        assertThat(names).isNotEmpty();
        assertThat(Files.readString(Path.of("docs/architecture.md"))).containsPattern("(?s)" + names);
    }

    @Test
    void the_page_on_security_names_every_kind_of_event_and_how_it_ends() throws IOException {
        String page = Files.readString(Path.of("docs/security.md"));
        assertThat(AuthEvent.values()).allSatisfy(kind -> assertThat(page).contains("\n| `" + word(kind) + "` | "));
        String row = page.lines()
                .filter(line -> line.startsWith("| `code-refused` |"))
                .findFirst()
                .orElseThrow();
        assertThat(Refusal.values()).allSatisfy(outcome -> assertThat(row).contains("`" + word(outcome) + "`"));
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static Set<String> anchors(Path document) throws IOException {
        return prose(document).stream()
                .map(HEADING::matcher)
                .filter(matcher -> matcher.matches())
                .map(matcher -> matcher.group(1)
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N} _-]", "")
                        .replace(' ', '-'))
                .collect(Collectors.toSet());
    }

    /** The lines outside of code. */
    private static List<String> prose(Path document) throws IOException {
        List<String> prose = new ArrayList<>();
        boolean fenced = false;
        for (String line : Files.readAllLines(document)) {
            if (line.stripLeading().startsWith("```")) {
                fenced = !fenced;
            } else if (!fenced && !line.matches(" {4}[^ *-].*")) {
                prose.add(line);
            }
        }
        return prose;
    }
}
