package org.multisession.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What can be seen from the sources of the pages: nothing in them runs, nothing goes out unescaped, every text exists. */
class JspSourceTest {

    private static final Pattern COMMENT = Pattern.compile("<%--.*?--%>", Pattern.DOTALL);
    private static final Pattern DIRECTIVE = Pattern.compile("<%@.*?%>", Pattern.DOTALL);

    /** A tag that runs on the server, with its attributes; a value in one of them is the tag's to escape. */
    private static final Pattern ACTION =
            Pattern.compile("</?(?:c|fmt|ms|jsp):(?:[^>\"']|\"[^\"]*\"|'[^']*')*>", Pattern.DOTALL);

    private static final Pattern PLACE = Pattern.compile("\\{\\d+}");
    private static final Pattern MESSAGE_KEY = Pattern.compile("[\"'](\\w+\\.[\\w.-]*[\\w-])[\"']");

    static List<Path> pages() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/main/webapp"))) {
            return files.filter(file -> file.toString().matches(".*\\.(jspf?|jspx|tagx?)"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("pages")
    void no_java_stands_in_a_page(Path page) throws IOException {
        String source = DIRECTIVE.matcher(withoutComments(page)).replaceAll("");

        assertThat(source).doesNotContain("<%").doesNotContain("jsp:scriptlet").doesNotContain("jsp:expression");
    }

    @ParameterizedTest
    @MethodSource("pages")
    void every_value_goes_out_through_a_tag_that_escapes_it(Path page) throws IOException {
        String source = withoutComments(page);

        assertThat(ACTION.matcher(source).replaceAll("")).doesNotContain("${").doesNotContain("#{");
        assertThat(source).doesNotContain("escapeXml");
        // These write their text as it is unless they are told to keep it.
        assertThat(actions(source))
                .filteredOn(action -> action.startsWith("<fmt:message") || action.startsWith("<fmt:format"))
                .allMatch(action -> action.contains("var="));
    }

    @ParameterizedTest
    @MethodSource("pages")
    void a_page_has_no_inline_script_and_no_inline_style(Path page) throws IOException {
        assertThat(withoutComments(page).toLowerCase(Locale.ROOT))
                .doesNotContainPattern("<script(?! src=\"[^\"]*/static/[^\"]*\" defer></script>)")
                .doesNotContain("<style")
                .doesNotContain("javascript:")
                .doesNotContainPattern("\\sstyle\\s*=")
                .doesNotContainPattern("\\son[a-z]+\\s*=");
    }

    @Test
    void both_languages_have_the_same_texts() throws IOException {
        assertThat(messages("messages_ru.properties").stringPropertyNames())
                .isEqualTo(messages("messages.properties").stringPropertyNames());
        assertThat(messages("messages_en.properties")).isEmpty();
    }

    @Test
    void both_languages_have_the_same_places_for_values_and_no_quote_that_would_swallow_one() throws IOException {
        Properties english = messages("messages.properties");
        Properties russian = messages("messages_ru.properties");
        for (String key : english.stringPropertyNames()) {
            assertThat(places(russian.getProperty(key))).as(key).isEqualTo(places(english.getProperty(key)));
            assertThat(russian.getProperty(key) + english.getProperty(key))
                    .as(key)
                    .doesNotContain("'");
        }
    }

    @Test
    void every_text_that_is_asked_for_exists_and_every_text_that_exists_is_asked_for() throws IOException {
        Set<String> existing = messages("messages.properties").stringPropertyNames();
        Set<String> groups = new TreeSet<>();
        existing.forEach(key -> groups.add(key.substring(0, key.indexOf('.') + 1)));

        Set<String> asked = new TreeSet<>();
        for (Path source : sources()) {
            MESSAGE_KEY
                    .matcher(COMMENT.matcher(Files.readString(source)).replaceAll(""))
                    .results()
                    .map(found -> found.group(1))
                    .filter(key -> groups.stream().anyMatch(key::startsWith))
                    .forEach(asked::add);
        }
        // ErrorPages puts these together.
        asked.addAll(List.of("error.unavailable.title", "error.unavailable.detail"));
        for (int status : ErrorPages.WITH_WORDS) {
            asked.add("error." + status + ".title");
            asked.add("error." + status + ".detail");
        }

        assertThat(asked).isEqualTo(new TreeSet<>(existing));
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/main/java/org/multisession/web"))) {
            return Stream.concat(files.filter(Files::isRegularFile), pages().stream())
                    .toList();
        }
    }

    private static Properties messages(String file) throws IOException {
        Properties messages = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of("src/main/resources", file))) {
            messages.load(reader);
        }
        return messages;
    }

    private static List<String> places(String text) {
        return PLACE.matcher(text).results().map(MatchResult::group).sorted().toList();
    }

    private static List<String> actions(String source) {
        return ACTION.matcher(source).results().map(MatchResult::group).toList();
    }

    private static String withoutComments(Path page) throws IOException {
        return COMMENT.matcher(Files.readString(page)).replaceAll("");
    }
}
